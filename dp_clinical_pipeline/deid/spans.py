"""Spans of identifiers, and their resolution to one ordered set without overlaps."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from dp_clinical_pipeline.config import IDENTIFIER_TYPES
from dp_clinical_pipeline.deid.sieve import Sieved

TYPES = IDENTIFIER_TYPES


@dataclass(frozen=True, slots=True)
class Span:
    """An identifier in a text: code-point offsets, its type, which voter found it and how sure that voter is."""

    start: int
    end: int
    type: str
    voter: str
    score: float


def matched(
    text: str,
    pattern: re.Pattern[str] | Sieved,
    type_: str,
    voter: str,
    score: float,
    *,
    group: int | None = None,
    accept: Callable[[re.Match[str]], bool] = lambda _: True,
) -> Iterator[Span]:
    """Yield a span for each accepted match of a pattern.

    It is `group`, or the last named group, whose name stands for `{}` in `voter`.
    """
    for found in pattern.finditer(text):
        if accept(found):
            yield Span(
                *found.span((found.lastgroup or 0) if group is None else group),
                type_,
                voter.format(found.lastgroup),
                score,
            )


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Return disjoint spans in text order that cover every given one.

    Spans that overlap become one: its type, voter and score are those of the surest of them (the longest, then the
    first, where they tie). Covering the union costs a little precision and never recall.
    """
    done: list[Span] = []
    best: tuple[float, int] = (0.0, 0)
    for span in sorted(spans, key=lambda s: (s.start, -s.end, s.type, s.voter)):
        rank = (span.score, span.end - span.start)
        if not done or span.start >= done[-1].end:
            done.append(span)
            best = rank
            continue
        last = done[-1]
        end = max(last.end, span.end)
        done[-1] = replace(span, start=last.start, end=end) if rank > best else replace(last, end=end)
        best = max(best, rank)
    return done
