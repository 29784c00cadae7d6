"""Replacement of identifiers in one pass: surrogates, masks or redaction."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from hmac import new as hmac_new
from typing import Literal

from dp_clinical_pipeline.deid.cores import core
from dp_clinical_pipeline.deid.keys import unit_interval
from dp_clinical_pipeline.deid.shift import shift_written, written_day_first
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.deid.surrogates import MAKERS, Draw, code, zip_area

Mode = Literal["consistent", "random", "markov"]
DEFAULT_MODE: Mode = "markov"
"""The mode whose worst case leaks least. Share of documents in which a reader who knows the mode points at a surname that
was missed, when mentions are missed here and there, and when most of a document's are (benchmarks/deid.py, leakage):
consistent .996 and .654, random .300 and .840, markov .422 and .547."""

MOST_DAYS = 364
"""Less than a year: of a date without one, 365 days later is the same day."""
MARKOV_STAY = 0.5
OLDEST = 89
"""In years, by Safe Harbor: whoever is older is `90+`, and no year of theirs is told that shows it."""
UNKNOWN = 2000
"""Stands in for the year of a report that has none."""
_LAST = 2029
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(?P<year>\d\d)")
_WORD = re.compile(r"[^\W\d_]+")


def day_offset(key: bytes, patient: str) -> int:
    """Return the patient's shift in days: -364 to 364, never 0, fixed by the key and the patient."""
    n = int(unit_interval(key, "days", patient) * 2 * MOST_DAYS)
    return n - MOST_DAYS if n < MOST_DAYS else n - MOST_DAYS + 1


def shift_date(day: date | None, days: int) -> date | None:
    """Return a date moved by `days`; None stays None, and a date that would leave the calendar becomes None."""
    if day is None:
        return None
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def masked(text: str, spans: Sequence[Span]) -> str:
    """Return the text with each identifier as its type in brackets."""
    return _replaced(text, spans, lambda span: f"[{span.type}]")


def redacted(text: str, spans: Sequence[Span]) -> str:
    """Return the text with each identifier as `___`."""
    return _replaced(text, spans, lambda span: "___")


def _replaced(text: str, spans: Sequence[Span], surrogate: Callable[[Span], str]) -> str:
    parts: list[str] = []
    at = 0
    for span in spans:
        start, end = core(text, span)
        parts += (text[at:start], surrogate(span))
        at = end
    return "".join(parts) + text[at:]


@dataclass(kw_only=True)
class Surrogates:
    """Surrogates for one report of one patient.

    Modes: `consistent` gives a patient's value the same surrogate everywhere; `random` draws one for each mention;
    `markov` keeps the last surrogate of its type for the next mention with probability one half, else draws anew.
    Same key, patient, report and text: same result.
    """

    key: bytes
    patient: str
    report: str
    mode: Mode = DEFAULT_MODE
    year: int = UNKNOWN
    _taken: frozenset[str] = field(default=frozenset(), init=False)
    _last: dict[str, bytes] = field(default_factory=dict, init=False)
    _count: int = field(default=0, init=False)
    _day_first: bool = field(default=False, init=False)
    _days: int = field(default=0, init=False)
    _latest: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._days = day_offset(self.key, self.patient)

    def replace(self, text: str, spans: Sequence[Span]) -> str:
        """Return the text with every span replaced; no word of an identifier is used as a surrogate."""
        surfaces = [text[slice(*core(text, s))] for s in spans]
        self._taken = frozenset(w.lower() for s in surfaces for w in _WORD.findall(s)) | frozenset(surfaces)
        dates = [t for t, s in zip(surfaces, spans, strict=True) if s.type == "DATE"]
        self._day_first = written_day_first(dates)
        self._latest = max([self.year, *(y for t in dates for y in self._years(t, latest=_LAST))])
        self._last, self._count = {}, 0
        return _replaced(text, spans, lambda span: self._surrogate(span.type, text[slice(*core(text, span))]))

    def _surrogate(self, kind: str, surface: str) -> str:
        if kind == "DATE" and self._shows_old_age(surface):
            # Counted from a year that moves as dates do: the real one would tell which way they went.
            moved_year = (date(self._latest, 7, 1) + timedelta(days=self._days)).year
            return f"{moved_year - OLDEST - 1} or earlier"
        if kind == "DATE" and _YEAR.fullmatch(surface):
            return surface
        if kind == "DATE":
            moved = shift_written(surface, self._days, year=self.year, day_first=self._day_first)
            return moved if moved is not None else "[DATE]"
        if kind == "AGE":
            return "90+"
        if kind == "ZIP":
            return zip_area(surface)
        draw = Draw(self._seed(kind, surface), self._taken)
        make = MAKERS.get(kind, code)
        for _ in range(8):
            made = make(surface, draw)
            if made != surface and made not in self._taken:
                return made
        return f"[{kind}]"

    def _shows_old_age(self, surface: str) -> bool:
        """Say whether a date lies so long before the text's latest year that whom it is of is over 89."""
        return any(self._latest - year > OLDEST for year in self._years(surface, self._latest + 1))

    def _years(self, surface: str, latest: int) -> list[int]:
        """Return the years of a date; two figures stand for the last such year up to `latest`.

        Where the report's own year is known, none of two figures says how late the text is: it may be a birth's.
        """
        short = _SHORT_YEAR.fullmatch(surface)
        if short is None or (latest == _LAST and self.year != UNKNOWN):
            return [int(year) for year in _YEAR.findall(surface)]
        year = 2000 + int(short["year"])
        return [year if year <= latest else year - 100]

    def _seed(self, kind: str, surface: str) -> bytes:
        """Return the seed of one mention; the mode decides what it depends on."""
        if self.mode == "consistent":
            return self._hash(kind, self.patient, " ".join(surface.lower().split()))
        self._count += 1
        fresh = self._hash(kind, self.patient, self.report, str(self._count))
        if self.mode == "markov" and kind in self._last and fresh[31] / 256 < MARKOV_STAY:
            return self._last[kind]
        self._last[kind] = fresh
        return fresh

    def _hash(self, *parts: str) -> bytes:
        message = b"".join(
            len(d := p.encode("utf-8", "surrogatepass")).to_bytes(8, "big") + d for p in ("surrogate", *parts)
        )
        return hmac_new(self.key, message, sha256).digest()
