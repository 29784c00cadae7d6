"""Voter: extensions, pagers and short numbers inside a hospital, which only the words before them show."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.names import is_excluded, is_surname
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span, matched

_SHORT = r"(?P<number>(?:\d{1,2}[-. ])?\d{3,5}(?:[-. ]\d{4})?|\d{3}[-. ]\d{4}|\d{2}[- ]\d{2,4})(?![\w%]|[.,/:-]\d|\s?(?:hrs?|hours?|h|am|pm|a\.m|p\.m|cc|ml|mg|mcg|mm|cm|units?|times|days?|weeks?|months?|years?|views?|feet|est|patients)(?!\w))"
_DEVICE = (
    r"pagers?|pgr|pg|bpr|beepers?|bleep|beep|vocera|ascom|spectralink|voalte|extension|extn?|ext|voice\s?mail|vmail|vm|hotline|switchboard|intercom|short\scode|speed\sdial|wireless|cisco"
    r"|portable\sphone|zone\sphone|work\sphone|house\sphone|desk\sphone|phone|ph|tel|telephone|cell|mobile|callback|call-?back|results?\sline|direct\sline|direct|backline|back\sline|on-?call\sphone|line"
)
_ACT = r"paged?|dial|ring|call|text|reach(?:ed|able)?(?:\s(?:me|us|him|her|them|radiology|the\s\w{3,12}))?(?:\s(?:at|on|via|by))?|available\s(?:at|on)|contact(?:ed)?(?:\s(?:me|us))?(?:\s(?:at|on))|call\s(?:me|us|radiology|back)(?:\s(?:at|on))?|questions\??(?:\s(?:to|at))|\b(?:on)\scall|(?:text|overhead)\spaged?\s(?:to|at)|paged\s(?:to|on|at)|back-?up\s(?:is\s)?(?:at|on)|reading\sroom(?:\s(?:at|on))?|desk(?:\sat)?|operator(?:\sat)?"
_CUED = re.compile(
    rf"(?<![\w-])(?:(?P<device>(?:{_DEVICE})(?:\s(?:nos?|number|num|id|is|was|at|on|to|\#))*[\s:.\#=(-]{{1,4}}(?:x\s?)?)|(?P<act>(?:{_ACT})(?:\s(?:x|extn?\.?|ext\.?))?[\s:\#(]{{1,3}}))(?:\#\s?)?{_SHORT}",
    re.I,
)
_LED = Led(_CUED, _DEVICE, _ACT)
_ABBREVIATED = sieved(r"(?<![\w.])(?:p\.|int\.|x[- .]|X[- .]?)\s?(?P<number>\d{4,5}|\d-\d{4})(?![\w%]|[.,/:-]\d)")
_AFTER = sieved(
    r"(?<![\w.,/:-])(?P<number>\d{1,2}-\d{4})(?=\s(?:at|for|if|with|in)\s(?:the\s|any\s)?(?:desk|reading|questions|results|radiology|operator|concerns)\b)",
    re.I,
)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d")
_WHOLE = sieved(r"(?<![\w./+-])1?[2-9]\d{2}[2-9]\d{6}(?![\w]|[.-]\d)")
_SURE = re.compile(
    r"pager|pgr|bpr|beep|vocera|ascom|spectralink|ext|voice|vm|short|hotline|dial|intercom|voalte|phone|ph|tel|cell",
    re.I,
)
_ASKS = re.compile(
    r"questions|call-?back|ring|dial|reach|page|reading|desk|operator|contact|text|overhead|back-?up", re.I
)
_HINT = re.compile(r"\d{3}|\d[- ]\d")


_CALLED = sieved(
    r"\b(?i:(?:called|questions|reported|phoned|results?)[ ]to|contact|ask[ ]for)[ ](?P<who>[A-Z][\w'’-]{1,20})[ ]at[ ](?P<number>\d{3})(?=[.;,\n]|\s*$|[ ](?:for|if|with|or)\b)"
)


def vote(text: str) -> Iterator[Span]:
    """Find short numbers that reach somebody."""
    if not _HINT.search(text):
        return
    for found in _LED.matches(text, re.Match.end):
        number = found["number"]
        digits = sum(map(str.isdigit, number))
        if digits < (3 if _SURE.match(found.group()) or _ASKS.match(found.group()) else 4):
            continue
        if (
            found["act"] is not None
            and _TIME.fullmatch(number)
            and re.search(r"\b(?:at|call|ring)[\s(:]*$", found["act"], re.I)
            and "reach" not in found["act"].lower()
        ):
            continue
        if found["device"] is not None and _TIME.fullmatch(number) and re.search(r"\bat\s$", found["device"], re.I):
            continue
        yield Span(*found.span("number"), "PHONE", "phones:cued", 0.7)
    for found in _CALLED.finditer(text):
        if is_surname(found["who"]) and not is_excluded(found["who"]):
            yield Span(*found.span("number"), "PHONE", "phones:called", 0.6)
    yield from matched(text, _ABBREVIATED, "PHONE", "phones:short", 0.6)
    yield from matched(text, _AFTER, "PHONE", "phones:desk", 0.6)
    yield from matched(text, _WHOLE, "PHONE", "phones:whole", 0.52)
