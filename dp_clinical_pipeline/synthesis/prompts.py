"""The instruction that a note answers: the record that it is to state, in words from public lists only."""

import re
from collections.abc import Sequence

from dp_clinical_pipeline.coding.labelers import stating_parts
from dp_clinical_pipeline.coding.sentences import sentences
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.labelsets import LabelSet
from dp_clinical_pipeline.synthesis.fields import Fields, read_fields

_KINDS = {
    "chexpert14": "chest x-ray report",
    "nih14": "chest x-ray report",
    "ct-rate18": "chest CT report",
    "icd9-chapters": "radiology report",
    "cmc45": "radiology report",
    "icd10-chapters": "clinical note",
}
_BODY = re.compile(r"^[ \t]*(FINDINGS?|IMPRESSION|CONCLUSION)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_EMPTY_SECTION = re.compile(
    r"(?:FINDINGS?|IMPRESSION|CONCLUSION)[ \t]*:\s*(?=(?:FINDINGS?|IMPRESSION|CONCLUSION)[ \t]*:|$)", re.IGNORECASE
)
_HEADING = re.compile(r"^[ \t]*[A-Z][A-Za-z /]{2,30}:", re.MULTILINE)
# What a finding may hold: when it was seen before, and of whom.
_CLINICAL = {"DATE", "AGE"}


def kind_of_note(labels: LabelSet) -> str:
    """Return what a label set's notes are called."""
    return _KINDS.get(labels.name, "clinical note")


def record_line(targets: Sequence[str], labels: LabelSet, fields: Fields | None = None) -> str:
    """Return a record in words: "mild left effusion; scoliosis; no pneumothorax"."""
    fields = fields or Fields()
    stated = [f"{fields.details.get(name, '')} {labels.words(name)}".strip() for name in targets] + list(fields.others)
    denied = [f"no {labels.words(name)}" for name in fields.denied]
    return "; ".join((stated or ["none of the listed findings"]) + denied)


def prompt(targets: Sequence[str], labels: LabelSet, fields: Fields | None = None) -> str:
    """Return the prompt for a record."""
    return f"Write a {kind_of_note(labels)}.\nFindings: {record_line(targets, labels, fields)}.\nReport:"


def nothing_found(labels: LabelSet, fields: Fields) -> str:
    """Return the prompt for a note that denies the same and finds nothing: what guidance leads away from.

    Held against a prompt without a record, guidance makes denials louder too, and drowns what is to be stated.
    """
    return prompt([labels.normal] if labels.normal else [], labels, Fields(denied=fields.denied))


def prompt_of(note: str, targets: Sequence[str], labels: LabelSet) -> str:
    """Return the prompt whose answer a note is: its labels, and the fields that it has by public rules."""
    return prompt(targets, labels, read_fields(note, targets, labels))


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


def pair_to_learn(text: str, targets: Sequence[str], labels: LabelSet) -> tuple[str, str]:
    """Return the prompt and the note that a generator learns of a report, and that attacks on it ask for."""
    note = note_to_learn(text, targets, labels)
    return prompt_of(note, targets, labels), note


def note_to_learn(text: str, targets: Sequence[str], labels: LabelSet) -> str:
    """Return a report's body without the sentences that name somebody, a place or a number of theirs.

    De-identified text holds surrogates where its source held identifiers: who signed, who was called, under which number.
    A generator that writes such sentences gains nothing. A sentence that states one of `targets` stays all the same: it is
    asked for. A body of nothing else is returned whole, so that no report is lost. A function of its arguments, by public
    rules.
    """
    body = note_body(text)
    named = [span for span in find_identifiers(body) if span.type not in _CLINICAL]
    if not named:
        return body
    stating = stating_parts(body, targets, labels)
    kept, at = [], 0
    for sentence in sentences(body):
        names = any(span.start < sentence.end and sentence.start < span.end for span in named)
        if names and not any(start < sentence.end and sentence.start < end for start, end in stating):
            kept.append(body[at : sentence.start].strip())
            at = sentence.end
    kept.append(body[at:].strip())
    return _EMPTY_SECTION.sub("", " ".join(part for part in kept if part)).strip() or body
