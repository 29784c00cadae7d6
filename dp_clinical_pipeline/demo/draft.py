"""Writing a report piece by piece while noting where its identifiers stand."""

from dataclasses import dataclass, field
from typing import NamedTuple

from dp_clinical_pipeline.demo.fields import FIELDS, Visit
from dp_clinical_pipeline.demo.templates import Lines

_CASED = frozenset({"PERSON", "STREET", "CITY", "FACILITY", "DATE"})
"""What an all-capitals report writes in capitals; addresses and serial numbers keep their case."""


class Span(NamedTuple):
    """An identifier in a text: code-point offsets, type, and what is written there."""

    start: int
    end: int
    type: str
    surface: str


@dataclass(slots=True)
class Draft:
    """A text that grows at its end."""

    visit: Visit
    capitals: bool = False
    parts: list[str] = field(default_factory=list)
    length: int = 0
    spans: list[Span] = field(default_factory=list)

    def write(self, text: str) -> None:
        if self.capitals:
            text = text.upper()
        self.parts.append(text)
        self.length += len(text)

    def identify(self, kind: str, surface: str) -> None:
        """Write an identifier and note its span."""
        if self.capitals and kind in _CASED:
            surface = surface.upper()
        start = self.length
        self.parts.append(surface)
        self.length += len(surface)
        self.spans.append(Span(start, self.length, kind, surface))

    def fill(self, lines: Lines) -> None:
        """Write one of the templates, its fields filled from the visit."""
        dice = self.visit.dice
        template = dice.pick(dice.pick(lines.choices))
        for place, piece in enumerate(template):
            if place % 2 == 0:
                if piece:
                    self.write(piece)
                continue
            kind, surface = FIELDS[piece](self.visit)
            if kind is None:
                self.write(surface)
            else:
                self.identify(kind, surface)

    @property
    def text(self) -> str:
        return "".join(self.parts)
