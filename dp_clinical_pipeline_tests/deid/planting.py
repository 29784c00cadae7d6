"""Identifiers planted between the real sentences of OpenI reports, in frames kept apart by when they were written.

A frame is a line of `frames/<set>.txt` with slots, a slot in capitals is written in capitals; how a slot is written is
drawn from the set's formats (`formats.py`, which says who wrote which set).
"""
# ruff: noqa: E501 -- a kind a line

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from dp_clinical_pipeline.deid.evaluate import Document
from dp_clinical_pipeline.deid.lexicon import entries
from dp_clinical_pipeline.demo.names import GIVEN_MEN, GIVEN_WOMEN, SURNAMES
from dp_clinical_pipeline.demo.places import CITIES, FACILITY_HEADS, FACILITY_TAILS, STATES, STREET_KINDS, STREET_NAMES
from dp_clinical_pipeline_tests.deid.formats import FRAMES, SETS, Formats

_SLOT = re.compile(r"\{(\w+)\}")
_SENTENCE_END = re.compile(r"(?<=[a-z]{2}\.)\s+(?=[A-Z])|\n+")
_CREDENTIAL = re.compile(r"(?:, (?:MD|M\.D\.|RN))?$")
_SMALL_IN_TITLES = frozenset("of the and to in on for with at by from or a an as per".split())  # noqa: SIM905
_SMALL_WORD = re.compile(r"\b[a-z]+\b")
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905
_RARE = """Nkemelu Szczepańska Thorvaldsdóttir Wojciechowski Quisenberry Xiong Vang Nguyễn Uzoma Bhattacharjee Grzybowska
    Ivashchenko Okwuosa Zvonimirović Papageorgopoulos Ravindranath Tsukamoto Featherstone Fotheringham Gebreselassie
    Mbatha Oyarzabal Saetang Tadesse Vuković Wanniarachchi Yakubovich Zoubek Kealoha Begay Whitehorse Lightfoot Mac-Duff
    McGillicuddy O'Rourke D'Agostino St.John Van-Horn Fernández-Vega Ng Wu Li Oh Ho""".split()  # noqa: SIM905


_TYPES = {
    "zip": "ZIP", "street": "STREET", "pobox": "STREET", "city": "CITY", "facility": "FACILITY", "date": "DATE", "partial": "DATE", "stamp": "DATE", "weekday": "DATE", "age": "AGE", "age_words": "AGE",
    "phone": "PHONE", "pager": "PHONE", "ext": "PHONE", "fax": "FAX", "email": "EMAIL", "ssn": "SSN", "last4": "SSN", "mrn": "MRN", "accession": "ACCESSION",
    "plan": "HEALTH_PLAN", "account": "ACCOUNT", "license": "LICENSE", "npi": "LICENSE", "plate": "VEHICLE", "vin": "VEHICLE", "serial": "DEVICE", "udi": "DEVICE",
    "url": "URL", "ip": "IP", "biometric": "BIOMETRIC", "photo": "PHOTO", "other": "OTHER_ID", "uid": "OTHER_ID", "state": None, "relation": None, "title": None,
}  # fmt: skip
"""The type of each slot; a slot that is not listed is a person."""


