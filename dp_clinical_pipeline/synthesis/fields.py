"""What a record holds beside its labels: degree, side and place of a finding, what else is seen, and what is denied.

Nearly every note denies something, and few state much: a model that is to write what it was asked for learns to do so
from the denials too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from dp_clinical_pipeline.coding.records import Other, extract_record, others_in
from dp_clinical_pipeline.labelsets import LabelSet

_STATED = ("present", "uncertain", "historical")
_PARTS = ("severity", "laterality", "location")


@dataclass(frozen=True)
class Fields:
    """The fields of one record.

    `details` are words of a public vocabulary before a label's name, `others` are findings without a label, by that
    vocabulary's names.
    """

    details: Mapping[str, str] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def read_fields(note: str, targets: Sequence[str], labels: LabelSet) -> Fields:
    """Return the fields that a note has by public rules, of its first mention of each label: as private as the note.

    A label set of codes has none.
    """
    if labels.reads != "findings":
        return Fields()
    details: dict[str, str] = {}
    denied, said = set(), set(targets)
    for finding in extract_record(note, labels).findings:
        if finding.status == "negated":
            denied.add(finding.name)
            continue
        said.add(finding.name)
        if finding.name in targets:
            words = " ".join(value for part in _PARTS if (value := getattr(finding, part)))
            details.setdefault(finding.name, words)
    return Fields(
        details={name: words for name, words in details.items() if words},
        denied=tuple(name for name in labels.labels if name in denied - said),
        others=tuple(dict.fromkeys(other.name for other in stated_others(note, labels))),
    )


def stated_others(note: str, labels: LabelSet) -> list[Other]:
    """Return where a note states a finding that its label set has no label for, of those that records may hold."""
    known = _shares()["label_sets"].get(labels.name, {}).get("others", {})
    return [other for other in others_in(note) if other.name in known and other.status in _STATED] if known else []


def draw_fields(targets: Sequence[str], labels: LabelSet, rng: np.random.Generator) -> Fields:
    """Draw the fields of a record to ask for from the shares in `fields.yaml`.

    Guarantee: a function of its arguments and of a public file. Nothing private is read.
    """
    shares = _shares()
    own = shares["label_sets"].get(labels.name)
    if own is None:
        return Fields()
    details = {name: _words(name, own, shares, rng) for name in targets if name != labels.normal}
    denied = {name for name, share in own["denied"].items() if rng.random() < share} - set(targets)
    return Fields(
        details={name: words for name, words in details.items() if words},
        denied=tuple(name for name in labels.labels if name in denied),
        others=_others(targets, labels, own.get("others", {}), shares["share_with_other"], rng),
    )


def _others(
    targets: Sequence[str], labels: LabelSet, known: Mapping[str, float], share: float, rng: np.random.Generator
) -> tuple[str, ...]:
    """Draw findings without a label: none for a normal report, one or two for one that is neither normal nor labelled."""
    if not known or labels.normal in targets:
        return ()
    many = int(rng.random() < share)
    if not targets and labels.normal:
        many += 1
    chances = np.array(list(known.values()))
    drawn = rng.choice(len(chances), size=many, replace=False, p=chances / chances.sum())
    return tuple(list(known)[i] for i in drawn)


def _words(name: str, own: dict[str, Any], shares: dict[str, Any], rng: np.random.Generator) -> str:
    words = []
    for part, fits in (("severity", own["graded"]), ("laterality", own["sided"])):
        if rng.random() < shares[f"share_with_{part}"] and name in fits:
            words.append(str(rng.choice(list(shares[part]), p=list(shares[part].values()))))
    places = own["located"].get(name)
    if rng.random() < shares["share_with_location"] and places:
        words.append(str(rng.choice(places)))
    return " ".join(words)


@cache
def _shares() -> dict[str, Any]:
    shares: dict[str, Any] = yaml.safe_load((files("dp_clinical_pipeline.synthesis") / "fields.yaml").read_text())
    return shares
