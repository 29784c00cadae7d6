"""The little language of the rule files, and its translation to one fast regular expression."""

import re
from collections import defaultdict

_LEADING = re.compile(r"\(((?:[^()|?*+\\]+\|)*[^()|?*+\\]+)\)(?![?*+{])")


def whole_words(phrases: str, skips: str = "") -> re.Pattern[str]:
    """Compile phrases, one a line, to a pattern for lower-case text that begins and ends with whole words.

    Where one of `skips` matches, it wins over the phrases and is what the group `skip` holds.
    """
    return re.compile(rf"(?<![a-z0-9])(?:(?P<skip>{any_of(skips)})|{any_of(phrases)})(?![a-z0-9])")


def as_pattern(phrase: str) -> str:
    """Return the regular expression of a phrase.

    A space stands for white space or a hyphen, `...` for up to 40 characters of the same sentence and `......` for up
    to 120, `(a|b)` for either; everything else is a regular expression for small letters.
    """
    phrase = re.sub(r"\((?!\?)", "(?:", phrase)
    phrase = re.sub(r"\s*\.{6}\s*", "\1", phrase)
    phrase = re.sub(r"\s*\.{3}\s*", "\0", phrase)
    phrase = re.sub(r" +", r"[\\s-]+", phrase)
    return phrase.replace("\0", r"\b[^.;:]{0,40}?\b").replace("\1", r"\b[^.;:]{0,120}?\b")


def any_of(phrases: str) -> str:
    """Return the pattern of any of some phrases, one a line; at one place the longest-written phrase is tried first.

    Phrases are grouped by first letter: a regular expression engine then leaves a place in the text after one look.
    """
    listed = [branch for phrase in phrases.splitlines() if phrase.strip() for branch in _branches(phrase.strip())]
    groups: dict[str, list[str]] = defaultdict(list)
    for phrase in sorted(listed, key=len, reverse=True):
        plain = phrase[0].isalnum() and phrase[1:2] not in ("?", "*", "+", "{")
        groups[phrase[0] if plain else ""].append(phrase[1:] if plain else phrase)
    parts = [f"{first}(?:{'|'.join(map(as_pattern, rest))})" for first, rest in sorted(groups.items(), reverse=True)]
    return f"(?:{'|'.join(parts)})" if parts else r"(?!)"


def _branches(phrase: str) -> list[str]:
    """Write out the choice that a phrase begins with, if it does."""
    match = _LEADING.match(phrase)
    return [choice + phrase[match.end() :] for choice in match[1].split("|")] if match else [phrase]