def frames(name: str) -> list[str]:
    """Return the frames of a set."""
    return (FRAMES / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def _credential(name: str) -> str:
    found = _CREDENTIAL.search(name)
    return found.group() if found else ""


class Writer:
    """Fills the slots of frames; one patient's own name and numbers are drawn afresh for each writer."""

    def __init__(self, seed: int, formats: Formats) -> None:
        self.random, self.formats = random.Random(seed), formats
        self.own = formats.own
        self.surnames: Sequence[Sequence[str]] = (SURNAMES, tuple(sorted(entries("surnames"))), tuple(_RARE))
        self.given: Sequence[Sequence[str]] = (GIVEN_WOMEN + GIVEN_MEN, tuple(sorted(entries("clear_given_names"))))
        if self.own:
            self.surnames, self.given = (self.own["surnames"],), (self.own["given"],)

    def fill(self, frame: str) -> tuple[str, list[tuple[int, int, str]]]:
        """Return a sentence and its gold spans."""
        parts, spans, at = [], [], 0
        for place, piece in enumerate(_SLOT.split(frame)):
            text = self.write(piece) if place % 2 else piece
            if place % 2 and (kind := _TYPES.get(piece.lower(), "PERSON")):
                spans.append((at, at + len(text) - len(_credential(text) if kind == "PERSON" else ""), kind))
            parts.append(text)
            at += len(text)
        return "".join(parts), spans

    def write(self, slot: str) -> str:
        if slot.isupper():
            return self.write(slot.lower()).upper()
        if slot in self.formats.codes:
            return self._code(self.random.choice(self.formats.codes[slot]))
        method: Callable[[], str] = getattr(self, f"_{slot}")
        return method()

    def _code(self, pattern: str) -> str:
        fill = {"#": "0123456789", "%": "2345678", "@": "ABCDEFGHJKLMNPRSTUVWXYZ", "~": "0123456789abcdef"}
        return "".join(self.random.choice(fill[c]) if c in fill else c for c in pattern)

    def _first(self) -> str:
        name = self.random.choice(self.random.choice(self.given))
        return name[:1].upper() + name[1:]

    def _surname(self) -> str:
        name = self.random.choices(
            [self.random.choice(pool) for pool in self.surnames], (5, 3, 2)[: len(self.surnames)]
        )[0]
        return name[:1].upper() + name[1:]

    def _middle(self) -> str:
        return self.random.choice("ABCDEFGHJKLMNPRSTW")

    def _first_last(self) -> str:
        middle = self.random.choice(("", "", f"{self._middle()}. ", f"{self._middle()} "))
        return f"{self._first()} {middle}{self._surname()}"

    def _last_first(self) -> str:
        return f"{self._surname()}, {self._first()}" + self.random.choice(
            ("", "", f" {self._middle()}.", f" {self._middle()}")
        )

    def _initial_last(self) -> str:
        return f"{self._middle()}. {self._surname()}"

    def _initials(self) -> str:
        return self._middle() + self._middle()

    def _typist(self) -> str:
        return (self._middle() + self._middle()).lower()

    def _clinician(self) -> str:
        return self.random.choice(
            (f"Dr. {self._surname()}", f"{self._first_last()}, MD", f"{self._initial_last()}, M.D.", self._first_last())
        ).removeprefix("Dr. ")

    def _date_by(self, patterns: Sequence[str]) -> str:
        day = date(2005, 1, 1) + timedelta(days=self.random.randrange(7000))
        th = "th" if 10 <= day.day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
        month = _MONTHS[day.month - 1]
        return self.random.choice(patterns).format(
            m=day.month, d=day.day, mm=f"{day.month:02d}", dd=f"{day.day:02d}", yy=f"{day.year % 100:02d}", yyyy=day.year,
            month=month, MONTH=month.upper(), mon=month[:3], MON=month[:3].upper(), th=th, weekday=_WEEKDAYS[day.weekday()], wkd=_WEEKDAYS[day.weekday()][:3],
        )  # fmt: skip

    def _date(self) -> str:
        return self._date_by(self.formats.dates)

    def _partial(self) -> str:
        return self._date_by(self.formats.partials)

    def _stamp(self) -> str:
        return self._date_by(self.formats.stamps)

    def _weekday(self) -> str:
        return self.random.choice(_WEEKDAYS)

    def _age(self) -> str:
        return str(self.random.randrange(90, 105))

    def _age_words(self) -> str:
        return "Ninety-" + self.random.choice("one two three four five six seven eight nine".split())  # noqa: SIM905

    def _title(self) -> str:
        return self.random.choice(("Mr.", "Mrs.", "Ms."))

    def _relation(self) -> str:
        return self.random.choice(("wife", "husband", "daughter", "son", "mother", "sister", "brother"))

    def _state(self) -> str:
        return self.random.choice(STATES)

    def _city(self) -> str:
        if self.own:
            return self.random.choice(self.own["cities"])
        return self.random.choice((self.random.choice(CITIES), self.random.choice(sorted(entries("cities")))))

    def _street(self) -> str:
        if self.own:
            unit = self.random.choice(("", "", f" {self.random.choice(self.own['units'])}"))
            return f"{self.random.randrange(2, 19900)} {self.random.choice(self.own['streets'])}{unit}"
        kind = self.random.choice(STREET_KINDS).removesuffix(".")
        unit = self.random.choice(
            ("", "", f", Apt {self.random.randrange(1, 40)}", f" #{self.random.randrange(1, 90)}")
        )
        return f"{self.random.randrange(10, 9900)} {self.random.choice(STREET_NAMES)} {kind}{unit}"

    def _pobox(self) -> str:
        assert self.own
        return f"{self.random.choice(self.own['boxes'])} {self.random.randrange(3, 9900)}"

    def _zip(self) -> str:
        return self._code(self.random.choice(("#####", "#####", "#####-####")))

    def _facility(self) -> str:
        if self.own:
            return self.random.choice(self.own["facilities"])
        head = self.random.choice((self.random.choice(FACILITY_HEADS), self._surname(), self._city()))
        return f"{head} {self.random.choice(FACILITY_TAILS)}"

    def _email(self) -> str:
        first, last = (re.sub(r"[^a-z]", "", n.lower()) or "x" for n in (self._first(), self._surname()))
        if self.own:
            form = self.random.choice(self.own["users"])
            user = self._code(form.format(first=first, last=last, f=first[0], l=last[0]))
            return f"{user}@{self.random.choice(self.own['mail'])}"
        user = self.random.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}{self.random.randrange(99)}"))
        return f"{user}@{self.random.choice(('gmail.com', 'example.org', 'mail.clinic.net', 'hospital.edu'))}"

    def _url(self) -> str:
        return self.random.choice((f"https://pacs.example.org/study/{self._code('######')}", f"www.{self._surname().lower().encode('ascii', 'ignore').decode().strip(chr(39)) or 'x'}-clinic.com",
                                   f"http://images.example.com/view?id={self._code('########')}", "portal.example.org/" + self._code("@@@###").lower()))  # fmt: skip

    def _ip(self) -> str:
        return ".".join(str(self.random.randrange(1, 255)) for _ in range(4))

    def _vin(self) -> str:
        return self._code("#@@@@##@") + self.random.choice("0123456789X") + self._code("@@######").replace("@", "A")


