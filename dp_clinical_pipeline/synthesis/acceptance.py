"""Which generated notes are kept: public rules only, which hold nothing learnt from the population."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.labelsets import LabelSet

# Identifiers that no clinical sentence needs. Dates, ages and names of clinicians occur in notes by their nature.
_DIRECT = {
    "STREET", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "HEALTH_PLAN", "ACCOUNT", "LICENSE", "VEHICLE", "DEVICE", "URL",
    "IP", "BIOMETRIC", "PHOTO", "ACCESSION", "OTHER_ID",
}  # fmt: skip
_LEAST_DISTINCT = 0.6


@dataclass
class Acceptance:
    """The rules of one cell, in order; it remembers what it accepted, to refuse duplicates."""

    settings: Generation
    labels: LabelSet
    seen: set[str] = field(default_factory=set)

    def refuse(self, text: str, asked: Sequence[str], stated: Sequence[str] | None) -> str | None:
        """Return why a note is refused, None if it is accepted.

        Reasons: empty, short, repeats, duplicate, identifier, not_its_record.
        """
        words = re.findall(r"[a-z0-9'-]+", text.lower())
        if not words:
            return "empty"
        if len(words) < self.settings.min_words:
            return "short"
        if _repeats(words):
            return "repeats"
        if " ".join(words) in self.seen:
            return "duplicate"
        if any(span.type in _DIRECT for span in find_identifiers(text)):
            return "identifier"
        if self.settings.require_record and stated is not None and not states_just(asked, stated, self.labels):
            return "not_its_record"
        self.seen.add(" ".join(words))
        return None


def states(asked: Sequence[str], stated: Sequence[str], labels: LabelSet) -> bool:
    """Say whether a note states every finding that it was asked for; a record without findings must state none."""
    findings = set(stated) - {labels.normal}
    wanted = set(asked) - {labels.normal}
    return wanted <= findings if wanted else not findings


def states_just(asked: Sequence[str], stated: Sequence[str], labels: LabelSet) -> bool:
    """Say whether a note states the findings that it was asked for and no other: whether its labels are right."""
    return set(stated) - {labels.normal} == set(asked) - {labels.normal}


def _repeats(words: Sequence[str]) -> bool:
    grams = [tuple(words[i : i + 3]) for i in range(len(words) - 2)]
    return len(grams) >= 6 and len(set(grams)) / len(grams) < _LEAST_DISTINCT


def whole_sentences(text: str) -> str:
    """Return the text up to its last full stop, where sampling was cut off by the limit on new tokens."""
    end = max(text.rfind(mark) for mark in ".!?")
    return text[: end + 1].strip() if end > 0 else text.strip()
