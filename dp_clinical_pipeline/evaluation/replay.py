"""Identifiers of real patients that stand in synthetic text."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\w+")
_LEAST_CHARACTERS = 6
_LEAST_LETTERS = 3
_LARGEST_SMALL_NUMBER = 120
_DATE_WORDS = frozenset(
    word
    for line in (
        "january february march april may june july august september october november december",
        "jan feb mar apr jun jul aug sep sept oct nov dec",
        "monday tuesday wednesday thursday friday saturday sunday",
        "mon tue tues wed thu thur thurs fri sat sun",
        "am pm st nd rd th of the at on in age aged old yo year years month months",
        "week weeks day days",
    )
    for word in line.split()
)
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")


def words(surface: str) -> tuple[str, ...]:
    """Return an identifier's words, by which it is looked for: case and punctuation do not hide it."""
    return tuple(_WORD.findall(surface.casefold()))


def distinctive(surface: str) -> bool:
    """Say whether finding a surface would point at a person rather than at a common word, a date or an age.

    It has 6 characters or more, and apart from words of dates and small numbers either a digit or two words
    of three letters: a single name or town stands in public lists and in surrogates too. All lower-case
    letters are no name.
    """
    stripped = surface.strip()
    if len(stripped) < _LEAST_CHARACTERS:
        return False
    telling = [word for word in words(stripped) if not _is_of_a_date(word)]
    if any(character.isdigit() for word in telling for character in word):
        return True
    capital = any(character.isupper() for character in stripped) or "@" in stripped
    return capital and sum(len(word) >= _LEAST_LETTERS for word in telling) > 1


def replayed(texts: Iterable[str], surfaces: Sequence[str]) -> set[int]:
    """Return the indexes of the surfaces that stand in some text, whole words only. One pass over the texts.

    Surfaces without a word are never found.
    """
    wanted: dict[tuple[str, ...], list[int]] = defaultdict(list)
    lengths: dict[str, set[int]] = defaultdict(set)
    for index, surface in enumerate(surfaces):
        if found := words(surface):
            wanted[found].append(index)
            lengths[found[0]].add(len(found))
    seen: set[int] = set()
    for text in texts:
        spoken = words(text)
        for place, word in enumerate(spoken):
            for length in lengths.get(word, ()):
                seen.update(wanted.get(spoken[place : place + length], ()))
    return seen


def _is_of_a_date(word: str) -> bool:
    if word.isdecimal() and len(word) <= len("2020"):
        return int(word) <= _LARGEST_SMALL_NUMBER or (len(word) == len("2020") and word[:2] in ("19", "20"))
    return word in _DATE_WORDS or _ORDINAL.fullmatch(word) is not None
