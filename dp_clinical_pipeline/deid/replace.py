"""Replacement of identifiers in one pass: surrogates, masks or redaction."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from hmac import new as hmac_new
from typing import Literal

from dp_clinical_pipeline.deid import pools
from dp_clinical_pipeline.deid.cores import core
from dp_clinical_pipeline.deid.keys import unit_interval
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.names import is_given
from dp_clinical_pipeline.deid.shift import shift_written, written_day_first
from dp_clinical_pipeline.deid.spans import Span

Mode = Literal["consistent", "random", "markov"]
DEFAULT_MODE: Mode = "markov"
"""The mode whose worst case leaks least. Share of documents in which a reader who knows the mode points at a surname that
was missed, when mentions are missed here and there, and when most of a document's are (benchmarks/deid.py, leakage):
consistent .996 and .654, random .300 and .840, markov .422 and .547."""

MOST_DAYS = 365
MARKOV_STAY = 0.5
SMALL_ZIPS = frozenset(
    [
        "036",
        "059",
        "063",
        "102",
        "203",
        "556",
        "692",
        "790",
        "821",
        "823",
        "830",
        "831",
        "878",
        "879",
        "884",
        "890",
        "893",
    ]
)  # Census 2000 areas of 20,000 people or fewer, 45 CFR 164.514(b)(2)(i)(B)
_WORD = re.compile(r"[^\W\d_]+")
_TLD = "example.org"


def day_offset(key: bytes, patient: str) -> int:
    """Return the patient's shift in days: -365 to 365, never 0, fixed by the key and the patient."""
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
    year: int = 2000
    _taken: frozenset[str] = field(default=frozenset(), init=False)
    _last: dict[str, bytes] = field(default_factory=dict, init=False)
    _count: int = field(default=0, init=False)
    _day_first: bool = field(default=False, init=False)
    _days: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._days = day_offset(self.key, self.patient)

    def replace(self, text: str, spans: Sequence[Span]) -> str:
        """Return the text with every span replaced; no word of an identifier is used as a surrogate."""
        surfaces = [text[slice(*core(text, s))] for s in spans]
        self._taken = frozenset(w.lower() for s in surfaces for w in _WORD.findall(s)) | frozenset(surfaces)
        self._day_first = written_day_first([t for t, s in zip(surfaces, spans, strict=True) if s.type == "DATE"])
        self._last, self._count = {}, 0
        return _replaced(text, spans, lambda span: self._surrogate(span.type, text[slice(*core(text, span))]))

    def _surrogate(self, kind: str, surface: str) -> str:
        if kind == "DATE":
            moved = shift_written(surface, self._days, year=self.year, day_first=self._day_first)
            return moved if moved is not None else "[DATE]"
        if kind == "AGE":
            return "90+"
        if kind == "ZIP":
            return _zip(surface)
        draw = _Draw(self._seed(kind, surface), self._taken)
        make = {"PERSON": _person, "FACILITY": _facility, "CITY": _city, "STREET": _street, "EMAIL": _email, "URL": _url,
                "IP": _ip}.get(kind, _code)  # fmt: skip
        for _ in range(8):
            made = make(surface, draw)
            if made != surface and made not in self._taken:
                return made
        return f"[{kind}]"

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


class _Draw:
    """Numbers from a seed, and words that are none of the report's identifiers."""

    def __init__(self, seed: bytes, taken: frozenset[str]) -> None:
        self._seed, self._taken = seed, taken
        self._bytes = seed
        self._at = 0

    def below(self, n: int) -> int:
        """Return a number in [0, n); n is far below 2^32, so that the remainder's bias is nothing."""
        if self._at + 4 > len(self._bytes):
            self._seed = sha256(b"more" + self._seed).digest()
            self._bytes, self._at = self._seed, 0
        value = int.from_bytes(self._bytes[self._at : self._at + 4], "big")
        self._at += 4
        return value % n

    def pick(self, pool: Sequence[str]) -> str:
        """Return a word of the pool that is no word of the report's identifiers."""
        at = self.below(len(pool))
        for step in range(len(pool)):
            word = pool[(at + step) % len(pool)]
            if not any(w.lower() in self._taken for w in word.split()):
                return word
        return pool[at]


