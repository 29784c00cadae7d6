"""Lines in capitals, written as if they were not, so that voters which read capitals can read them too."""

import re

from dp_clinical_pipeline.deid.facilities import CODES

_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_KEPT = re.compile(rf"(?:{CODES}|PO|RR|HC|NE|NW|SE|SW|VA|II|III|IV)")
_LOW = frozenset(
    [
        "OF",
        "AND",
        "THE",
        "IN",
        "AT",
        "FROM",
        "TO",
        "BY",
        "WITH",
        "FOR",
        "ON",
        "AS",
        "OR",
        "AN",
        "WAS",
        "IS",
        "HAS",
        "HAD",
        "BE",
        "NOT",
    ]
)


def calmed(text: str) -> str:
    """Return the text with lines of capitals in title case, every character in its place.

    A word of two letters that is a state's code stays; `of`, `the` and the like become small.
    """
    if not any(map(str.isupper, text)):
        return text
    return _LINE.sub(_calm, text)


def _calm(line: re.Match[str]) -> str:
    shown = line.group()
    upper, lower = sum(map(str.isupper, shown)), sum(map(str.islower, shown))
    return _WORD.sub(_word, shown) if upper >= 6 and lower * 6 < upper else shown


def _word(found: re.Match[str]) -> str:
    old = found.group()
    if _KEPT.fullmatch(old) or not old.isupper():
        return old
    new = old.lower() if old in _LOW else old[0] + old[1:].lower()
    return new if len(new) == len(old) else old
