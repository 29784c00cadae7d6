"""Every planted identifier as a string to look for, and a search of any text for them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

_FEWEST = 6
_FEWEST_DIGITS = 8
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_WHOLE_DATE = re.compile(r"(?=.*[A-Za-z]{3})(?=.*\b\d{1,2})(?=.*\d{4}\b)")


@dataclass(frozen=True, order=True, kw_only=True)
class Surface:
    """An identifier as written somewhere. `distinctive`: long and odd enough that a hit elsewhere is no chance."""

    surface: str
    type: str
    where: str
    """`text`, `row` (a row that breaks a parser) or `file name`."""
    distinctive: bool


def surface_of(text: str, kind: str, where: str) -> Surface:
    return Surface(surface=text, type=kind, where=where, distinctive=is_distinctive(text, kind))


def is_distinctive(text: str, kind: str) -> bool:
    """Say whether a search for this surface can have no chance hits.

    Single names, towns, ages, five-digit ZIPs, numeric dates and short numbers also occur where nobody leaked them.
    """
    if len(text) < _FEWEST or kind in {"CITY", "AGE"}:
        return False
    words = [word for word in re.split(r"[\W_]+", text) if word]
    if kind == "PERSON":
        return sum(len(word) > 2 for word in words) > 1
    if kind == "DATE":
        return _WHOLE_DATE.search(text) is not None
    if text.isdigit():
        return len(text) >= _FEWEST_DIGITS
    return sum(map(len, words)) >= _FEWEST


def gold_surfaces(gold: pl.DataFrame) -> list[Surface]:
    """Return the distinct surfaces of a gold frame (`tables.PLANTED_IDENTIFIERS`), sorted."""
    rows = gold.select("surface", "type").unique().rows()
    return sorted(surface_of(text, kind, "text") for text, kind in rows)


def find_surfaces(text: str, surfaces: Iterable[Surface]) -> list[Surface]:
    """Return the distinctive surfaces that occur in a text, in any case, also as JSON escapes them; time is linear.

    A surface of digits alone counts only as a whole number: not inside a longer one, nor behind a decimal point.
    """
    by_start: dict[str, list[tuple[str, Surface]]] = defaultdict(list)
    for surface in surfaces:
        if surface.distinctive:
            form = surface.surface.casefold()
            by_start[form[:_FEWEST]].append((form, surface))
    folded = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text).casefold()
    found: set[Surface] = set()
    for at in range(len(folded) - _FEWEST + 1):
        for form, surface in by_start.get(folded[at : at + _FEWEST], ()):
            if folded.startswith(form, at) and (not form.isdigit() or _stands_alone(folded, at, at + len(form))):
                found.add(surface)
    return sorted(found)


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return not (before.isdigit() or before == "." or after.isdigit() or text[end : end + 2].strip(".").isdigit())
