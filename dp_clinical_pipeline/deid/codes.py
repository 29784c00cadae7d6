"""Voter: unlabelled record numbers, by the shape of a token and of groups of digits; measures and codes of findings stay."""

import re
from collections.abc import Iterator
from dataclasses import replace

from dp_clinical_pipeline.deid.labels import UNIT_AFTER, is_year
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z]{0,8}(?:[^\sA-Za-z\d][A-Za-z]{0,6})?\d)[A-Za-z0-9]+(?:[-–‑_./:*#\\·~+][A-Za-z0-9]+)*"
)
_GROUPS = sieved(
    r"(?<![\w.,/:+-])(?:[A-Z]{1,4}[ ]|(?:C?XR|CT|MR|US|NM|RAD|DX|CR|ACC"
    r"|RIS)(?=\d))?\d{2,6}(?:[ ]\d{2,6}){1,4}(?:[ ][A-Z](?![\w.=:]))?(?![\w%]|[.,:/-]\d)"
)
_PARTS = re.compile(r"[-–‑_./:*#\\·~+]")
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_CLOCK = r"(?:[01]?\d|2[0-4])[:.]?[0-5]\d"
_WRITTEN = re.compile(
    rf"""(?:
      \d{{1,4}}([-/.])\d{{1,2}}\1\d{{1,4}}(?:[T:].*|/(?:[A-Z]{{2,3}}|[a-z]{{2,3}}))?|\d{{4}}-\d\d-\d\dT.*|\d{{1,2}}[/-](?:19|20)\d\d|(?:19|20)\d\d[/-]\d{{1,2}}
    | \d{{1,2}}[-/.]?{_MONTH}[-/.]?\d{{2,4}}|{_MONTH}[-/.]?\d{{1,4}}(?:[-/.]\d{{2,4}})?|(?:19|20)\d\d[-/.]?{_MONTH}.*
    | {_CLOCK}(?:[:.][0-5]\d)?(?:[ap]m|h(?:rs?)?)?(?:[-–/]{_CLOCK}(?:[ap]m|h(?:rs?)?)?)?
    )""",
    re.X | re.I,
)
_NUMBER = r"\d{1,5}(?:[.,]\d{1,4}){0,3}"
_UNITS = (
    r"(?:[nµmc]?[glm]|[mµ]?cg|k?cal|kg|lbs?|oz|dl|iu|u|units?|me?q|mmol|mol|hg|mmhg|hz|[km]hz|bpm|fr|ga|k|yo?|yrs?|years?"
    r"|mos?|months?|wks?|weeks?|days?|d|hrs?|h|min|s|sec|ms|w|v|st|nd|rd|th|f|c|t|x|cc|gy|cgy|mci|mbq|msv|mgy|mas|kvp?|ma"
    r"|hu|male|female|old|year|week|day|month|hour|minute|point|part|view|french|gauge|fold|degree|inch|ft|feet|steps)"
)
_MEASURE = re.compile(
    rf"(?:(?:BP|HR|RR|EF|BS|BG)?{_NUMBER}{_UNITS}?(?:[-–/x*:]{_NUMBER}{_UNITS}?){{0,4}}(?:[-–/](?:{_UNITS}|[mc]m[23]|k\d)){{0,3}}(?:k\d)?"
    rf"|[a-z]{{1,3}}?{_NUMBER}(?:x{_NUMBER}){{1,3}}{_UNITS}?)",
    re.I,
)
_FINDING = re.compile(
    r"""(?:G\d{1,2}P\d{1,5}(?:A\w{1,4})?|[cpyra]{0,3}T\w{1,3}N\w{1,3}M\w{1,2}|(?:[CTLS]\d{1,2}[-–/]?){1,4}
      |[A-TV-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}|[VE]\d{2,3}\.\d{1,2}|(?:CD|HLA|IL|CA|BRCA|COVID|SARS|HIV|HPV|H\dN|PD|ER|PR|HER)[-–]?\d{1,3}(?:[-/.][A-Z\d.]{1,3})?
      |(?:99m)?Tc-?99m.*|[A-Z][a-z]?-\d{2,3}|\d{1,3}[A-Z][a-z]?-.{1,5}|NCT\d+|PMC\d+|PMID\d+|rs\d+|GSE\d+|Q\d{1,2}[-–]?\d{0,2}h?
      |[A-Z]\d{1,2}[A-Z]|(?:SpO|FiO|pO|pCO|CHA)\d.*|DSM.*|ICD.*|CPT.*|[a-z]{1,3}\d{1,3}[a-z]?\d?)""",
    re.X | re.I,
)
_PUBLIC = re.compile(
    r"(?:PMID|PMC|NCT|OMIM|FDA|DOI|ISBN|ISSN|ICD(?:-\d+)?(?:-\w+)?|CPT|HCPCS|LOINC|SNOMED|codes?)[\s:#-]{0,3}$", re.I
)
_LONG_SIDES = re.compile(r"\d{3,}X\d{4,}|\d{5,}X")
"""Longer than the sides of anything: `705X21132` is a serial number."""
_HEXADECIMAL = re.compile(r"(?=(?:\d*[a-f]){2})(?=(?:[a-f]*\d){3})[0-9a-f]{8,}")
_STATE_ZIP = re.compile(r"[A-Z]{2} \d{5}(?:[ -]\d{4})?(?!\d)")
_WORD_BEFORE = re.compile(r"[a-z.],? $|[A-Z]{3},? $")
_MODAL = sieved(
    r"(?<![\w-])(?:\d{2,4}[ ])?(?:C?XR|CR|DX|DR|CT|MRI?|US|NM|RAD|RF|MG|IR|PET|CH|RIS"
    r"|CXR)[ ](?P<value>\d{2,4}[-/. ]\d{3,8}|\d{5,10}(?:[-/ ]\d{1,4})?)"
    r"(?!\w|[-/.]\d)|(?<![\w-])\d{2,4}[ ](?:C?XR|CR|DX|CT|MR|US|NM|RAD)[ ](?P<serial>\d{3,8})(?![\w.])"
)
_ELEMENTS = sieved(r"(?<![\w(])(?P<value>01\d{14}(?:1[0-7]|2[01])[0-9A-Z]{4,30})(?!\w)")
"""A device's identifier as scanners read it: GS1's item number, dates, lot and serial number in a row, without brackets."""
_CODED = frozenset("SSN MRN ACCESSION HEALTH_PLAN ACCOUNT LICENSE DEVICE VEHICLE BIOMETRIC OTHER_ID".split())  # noqa: SIM905
_REST = re.compile(r"(?:[*#/+~_|]\d{1,6}|[*#][A-Z\d]{1,6}|[ ][A-Z](?=[,;)\n]|\.(?:\s|$)|$))(?![\w])")
_NEIGHBOURS = (
    (
        "PHONE",
        re.compile(
            r"\b(?:beep\w*|page[dr]?|pgr|pagers?|call(?!ed)\w*|phone\w*|tel\w*|ext\w*|dial|ring|text|reach\w*|questions|desk|voice\s?mail)\b",
            re.I,
        ),
    ),
    ("SSN", re.compile(r"\b(?:ssn?|social|soc)\b", re.I)),
    ("HEALTH_PLAN", re.compile(r"\b(?:ins\w*|member|mbr|subs\w*|policy|plan|group|grp|medic\w+|payer|payor)\b", re.I)),
    ("ACCESSION", re.compile(r"\b(?:acc\w*|acsn|study|exam|order|replaces|amends|supersedes)\b", re.I)),
    ("ACCOUNT", re.compile(r"\b(?:acc(?:oun)?t|billing|bill|encounter|visit|fin|csn|har)\b", re.I)),
    ("DEVICE", re.compile(r"\b(?:serial|s/?n|lot|model|implant|device|udi|pump|lead)\b", re.I)),
    ("MRN", re.compile(r"\b(?:mr\w?|m\.r|charts?|med\w*|rec\w*|chart|unit|hosp\w*|patient|pt|id)\b", re.I)),
)


def vote(text: str) -> Iterator[Span]:
    """Find codes of four digits and more beside letters, and seven digits and more in groups."""
    for found in _TOKEN.finditer(text):
        value = found.group()
        if sum(map(str.isdigit, value)) >= 4 and _identifies(text, found.start(), found.end(), value):
            yield Span(*found.span(), kind_before(text, found.start()), "codes:token", 0.45)
    for found in _ELEMENTS.finditer(text):
        yield Span(*found.span("value"), "DEVICE", "codes:elements", 0.6)
    for found in _GROUPS.finditer(text):
        value = found.group()
        digits = sum(map(str.isdigit, value))
        if _STATE_ZIP.match(value) and text[: found.start()].rstrip(", ")[-1:].isalpha():
            continue
        if (
            7 - bool(re.search(r"^(?:C?XR|CT|MR|US|NM|RAD|DX|CR|ACC|RIS) ?(?=\d).*\d{4}", value)) <= digits <= 20
            and not UNIT_AFTER.match(text, found.end())
            and not re.search(r"\d{4} (?:19|20)\d\d$", value)
            and not re.search(r"(?:19|20)\d\d (?:[01]\d|2[0-3])[0-5]\d$", value)
        ):
            yield Span(*found.span(), kind_before(text, found.start()), "codes:groups", 0.45)
    for found in _MODAL.finditer(text):
        if _STATE_ZIP.match(found.group()) and _WORD_BEFORE.search(text, max(0, found.start() - 4), found.start()):
            continue
        if not _WRITTEN.fullmatch(found["value"] or "") and not UNIT_AFTER.match(text, found.end()):
            yield Span(*found.span(), "ACCESSION", "codes:modality", 0.5)


def whole(text: str, span: Span) -> Span:
    """Return a code with the group that ends it: `80379413*01`, `4265928 X`."""
    if span.type not in _CODED:
        return span
    more = _REST.match(text, span.end)
    return replace(span, end=more.end()) if more else span


def _identifies(text: str, start: int, end: int, value: str) -> bool:
    parts = _PARTS.split(value)
    digits = sum(map(str.isdigit, value))
    if _WRITTEN.fullmatch(value) or is_year(value) or _PUBLIC.search(text, max(0, start - 14), start):
        return False
    if not any(c.isalpha() for c in value):
        if text[start - 1 : start] == "#" and len(parts) == 1 and digits >= 5:
            return True
        if len(parts) == 2 and re.search("[-/]", value) and 5 <= digits < 7 and kind_before(text, start) != "OTHER_ID":
            return not _ratio(value, parts) and not UNIT_AFTER.match(text, end)
        if (
            len(parts) == 1
            or digits < 7
            or UNIT_AFTER.match(text, end)
            or "," in text[end : end + 1] + text[start - 1 : start]
        ):
            return digits >= 7 and len(parts) == 1 and not UNIT_AFTER.match(text, end)
        return not _ratio(value, parts)
    if _FINDING.fullmatch(value) or all(_plain(part) for part in parts):
        return False
    if _is_measure(value):
        return False
    return digits + sum(map(str.isalpha, value)) >= 6 and (
        value.lower() != value or digits >= 5 or _HEXADECIMAL.fullmatch(value) is not None
    )


def _is_measure(value: str) -> bool:
    return _MEASURE.fullmatch(value) is not None and not _LONG_SIDES.search(value)


def _plain(part: str) -> bool:
    """Say whether a part between separators is a word, a short number, a measure or a finding's code."""
    return part.isalpha() or (part.isdecimal() and len(part) < 4) or (not part.isdecimal() and _is_measure(part))


def _ratio(value: str, parts: list[str]) -> bool:
    """Say whether groups of digits are a decimal, a ratio, a list of levels or a range."""
    if "." in value and "/" in value and max(map(len, parts)) <= 3:
        return True
    if len(parts) == 2 and ("." in value or ":" in value or "*" in value or "+" in value):
        whole = (
            (len(parts[0]) >= 4 and len(parts[1]) >= 3) or len(parts[1]) >= 6
            if "." in value
            else len(value) >= 7 and not value.endswith("00")
        )
        return not whole or "*" in value or "+" in value
    if "/" in value and len({len(p) for p in parts}) == 1 and len(parts[0]) <= 3:
        return True
    ranged = len(parts) == 2 and len(parts[0]) == len(parts[1]) and int(parts[0]) < int(parts[1])
    return (ranged and len(parts[0]) < 5) or all(p.endswith("00") for p in parts)


def kind_before(text: str, start: int) -> str:
    """Return the type that the words just before a code suggest."""
    before = text[max(0, start - 24) : start]
    return next((kind for kind, words in _NEIGHBOURS if words.search(before)), "OTHER_ID")
