"""Voter: numbers, codes and electronic addresses that their shape gives away."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.labels import UNIT_AFTER, is_year
from dp_clinical_pipeline.deid.sieve import held_by, sieved
from dp_clinical_pipeline.deid.spans import Span, matched

_FREE = sieved(
    r"""(?<![\w])(?:
      (?P<EMAIL>(?<![.+%-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}
        |[\w.+-]{1,64}\s?[\[({]\s?at\s?[\])}]\s?[\w-]{1,63}(?:\s?(?:\.|[\[({]\s?dot\s?[\])}])\s?[\w-]{1,63}){1,4})
    | (?P<URL>(?:[a-z][a-z0-9+-]{2,12})://[^\s<>"'()]+|www\.[^\s<>"'()]+
        |(?:[a-z0-9-]{1,63}\.){1,5}(?:com|org|net|edu|gov|mil|io|info|health|med|clinic|hospital|us|uk|ca|de|fr
          |app|me|tv|biz)(?:/[^\s<>"'()]*)?(?![\w@]|\.\w)
        |(?:[a-z0-9-]{1,63}\.){1,5}(?:care|link|site|online|cloud|ai|co|ly|page|live|chat)/[^\s<>"'()]+)
    | (?P<MAC>(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}(?!\w))
    | (?P<IPv6>(?:[0-9a-f]{1,4}:){3,7}(?:[0-9a-f]{1,4}|:)(?!\w)
      |(?:[0-9a-f]{1,4}:){1,6}:(?:[0-9a-f]{1,4}:){0,5}[0-9a-f]{1,4}(?!\w))
    | (?P<IP>(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?:/\d{1,2})?(?!\.?\d))
    | (?P<PHOTO>(?:(?:photo|image|img|pic(?:ture)?|scan|face|clip|wound|snap)[ ](?=[\d(]))?(?:[\w-]{1,80}|[\w-]{0,80}\(\d{1,6}\))\.(?:jpe?g|png|gif|tiff?|bmp|hei[cf]|dcm|dicom|mp4|mov|avi|pdf)(?!\w))
    | (?P<UUID>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?!\w))
    | (?P<OID>(?:[0-2](?:\.\d{1,40}){5,24}|2\.25\.\d{20,39})(?!\w))
    | (?P<LICENSE>R\.?T\.?[ ]?\([A-Z]{1,4}\)(?:\([A-Z]{2,4}\))?[ ]?\d{5,7}(?!\w))
    | (?P<UDI>=/[A-Z0-9]{5,20}=,\d{5,8}=[A-Z0-9]{3,10}(?!\w)|\(\d{2,3}\)\s?[\w-]{4,24}(?:\s?\(\d{2,3}\)\s?[\w/.-]{1,24}){1,6}|\(01\)\s?\d{12,16}|\(21\)\s?[\w-]{5,20}|\+[A-Z]\d{3}[A-Z0-9]{4,24}(?:/[A-Z0-9$+./-]{2,60})?)
    )""",
    re.X | re.I,
)
_PHONE = re.compile(
    r"""(?:(?<![\w.-])|(?<=[A-Za-z]\.))(?:
      (?:[89],[ ]?|9-[ ]?)?(?:\+?1[-. /–]{0,2})?(?:\(?\d{3}\)\s?[-./–]?\s?|\d{3}[ ]?[-. /–·‑][ ]?)\d{3}[ ]?[-. –·‑][ ]?\d{4}
    | (?:\+?1[-. ]?)?(?:\(\d{3}\)\s?|\d{3}[-./])\d{7}
    | 9,[ ]?1?\d{10}
    | \+\d{1,3}(?:[- ]?\(?\d{2,4}\)?){3,5}
    | \d{3}[.-]\d{4}(?=\s?(?:ext|x\d))
    | [2-9]\d{2}[-–‑·]\d{4}(?![-–]\d)
    | 555[-. ]\d{4}
    | (?:1[-. ]?)?8(?:00|33|44|55|66|77|88)[-. ][A-Z]{2,9}(?:[- ][A-Z0-9]{2,9}){0,2}(?-i:(?<=[A-Z0-9]))
    | (?<![A-Za-z])\(0\d{1,4}\)[ ]?\d{3,4}[ ]?\d{3,4}
    | (?:x|ext\.?[ ]?|extension[ ])\d[-]?\d{3,4}
    | (?:(?<=at[ ])|(?<=call[ ])|(?<=dial[ ])|(?<=page[ ])|(?<=ext[ ])|(?<=phone[ ]))x\d{3}
    )(?:\s?,?(?:ext|x|extension)\.?\s?\d{1,6})?(?![\w]|-\d)""",
    re.X | re.I,
)
_SSN = re.compile(
    r"(?<![\w-])(?:\d{3}|[Xx*\#•]{3})(?:(?P<dash>\s?[-–—‑]\s?)(?:\d{2}|[Xx*\#•]{2})\s?[-–—‑]\s?|(?P<sign>[ ./_])(?:\d{2}|[Xx*\#•]{2})(?P=sign))\d{4}(?![\w-])"
)
_MBI = re.compile(
    r"(?<!\w)[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[- ]?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d[- ]?[AC-HJKMNP-RT-Y]{2}\d{2}(?!\w)"
)
_VIN = re.compile(r"(?<!\w)(?=[A-HJ-NPR-Z0-9]*\d)(?=[0-9]*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{17}(?!\w)")
_BARE = sieved(
    r"""(?<![\w./+-])\#?(?:
      [A-Z]{1,6}[-–_]?\d{5,14}(?:[-–/]\d{1,10}|[-–]?[A-Z]{1,4}){0,3}
    | [A-Z]{1,6}[-–_]\d{2,10}(?:[-–]\d{2,10}){1,3}
    | [A-Z]{2,5}[-–]\d{4}
    | [A-Z]{1,3}\d[A-Z\d]{4,14}
    | \d{5,12}[-–]?[A-Z]{1,5}
    | \d{2,6}[-–]\d{2,5}[-–]\d{2,6}(?:[-–][A-Z]{1,2})?
    | \d{2,6}[-–]\d{3,6}[-–][A-Z]
    | \d{3,6}[-–]\d{4,6}
    | \d{7,10}[-–]\d
    | \d{6,20}
    | (?=[A-Z0-9-]*[A-Z])[A-Z0-9]{2,6}(?:-[A-Z0-9]{2,8}){1,4}
    )(?![\w]|[-–./]\d)""",
    re.X,
)
_LETTERS = re.compile(
    r"(?<![\w.])(?!ID|NO|IS|AT|TO|OR|PT|PH|SS|MR|HN|SN|AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC)[A-Z]{2} $"
)
_RATIO = re.compile(r"(?<!\d)\d:$")
_PREGNANCIES = re.compile(r"G\d{1,2}P\d{1,5}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d")
_PUBLIC = re.compile(
    r"(?:PMID|PMC|NCT|OMIM|ATCC|RRID|FDA|DOI|ISBN|ISSN|ISRCTN|ICD|CPT|HCPCS|LOINC|SNOMED|RXCUI|GSE|RS|CVE"
    r"|EudraCT)[\s:#-]{0,3}$",
    re.I,
)
_PUBLIC_VALUE = re.compile(
    r"\#?(?:NCT\d{8}|PMC\d+|GSE\d+|COVID-?\d+|SARS-.*|HIV-.*|CA-?\d+(?:-\d)?|B\d{1,2}|PM2)", re.I
)


def vote(text: str) -> Iterator[Span]:
    """Find numbers, codes and electronic addresses that identify somebody."""
    if any(sign in text for sign in "@.:-("):
        yield from _free(text)
    if held_by(text).digit:
        yield from _shaped(text)
        yield from _bare(text)


def _free(text: str) -> Iterator[Span]:
    for found in _FREE.finditer(text):
        kind = found.lastgroup or ""
        if kind == "EMAIL" and "@" in found.group() and "." not in found.group().split("@")[1]:
            continue
        start, end = found.span()
        while end > start and not text[end - 1].isalnum():
            end -= 1
        if kind in ("IPv6",) and not re.search(r"[0-9]", found.group()):
            continue
        type_ = {"MAC": "DEVICE", "UDI": "DEVICE", "IPv6": "IP", "UUID": "OTHER_ID", "OID": "OTHER_ID"}.get(kind, kind)
        yield Span(start, end, type_, f"numbers:{kind.lower()}", 0.97)


def _shaped(text: str) -> Iterator[Span]:
    for pattern, kind, score in (
        (_PHONE, "PHONE", 0.84),
        (_SSN, "SSN", 0.86),
        (_MBI, "HEALTH_PLAN", 0.9),
        (_VIN, "VEHICLE", 0.9),
    ):
        yield from matched(text, pattern, kind, f"numbers:{kind.lower()}", score, group=0)


def _bare(text: str) -> Iterator[Span]:
    for found in _BARE.finditer(text):
        if _TIMESTAMP.match(found.group()):
            continue
        value = found.group()
        if _RATIO.search(text, max(0, found.start() - 3), found.start()) or _PREGNANCIES.fullmatch(value):
            continue
        parts = re.split(r"[-–]", value.lstrip("#"))
        numeric = all(p.isdecimal() for p in parts)
        if sum(c.isdigit() for c in value) < (5 if numeric else 4) or is_year(value) or _PUBLIC_VALUE.fullmatch(value):
            continue
        if numeric and len(parts) == 2 and all(p.endswith("00") or len(p) < 3 for p in parts):
            continue  # a range of counts
        if (value.isdecimal() and UNIT_AFTER.match(text, found.end())) or _PUBLIC.search(
            text, max(0, found.start() - 10), found.start()
        ):
            continue
        start = found.start()
        if numeric and len(value) > 5 and (letters := _LETTERS.search(text, max(0, start - 4), start)):
            start = letters.start()
        yield Span(start, found.end(), "OTHER_ID", "numbers:bare", 0.5)
