"""What is written with a date and tells nothing of it: `the` or `last` before it, and the time of day after it.

A span covers them, as a reader would mark them, and replacement leaves them as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dp_clinical_pipeline.deid.spans import Span

_HOUR = r"(?:[01]?\d|2[0-3])"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d|[ ](?:UTC|GMT|[ECMP][SD]?T))?"
_COLONS = (
    r"(?:(?<=\d{14})\.\d{1,6}|"
    rf"(?:,?[ ]{{1,2}}(?:(?:at|AT)[ ])?|[ ]?@[ ]?|T|-(?=\d\d:)){_HOUR}(?::[0-5]\d){{1,2}}(?:[.,]\d{{1,6}})?"
    rf"(?:[ ]?[AaPp]\.?[Mm]\b\.?|[AaPp]\b|[ ](?:hrs|HRS|hours|h)\b)?{_ZONE})"
)
_FIGURES = (
    r"(?:[ ](?:at[ ])?(?:[01]\d|2[0-3])[0-5]\d[ ]?(?:hrs?|HRS?|hours)\b"
    rf"|(?:[ ](?:at[ ]|(?!19|20))|[ ]?@[ ]?)(?:[01]\d|2[0-3])[0-5]\d{_ZONE})"
)
"""Where nothing else says so, 1900 to 2059 is a year."""
_AFTER = re.compile(rf"(?:(?P<surely>{_COLONS})|{_FIGURES})(?![\w/]|[:.,-]\d)")
_THE = re.compile(r"the[ ](?=\d{1,2}(?:st|nd|rd|th)\b)", re.I)
_LED = re.compile(rf"{_THE.pattern}|(?:last|this|next|past)[ ](?=\S)", re.I)
_CUT = re.compile(r"[ T@]\d\d?(?::\d\d)*$")
"""Where a voter stopped within a time."""
_WITHIN = re.compile(rf"(?:{_COLONS}|{_FIGURES})$")


def with_edges(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return disjoint spans in text order, those of dates with what is written with them.

    What lies within a time with colons was a time zone or a fraction of a second taken for an identifier, and is one with
    it. Four figures are a time only where no voter takes them for anything but a date.
    """
    done: list[Span] = []
    for span, following in zip_longest(spans, spans[1:]):
        before = done[-1].end if done else 0
        if span.end > before:
            rest = replace(span, start=max(span.start, before))
            done.append(_whole(text, rest, before, following) if span.type == "DATE" else rest)
    return done


def _whole(text: str, span: Span, before: int, following: Span | None) -> Span:
    start, end = span.start, span.end
    if start - 4 >= before and _THE.match(text, start - 4) and not (start > 4 and text[start - 5].isalnum()):
        start -= 4
    cut = _CUT.search(text, start + 6, end)
    after = _AFTER.match(text, cut.start() if cut else end) or _AFTER.match(text, end)
    if after and not (
        following and _is_cut(following, after.end(), surely=bool(after["surely"]) or following.type == "DATE")
    ):
        end = after.end()
    return replace(span, start=start, end=end)


def _is_cut(span: Span, at: int, *, surely: bool) -> bool:
    return span.start < at and (at < span.end or not surely)


def without_edges(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the offsets of the date itself in a date's span."""
    led = _LED.match(text, start, end)
    found = _WITHIN.search(text, start + 2, end)
    return led.end() if led else start, found.start() if found else end
