"""The patients that attacks compare: members of training, and as many that nothing was trained on."""

import hashlib
from dataclasses import dataclass

import polars as pl

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS


@dataclass(frozen=True)
class Arms:
    """As many train as hold-out patients, one labelled report each, in the same keyed order at every call."""

    members: pl.DataFrame
    nonmembers: pl.DataFrame
    """patient_key, modality, targets, text (with surrogates: what the generator was trained on)."""

    def first(self, patients: int) -> "Arms":
        return Arms(self.members.head(patients), self.nonmembers.head(patients))


def choose_arms(home: Home) -> Arms:
    """Choose the patients that the attacks compare, and one report of each, by a hash of their keys.

    Raises:
        UserError: a side has no labelled report.
    """
    store = Store(home)
    reports = (
        store.scan(DEIDENTIFIED_REPORTS)
        .filter(pl.col("targets").is_not_null())
        .join(store.scan(COHORT).filter(pl.col("split").is_in(["train", "holdout"])), on="patient_key")
        .select("report_key", "patient_key", "split", "modality", "targets", "text")
        .collect()
    )
    hashed = [pl.col(name).map_elements(_hashed, return_dtype=pl.String) for name in ("patient_key", "report_key")]
    reports = reports.sort(hashed).unique("patient_key", keep="first", maintain_order=True)
    members, nonmembers = (reports.filter(split=split) for split in ("train", "holdout"))
    size = min(members.height, nonmembers.height)
    if size == 0:
        raise UserError("no labelled reports of train and hold-out patients to compare: ingest more patients")
    return Arms(members.head(size), nonmembers.head(size))


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
