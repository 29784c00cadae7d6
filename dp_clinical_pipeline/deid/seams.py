"""Spans of two identifiers that a small word joins are parted at it: `Dr. Ibarra of Maple Hospital`, `Oak Home on May 3`."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dp_clinical_pipeline.deid.spans import Span

_SEAM = re.compile(r"[ ](?:of|on)[ ]")
"""Not `in`: whoever marks `St. Mary's Hospital in Chicago` marks it as one."""


def parted(text: str, spans: Sequence[Span], votes: Sequence[Span]) -> list[Span]:
    """Return disjoint spans in text order, each parted where one vote ends before a small word and another begins after it.

    `votes` are what the voters said before their spans were made one. The word tells nothing of either and stays in the
    text. At `of`, which is of the names of institutions, only what ends with a person is parted.
    """
    seams = [[*_SEAM.finditer(text, span.start, span.end)] if span.end - span.start > 7 else [] for span in spans]
    if not any(seams):
        return [*spans]
    ends: dict[int, set[str]] = {}
    starts: dict[int, set[str]] = {}
    for vote in votes:
        ends.setdefault(vote.end, set()).add(vote.type)
        starts.setdefault(vote.start, set()).add(vote.type)
    ordered = sorted(votes, key=lambda vote: vote.start)
    done: list[Span] = []
    for span, found in zip(spans, seams, strict=True):
        cuts = [s for s in found if _parts(s.group(), ends.get(s.start(), set()), starts.get(s.end(), set()))]
        done.extend(_cut(span, cuts, ordered) if cuts else (span,))
    return done


def _parts(seam: str, before: set[str], after: set[str]) -> bool:
    if "of" in seam:
        return "PERSON" in before and bool(after & {"FACILITY", "CITY"})
    return bool(before - {"DATE"}) and "DATE" in after


def _cut(span: Span, cuts: Sequence[re.Match[str]], votes: Sequence[Span]) -> Iterator[Span]:
    start = span.start
    for cut in cuts:
        yield _like(replace(span, start=start, end=cut.start()), votes)
        start = cut.end()
    yield _like(replace(span, start=start), votes)


def _like(part: Span, votes: Sequence[Span]) -> Span:
    """Return a part with the type, voter and score of the surest vote that lies within it; `votes` are in their order."""
    first = bisect_left(votes, part.start, key=lambda vote: vote.start)
    last = bisect_left(votes, part.end, key=lambda vote: vote.start)
    within = [vote for vote in votes[first:last] if vote.end <= part.end]
    best = max(within, key=lambda vote: (vote.score, vote.end - vote.start), default=part)
    return replace(part, type=best.type, voter=best.voter, score=best.score)
