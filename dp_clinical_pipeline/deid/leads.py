"""Search of a large pattern at the words that can begin it, instead of at every character."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from dp_clinical_pipeline.deid.sieve import Sieved

_NOT_LITERAL = re.compile(r"\\[A-Za-z]|\(\?P<\w+>|\(\?[a-z]+:|\[[^\]]*\]")
_LITERAL = re.compile(r"[a-z]+(?![?*{])|[a-z]")  # without a last letter that may be absent
_KEY, _LONGEST = 3, 8


class Led:
    """A pattern whose matches begin with one of the literal words in `sources`.

    `sources` are the alternatives as they stand in the pattern. Each run of small letters in them counts as a possible
    beginning, which is more than can begin a match and never less; what begins with a class of letters goes into `also`.
    """

    def __init__(self, pattern: re.Pattern[str], *sources: str, also: tuple[str, ...] = ()) -> None:
        runs = {run for source in sources for run in _LITERAL.findall(_NOT_LITERAL.sub(" ", source.lower()))} | set(
            also
        )
        self.pattern = pattern
        self._sieve = Sieved(pattern)
        self._short = frozenset(run for run in runs if len(run) < _KEY)
        long = sorted({run[:_LONGEST] for run in runs if len(run) >= _KEY})
        self._long = {key: tuple(run for run in long if run[:_KEY] == key) for key in {run[:_KEY] for run in long}}
        self._keys = self._short | self._long.keys()

    def starts(self, text: str) -> Iterator[int]:
        """Yield where a match may begin."""
        if self._keys.isdisjoint(_keys(text)) or not self._sieve.may_match(text):
            return
        short, long = self._short, self._long
        for at, word in words(text):
            if (
                word in long and text[at : at + _LONGEST].lower().startswith(long[word])
            ) or not short.isdisjoint((word, word[:2])):  # fmt: skip
                yield at

    def matches(self, text: str, after: Callable[[re.Match[str]], int]) -> Iterator[re.Match[str]]:
        """Yield matches from left to right; `after` says from where on the next may begin."""
        position = 0
        match = self.pattern.match
        for at in self.starts(text):
            if at >= position and (found := match(text, at)):
                yield found
                position = max(position, after(found))


@lru_cache(maxsize=4)
def words(text: str) -> list[tuple[int, str]]:
    """Return where each word begins, and its first three letters in lower case."""
    return [(m.start(), m.group().lower()) for m in _WORD_START.finditer(text)]


@lru_cache(maxsize=4)
def _keys(text: str) -> frozenset[str]:
    found = {word for _, word in words(text)}
    return frozenset(found | {word[:2] for word in found})


_WORD_START = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,3}")
