"""Patterns that are looked for only in texts that hold something without which they cannot match.

Most texts lack what most cues begin with. Which words those are is read off the pattern itself, so that nobody has to keep
a second list in step with it. As in Cox 2012, "Regular Expression Matching with a Trigram Index", but with whole words.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

_LONGEST = 6  # letters of a word's beginning that are compared
_WORD = re.compile("[a-z]+")
_DIGIT = re.compile(r"\d")
_BREAKS = {sre.CATEGORY_SPACE, sre.CATEGORY_DIGIT}
_REPEATS = {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}
_UNBOUND = {sre.AT_BEGINNING, sre.AT_BEGINNING_STRING, sre.AT_BOUNDARY}

Literals = frozenset[str]
"""Runs of small letters, one that a word must begin with with a space before it; and single signs."""


class Sieved:
    """A compiled pattern that voters look for in whole texts."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def finditer(self, text: str) -> Iterable[re.Match[str]]:
        """Return the matches from left to right."""
        return self.pattern.finditer(text) if self.may_match(text) else ()

    def may_match(self, text: str) -> bool:
        """Say whether a text holds what a match needs: no match is in one that does not."""
        digit, begins, within = self._needs
        held = held_by(text)
        if digit and not held.digit:
            return False
        if not (begins or within):
            return True
        return not begins.isdisjoint(held.begins) or any(one in held.low for one in within)

    @cached_property
    def _needs(self) -> tuple[bool, Literals, tuple[str, ...]]:
        """Whether a digit is needed, what words have to begin with, and what else does as well; read at the first text."""
        parts = _parser.parse(self.pattern.pattern, self.pattern.flags)
        needed = required(parts) or frozenset()
        begins = frozenset(one[1 : _LONGEST + 1] for one in needed if one[0] == " ")
        return asks_for_digit(parts), begins, tuple(sorted(one for one in needed if one[0] != " "))


def sieved(pattern: str, flags: int = 0) -> Sieved:
    """Compile a pattern that is searched for in whole texts."""
    return Sieved(re.compile(pattern, flags))


def all_sieved(*patterns: str) -> tuple[Sieved, ...]:
    """Compile patterns that are looked for one after the other."""
    return tuple(map(sieved, patterns))


def required(parts: Iterable[tuple[Any, Any]], begins: bool = False) -> Literals | None:
    """Return literals of which each match holds at least one; None where the pattern asks for none.

    `parts` is what the standard library's parser makes of a pattern; `begins` says that no letter stands before it.
    """
    best: Literals | None = None
    run, at_start = "", False
    for part in parts:
        op, value = part
        if letter := _letter(op, value):
            at_start, run, begins = begins if not run else at_start, run + letter, False
            continue
        if run and not (op is sre.AT and value is sre.AT_BOUNDARY):
            best, run = _better(best, frozenset([" " * at_start + run])), ""
        best = _better(best, _required_in(op, value, begins))
        begins = _breaks(op, value, begins)
    return _better(best, frozenset([" " * at_start + run])) if run else best


def asks_for_digit(parts: Iterable[tuple[Any, Any]]) -> bool:
    """Say whether each match holds a digit."""
    return any(_asks_for_digit(op, value) for op, value in parts)


def _asks_for_digit(op: Any, value: Any) -> bool:
    if op is sre.IN:
        return all(_asks_for_digit(*one) for one in value)
    if op is sre.CATEGORY:
        return bool(value is sre.CATEGORY_DIGIT)
    if op is sre.RANGE:
        return all(chr(end).isdecimal() for end in value)
    if op is sre.LITERAL:
        return chr(value).isdecimal()
    if op is sre.SUBPATTERN:
        return asks_for_digit(value[3])
    if op is sre.ATOMIC_GROUP:
        return asks_for_digit(value)
    if op is sre.ASSERT:
        return asks_for_digit(value[1])
    if op in _REPEATS:
        return value[0] > 0 and asks_for_digit(value[2])
    return op is sre.BRANCH and all(asks_for_digit(branch) for branch in value[1])


