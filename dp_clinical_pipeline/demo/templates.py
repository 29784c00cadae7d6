"""What a set of identifier templates consists of, and its compiled form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dp_clinical_pipeline.demo.grammar import alternatives

_SLOT = re.compile(r"\{(\w+)\}")

Compiled = tuple[str, ...]
"""Text and slot names by turns: even places hold text, odd places the name of a field."""


@dataclass(frozen=True)
class Lines:
    """Templates of one place in a report. A template is drawn first, then one of its wordings."""

    templates: Sequence[str]

    @cached_property
    def choices(self) -> tuple[tuple[Compiled, ...], ...]:
        return tuple(tuple(tuple(_SLOT.split(text)) for text in alternatives(line)) for line in self.templates)

    @cached_property
    def slots(self) -> frozenset[str]:
        """The names of all fields that these templates hold."""
        return frozenset(name for choice in self.choices for compiled in choice for name in compiled[1::2])


@dataclass(frozen=True, kw_only=True)
class Templates:
    """Where identifiers stand in a report. Slots are fields of `fields.py`; `formats` names how those are written."""

    headers: Lines
    long_headers: Lines
    subjects: Lines
    """Who is examined, before the indication."""
    comparisons: Lines
    first_comparisons: Lines
    notices: Lines
    extras: Lines
    """The rarer kinds, each with its reason to stand in a report."""
    signatures: Lines
    broken: Lines
    """What the rows that break parsers hold: full names and long numbers that a search can look for."""
    formats: Mapping[str, Sequence[str]]

    @property
    def lines(self) -> tuple[Lines, ...]:
        return (self.headers, self.long_headers, self.subjects, self.comparisons, self.first_comparisons,
                self.notices, self.extras, self.signatures, self.broken)  # fmt: skip
