"""What speaks for and against a word being part of an identifier: the words, shapes, lists and found spans around it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from dp_clinical_pipeline.deid.kinds import CLEAR, MINOR, UNKNOWN, kind_of
from dp_clinical_pipeline.deid.lexicon import is_english, lowered
from dp_clinical_pipeline.deid.spans import Span

_TOKEN = re.compile(r"\n+|[^\W_]{1,40}+(?:[-./:'’][^\W_]{1,40}+){0,6}+|[^\w\s]|_+")
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?(?:[ap]m?)?", re.I)
_OLD = re.compile(r"(?:9\d|1[01]\d)(?!\d)")
"""An age that is an identifier: all other digits look alike."""
_YEAR_ALONE = re.compile(r"(?:19|20)\d\d")
_MASK = re.compile(r"x+")
_TIME, _YEAR = "time", "year"
_EDGE = ("<s>", "", "edge", "")
_NO_WORD = frozenset((CLEAR[:2], UNKNOWN[:2]))
_LISTS = (
    ("g", "given_names"),
    ("s", "surnames"),
    ("p", "cities"),
    ("q", "towns"),
    ("f", "facility_words"),
    ("t", "titles"),
    ("c", "credentials"),
    ("d", "drugs"),
    ("e", "eponyms"),
    ("n", "not_names"),
    ("o", "ordinary_words"),
    ("b", "brands"),
)


class Token(NamedTuple):
    """A word, number, code, sign or line's end: where it stands, as it is compared, by its lists, by its form."""

    start: int
    end: int
    word: str
    lists: str
    form: str


Window = tuple[tuple[str, str, str, str], ...]
"""Word, lists, form and found type of each of nine tokens."""


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text, in order."""
    return [Token(*found.span(), *_described(found.group())) for found in _TOKEN.finditer(text)]


def is_looked_at(tokens: Sequence[Token], found: Sequence[str], at: int) -> bool:
    """Say whether a token that nothing covers may be of an identifier.

    It speaks for itself (a digit, a capital letter, a name or no word at all), or stands at most one word off what is
    `found`. A time of day is nobody's, nor is a year without the rest of a date.
    """
    token = tokens[at]
    if not token.word[0].isalnum() or found[at] or token.form == _TIME or _MASK.fullmatch(token.word):
        return False
    if token.form == _YEAR:
        return "DATE" in found[max(0, at - 2) : at + 3]
    return speaks_for_itself(token) or any(found[max(0, at - 2) : at + 3])


def speaks_for_itself(token: Token) -> bool:
    """Say whether a word may be of an identifier wherever it stands."""
    return token.form != "x" or token.lists[-2:] in _NO_WORD or (len(token.word) == 2 and token.word not in MINOR)


def window(tokens: Sequence[Token], found: Sequence[str], at: int) -> Window:
    """Return the words, lists, forms and found types from four before the token `at` to four after it.

    `found` holds the type of the span that covers each token, "" for none.
    """
    before, after = max(0, 4 - at), max(0, at + 5 - len(tokens))
    there = slice(max(0, at - 4), at + 5)
    here = [(token[2], token[3], token[4], kind) for token, kind in zip(tokens[there], found[there], strict=True)]
    return (*(_EDGE,) * before, *here, *(_EDGE,) * after)


def clues(tokens: Sequence[Token], found: Sequence[str], at: int) -> Iterator[str]:
    """Yield the clues of the token `at`, as `clues_in` has them."""
    return clues_in(window(tokens, found, at))


def clues_in(around: Window) -> Iterator[str]:
    """Yield the clues of a window's middle token.

    Words, lists, forms and found types by their place from four before it (0) over its own (4) to four after it (8), and
    pairs and triples of them.
    """
    w, c, s, r = zip(*around, strict=True)
    for by in range(9):
        yield f"w{by}={w[by]}"
    for by in range(2, 7):
        yield f"c{by}={c[by]}"
        yield f"s{by}={s[by]}"
    for by in (1, 2, 3, 5, 6, 7):
        yield f"r{by}={r[by]}"
    yield from (
        f"w23={w[2]} {w[3]}",
        f"w56={w[5]} {w[6]}",
        f"w35={w[3]} {w[5]}",
        f"w123={w[1]} {w[2]} {w[3]}",
        f"w3s={w[3]} {s[4]}",
        f"w5s={w[5]} {s[4]}",
        f"w3c={w[3]} {c[4]}",
        f"w5c={w[5]} {c[4]}",
        f"cc={c[3]} {c[4]}",
        f"cd={c[4]} {c[5]}",
        f"sss={s[3]} {s[4]} {s[5]}",
        f"ss={s[3]} {s[4]}",
        f"rs={r[3]} {s[4]} {c[4]}",
        f"rt={r[5]} {s[4]} {c[4]}",
        f"a={w[4][:3]}",
        f"z={w[4][-3:]}",
    )


def types_at(tokens: Sequence[Token], spans: Sequence[Span]) -> list[str]:
    """Return for each token the type of the span that it lies in, "" for none; spans are disjoint and in order."""
    types, at = [], 0
    for token in tokens:
        while at < len(spans) and spans[at].end <= token.start:
            at += 1
        types.append(spans[at].type if at < len(spans) and spans[at].start < token.end else "")
    return types


@lru_cache(maxsize=4096)
def _described(raw: str) -> tuple[str, str, str]:
    """Return a token as it is compared (its digits are all alike), its lists, and its form."""
    if raw[0] == "\n":
        return "\n", "", "line"
    if not raw[0].isalnum():
        return raw, "", raw
    if any(map(str.isdigit, raw)):
        if _CLOCK.fullmatch(raw):
            return "0:00", "", _TIME
        if _YEAR_ALONE.fullmatch(raw):
            return "2000", "", _YEAR
        form = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "0", raw.lower()))
        form = f"old {form}" if _OLD.match(raw) else form
        return form, "", ("d" if raw[0].isdigit() else "m") + form
    word = raw.lower().replace("’", "'").removesuffix("'s")
    kind = kind_of(raw[:1].upper() + raw[1:]) if len(raw) > 1 else ""
    lists = "".join(sign for sign, name in _LISTS if word in lowered(name)) + ("w" if is_english(word) else "")
    if raw.isupper():
        form = "A" if len(raw) == 1 else f"XX{min(len(raw), 4)}"
    elif raw[0].isupper():
        form = "Xx" if raw[1:].islower() else "XxX"
    else:
        form = "x"
    return word, lists + kind[:2], form
