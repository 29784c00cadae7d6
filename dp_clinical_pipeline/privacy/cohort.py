"""Which patients train, validate, test and stand outside: decided for each patient alone."""

import polars as pl
import pyarrow.parquet as pq

from dp_clinical_pipeline.config import SPLITS, Splits
from dp_clinical_pipeline.deid.keys import secret, unit_interval
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_FOR, DEIDENTIFIED_REPORTS


def split_of(key: bytes, patient_key: str, shares: Splits) -> str:
    """Return a patient's split from the keyed hash of the patient alone; no other patient plays a part."""
    point = unit_interval(key, "split", patient_key)
    for name in SPLITS:
        point -= getattr(shares, name)
        if point < 0:
            return name
    return SPLITS[-1]


def build_cohort(home: Home) -> None:
    """Write the cohort of every patient with a de-identified report, ordered by patient key.

    Raises:
        UserError: nothing was de-identified yet.
    """
    store = Store(home)
    patients = store.scan(DEIDENTIFIED_REPORTS).select("patient_key").unique().sort("patient_key").collect()
    if patients.is_empty():
        raise UserError("no de-identified reports yet: ingest a corpus first (`dp-clinical ingest PATH --format NAME`)")
    key, shares = secret(home), home.settings.splits
    splits = [split_of(key, patient, shares) for patient in patients["patient_key"]]
    store.write(COHORT, patients.with_columns(split=pl.Series(splits, dtype=pl.String)))


def split_reports(home: Home, *splits: str) -> pl.DataFrame:
    """Return the de-identified reports of the patients in the given splits, in a fixed order.

    `unit_key` is the privacy unit that a report belongs to, by which every mechanism groups: its patient, or itself
    where the settings say so. Splits go by patient all the same, so that nobody trains and tests.

    Raises:
        UserError: a batch was de-identified for another unit: what was found in one report changed another's text.
    """
    store = Store(home)
    _refuse_another_unit(home, store)
    cohort = store.scan(COHORT).filter(pl.col("split").is_in(splits))
    reports = store.scan(DEIDENTIFIED_REPORTS).join(cohort, on="patient_key")
    unit = pl.col(unit_column(home)).alias("unit_key")
    return reports.with_columns(unit).sort("patient_key", "report_key").collect()


def _refuse_another_unit(home: Home, store: Store) -> None:
    unit = home.settings.privacy.unit
    for file in store.files(DEIDENTIFIED_REPORTS):
        held = (pq.read_schema(file).metadata or {}).get(DEIDENTIFIED_FOR, unit.encode()).decode()
        if held != unit:
            raise UserError(
                f"{file.stem} was de-identified for each {held} and privacy.unit is {unit} now: remove "
                f"{file.relative_to(home.path)} and run again, which de-identifies it anew"
            )


def unit_column(home: Home) -> str:
    """Return the column that names a row's privacy unit."""
    return f"{home.settings.privacy.unit}_key"


def count_units(home: Home) -> int:
    """Return the exact number of privacy units in the whole population, which no one outside the enclave may see."""
    store = Store(home)
    if home.settings.privacy.unit == "patient":
        return store.read(COHORT).height
    return int(store.scan(DEIDENTIFIED_REPORTS).select(pl.len()).collect().item())
