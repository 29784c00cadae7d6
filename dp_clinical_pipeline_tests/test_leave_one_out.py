"""Neighbouring populations, from the hospital's files to the cohort: one patient less changes nobody else's rows."""

from pathlib import Path

import polars as pl
import pytest

from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.corpora.incoming import collect_incoming
from dp_clinical_pipeline.corpora.ingest import ingest_batch
from dp_clinical_pipeline.deid.keys import KEY_VARIABLE, pseudonym, secret
from dp_clinical_pipeline.deid.pipeline import deidentify_batch
from dp_clinical_pipeline.demo.hospital import write_hospital
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.cohort import build_cohort
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, RAW_REPORTS, Table

PATIENTS = 60
# One with a file of the own name, one with a doubled row, and one among many in a shared file.
GONE = ("hosp-000005", "hosp-000007", "hosp-000023")
TABLES = (RAW_REPORTS, DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, COHORT)


def population(folder: Path, without: str | None) -> Home:
    settings = Settings(kind="demo", corpus=Corpus(format="table", label_set="chexpert14"))
    home = Home(folder).create(settings)
    write_hospital(home.incoming, PATIENTS, without=without)
    batch = collect_incoming(home)
    assert batch is not None
    ingest_batch(home, batch.id)
    deidentify_batch(home, batch.id)
    build_cohort(home)
    return home


def rows(home: Home, table: Table, gone: set[str]) -> list[bytes]:
    """Each row as bytes, without those that name a patient by one of these."""
    frame = Store(home).scan(table).collect()
    column = "patient_key" if "patient_key" in frame.columns else "patient_id"
    return [repr(row).encode() for row in frame.filter(~pl.col(column).is_in(gone)).rows()]


@pytest.mark.slow
def test_taking_a_patient_out_changes_nobody_elses_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "00112233445566778899aabbccddeeff" * 2)
    everybody = population(tmp_path / "everybody", None)
    key = secret(everybody)
    for patient in GONE:
        names = {patient, pseudonym(key, "patient", patient)}
        less = population(tmp_path / patient, patient)
        for table in TABLES:
            rest = rows(everybody, table, names)
            assert len(rest) < len(rows(everybody, table, set())), table.name
            assert rows(less, table, set()) == rest, table.name
