"""Public label lists: the domain of every count, classifier and record. Nothing here is learnt from reports."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Literal

from dp_clinical_pipeline.errors import UserError

ICD10_PATTERN = re.compile(r"[A-Z][0-9A][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
ICD9_PATTERN = re.compile(r"(?:\d{3}(?:\.?\d{1,2})?|V\d{2}(?:\.?\d{1,2})?|E\d{3}(?:\.?\d)?)")

# First and last three-character category of each chapter, WHO's ICD-10 as the US clinical modification extends it.
_ICD10_CHAPTERS = (
    ("Infectious and parasitic diseases", "A00", "B99"),
    ("Neoplasms", "C00", "D49"),
    ("Blood and immune disorders", "D50", "D89"),
    ("Endocrine, nutritional and metabolic diseases", "E00", "E89"),
    ("Mental and behavioural disorders", "F01", "F99"),
    ("Nervous system diseases", "G00", "G99"),
    ("Eye diseases", "H00", "H59"),
    ("Ear diseases", "H60", "H95"),
    ("Circulatory diseases", "I00", "I99"),
    ("Respiratory diseases", "J00", "J99"),
    ("Digestive diseases", "K00", "K95"),
    ("Skin diseases", "L00", "L99"),
    ("Musculoskeletal diseases", "M00", "M99"),
    ("Genitourinary diseases", "N00", "N99"),
    ("Pregnancy and childbirth", "O00", "O9Z"),
    ("Perinatal conditions", "P00", "P96"),
    ("Congenital malformations", "Q00", "QA0"),
    ("Symptoms and abnormal findings", "R00", "R99"),
    ("Injury and poisoning", "S00", "T88"),
    ("Special purposes", "U00", "U85"),
    ("External causes", "V00", "Y99"),
    ("Health status and contact with services", "Z00", "Z99"),
)
_ICD9_CHAPTERS = (
    ("Infectious and parasitic diseases", "001", "139"),
    ("Neoplasms", "140", "239"),
    ("Endocrine, nutritional and metabolic diseases", "240", "279"),
    ("Blood diseases", "280", "289"),
    ("Mental disorders", "290", "319"),
    ("Nervous system and sense organ diseases", "320", "389"),
    ("Circulatory diseases", "390", "459"),
    ("Respiratory diseases", "460", "519"),
    ("Digestive diseases", "520", "579"),
    ("Genitourinary diseases", "580", "629"),
    ("Pregnancy and childbirth", "630", "679"),
    ("Skin diseases", "680", "709"),
    ("Musculoskeletal diseases", "710", "739"),
    ("Congenital anomalies", "740", "759"),
    ("Perinatal conditions", "760", "779"),
    ("Symptoms and ill-defined conditions", "780", "799"),
    ("Injury and poisoning", "800", "999"),
    ("External causes", "E00", "E99"),
    ("Health status and contact with services", "V00", "V99"),
)


PAIRED = 64
"""Labels up to which pairs of labels are counted: of 1,918 categories there would be 1.8 million pairs, each with noise."""


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """A public list of labels. `codes` sets read a report's codes; `findings` sets read its labels."""

    name: str
    labels: tuple[str, ...]
    """Of codes and categories: the code, a space and its title."""
    reads: Literal["findings", "codes"]
    normal: str | None = None
    """The label that says that there is no finding, where the set has one."""
    system: Literal["icd9", "icd10"] = "icd10"
    """Whose codes a `codes` set reads."""
    level: Literal["chapter", "category", "code"] = "chapter"
    """What a code is reduced to: its chapter, its first three characters, or itself."""

    @property
    def paired(self) -> bool:
        """Whether pairs of labels are counted. A fact of the public list, never of a report."""
        return len(self.labels) <= PAIRED

    def targets(self, labels: Iterable[str] | None, codes: Iterable[str] | None) -> list[str] | None:
        """Return what a classifier is to predict, in the list's order; None where nobody labelled the report."""
        given = labels if self.reads == "findings" else codes
        if given is None:
            return None
        chosen = set(given) if self.reads == "findings" else {self.label_of(code) for code in given}
        return [label for label in self.labels if label in chosen]

    def label_of(self, code: str) -> str | None:
        """Return the label that an ICD code is counted as, None where the list has none; dots do not matter."""
        if self.level == "chapter":
            return self.chapter(code)
        plain = code.upper().replace(".", "")
        return self._by_code.get(plain[:3] if self.level == "category" else plain)

    def chapter(self, code: str) -> str | None:
        """Return the chapter of an ICD code, None where the code lies in none."""
        chapters = _ICD10_CHAPTERS if self.system == "icd10" else _ICD9_CHAPTERS
        category = code.upper()[:3]
        return next((name for name, first, last in chapters if first <= category <= last), None)

    def known_code(self, code: str) -> bool:
        """Say whether a code has the form of this set's code system."""
        pattern = ICD9_PATTERN if self.system == "icd9" else ICD10_PATTERN
        return pattern.fullmatch(code.upper()) is not None

    def words(self, label: str) -> str:
        """Return a label in words: without its code, where it has one, and in small letters."""
        coded = self.reads == "codes" and self.level != "chapter"
        return (label.split(" ", 1)[1] if coded else label).replace("_", " ").lower()

    def named(self, name: str) -> str:
        """Return the label that a person means by its name or, in a list of codes, by its code.

        Raises:
            UserError: there is none; the message names a few that there are.
        """
        found = name if name in self.labels else None
        if found is None and self.reads == "codes" and self.level != "chapter":
            found = self._by_code.get(name.upper().replace(".", ""))
        if found is None:
            more = "" if self.paired else f" and {len(self.labels) - 5:,} more"
            raise UserError(
                f"unknown label {name[:40]!r}: {self.name} has {', '.join(self.labels[: None if self.paired else 5])}{more}"
            )
        return found

    @cached_property
    def _by_code(self) -> dict[str, str]:
        return {label.split(" ", 1)[0].replace(".", ""): label for label in self.labels}


