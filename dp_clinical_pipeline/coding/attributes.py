"""The vocabularies of a record: sides, degrees, places, devices and other findings, each with the phrases that mean it."""

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml

from dp_clinical_pipeline.coding.phrases import whole_words


class Vocabulary(NamedTuple):
    """Public values, each with the pattern of the phrases that mean it, for lower-case text."""

    values: dict[str, re.Pattern[str]]

    def nearest(self, before: str, after: str) -> str | None:
        """Return the value named nearest to a finding: the last one before it, else the first one behind it."""
        found = [(m.end(), name) for name, pattern in self.values.items() for m in pattern.finditer(before)]
        if found:
            return max(found)[1]
        found = [(m.start(), name) for name, pattern in self.values.items() for m in pattern.finditer(after)]
        return min(found)[1] if found else None


class Attributes(NamedTuple):
    """All vocabularies, and the words that end between two findings what belongs to the earlier one."""

    laterality: Vocabulary
    severity: Vocabulary
    location: Vocabulary
    devices: Vocabulary
    others: Vocabulary
    divides: re.Pattern[str]


@cache
def attributes() -> Attributes:
    """Return the vocabularies that the package ships."""
    rules = yaml.safe_load((files("dp_clinical_pipeline.coding") / "rules" / "attributes.yaml").read_text())
    laterality, severity, location, devices, others = (
        Vocabulary({name: whole_words(phrases) for name, phrases in rules[kind].items()})
        for kind in ("laterality", "severity", "location", "devices", "others")
    )
    return Attributes(
        laterality,
        severity,
        location,
        devices,
        others,
        divides=re.compile(rf",|{whole_words(rules['divides']).pattern}"),
    )
