"""The instruction that a note answers: the record that it is to state, in words from public lists only."""

import re
from collections.abc import Sequence

from dp_clinical_pipeline.labelsets import LabelSet

_KINDS = {
    "chexpert14": "chest x-ray report",
    "nih14": "chest x-ray report",
    "ct-rate18": "chest CT report",
    "icd9-chapters": "radiology report",
    "icd10-chapters": "clinical note",
}
_BODY = re.compile(r"^[ \t]*(FINDINGS?|IMPRESSION|CONCLUSION)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_HEADING = re.compile(r"^[ \t]*[A-Z][A-Za-z /]{2,30}:", re.MULTILINE)


def kind_of_note(labels: LabelSet) -> str:
    """Return what a label set's notes are called."""
    return _KINDS.get(labels.name, "clinical note")


def prompt(targets: Sequence[str], labels: LabelSet) -> str:
    """Return the prompt for a record. A label list's underscores are written as spaces."""
    stated = "; ".join(name.replace("_", " ").lower() for name in targets) or "none of the listed findings"
    return f"Write a {kind_of_note(labels)}.\nFindings: {stated}.\nReport:"


def note_body(text: str) -> str:
    """Return the part of a report that the generator learns to write: findings and impression where they are headed.

    The header and the signature hold identifiers and administration. A text without such headings is returned whole.
    """
    starts = [match.start() for match in _BODY.finditer(text)]
    if not starts:
        return " ".join(text.split())
    kept = []
    for start in starts:
        heading = _HEADING.search(text, start)
        following = _HEADING.search(text, heading.end()) if heading else None
        part = text[start : following.start() if following else len(text)]
        kept.append(part.split("\n\n\n")[0])
    return " ".join(" ".join(kept).split())