def _listed(file: str) -> tuple[str, ...]:
    text = (files("dp_clinical_pipeline") / "codelists" / file).read_text(encoding="utf-8")
    return tuple(line.replace("\t", " ") for line in text.splitlines())


CHEXPERT14 = LabelSet(
    name="chexpert14",
    reads="findings",
    normal="No Finding",
    labels=(
        "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Lesion", "Lung Opacity", "Edema",
        "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture",
        "Support Devices",
    ),
)  # fmt: skip
NIH14 = LabelSet(
    name="nih14",
    reads="findings",
    normal="normal",
    labels=(
        "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
        "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia", "normal",
    ),
)  # fmt: skip
CT_RATE18 = LabelSet(
    name="ct-rate18",
    reads="findings",
    labels=(
        "Medical material", "Arterial wall calcification", "Cardiomegaly", "Pericardial effusion",
        "Coronary artery wall calcification", "Hiatal hernia", "Lymphadenopathy", "Emphysema", "Atelectasis",
        "Lung nodule", "Lung opacity", "Pulmonary fibrotic sequela", "Pleural effusion", "Mosaic attenuation pattern",
        "Peribronchial thickening", "Consolidation", "Bronchiectasis", "Interlobular septal thickening",
    ),
)  # fmt: skip
ICD9_CHAPTERS = LabelSet(
    name="icd9-chapters", reads="codes", system="icd9", labels=tuple(name for name, *_ in _ICD9_CHAPTERS)
)
ICD10_CHAPTERS = LabelSet(name="icd10-chapters", reads="codes", labels=tuple(name for name, *_ in _ICD10_CHAPTERS))
CMC45 = LabelSet(name="cmc45", reads="codes", system="icd9", level="code", labels=_listed("cmc45.tsv"))
ICD10_CATEGORIES = LabelSet(
    name="icd10-categories", reads="codes", level="category", labels=_listed("icd10cm-categories.tsv")
)

LABEL_SETS = {s.name: s for s in (CHEXPERT14, NIH14, CT_RATE18, ICD9_CHAPTERS, ICD10_CHAPTERS, CMC45, ICD10_CATEGORIES)}


def label_set(name: str | None) -> LabelSet:
    """Return a label set by name.

    Raises:
        UserError: no such set, or the home has none yet.
    """
    if name is None:
        raise UserError(
            "this home has no label set yet: ingest a corpus first, or set corpus.label_set in settings.yaml"
        )
    if name not in LABEL_SETS:
        raise UserError(f"unknown label set {name!r}: one of {', '.join(LABEL_SETS)}")
    return LABEL_SETS[name]
