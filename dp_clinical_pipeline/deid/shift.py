"""Shifting of written dates by a number of days, in the format in which they stand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dp_clinical_pipeline.deid.dates import MONTHS, WEEKDAYS

_PIECE = re.compile(r"\d+|[A-Za-z]+|[^A-Za-z\d]+")
_SHORT_WEEKDAYS = frozenset((*(name[:3] for name in WEEKDAYS), "tues", "thur", "thurs"))
_SUFFIXES = frozenset(("st", "nd", "rd", "th"))
_UNITS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
)
ORDINALS = (*_UNITS, "twentieth", *(f"twenty-{u}" for u in _UNITS[:9]), "thirtieth", "thirty-first")
_ORDINAL = re.compile("|".join(sorted(ORDINALS, key=len, reverse=True)).replace("-", "[- ]"), re.I)
_WHOLE = r"(?:\d{4}([-/.])\d{1,2}\%d\d{1,2}|\d{1,2}([-/.])\d{1,2}\%d\d{2}(?:\d\d)?)"
_BOTH = re.compile(rf"({_WHOLE % (2, 3)})(\s?(?:-|–|to|thru|through|until|till|and)\s?)({_WHOLE % (6, 7)})")
"""From one whole date to another."""
_STAMP = re.compile(
    rf"({_WHOLE % (2, 3)})((?:[Tt]|,? )\d{{1,2}}(?::?\d\d){{0,2}}(?:[.,]\d+)?\s?(?:[Zz]|[+-]\d\d:?\d\d|[AaPp]\.?[Mm]\.?)?)"
)
"""A date with a time of day, which stays."""
_COMPACT_STAMP = re.compile(r"((?:19|20)\d{6})(T\d{4,6}Z?|\d{4,6})")
_PRINTED = re.compile(r"([A-Za-z]{3} +\d{1,2})( \d\d:\d\d:\d\d(?: [A-Z]{3,4})?)( \d{4})")
"""As `date` prints it, the time before the year."""
_LEADING = re.compile(r"(?:last|this|next|past) ", re.I)
_ABBREVIATION = re.compile(r"(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*", re.I)


@dataclass
class _Pieces:
    """A written date taken apart; each field holds the index of its piece."""

    pieces: list[str]
    day: list[int]
    month: int | None = None
    year: int | None = None
    compact: bool = False


def shift_written(surface: str, days: int, *, year: int = 2000, day_first: bool = False) -> str | None:
    """Return a written date moved by `days`, in its own format; None where it cannot be read.

    `year` stands in where none is written; a month without a day is read as its middle. Weekdays move along.
    """
    led = _LEADING.match(surface)
    if led:
        moved_rest = shift_written(surface[led.end() :], days, year=year, day_first=day_first)
        return None if moved_rest is None else led.group() + moved_rest
    if both := _BOTH.fullmatch(surface):
        ends = [shift_written(both[n], days, year=year, day_first=day_first) for n in (1, 5)]
        return None if None in ends else f"{ends[0]}{both[4]}{ends[1]}"
    if stamp := _STAMP.fullmatch(surface) or _COMPACT_STAMP.fullmatch(surface):
        moved_day = shift_written(stamp[1], days, year=year, day_first=day_first)
        return None if moved_day is None else moved_day + stamp[stamp.re.groups]
    if printed := _PRINTED.fullmatch(surface):
        moved_day = shift_written(printed[1] + printed[3], days, day_first=day_first)
        return None if moved_day is None else moved_day[:-5] + printed[2] + moved_day[-5:]
    weekday = surface.lower().removesuffix("s")
    if weekday in WEEKDAYS:
        moved = WEEKDAYS[(WEEKDAYS.index(weekday) + days) % 7] + ("s" if surface.lower().endswith("s") else "")
        return _cased(moved, surface)
    if surface.lower() in _SHORT_WEEKDAYS:
        at = [name[:3] for name in WEEKDAYS].index(surface.lower()[:3])
        return _cased(WEEKDAYS[(at + days) % 7][:3], surface)
    taken = _compact(surface) or _take_apart(surface, day_first)
    if taken is None:
        return None
    try:
        return _moved(taken, days, year)
    except (ValueError, OverflowError):
        return None


def written_day_first(surfaces: Sequence[str]) -> bool:
    """Say whether a document writes its numeric dates day first, as a number above 12 in first place shows."""
    numbers = [re.findall(r"\d+", s) for s in surfaces if not re.search(r"[A-Za-z]", s)]
    return any(len(n) == 3 and len(n[0]) <= 2 and int(n[0]) > 12 and int(n[1]) <= 12 for n in numbers)


def _compact(surface: str) -> _Pieces | None:
    digits = surface.strip()
    if not digits.isdecimal():
        return None
    if len(digits) == 8 and digits[:2] in ("18", "19", "20"):
        return _Pieces([digits[:4], digits[4:6], digits[6:]], [2], 1, 0)
    if len(digits) == 8:
        return _Pieces([digits[:2], digits[2:4], digits[4:]], [1], 0, 2)
    if len(digits) == 6:
        return _Pieces([digits[:2], digits[2:4], digits[4:]], [1], 0, 2)
    return None


def _take_apart(surface: str, day_first: bool) -> _Pieces | None:
    spelled = _ORDINAL.search(surface)
    if spelled:
        before, after = surface[: spelled.start()], surface[spelled.end() :]
        pieces = [*_PIECE.findall(before), spelled.group(), *_PIECE.findall(after)]
    else:
        pieces = _PIECE.findall(surface)
    taken = _Pieces(pieces, [])
    numbers = [i for i, p in enumerate(pieces) if p.isdecimal()]
    months = [i for i, p in enumerate(pieces) if _ABBREVIATION.fullmatch(p)]
    if months:
        taken.month = months[0]
        if spelled:
            taken.day = [pieces.index(spelled.group())]
        for i in numbers:
            quoted = i > 0 and pieces[i - 1][-1:] in "'’"
            if (
                len(pieces[i]) == 4
                or quoted
                or (len(pieces[i]) == 2 and taken.day and i > taken.month and _ends(taken, i))
            ):
                taken.year = i
            elif len(pieces[i]) <= 2:
                taken.day.append(i)
        return taken
    if len(numbers) == 3:
        a, b, c = numbers
        if len(pieces[a]) == 4:
            taken.year, taken.month, taken.day = a, b, [c]
        elif (day_first or int(pieces[a]) > 12) and int(pieces[b]) <= 12:
            taken.day, taken.month, taken.year = [a], b, c
        else:
            taken.month, taken.day, taken.year = a, [b], c
        return taken
    if len(numbers) == 2:
        a, b = numbers
        if len(pieces[b]) == 4:
            taken.month, taken.year = a, b
        elif len(pieces[a]) == 4:
            taken.year, taken.month = a, b
        elif int(pieces[a]) <= 12:
            taken.month, taken.day = a, [b]
        else:
            taken.day, taken.month = [a], b
        return taken
    return None


def _ends(taken: _Pieces, i: int) -> bool:
    """Say whether a two-digit number stands last, as a year does after day and month: not 20 in `March 3-20`, which joins
    two days, but in `March-3-20`; nor 16 in `March 2, 9 and 16`."""
    before, after_month = taken.pieces[i - 1], taken.pieces[(taken.month or 0) + 1]
    joins = any(s in before for s in "–&") or ("-" in before and "-" not in after_month)
    joins = joins or taken.pieces[i - 2].lower() in ("and", "to") or len(taken.day) > 1
    return not any(p.isdecimal() for p in taken.pieces[i + 1 :]) and not joins


def _moved(taken: _Pieces, days: int, year: int) -> str:
    pieces = list(taken.pieces)
    if taken.month is None:
        raise ValueError("no month")
    month_text = pieces[taken.month]
    month = int(month_text) if month_text.isdecimal() else _month_number(month_text)
    if taken.year is not None:
        written = pieces[taken.year]
        year = int(written) if len(written) > 2 else 2000 + int(written) if int(written) < 50 else 1900 + int(written)
    slots: list[int | None] = [*taken.day] or [None]
    first: date | None = None
    for n, slot in enumerate(slots):
        day = 15 if slot is None else _day_number(pieces[slot])
        moved = _safe_date(year, month, day) + timedelta(days=days)
        if slot is not None:
            _write_day(pieces, slot, moved.day)
            if first and (first.year, first.month) != (moved.year, moved.month):
                if month_text.isdecimal() or taken.month > slot or first.year != moved.year:
                    raise ValueError("days of two months, and nowhere to write the second")
                pieces[slot] = f"{_month_like(moved.month, month_text, short=False)} {pieces[slot]}"
        first = first or moved
        if n == 0:
            joined = taken.month > 0 and pieces[taken.month - 1] == "-"  # 01-MAY-2000: a short form, where May has one
            pieces[taken.month] = _month_like(moved.month, month_text, short=joined and len(month_text) == 3)
            if taken.year is not None:
                pieces[taken.year] = f"{moved.year % 100:02d}" if len(pieces[taken.year]) == 2 else f"{moved.year:04d}"
    return "".join(pieces)


def _safe_date(year: int, month: int, day: int) -> date:
    """Return the date, its day brought into the month (a written 30 February is read as its last day)."""
    if not 1 <= month <= 12:
        raise ValueError("no such month")
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month, max(1, min(day, last)))


def _month_number(text: str) -> int:
    return next(i for i, name in enumerate(MONTHS, 1) if name.startswith(text.lower()[:3]))


def _day_number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return ORDINALS.index(text.lower().replace(" ", "-")) + 1


def _write_day(pieces: list[str], slot: int, day: int) -> None:
    old = pieces[slot]
    if not old.isdecimal():
        pieces[slot] = _cased(ORDINALS[day - 1], old)
        return
    pieces[slot] = f"{day:02d}" if old.startswith("0") or (len(old) == 2 and _all_padded(pieces)) else str(day)
    following = slot + 1 if slot + 1 < len(pieces) and pieces[slot + 1].lower() in _SUFFIXES else slot + 2
    if (
        following < len(pieces)
        and pieces[following].lower() in _SUFFIXES
        and (following == slot + 1 or pieces[slot + 1] == " ")
    ):
        suffix = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        pieces[following] = suffix.upper() if pieces[following].isupper() else suffix


def _all_padded(pieces: list[str]) -> bool:
    """Say whether a date of numbers alone is written in two digits throughout."""
    numbers = [p for p in pieces if p.isdecimal()]
    return not any(p.isalpha() for p in pieces) and all(len(p) != 1 for p in numbers)


def _month_like(month: int, old: str, *, short: bool) -> str:
    if old.isdecimal():
        return (
            f"{month:02d}" if (len(old) == 2 and old.startswith("0")) or (len(old) == 2 and month < 10) else str(month)
        )
    name = MONTHS[month - 1]
    if short or (len(old) <= 4 and old.lower() not in MONTHS):
        name = "sept" if month == 9 and len(old) == 4 else name[:3]
    return _cased(name, old)


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word
