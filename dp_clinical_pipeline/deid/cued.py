"""Voter: codes written in groups after a word for numbers, and what a number ends in: the last four of one, a card's, a VIN's."""
# ruff: noqa: E501, SIM905 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.kinds import MINOR
from dp_clinical_pipeline.deid.labels import UNIT_AFTER, is_year
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span, matched

_CUES = {
    "SSN": r"ssn|ssan|social|soc|ss\s?\#",
    "BIOMETRIC": r"templates?|enrol+ment|finger\s?prints?|palm(?:\s(?:veins?|prints?))?|voice\s?prints?|iris|retinal?|biometrics?",
    "VEHICLE": r"vin|plates?|tags?|placard",
    "HEALTH_PLAN": r"member(?:ship)?|mbr|memb|subscriber|subs|subscr|policy|pol|plan|group|grp|insurance|ins|insured|coverage|contract|beneficiary|medicare|medicaid"
    r"|medi-cal|mbi|hicn?|hmo|ppo|payer|payor|sponsor|enrollee|facesheet|aetna|anthem|cigna|humana|bcbs|bc/bs|uhc|umr|kaiser|molina|centene|wellcare|ambetter|tricare"
    r"|champva|highmark|amerigroup|healthfirst|healthnet|caresource|oscar|emblem|geha|united|blue\s?(?:cross|shield)|wellpoint|rxbin|bin|pcn|rxgrp|rxid",
    "ACCOUNT": r"acct|account|acc(?:ount)?\s?no|billing|bill|invoice|statement|guarantor|guar|fin|csn|har|enc(?:ounter)?|visit|visa|mastercard|amex|discover|card|checking|savings|bank"
    r"|routing|ledger|balance|receipt|payment|a/r|a/c|financial|self-?pay",
    "LICENSE": r"licen[cs]e|lic|dl|dea|npi|cert(?:ificat(?:e|ion))?|passport|permit|state\sid|credential|registration|driver['’]?s|board",
    "DEVICE": r"serial|ser|s/n|sn|lot|ref|model|mdl|udi|gtin|implant|device|pump|generator|controller|stimulator|pacemaker|pacer|icd|recorder|monitor|filter|stent|valve|shunt|lead|graft"
    r"|mesh|prosthesis|port|catalog(?:ue)?|cat|cpap|bipap|ventilator|concentrator|battery|transmitter|sensor|lens|iol|detector|cassette|plate\sid|probe|transducer|scanner|asset",
    "ACCESSION": r"accession|accn?|acsn|exam|study|requisition|req|ris|order",
    "MRN": r"mrn|mr|chart|medical\srecord|med\s?rec|record|rec|patient|pt|hosp(?:ital)?|unit|jacket|film|folder|hrn|mpi|empi|pid|keep|retire|retain|merge[ds]?|old|duplicate|dup",
    "OTHER_ID": r"no|nos|num|number|numbers|nbr|nmbr|id|ids|identifier|code|case|claim|file|ticket|specimen|sample|donor|unit|protocol|subject|participant|trial|registry|badge|employee|student"
    r"|inmate|booking|docket|reference|authorization|auth|referral|confirmation|tracking|visa|alien|report|incident|run|pathology|path|slide|block|tissue|user|login|kit",
}
_LINK = r"(?:\s(?:nos?|num(?:ber)?|nbr|ids?|code|card|record|is|was|of|as|on|for|reads?|listed|per|this|patient|pt|tag|serial|sn|cert|new|to|from|under))?\b\.?"
_GROUP = r"(?:[A-Z]{0,4}\d{1,12}[A-Z]{0,3}\d{0,6}|[A-Z]{1,3})"
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _CUES.items())
    + rf")(?![A-Za-z]){_LINK}{_LINK}[\s:\#.=()\[\]–-]{{1,5}}(?P<value>(?-i:(?!NO\b|ID\b|IS\b|NR\b){_GROUP}(?:[ ./-]{_GROUP}){{1,4}}))(?![A-Za-z0-9]|[./-]\d)",
    re.I,
)
_LED = Led(_CODE, *_CUES.values())
_WORDS = frozenset(
    """CT MR MRI CXR XR US NM PET PA AP LAT AND THE FOR WITH AT IN ON OF TO IS DOB SEX AGE MRN SSN DOS DOB DR MD RN AM PM EST CM MM MG ML KG IV PO X
    VS BP HR RR PGY ICU ED ER OR NO ID CC TEL FAX EXT FIN CSN""".split()
)
_DATED = re.compile(r"\d{1,4}([-/. ])\d{1,2}\1\d{2,4}|\d{1,2}/\d{1,2}|(?:19|20)\d\d[-/]\d{2}")
_PROSE = frozenset(
    (
        "old",
        "keep",
        "bin",
        "united",
        "port",
        "lead",
        "film",
        "unit",
        "pt",
        "patient",
        "order",
        "path",
        "block",
        "run",
        "plan",
        "bill",
        "ref",
        "report",
        "board",
        "old",
        "rec",
    )
)
_SHAPE = sieved(
    r"(?<![\w./-])(?:(?P<letters>[A-Z]{3})[ ]\d{5,10}|[A-Z]{1,3}\d{1,4}[ ]\d{5,10}|\d{1,3}[A-Z]{1,3}[ ]\d{5,10}|[A-Z]\d{2,3}(?:[ ]\d{2,4}){2,4}|\d{3,6}-\d{4,7}-\d|\d{4,7}-\d{2}(?=[,.;\s]|$))(?![\w]|[./-]\d)"
)
_LABELS = frozenset(
    """MRN SSN DOB CSN FIN NPI DEA VIN UDI LOT REF TEL FAX EXT RIS HAR MBI CXR ACC PGR REQ REC PHN ZIP DOS DOD DOA MED ICD CPT PMC NCT NDC BOX POB INS MBR GRP POL
    SER LIC VID PIN TAG UNO PID MPI HRN HIC HCN RXN BIN PCN SER ACT CAL LAB JOB SEQ IMG LOC MIN MAX AGE DLP DAP BUN WBC RBC PLT ANC CD4 AND THE FOR ARE WAS HIS HER""".split()
)
_LAST = sieved(
    r"\b(?:(?:last|final)[ -]?(?:4|four|5|five|6|six)|l4|ssn-?4|ssn-?l4|ss4|4-digit\sssn)(?![\w%])(?P<of>[^\d\n.;]{0,36}?)[\s:\#=(,–-]{1,4}(?P<value>[xX*\#]{0,12}-?[A-Z]?-?\d{4,6})(?![\w%]|[.,/-]\d|\s(?:views?|films?|years?|days?|weeks?|months?|hours?|ml|mg|cc))"
    r"|(?P<first>(?<![\w.,/-])(?<!\d[ ])[A-Z]?\d{4}|(?<=[ ]-)\d{4})\s?[\s(,=-]{1,3}(?:is\s|are\s|as\s)?(?:the\s|his\s|her\s)?(?:ssn?\s)?last[ -]?(?:4|four)\b(?!\s(?:days|hours|weeks|months|years|films|studies|views))",
    re.I,
)
_PERSON_CODE = sieved(
    r"\b(?i:benefit|subscriber|member|policy|plan|coverage|insured|enrollee|medicaid|medicare|secondary|primary|payer)\b[^.;\n]{0,60}?(?P<value>\d{9,12}[ -]0\d)(?!\d)"
)
"""A member's number with the two figures that say which person of the family it is."""
_IDENTITY = re.compile(r"\b(?:birth|dob|identity|verif\w+|ssn?|social|armband|wristband|last\sname)\b", re.I)
"""Beside which the last four figures are of a number, though they look like a year."""
_SERIES = re.compile(
    r"\b(?:days|hours|weeks|months|years|films|studies|visits|readings|doses|images|views|liters|ribs|nights|episodes|admissions|exams|times)\b",
    re.I,
)
_ENDS = sieved(
    r"\b(?P<what>ssn?\#?|social(?:\ssecurity)?|soc(?:\ssec)?|vin|plates?|visa|mastercard|amex|discover|card|checking|account|acct|phone|cell|mobile|number|no\.?|mrn|policy|member|id|serial)(?:\s(?:number|no\.?|\#|id|on\sfile|card)){0,2}\W{0,2}(?:that\s)?(?:ends?|ending|ended)(?:\s(?:in|with|on))?[\s:\#=-]{1,3}(?P<value>[xX*\#.]{0,12}-?[A-Z]?\d{2,6}|[A-Z0-9]{3,8})(?![\w%]|[.,/-]\d)",
    re.I,
)
_MASKED = sieved(r"(?<![\w*])(?P<value>(?:[xX*\#•]{2,12}[- ]?){1,4}[A-Z]?\d{4,6})(?![\w])")
_ENDING = sieved(r"\b(?:ends?|ending)\s(?:in|with)[\s:]{1,2}(?P<value>[xX*]{0,8}-?[A-Z]?\d{4})(?![\w%]|[.,/-]\d)")
_AFTER_LAST = {
    "vin": "VEHICLE",
    "card": "ACCOUNT",
    "acc": "ACCOUNT",
    "pho": "PHONE",
    "cel": "PHONE",
    "mrn": "MRN",
    "pol": "HEALTH_PLAN",
}
_HINT = re.compile(r"\d{3}|\d[ ./-]\d|[xX*#•]{3}\d")


