"""What a record holds beside its labels: degree, side and place of a finding, and the findings that it denies.

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

from dp_clinical_pipeline.coding.records import extract_record
from dp_clinical_pipeline.labelsets import LabelSet

_PARTS = ("severity", "laterality", "location")


@dataclass(frozen=True)
class Fields:
    """The fields of one record. `details` are words of a public vocabulary before a label's name."""

    details: Mapping[str, str] = field(default_factory=dict)
    denied: tuple[str, ...] = ()


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
    )


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
    )


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
