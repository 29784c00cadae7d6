"""The little language of the rule files, and its translation to one fast regular expression."""

import re
from collections import defaultdict
from itertools import pairwise

_START, _END = r"(?<![a-z0-9]{})", r"(?![a-z0-9])"


def whole_words(phrases: str, skips: str = "") -> re.Pattern[str]:
    """Compile phrases, one a line, to a pattern for lower-case text that begins and ends with whole words.

    At one place the longest-written phrase is tried first. Where one of `skips` matches, it wins over the phrases; such
    a match is told by `is_skip`. The pattern is a choice between first letters, each followed by a look back at the
    letter before it: the engine then runs from one possible first letter to the next without trying what lies between.
    """
    wanted, unwanted = _by_letter(phrases), _by_letter(skips)
    parts = []
    for letter in sorted({*wanted, *unwanted}, reverse=True):
        skip = f"({_either(unwanted[letter])})|" if unwanted[letter] else ""
        parts.append(f"{letter}{_START.format(letter)}(?:{skip}{_either(wanted[letter])}){_END}")
    return re.compile("|".join(parts) or r"(?!)")


def is_skip(match: re.Match[str]) -> bool:
    """Say whether a match of `whole_words` is one of its skips."""
    return match.lastindex is not None


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


def _by_letter(phrases: str) -> dict[str, list[str]]:
    """Group phrases by their first letter, which is cut off; "" holds those that begin with something else."""
    listed = [branch for phrase in phrases.splitlines() if phrase.strip() for branch in _branches(phrase.strip())]
    groups: dict[str, list[str]] = defaultdict(list)
    for phrase in sorted(listed, key=len, reverse=True):
        plain = phrase[0].isalnum() and phrase[1:2] not in ("?", "*", "+", "{")
        groups[phrase[0] if plain else ""].append(phrase[1:] if plain else phrase)
    return groups


def _branches(phrase: str) -> list[str]:
    """Write out the choice that a phrase begins with, if it does, and the choices that those begin with."""
    if not phrase.startswith("(") or phrase.startswith("(?"):
        return [phrase]
    depth, edges = 0, [0]
    for at, letter in enumerate(phrase):
        depth += (letter == "(") - (letter == ")")
        if (letter == "|" and depth == 1) or depth == 0:
            edges.append(at)
        if depth == 0:
            break
    rest = phrase[edges[-1] + 1 :]
    if rest[:1] in ("*", "+", "{"):
        return [phrase]
    choices = [phrase[start + 1 : end] for start, end in pairwise(edges)]
    if rest.startswith("?"):
        rest = rest[1:]
        choices.append("")
    return [branch for choice in choices for branch in _branches((choice + rest).strip())]


def _either(phrases: list[str]) -> str:
    return f"(?:{'|'.join(map(as_pattern, phrases))})" if phrases else r"(?!)"