def vote(text: str) -> Iterator[Span]:
    """Find codes in groups, and endings of numbers."""
    if not _HINT.search(text):
        return
    for found in _LED.matches(text, re.Match.end):
        kind = next(k for k in _CUES if found.group(k) is not None)
        if end := _coded(text, found, found.group(kind)):
            yield Span(found.start("value"), end, kind, "cued:code", 0.58)
    for found in _SHAPE.finditer(text):
        if found["letters"] in _LABELS or (found["letters"] or "").lower() in MINOR or _year_first(found.group()):
            continue
        yield Span(*found.span(), "OTHER_ID", "cued:shape", 0.5)
    for found in _LAST.finditer(text):
        value, of = found.lastgroup or "", (found["of"] or "").lower()
        parted = value == "value" and _IDENTITY.search(text, max(0, found.start() - 60), found.end() + 24) is not None
        if not _SERIES.search(of) and (parted or of.strip(" (:") or not is_year(found[value])):
            kind = next((k for w, k in _AFTER_LAST.items() if w in of), "SSN")
            yield Span(*found.span(value), kind, "cued:last", 0.85)
    for found in _ENDS.finditer(text):
        what = found["what"].lower()
        if any(c.isdigit() for c in found["value"]):
            kind = next((k for k, words in _CUES.items() if re.fullmatch(words, what, re.I)), "OTHER_ID")
            yield Span(*found.span("value"), kind, "cued:ends", 0.8)
    yield from matched(text, _PERSON_CODE, "HEALTH_PLAN", "cued:person_code", 0.9)
    yield from matched(text, _MASKED, "SSN", "cued:masked", 0.6)
    yield from matched(text, _ENDING, "SSN", "cued:ending", 0.6)


