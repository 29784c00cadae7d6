"""Voter: figures of four and five digits that no measure, year, time or count explains; whoever they belong to."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.codes import kind_before
from dp_clinical_pipeline.deid.labels import UNIT_AFTER, is_year
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_FIGURE = sieved(
    r"(?<![\w.,/:+<>=~≈$€£*^°-])(?<![<>=~≈±] )(?:(?P<letters>[A-Z]{1,3}-?)\d{4,5}|\d{4,5}(?P<after>[A-Z]{0,2})|\d{1,2}-\d{4}|\d{2}-\d{3}|\d{3}-\d{3})(?![\w%°*^=<>]|[.,/:+-]\d|-[a-z]|\s?[x×]\s?\d)"
)
_COUNTED = re.compile(
    r"\s?(?:[a-z]+/|grams?|gms?|calories?|kcals?|cals?|milli\w+|micro\w+|kilo\w*|centi\w+|liters?|litres?|ounces?|oz|pounds?|feet|ft|meters?|metres?|yards?|miles?|inch\w*|rpm|cgy|gy|rads?|msec|seconds?|secs?"
    r"|hours?|hrs?|h\b|am\b|pm\b|a\.m|p\.m|o'?clock|est\b|edt\b|cst\b|pst\b|mdt\b|zulu|cases?|cells?|colonies|copies|particles|reports?|studies|exams?|images?|slices?|frames?|scans?|people|persons|children|infants"
    r"|nurses|hospitals|visits|admissions|procedures|operations|deaths|dollars|times|square|cubic|american|u\.?s|international|daily|nightly|bid|tid|qid|q\d|po\b|iv\b|im\b|sq\b|meq|mosm|polymer|mesh|angstrom)",
    re.I,
)
_MEASURED = re.compile(
    r"(?:\b(?:wbcs?|rbcs?|counts?|platelets?|plts?|plt|cells?|neutrophils?|leu[ck]ocyt\w+|lymphocytes?|anc|alc|bnp|nt-?probnp|ck|cpk|ldh|ferritin|troponin|d-?dimer|amylase|lipase|ast|alt|sgot|sgpt|alk|phosphatase|cea|afp|psa|hcg"
    r"|beta|titers?|titres?|viral|load|cd4|tsh|b12|folate|vitamin|triglycerides?|cholesterol|iron|level|levels|values?|volumes?|vol|weigh\w*|weight|wt|dose|doses|doa|heparin|units|total(?:ing|s)?|sum|amount\w*|about|approximately|approx|around|nearly"
    r"|almost|roughly|under|over|above|below|between|than|least|most|up|average|mean|median|drain\w*|image|images|img|im|series|ser|slice|frame|range\w*|ratio|increased?|decreased?|rose|fell|drop\w*|peak\w*|maximum|minimum|max|min|intake|output|urine|i/o|flow|ebl|loss|fluids?|bolus|pressure|rate"
    r"|pulse|resistance|svr|pvr|dlco|fev1|fvc|tlc|mas|kvp?|dlp|ctdi\w*|dap|fluoro\w*|milligrams?|calor\w+|diet|score|points|spots?|hounsfield|frequency|hertz|tesla|model|type|version|series|section|chapter|cpt|icd|drg|hcpcs|code|codes|modifier|form|rule"
    r"|regulation|cfr|volume|page|pages|figure|table|windows|office|system|siemens|philips|toshiba|symphony|brilliance|magnum|ge|hp|class|every|x)|[x×*^/+±<>=~≈-])[\s:(]{0,3}(?:was|is|were|are|of|at|to|=|by|a|the)?\s{0,2}$",
    re.I,
)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_AT = re.compile(
    r"(?:\b(?:at|@|by|time|hours?|hrs?|approximately|around|about|since|until|till|from|to|and|after|before|between|back|returned|on|today|yesterday|tonight|overnight|am|pm|drawn|read|called|done|given|taken|obtained|resulted|collected|signed|noted"
    r"|dictated|transcribed|received|arrived|expired|chat|phone|text|page[dr]?|call|est|edt|t|d|eta|tod|dob|dt|tm|dt/tm|start\w*|stop\w*|end\w*|begin\w*|began|film|portable|study|exam|cxr)\.?:?,?|\d[\d/.:-]*|20\d\d|[a-z]{3}\.?\s\d{1,2},?|;|@)\s{0,2}\(?$",
    re.I,
)
_PUBLIC = re.compile(
    r"\b(?:PMID|PMC|NCT|OMIM|FDA|DOI|ISBN|ISSN|ICD(?:-\d+)?(?:-\w+)?|CPT|HCPCS|LOINC|SNOMED|codes?|COVID|mg|ml|HU)[\s:#-]{0,3}$"
    r"|\bCPT[\s:#-]{0,3}(?:\d{5}(?:-\w\w)?(?:,?\s(?:and\s|or\s|to\s)?)){1,5}$",
    re.I,
)
_UNITS = frozenset("K U F C L G V W M H HU GY KV MA ML MG KG CC IU".split())  # noqa: SIM905
_HINT = re.compile(r"\d{4}|\d-\d{3}|\d{2}-\d{3}")
_FINDING = re.compile(r"(?:T(?:9|1)01[01]|T1112|CD\d+|HLA\d+|IL\d+|RS\d+|CA\d+|B\d+|Q\d+|H\d+|SN\d+AT?|MR-?\d+)")


def vote(text: str) -> Iterator[Span]:
    """Find figures that nothing explains."""
    if not _HINT.search(text):
        return
    for found in _FIGURE.finditer(text):
        if _identifies(text, found):
            yield Span(*found.span(), kind_before(text, found.start()), "figures:bare", 0.42)


def _identifies(text: str, found: re.Match[str]) -> bool:
    value, start, end = found.group(), found.start(), found.end()
    letters, after = found["letters"] or "", found["after"] or ""
    digits = value.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ").lstrip("-").rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    if (
        after in _UNITS
        or UNIT_AFTER.match(text, end)
        or _COUNTED.match(text, end)
        or _PUBLIC.search(text, max(0, start - 14), start)
    ):
        return False
    if letters:
        return not _FINDING.fullmatch(value) and not digits.endswith("000")
    if "-" in value:
        left, right = value.split("-")
        if is_year(right) or right.endswith("00") or (len(left) == len(right) and int(left) < int(right)):
            return False
        return len(right) == 4 or not _MEASURED.search(text, max(0, start - 32), start)
    if is_year(value) or (digits.endswith("00") and len(digits) == 4) or digits.endswith("000"):
        return False
    before = text[max(0, start - 32) : start]
    if _CLOCK.fullmatch(digits) and (_AT.search(before) or _is_entry(text, start, end)):
        return False
    return _MEASURED.search(before) is None


def _is_entry(text: str, start: int, end: int) -> bool:
    """Say whether a time begins a nurse's entry: `1130 Dr ... in to see pt`."""
    begins = start == 0 or text[:start].rstrip(" ")[-1:] in ".!?\n"
    return begins and re.match(r":?[ ]{1,2}[A-Za-z]{2}", text[end : end + 5]) is not None
