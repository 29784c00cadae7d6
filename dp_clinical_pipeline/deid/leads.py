"""Search of a large pattern at the words that can begin it, instead of at every character."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

_NOT_LITERAL = re.compile(r"\\[A-Za-z]|\(\?P<\w+>|\(\?[a-z]+:|\[[^\]]*\]")
_LITERAL = re.compile(r"[a-z]+")


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
        self._begins = frozenset(run[:3] for run in runs)

    def starts(self, text: str) -> Iterator[int]:
        """Yield where a match may begin."""
        begins = self._begins
        for at, word in words(text):
            if word in begins or word[:2] in begins:
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


_WORD_START = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,3}")
