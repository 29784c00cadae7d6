"""Spans of two identifiers that a small word joins are parted at it: `Dr. Ibarra of Maple Hospital`, `Oak Home in Troy`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dp_clinical_pipeline.deid.spans import Span

_SEAM = re.compile(r"[ ](?:of|in|on)[ ]")


def parted(text: str, spans: Sequence[Span], votes: Sequence[Span]) -> list[Span]:
    """Return disjoint spans in text order, each parted where one vote ends before a small word and another begins after it.

    The word tells nothing of either and stays in the text. At `of`, which is of the names of institutions, only what ends
    with a person is parted.
    """
    found = [seam for span in spans if span.end - span.start > 7 for seam in _SEAM.finditer(text, span.start, span.end)]
    if not found:
        return [*spans]
    ends: dict[int, set[str]] = {}
    starts: dict[int, set[str]] = {}
    for vote in votes:
        ends.setdefault(vote.end, set()).add(vote.type)
        starts.setdefault(vote.start, set()).add(vote.type)
    cuts = [s for s in found if _parts(s.group(), ends.get(s.start(), set()), starts.get(s.end(), set()))]
    return [part for span in spans for part in _cut(span, cuts, votes)]


def _parts(seam: str, before: set[str], after: set[str]) -> bool:
    if "of" in seam:
        return before == {"PERSON"} and bool(after & {"FACILITY", "CITY"})
    return bool(before - {"DATE"}) and bool(after & ({"DATE"} if "on" in seam else {"CITY", "DATE"}))


def _cut(span: Span, cuts: Sequence[re.Match[str]], votes: Sequence[Span]) -> Iterator[Span]:
    start = span.start
    for cut in cuts:
        if span.start < cut.start() and cut.end() < span.end:
            yield _like(replace(span, start=start, end=cut.start()), votes)
            start = cut.end()
    yield span if start == span.start else _like(replace(span, start=start), votes)


def _like(part: Span, votes: Sequence[Span]) -> Span:
    """Return a part with the type, voter and score of the surest vote that lies within it."""
    within = [vote for vote in votes if part.start <= vote.start and vote.end <= part.end]
    best = max(within, key=lambda vote: (vote.score, vote.end - vote.start), default=part)
    return replace(part, type=best.type, voter=best.voter, score=best.score)
