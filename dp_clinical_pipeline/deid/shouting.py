"""Lines in capitals, written as if they were not, so that voters which read capitals can read them too."""

import re

from dp_clinical_pipeline.deid.facilities import CODES

_LINE = re.compile(r"[^\n]+")
_STRETCH = re.compile(r"[^a-zß-öø-ÿ\n]{14,}+")
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
    """Return the text with lines and stretches of capitals in title case, every character in its place.

    A word of two letters that is a state's code stays; `of`, `the` and the like become small.
    """
    if not any(map(str.isupper, text)):
        return text
    return _LINE.sub(_calm, text)


def _calm(line: re.Match[str]) -> str:
    shown = line.group()
    upper, lower = sum(map(str.isupper, shown)), sum(map(str.islower, shown))
    if upper < 6:
        return shown
    return _WORD.sub(_word, shown) if lower * 6 < upper else _STRETCH.sub(_calm_stretch, shown)


def _calm_stretch(found: re.Match[str]) -> str:
    """Calm what stands in capitals within a line, where three words and more do; what was masked as `XXXX` is no word."""
    shown = found.group()
    words = [w for w in _WORD.findall(shown) if len(w) > 1 and set(w) != {"X"}]
    return _WORD.sub(_word, shown) if len(words) > 2 and sum(map(len, words)) >= 12 else shown


def _word(found: re.Match[str]) -> str:
    old = found.group()
    if _KEPT.fullmatch(old) or not old.isupper() or set(old) == {"X"}:
        return old
    new = old.lower() if old in _LOW else old[0] + old[1:].lower()
    return new if len(new) == len(old) else old
