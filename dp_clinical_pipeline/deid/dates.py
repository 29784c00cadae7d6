"""Voter: dates in the many ways that they are written. A bare year stays, as Safe Harbor allows."""
# ruff: noqa: E501 -- a pattern is read by its alternatives, and a list of words as one text

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline.deid.sieve import held_by, sieved
from dp_clinical_pipeline.deid.spans import Span

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_LONG = "|".join(MONTHS)
_SHORT = "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_MONTH = rf"(?:{_LONG}|(?:{_SHORT})(?![a-z])\.?|May\.)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:\s?(?:st|nd|rd|th)\b)?(?!\d)"
_ORDINAL = (
    r"(?:(?:twenty|thirty)[- ])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth)"
)
_YEAR = r"(?:(?:1[89]|20)\d\d|['’]\d\d)(?!\d)"
_UNIT = r"(?![ ]?(?:[-x×][ ]?\d|mg|mcg|ml|cc|mm|cm|kg|%|units?|weeks?|days?|months?|years?|hours?|patients|views?|nodules?))"
_DAYS = rf"{_DAY}(?:(?:\s?(?:-|–|to|and|&|,)|,\s?and)\s?{_DAY}{_UNIT}(?!/\d{{1,2}}/)){{0,7}}"
_NUMBER_DATE = (
    r"(?:(?:1[89]|20)\d\d(?P<a>[-/.])(?:0?[1-9]|1[0-2])(?P=a)(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])(?P<b>[-/.])(?:0?[1-9]|[12]\d|3[01])(?P=b)(?:1[89]|20)\d\d"
    r"|(?:0?[1-9]|[12]\d|3[01])[ ](?P<d>[-/.])[ ](?:0?[1-9]|[12]\d|3[01])[ ](?P=d)[ ](?:(?:1[89]|20)\d\d|\d\d)"
    r"|(?:0[1-9]|[12]\d|3[01])(?P<e>\.)(?:0[1-9]|1[0-2])(?P=e)\d\d"
    r"|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])['’]\d\d"
    r"|(?:0?[1-9]|[12]\d|3[01])(?P<c>[-/])(?:0?[1-9]|[12]\d|3[01])(?P=c)\d\d)"
)
_FOUND = re.compile(
    rf"""(?<![\w/])(?<!\d[.,])(?:(?<!\d-)|(?=[A-Za-z]))(?:
      (?P<printed>(?:{_SHORT})[ ]{{1,2}}\d{{1,2}}[ ]\d\d:\d\d:\d\d[ ](?:[A-Z]{{3,4}}[ ])?(?:19|20)\d\d)
    | (?P<month_first>{_MONTH}(?:[ ]?[-/][ ]?|\.?[ ]|,[ ]|)(?:the[ ])?{_DAYS}(?:[ ]?[,./-]?[ ]?(?:of[ ]|in[ ])?{_YEAR})?)
    | (?P<day_first>{_DAYS}(?:[ ]?[-/][ ]?|\.(?=[A-Za-z])|[ ]|)(?:day[ ])?(?:of[ ])?{_MONTH}(?:(?:[ ]?[-/][ ]?
      |[., ]{{0,2}})(?:of[ ])?(?:{_YEAR}|(?<=[-/])\d\d(?!\d)|(?<=[a-z][a-z][a-z])\d\d(?!\d)
        |(?<=[a-z.][ ])\d\d(?![\d:]|[ ]?(?:mg|%|(?:y|yo|yrs?|years?|w|wks?|weeks?|d|days?|m|mo|mos|months?|min\w*|ml|mm)\b))))?)
    | (?P<ordinal>{_ORDINAL}[ ](?:day[ ])?of[ ]{_MONTH}(?:,?[ ]{_YEAR})?
      |(?:{_LONG})[ ](?:the[ ])?{_ORDINAL}(?:,?[ ]{_YEAR})?)
    | (?P<month_year>{_MONTH}(?:[ ]?[-/,.][ ]?|[ ](?:of[ ]|in[ ])?){_YEAR})
    | (?P<numeric>{_NUMBER_DATE}(?!\d|/(?!(?-i:[A-Z]{{2,3}}|[a-z]{{2,3}})(?!\w))|-(?!\d\d:\d\d)\d)(?:T\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?)
    | (?P<numeric_month>(?:0?[1-9]|1[0-2])[/-](?:19|20)\d\d(?![\d/-])|(?:19|20)\d\d[/-](?:0[1-9]|1[0-2])(?![\d/-]))
    | (?P<year_month>(?:19|20)\d\d[-/ ](?:{_SHORT}|may)[a-z]*(?:[-/ ]{_DAY})?)
    | (?P<compact>(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?\d{{4,6}})?(?!\d))
    )(?!(?!T\d\d)[A-Za-z_]|\d)""",
    re.X | re.I,
)
_AFTER = (
    r"(?:in|since|last|this|next|until|till|by|early|late|mid|during|through|from|before|after|around|between|and|to"
    r"|of|for|every|each|past|previous|on|following|the)"
)
_ALONE = sieved(
    rf"(?<!\w)(?:(?P<lastly>(?:last|this|next|past)[ ](?:{_LONG.title()}))"
    rf"|{_AFTER}[\s-]+(?P<month>January|February|March|April|May|June|July|August|September|October|November"
    r"|December|JANUARY|FEBRUARY|APRIL|JUNE|JULY|AUGUST|SEPTEMBER|OCTOBER|NOVEMBER|DECEMBER)"
    r"|(?P<month2>January|February|April|June|July|August|September|October|November|December)"
    r"|(?P<weekday>(?:(?:last|this|next|past)[ ])?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:MON|TUES"
    r"|WEDNES|THURS|FRI|SATUR|SUN)DAY)s?"
    r"|(?P<weekday2>(?:last|this|next)[ ](?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|(?:on|every)[ ](?P<weekday3>(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
    r"|(?P<holiday>Christmas(?:[ ](?:Eve|Day))?(?![ ](?:tree|disease|factor))|Thanksgiving(?:[ ]Day)?|New[ ]Year['’]?s(?:[ ](?:Eve|Day))?|Easter"
    r"(?:[ ]Sunday)?|Labor[ ]Day|Memorial[ ]Day|Independence[ ]Day|Halloween|Valentine['’]?s[ ]Day|Mother['’]s[ ]Day"
    r"|Father['’]s[ ]Day))(?!\w)"
)
_SHORT_NUMBER = re.compile(
    r"""(?<!\w)(?:
      (?:(?:on|dated?|dates?\s(?:of\s\w+|is|was)|d\.?o\.?[bsvade]\.?|since|until|till|thru|through|seen
        |visit(?:ed)?|admitted|admission
        |discharged?|surgery|scan|performed|comparison|before|after|born|birth(?:day|date)?|scheduled(?:\sfor)?
          |appointment|due|x-?ray|radiographs?|films?
        |week\sof|(?:film|exam|study|images?|ct|mri|cxr|radiograph|report|one|priors?|that|those|comparison|as)s?\sof|by|compared?\s(?:to|with)|vs\.?|versus|priors?|comparison|[dt]\b|d/t|dos|dictated|transcribed|signed|received|collected|from(?=\s\d{1,2}/\d{1,2}\s(?:to|through|until|-)))[\s:,(=-]{1,4})
      (?P<day>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])(?:\s?(?:-|–|to|through|until)\s?(?:0?[1-9]
        |1[0-2])/(?:0?[1-9]|[12]\d|3[01]))?)
      (?![\w/%]|[.-]\d|[\s-]?(?:mg|cm|mm|mcg|ml|strength|pain|systolic|of\s|murmur|weeks?|days?|months?|years?
        |pulses|patients|score|points|hours?|exposure|international|scale|blasts|positive|nodes))
    | (?:(?:on|since|put\sin|placed|implanted|inserted|dated|in\sclinic|clinic|until|till|done|taken|obtained|seen|view\son|visit|dt|date|prior|comparison|removed|exchanged
        |(?:stud(?:y|ies)|films?|exams?|ct|scans?|radiographs?|x-?rays?|images?|reports?|priors?|ones?|mri|cxr|examination|procedure|surgery|labs?|visit)\s(?:from|of|on)|(?:film|study|exam|scan|diagnosed|follow-?up|performed|done|surgery|admitted|back|ct|mri|cxr|radiograph)\sin)\s\(?)
      (?P<pair>0?[1-9]/(?:0?[1-9]|[12]\d|3[01])|1[0-2]/(?:0?[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))
      (?![\w/%]|[.-]\d|[\s-]?(?:mg|cm|mm|mcg|ml|strength|pain|systolic|of\s|murmur|weeks?|days?|months?|years?|pulses|patients|score|points|hours?|scale))
    | (?:date|dob|d\.o\.b\.?|born|birth\w*|dos|doa|dod)[\s:,(=-]{1,4}(?:on\s)?
      (?P<digits>\d{8}|\d{6}|\d{1,2}\s\d{1,2}\s\d{2,4}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})(?!\w)
    )""",
    re.X | re.I,
)
_DAY_ALONE = sieved(
    r"(?<!\w)(?:on|until|since|by|before|after)[ ]the[ ](?P<day>(?:[12]?\d|3[01])(?:st|nd|rd|th))"
    r"(?=[.,;)\n]|$|[ ](?:at|with|for|she|he|they|we|the|in|to|by|when|showed?|due|via|without|instead)\b)"
)
_WEEKDAY_SHORT = sieved(
    r"(?<!\w)(?P<weekday>(?i:mon|tues?|wed|thurs?|thu|fri|sat|sun))\.?,?[ ](?=\d{1,2}[-/ .]|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-zA-Z]{0,6}\.?,?[ ]\d|[A-Z][a-z]{2})"
)
_ORDINARY_MAY = re.compile(r"(?:may|march|mar|sept?|dec|oct|jan|jun)\b", re.I)


