"""Voters of one site: the patterns and names of its settings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dp_clinical_pipeline.config import Deid
from dp_clinical_pipeline.deid.spans import Span

_WINDOW, _STEP = 1_200, 1_000
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Site:
    """What a site's settings say of its identifiers; calling it votes.

    A pattern is searched in windows of 1,200 characters that overlap by 200, so that its time is linear in the text.
    """

    settings: Deid

    @cached_property
    def _patterns(self) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
        return tuple(
            (kind, f"site:{kind}[{number}]", re.compile(pattern))
            for kind, patterns in self.settings.patterns.items()
            for number, pattern in enumerate(patterns)
        )

    @cached_property
    def _names(self) -> dict[str, list[tuple[str, str]]]:
        """Return the listed names by their first word, longest first, all in small letters."""
        table: dict[str, list[tuple[str, str]]] = {}
        for kind, names in self.settings.names.items():
            for name in names:
                folded = " ".join(name.lower().split())
                if first := _WORD.search(folded):
                    table.setdefault(first.group(), []).append((folded[first.start() :], kind))
        return {first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in table.items()}

    def __call__(self, text: str) -> Iterator[Span]:
        for kind, voter, pattern in self._patterns:
            for start in range(0, max(1, len(text)), _STEP):
                for found in pattern.finditer(text, start, start + _WINDOW):
                    if found.end() > found.start():
                        yield Span(*found.span(), kind, voter, 0.97)
        names = self._names
        if not names:
            return
        folded = text.lower() if len(text.lower()) == len(text) else text
        for found in _WORD.finditer(folded):
            for name, kind in names.get(found.group(), ()):
                end = found.start() + len(name)
                if folded.startswith(name, found.start()) and not folded[end : end + 1].isalnum():
                    yield Span(found.start(), end, kind, f"site:{kind}", 0.96)
                    break