def _kept_words() -> frozenset[str]:
    return lowered("titles") | lowered("name_particles")


def _person(surface: str, draw: _Draw) -> str:
    given, family = draw.pick(pools.given_names()), draw.pick(pools.surnames())
    words = _WORD.findall(surface)
    names = [w for w in words if w.lower() not in _kept_words()]
    comma_first = "," in surface and len(names) > 1 and surface.find(",") > surface.find(names[0])
    used_given = False

    def one(match: re.Match[str]) -> str:
        nonlocal used_given
        old = match.group()
        if old.lower() in _kept_words() and not (len(old) == 1 and old.isupper()):
            return old
        first = (
            not used_given
            and ((is_given(old) and len(names) > 1) or (len(names) == 1 and is_given(old)))
            and not (comma_first and old == names[0])
        )
        if len(old) == 1:
            return _letter(old, draw)
        used_given = used_given or first
        new = given if first else family
        return new.upper() if old.isupper() else new.lower() if old.islower() else new

    return _WORD.sub(one, surface)


def _letter(old: str, draw: _Draw) -> str:
    base = "ABCDEFGHJKLMNPRSTW"
    new = base[draw.below(len(base))]
    if new == old.upper():
        new = base[(base.index(new) + 1) % len(base)]
    return new if old.isupper() else new.lower()


_KIND_OF_PLACE = re.compile(
    r"(?:(?:University|Children['’]?s|Women['’]?s|Community|Regional|Memorial|General|County|Cancer|Heart"
    r"|VA)\s)?(?:Hospital|Clinic|Medical Center|Medical Ctr|Med Center|Med Ctr"
    r"|Health System|Healthcare|Health|Institute|Hospice|Nursing Home|Rehabilitation Center|Pharmacy"
    r"|Infirmary|School|University|College|clinic|hospital|office)",
    re.I,
)


def _facility(surface: str, draw: _Draw) -> str:
    kind = _KIND_OF_PLACE.search(surface)
    made = f"{draw.pick(pools.FACILITY_WORDS)} {kind.group() if kind else 'Hospital'}"
    return made.upper() if surface.isupper() and " " in surface else made


def _city(surface: str, draw: _Draw) -> str:
    name, comma, state = surface.partition(",")
    made = draw.pick(pools.cities())
    return (made.upper() if name.isupper() and len(name) > 3 else made) + comma + state


def _street(surface: str, draw: _Draw) -> str:
    number = re.match(r"\d+", surface)
    box = re.search(r"box", surface, re.I)
    if box:
        return _code(surface[box.end() :], draw).join((surface[: box.end()], ""))
    made = f"{draw.pick(pools.STREET_WORDS)} Street"
    return f"{draw.below(899) + 101} {made}" if number else made


def _email(surface: str, draw: _Draw) -> str:
    return f"{draw.pick(pools.given_names())}.{draw.pick(pools.surnames())}@{_TLD}".lower()


def _url(surface: str, draw: _Draw) -> str:
    return f"https://www.{_TLD}/{draw.below(10**8):08d}"


def _ip(surface: str, draw: _Draw) -> str:
    return f"2001:db8::{draw.below(65535):x}" if ":" in surface else f"192.0.2.{draw.below(254) + 1}"


def _code(surface: str, draw: _Draw) -> str:
    """Return other digits and letters in the same places."""

    def one(match: re.Match[str]) -> str:
        old = match.group()
        if old.isdecimal():
            return str((int(old) + 1 + draw.below(9)) % 10)
        return _letter(old, draw)

    return re.sub(r"\d|[A-Za-z]", one, surface)


def _zip(surface: str) -> str:
    """Keep the first three digits, as Safe Harbor allows where 20,000 people or more live; else `000`."""
    digits = surface[:3]
    if not digits.isdecimal():
        return "[ZIP]"
    return ("000" if digits in SMALL_ZIPS else digits) + "**"
