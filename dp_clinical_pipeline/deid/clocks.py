"""Times of day that are written with a date: its span covers them, and replacement leaves them as they are."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dp_clinical_pipeline.deid.spans import Span

_HOUR = r"(?:[01]?\d|2[0-3])"
_TIME = (
    rf"(?:(?:,?[ ]{{1,2}}(?:at[ ])?|[ ]?@[ ]?|T){_HOUR}(?::[0-5]\d){{1,2}}(?:[.,]\d{{1,6}})?(?:[ ]?[AaPp]\.?[Mm]\b\.?)?"
    rf"|(?:[ ]at[ ]|[ ]?@[ ]?){_HOUR}(?<=\d\d)[0-5]\d)"
    r"(?:Z|[+-]\d\d:?\d\d|[ ](?:UTC|GMT|[ECMP][SD]?T))?"
)
_AFTER = re.compile(rf"{_TIME}(?![\w:/]|[.,-]\d)")
_WITHIN = re.compile(rf"{_TIME}$")


def with_times(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return disjoint spans in text order, each date's with the time of day that follows it.

    What lies within that time was a time zone or a fraction of a second taken for an identifier, and is one with it.
    """
    done: list[Span] = []
    for span, following in zip_longest(spans, spans[1:]):
        if done and span.end <= done[-1].end:
            continue
        found = _AFTER.match(text, span.end) if span.type == "DATE" else None
        apart = found and (following is None or not following.start < found.end() < following.end)
        done.append(replace(span, end=found.end()) if found and apart else span)
    return done


def before_time(text: str, start: int, end: int) -> int:
    """Return where the date ends that begins at `start`, without the time of day at its `end`."""
    found = _WITHIN.search(text, start + 2, end)
    return found.start() if found else end
