"""Runs of capitalised words that may be parts of one name."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dp_clinical_pipeline.deid.kinds import INITIAL, ORDINARY, OTHER, SHORT, kind_of
from dp_clinical_pipeline.deid.names import UPPER

_TOKEN = re.compile(rf"(?<![\w'’])[{UPPER}](?:[\w'’]{{0,40}}+(?:-[\w'’]{{1,40}}+){{0,4}}+)(?![\w])")
_PARTICLES = (
    r"(?:(?:St\.|Ste\.|ST\.|de|da|di|del|della|der|den|van|von|la|le|el|al|bin|ibn|dos|du|ten|ter|y|e)[ ]){0,3}"
)
_GAP = re.compile(rf"(?:\.?[ ]{_PARTICLES}|\.|[ ]?-[ ]?)")
_JOINING = re.compile(
    r"(?i:dos|das|de|del|la|las|los|van|von|der|den|el|al|da|di|du|le|bin|abu|mac|mc|ter|ten|san|santa|st)"
)
_JOINED = re.compile(rf"\.?[ ](?:(?:de|la|las|los|der|den)[ ])?[{UPPER}][\w'’]")


class Word(NamedTuple):
    """A capitalised word: where it stands, without a possessive, and its kind."""

    start: int
    end: int
    kind: str
    text: str


def is_shouting(text: str) -> bool:
    """Say whether a text is written in capitals for the most part."""
    letters = text[:4000]
    lower = sum(map(str.islower, letters))
    return lower * 4 < sum(map(str.isupper, letters))


def groups_of(text: str) -> Iterator[list[Word]]:
    """Yield runs of words that may be parts of one name."""
    group: list[Word] = []
    for found in _TOKEN.finditer(text):
        raw = found.group().rstrip("'’-")
        end = found.start() + len(raw)
        if raw[-2:] in ("'s", "’s", "'S", "’S"):
            raw, end = raw[:-2], end - 2
        kind = kind_of(raw)
        if kind == OTHER and _JOINING.fullmatch(raw) and _JOINED.match(text, end):
            kind = ORDINARY
        if kind == INITIAL and text[found.start() - 1 : found.start()] == "/" and found.start():
            kind = OTHER
        word = Word(found.start(), end, kind, raw)
        if group and (kind == OTHER or not _adjacent(text, group[-1], word)):
            yield group
            group = []
        if kind != OTHER:
            group.append(word)
    if group:
        yield group


def _adjacent(text: str, left: Word, right: Word) -> bool:
    gap = _GAP.fullmatch(text, left.end, right.start)
    if not gap:
        return False
    between = gap.group()
    if "." in between:
        return left.kind in (INITIAL, SHORT) or (len(left.text) <= 2)
    return "-" not in between or between == "-"
