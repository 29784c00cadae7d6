"""Voter: institutions that something goes to, comes from or belongs to; letterheads before an address; `Institute of Troy`."""
# ruff: noqa: E501 -- a pattern is read by its alternatives

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.amid import OFFICE, W, is_clinical, is_generic
from dp_clinical_pipeline.deid.amid import key as key_of
from dp_clinical_pipeline.deid.institutions import ALONE
from dp_clinical_pipeline.deid.kinds import UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import entries
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_RUN = rf"{W}(?:[ ](?:(?:of|and|&|for|of[ ]the|at|on)[ ])?{W}){{0,6}}"
_GIVEN = sieved(
    r"\b(?i:remit(?:tance)?(?:\spayment)?(?:\sto)?:?|payable\sto|by\sfax\sto|faxed\sto|fax\sto:?|belongs?\sto|property\sof|on\sloan\sfrom|rented\sfrom"
    r"|(?:arranged|ordered|obtained|delivered|supplied|leased|provided|contracted)\s(?:through|by|from|with)"
    r"|(?:discs?|films?|images?|cds?|stud(?:y|ies)|records?|specimens?)\s(?:were\s|was\s)?(?:sent|forwarded|pushed|transferred|mailed|released)\s(?:to|from)"
    r"|(?:summary|transfer|transferred|report|referred|discharged?)\s(?:from|to)|officers?\sfrom|nurses?\s(?:at|from)|delivery\sto|employer:?)[ ](?:the[ ])?"
    rf"(?P<name>{_RUN})(?:[ ](?:TO|To|to)[ ](?P<second>{_RUN}))?(?=\s*(?:$|[\n,;.():]|\d)|[ ]{{2}}|[ ](?:and|on|in|for|with|where|who|which|archive|via|by|at|is|was|has|had|after|before|must|reports?|this|last|today)\b|[ ]\d)"
)
_LETTERHEAD = sieved(
    rf"(?:^|\n|[.;][ ])(?P<name>{_RUN})(?:,|[ ][-–—])[ ](?=\d{{1,5}}[ ](?:[NSEW]\.?[ ])?(?:[A-Za-z][\w.'’]*[ ]){{1,3}}?(?i:st|street|ave|avenue|rd|road|dr|drive|blvd|boulevard|ln|lane|way|ct|court|cir|circle|pl|place|pkwy|parkway|hwy|highway|route|ter|terrace|sq|square|trl|trail|loop|pike|tpke|turnpike)\b|\d{{1,5}}[ ](?i:route|highway|hwy)[ ]\d|(?i:p\.?[ ]?o\.?[ ]?box|post[ ]office[ ]box|drawer)\b)"
)
_WITHIN = re.compile(r"[ ](?:Department|Dept\.?|Division)[ ]of[ ]")
_OF_PLACE = sieved(
    rf"(?<![\w'’-])(?=(?P<name>(?P<heads>(?:{W}[ ](?:(?:and|&)[ ])?){{1,4}})(?:of|at)[ ](?:the[ ])?(?P<place>{W}(?:[ ]{W})?))(?![\w'’-]))"
)
_MORE_HEADS = frozenset("consultants health sunrise x-ray xray general nurses infants arts".split())  # noqa: SIM905
_FIRST = frozenset(("All", "New", "First", "Total", "Complete", "Heart", "Lung", "Kidney", "Thoracic"))
_VALLEYS = frozenset(
    [
        "Valley",
        "Bay",
        "Lake",
        "Lakes",
        "River",
        "Rivers",
        "Plains",
        "Desert",
        "Coast",
        "Hills",
        "Foothills",
        "Shore",
        "Shores",
        "Island",
    ]
)
_PRACTICE = sieved(
    rf"(?<![\w'’-])(?P<name>(?:{W}[ ](?:(?:and|&)[ ])?){{1,4}}(?:Associates|Consultants|Specialists)|(?:{W}[ ]){{1,3}}(?:Occupational[ ]Medicine|Sports[ ]Medicine|X-?[Rr]ay[ ]Services?))(?![\w'’-])"
)
_OURS = frozenset(("Our", "The", "With", "And", "Research", "Clinical", "Nurse", "Medical", "Sales", "Per", "By"))
_WHOLE = sieved(r"(?<![\w'’-])(?P<name>University[ ](?:Hospitals?|Medical[ ]Center))(?![\w'’-]|[ ]of\b)")


def vote(text: str) -> Iterator[Span]:
    """Find institutions by what is done with them; to be read in a text whose lines of capitals were calmed."""
    for pattern, groups in ((_GIVEN, ("name", "second")), (_LETTERHEAD, ("name",))):
        for found in pattern.finditer(text):
            for group in groups:
                if found[group] and _is_own(found[group], heads=pattern is _LETTERHEAD):
                    start, end = found.span(group)
                    office = OFFICE.search(text, start, end)
                    sure = pattern is _LETTERHEAD or any(is_generic(key_of(word)) for word in found[group].split()[1:])
                    end = office.start() if office else end
                    within = _WITHIN.search(text, start, end) if pattern is _LETTERHEAD else None
                    end = within.start() if within else end
                    yield Span(start, end, "FACILITY", "receivers:named", 0.86 if sure else 0.57)
    for found in _OF_PLACE.finditer(text):
        head = key_of(found["heads"].split()[-1])
        length = _place(found["place"])
        at = text.startswith("Dialysis at", found.start("heads"))
        if length and not at and (head in _MORE_HEADS or (is_generic(head) and not is_clinical(head))):
            yield Span(found.start("name"), found.start("place") + length, "FACILITY", "receivers:of_place", 0.86)
    for found in _PRACTICE.finditer(text):
        if found["name"].split()[0] not in _OURS:
            yield Span(*found.span("name"), "FACILITY", "receivers:practice", 0.7)
    for found in _WHOLE.finditer(text):
        yield Span(*found.span("name"), "FACILITY", "receivers:university", 0.6)


def _is_own(name: str, *, heads: bool) -> bool:
    """Say whether capitalised words name one institution: one of them is neither any institution's nor a report's.

    `heads`: they stand before an address, so that one word will do.
    """
    words = [word for word in re.findall(r"\S+", name) if word[0].isupper()]
    own = [word for word in words if not is_generic(key_of(word)) and not is_clinical(word)]
    if len(words) == 1:
        if heads:
            return (bool(own) and len(words[0]) > 3) or words[0] in ALONE
        return words[0] in entries("hospitals") or (kind_of(words[0]) == UNKNOWN and len(words[0]) > 3)
    return bool(own) and (words[0] in _FIRST or not is_clinical(words[0]))


def _place(place: str) -> int:
    """Return how many letters of one or two words are a town's name: 0 where the first is none."""
    first = place.split()[0]
    if place in entries("cities") or place in entries("towns"):
        return len(place)
    listed = first in _VALLEYS or first in entries("cities") or first in entries("towns")
    return len(first) if listed or (kind_of(first) == UNKNOWN and first[1:].islower()) else 0
