"""Where a note's sentences lie, and under which heading."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

# Two or more capitalised words, or one, that stand before a colon at the start of a line or of a sentence.
_HEADING = re.compile(r"(?:^|(?<=\n)|(?<=[.:] ))[ \t]*([A-Z][A-Za-z]*(?:[ /&-][A-Za-z]+){0,4})[ \t]*:", re.MULTILINE)
# A full stop ends a sentence unless it stands inside a number or after a title; a line that starts a list item or is
# blank does too.
_TITLED = r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)"
_BREAK = re.compile(rf"{_TITLED}(?<!\d)\.(?!\d)|{_TITLED}\.(?=\s|$)|[;?!]+|\n\s*\n|\n(?=\s*(?:\d{{1,2}}[.)]|[-*•])\s)")
_ITEM = re.compile(r"\s*(?:\d{1,2}[.)]|[-*•])?\s*")
_LONGEST = 1000


class Sentence(NamedTuple):
    """A stretch of text, `start` to `end` in characters, and the heading above it in lower case ("" for none)."""

    start: int
    end: int
    section: str


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a note in order. A run of text without a full stop is cut at 1,000 characters."""
    heads = [(m.end(), m[1].lower(), m.start()) for m in _HEADING.finditer(text)]
    edges = [(0, "", 0), *heads, (len(text), "", len(text))]
    for (start, section, _), (_, _, end) in pairwise(edges):
        yield from _split(text, start, end, section)


def _split(text: str, start: int, end: int, section: str) -> Iterator[Sentence]:
    cuts = [m.end() for m in _BREAK.finditer(text, start, end)]
    at = start
    for cut in [*cuts, end]:
        while cut - at > _LONGEST:
            space = text.rfind(" ", at + 1, at + _LONGEST)
            middle = space if space > 0 else at + _LONGEST
            yield Sentence(at, middle, section)
            at = middle
        at = _ITEM.match(text, at, cut).end()  # type: ignore[union-attr]
        if cut > at:
            yield Sentence(at, cut, section)
        at = cut