def _year_first(value: str) -> bool:
    """Say whether a code of digits and dashes is a year and a month, or years."""
    return re.match(r"(?:19|20)\d\d-", value) is not None and len(value) < 8


def _coded(text: str, found: re.Match[str], cue: str) -> int:
    """Return where a code in groups ends; 0 where what follows the cue is none."""
    start, value = found.start("value"), found["value"]
    groups = re.split(r"([ ./-])", value)
    while len(groups) > 1 and (
        groups[-1] in _WORDS
        or (groups[-1].isalpha() and len(groups[-1]) > 2)
        or (groups[-1].isdecimal() and groups[-2] == " " and is_year(groups[-1]))
    ):
        groups = groups[:-2]
    value = "".join(groups)
    digits = sum(map(str.isdigit, value))
    letters = sum(map(str.isupper, value))
    least = 5 if cue.lower() in _PROSE else 4
    if (
        len(groups) == 1
        or any(g in _LABELS or g in _WORDS or g == "SEC" for g in groups)
        or groups[0] in _WORDS
        or (cue.lower() == "icd" and groups[0] in ("9", "10"))
        or digits + min(letters, 2) < least + 1
        or digits < 3
        or _DATED.fullmatch(value)
        or is_year(value)
        or all(g in " ./-" or is_year(g) or len(g) < 2 for g in groups)
        or (
            letters == 0
            and (UNIT_AFTER.match(text, start + len(value)) or (digits < 6 and {" ", "-", "/"}.isdisjoint(value)))
        )
        or (letters == 0 and digits < 6 and cue.lower() in _PROSE)
    ):
        return 0
    return start + len(value)