_LED_MONTH = Led(
    _FOUND,
    _LONG,
    _SHORT,
    "may",
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|twenty|thirty",
)
_LED_NUMBER = Led(_SHORT_NUMBER, _SHORT_NUMBER.pattern)
_DIGITS = re.compile(r"(?<![\w/])\d")


def vote(text: str) -> Iterator[Span]:
    """Find dates."""
    digits = held_by(text).digit
    for found in _found(text):
        kind = found.lastgroup or ""
        if kind in ("a", "b", "c", "d", "e"):
            kind = "numeric"
        if not _is_measure(text, found, kind):
            yield Span(found.start(), found.end(), "DATE", f"dates:{kind}", 0.9)
    for found in _DAY_ALONE.finditer(text):
        yield Span(*found.span("day"), "DATE", "dates:day", 0.6)
    for found in _WEEKDAY_SHORT.finditer(text):
        yield Span(*found.span("weekday"), "DATE", "dates:weekday", 0.6)
    for found in _ALONE.finditer(text):
        kind = found.lastgroup or ""
        start, end = found.span(kind)
        yield Span(start, end, "DATE", f"dates:{kind}", 0.6)
    for found in _LED_NUMBER.matches(text, re.Match.end) if digits else ():
        kind = found.lastgroup or ""
        yield Span(*found.span(kind), "DATE", f"dates:{kind}", 0.7)


def _found(text: str) -> Iterator[re.Match[str]]:
    """Yield dates from left to right, looked for where a digit, a month or an ordinal begins."""
    position, match = 0, _FOUND.match
    for at in sorted({*_LED_MONTH.starts(text), *(m.start() for m in _DIGITS.finditer(text))}):
        if at >= position and (found := match(text, at)):
            yield found
            position = found.end()


def _is_measure(text: str, found: re.Match[str], kind: str) -> bool:
    """Say whether what looks like a date is `may 5 ...`, a ratio or a dose."""
    surface = found.group()
    if kind in ("month_first", "month_year") and surface[0].islower() and _ORDINARY_MAY.match(surface):
        return not re.search(r"\d\s?(?:st|nd|rd|th)\b|(?:19|20)\d\d", surface)
    if kind == "day_first" and re.search(r"\b(?:may|march)\b", surface) and not re.search(r"\d{4}|th\b|st\b", surface):
        return True
    return kind in ("day_first", "month_first") and bool(
        re.match(r"\s?(?:mg|mcg|ml|mm|cm|%)", text[found.end() : found.end() + 4])
    )
