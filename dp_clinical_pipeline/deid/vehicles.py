"""Voter: number plates, after words for them and after a vehicle's make."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.labels import is_year
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_PLATE_WORD = r"plates?|tags?|placard|registration|reg|licen[cs]e|lic|hull|tail|decal|permit|keys?"
_MAKES = (
    r"acura|audi|bmw|buick|cadillac|chevy|chevrolet|chrysler|dodge|fiat|ford|freightliner|gmc|harley(?:-davidson)?|honda|hummer|hyundai|infiniti|jaguar|jeep|kawasaki"
    r"|kenworth|kia|lexus|lincoln|mack|mazda|mercedes(?:-benz)?|mercury|mini|mitsubishi|nissan|oldsmobile|peterbilt|plymouth|pontiac|porsche|ram|saab|saturn|scion|subaru"
    r"|suzuki|tesla|toyota|volkswagen|vw|volvo|yamaha|camry|corolla|civic|accord|altima|silverado|explorer|wrangler|tacoma|prius|impala|malibu"
    r"|car|vehicle|truck|van|minivan|sedan|suv|motorcycle|moped|scooter|pickup|semi|trailer|ambulance|bus|taxi|cab|atv|boat|parked|parking|driv(?:er|es|ing)"
)
_VALUE = r"(?-i:[A-Z0-9]{1,8}(?:[ .·-][A-Z0-9]{1,5}){0,2})"
_WORD = re.compile(
    rf"(?<![\w-])(?:{_PLATE_WORD})(?!\w)(?P<gap>(?:\s(?:plates?|tags?|nos?|num(?:ber)?|\#|is|was|of|on|reads?|reading|for|from|the|car|vehicle|truck|van|as|in|at|down|noted|bearing|state"
    rf"|[A-Z][a-z]{{3,12}}|(?:[A-Z][a-z]{{2,8}}\s)?[A-Z]{{2}}(?=\s)))*[\s:\#.=()\"'“-]{{1,4}})(?P<value>{_VALUE})(?![\w-])",
    re.I,
)
_AFTER_MAKE = re.compile(
    rf"(?<![\w-])(?:{_MAKES})(?!\w)(?P<gap>[^\n\d]{{0,40}}?[\s(,:\"'])(?P<value>{_VALUE})(?![\w-])", re.I
)
_TWO = sieved(
    rf"\b(?:plates|Plates|PLATES)[ ](?P<first>{_VALUE})(?P<gap>[ ](?:and|or|&)[ ])(?P<value>{_VALUE})(?![\w-])"
)
_LED_WORD = Led(_WORD, _PLATE_WORD)
_LED_MAKE = Led(_AFTER_MAKE, _MAKES)
_SURE = re.compile(r"plate|tag|placard|decal|tail|hull", re.I)
_DIGIT = re.compile(r"\d")
_MODELS = re.compile(r"(?:[A-Z]{1,3}-?\d{1,3}|\d{3,4}[A-Z]{0,2}|[A-Z]{2,4}\d)(?:\s.*)?")
_WORDS = frozenset(
    "CT MR MRI CXR XR US NM PA AP LAT AND THE FOR WITH AT IN ON OF TO IS DOB MRN SSN DR MD RN AM PM CM MM MG ML KG IV PO ED ER ICU MVC MVA GCS FAST NO ID MPH BP HR XXXX".split()  # noqa: SIM905
)


def vote(text: str) -> Iterator[Span]:
    """Find number plates."""
    if not _DIGIT.search(text):
        return
    for led, near in ((_LED_WORD, True), (_LED_MAKE, False)):
        position = 0
        for at in led.starts(text):
            if at < position or not _DIGIT.search(text, at, at + 80) or not (found := led.pattern.match(text, at)):
                continue
            if end := _plate(text, found, near and _SURE.match(found.group()) is not None, near=near):
                yield Span(found.start("value"), end, "VEHICLE", "vehicles:plate", 0.7 if near else 0.55)
                position = end
    for both in _TWO.finditer(text):
        first = both["first"]
        mixed = sum(map(str.isdigit, first)) > 1 and sum(map(str.isalpha, first)) > 1 and first.isupper()
        if mixed and (end := _plate(text, both, sure=True, near=True)):
            yield Span(both.start("value"), end, "VEHICLE", "vehicles:second", 0.7)


def _plate(text: str, found: re.Match[str], sure: bool, *, near: bool) -> int:
    """Return where a plate ends; 0 where what was captured is none."""
    start = found.start("value")
    groups = re.split(r"([ .·-])", found["value"])
    while len(groups) > 1 and (groups[-1] in _WORDS or (groups[-1].isalpha() and len(groups[-1]) > 3)):
        groups = groups[:-2]
    value = "".join(groups)
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    if any(g in _WORDS for g in groups) or is_year(value) or digits + letters > 9:
        return 0
    if sure:
        fits = digits + letters >= 4 and (digits >= 2 or (digits and letters >= 2)) and (letters > 0 or digits >= 5)
    else:
        fits = digits >= 2 and letters >= 2 and digits + letters >= (5 if near else 6)
    if not fits or (not sure and _MODELS.fullmatch(value) and len(value) < 6):
        return 0
    if (
        not near
        and re.match(r"[A-Z]{2} \d{5}|\d{3,4} [A-Z]{2}$", value)
        and "(" not in found["gap"]
        and "," not in found["gap"]
    ):
        return 0
    return start + len(value)