def _required_in(op: Any, value: Any, begins: bool) -> Literals | None:
    """Return what one part of a pattern asks for."""
    if op is sre.SUBPATTERN:
        return required(value[3], begins)
    if op is sre.ATOMIC_GROUP:
        return required(value, begins)
    if op is sre.ASSERT:  # what stands before is read up to here: nothing is known of where it begins
        return required(value[1], begins and value[0] > 0)
    if op in _REPEATS:
        return required(value[2], begins) if value[0] else None
    if op is sre.LITERAL and _is_sign(op, value):
        return frozenset([chr(value)])
    if op is sre.IN and all(_is_sign(*one) for one in value):
        return frozenset(chr(one) for _, one in value)
    if op is sre.BRANCH:
        found = [required(branch, begins) for branch in value[1]]
        return None if None in found else frozenset().union(*(one for one in found if one))
    return None


def _breaks(op: Any, value: Any, before: bool) -> bool:
    """Say whether no ASCII letter can stand just before what follows a part, given the same of what precedes it."""
    if op is sre.AT:
        return before or value in _UNBOUND
    if op is sre.ASSERT:
        return before or (value[0] < 0 and _all_break(value[1], False))
    if op is sre.ASSERT_NOT:
        return before or (value[0] < 0 and len(value[1]) == 1 and _holds_word(value[1][0]))
    if op is sre.SUBPATTERN:
        return _all_break(value[3], before)
    if op is sre.ATOMIC_GROUP:
        return _all_break(value, before)
    if op in _REPEATS:
        return _all_break(value[2], before) and (before or value[0] > 0)
    if op is sre.BRANCH:
        return all(_all_break(branch, before) for branch in value[1])
    return _is_break(op, value)


def _all_break(parts: Iterable[tuple[Any, Any]], before: bool) -> bool:
    for op, value in parts:
        before = not _letter(op, value) and _breaks(op, value, before)
    return before


def _is_sign(op: Any, value: Any) -> bool:
    return bool(op is sre.LITERAL and not chr(value).isalnum() and not chr(value).isspace())


def _is_break(op: Any, value: Any) -> bool:
    """Say whether a part is one character that is no ASCII letter, whatever the flags."""
    if op is sre.IN:
        return all(_is_break(*one) for one in value)
    if op is sre.CATEGORY:
        return value in _BREAKS
    return bool(op is sre.LITERAL and chr(value).isascii() and not chr(value).isalpha())


def _holds_word(part: tuple[Any, Any]) -> bool:
    """Say whether a part is a set of characters that has all letters in it."""
    op, value = part
    return bool(op is sre.IN and value[0][0] is not sre.NEGATE and (sre.CATEGORY, sre.CATEGORY_WORD) in value)


def _letter(op: Any, value: Any) -> str:
    """Return the small ASCII letter that a part asks for, in either case: one letter, or a set of its two forms."""
    if op is sre.IN and all(one[0] is sre.LITERAL for one in value):
        letters = {chr(one[1]).lower() for one in value}
    else:
        letters = {chr(value).lower()} if op is sre.LITERAL else set()
    found = letters.pop() if len(letters) == 1 else ""
    return found if found.isascii() and found.isalpha() else ""


def _better(a: Literals | None, b: Literals | None) -> Literals | None:
    """Return the one of two sets that fewer texts hold: that whose commonest literal is rarest."""
    if not a or not b:
        return a or b
    return max(a, b, key=lambda some: (min(map(_rarity, some)), -len(some)))


def _rarity(literal: str) -> int:
    """Return how rare a literal is in reports: long ones are, and so are signs that end no sentence."""
    return min(len(literal), 5) if literal[-1].isalpha() else 3 * (literal not in ".,-")


class Held(NamedTuple):
    """What a text holds: itself in small letters, what its words begin with, whether it has a digit."""

    low: str
    begins: frozenset[str]
    digit: bool


@lru_cache(maxsize=4)
def held_by(text: str) -> Held:
    """Return what a text holds.

    Letters that a pattern without regard to case takes for ASCII ones become those (`re.IGNORECASE`, Unicode).
    """
    low = text.lower() if text.isascii() else text.replace("İ", "i").replace("ı", "i").casefold()
    return Held(low, frozenset(_beginnings(low)), _DIGIT.search(text) is not None)


def _beginnings(low: str) -> Iterator[str]:
    for word in set(_WORD.findall(low)):
        for end in range(1, min(len(word), _LONGEST) + 1):
            yield word[:end]