def planted(texts: Sequence[str], name: str, seed: int, each: int = 4) -> list[Document]:
    """Return the texts with `each` frames of set `name` between their sentences, and the gold of what was planted.

    Every frame is used before one is used again.
    """
    writer = Writer(seed, SETS[name])
    lines = frames(name)
    queue: list[str] = []
    documents = []
    for number, text in enumerate(texts):
        sentences = [s for s in _SENTENCE_END.split(text) if s.strip()]
        pieces: list[tuple[str, list[tuple[int, int, str]]]] = [(s, []) for s in sentences]
        for _ in range(each):
            if not queue:
                queue = writer.random.sample(lines, len(lines))
            pieces.insert(writer.random.randrange(len(pieces) + 1), writer.fill(queue.pop()))
        made, spans = "", []
        for piece, own in pieces:
            made += writer.random.choice((" ", "\n")) if made else ""
            spans += [(len(made) + start, len(made) + end, kind) for start, end, kind in own]
            made += piece
        documents.append(Document(id=str(number), patient_id=str(number), text=made, spans=tuple(spans)))
    return documents


def titled(document: Document, chance: random.Random) -> Document:
    """Return a document with a capital at each word but what is planted: the small words of titles stay, most of them."""

    def capital(found: re.Match[str]) -> str:
        word = found.group()
        return word if word in _SMALL_IN_TITLES and chance.random() < 0.8 else word.capitalize()

    text, at = "", 0
    for start, end, _ in sorted(document.spans):
        text += _SMALL_WORD.sub(capital, document.text[at:start]) + document.text[start:end]
        at = end
    return replace(document, text=text + _SMALL_WORD.sub(capital, document.text[at:]))
