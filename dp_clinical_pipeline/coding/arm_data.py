"""What the arms learn from and are tested on, and how their predictions are laid out."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.classifiers import Chosen, Prediction
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet
from dp_clinical_pipeline.privacy.cohort import unit_column
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import (
    COHORT,
    DEIDENTIFIED_REPORTS,
    IDENTIFIER_SPANS,
    PREDICTIONS,
    RAW_REPORTS,
    SYNTHETIC_REPORTS,
)


def labelled_reports(home: Home, split: str) -> pl.DataFrame:
    """Return the labelled reports of a split's patients, in the order of their keys.

    Columns: report_key, patient_key, unit_key (the privacy unit that it belongs to), targets, surrogate, masked, raw (the
    text as it was read) and redacted.

    Raises:
        UserError: there is no cohort, or the split has no labelled report.
    """
    store = Store(home)
    cohort = store.read(COHORT)
    if cohort.is_empty():
        raise UserError("no cohort yet: materialize cohort first")
    reports = (
        store.scan(DEIDENTIFIED_REPORTS)
        .filter(pl.col("targets").is_not_null())
        .join(cohort.lazy().filter(split=split), on="patient_key", how="semi")
        .select("report_key", "patient_key", "targets", "masked", unit_key=unit_column(home), surrogate="text")
        .collect()
    )
    reports = reports.join(raw_texts(home), on="report_key").sort("report_key")
    if reports.is_empty():
        raise UserError(f"no labelled reports of {split} patients: ingest labelled reports, or more patients")
    return reports.with_columns(redacted=redacted_texts(home, reports))


def raw_texts(home: Home) -> pl.DataFrame:
    """Return report_key and raw (the text as it was read) of every report."""
    from dp_clinical_pipeline.deid.keys import pseudonym, secret

    key = secret(home)
    raw = Store(home).scan(RAW_REPORTS).select("patient_id", "report_id", "text").collect()
    keys = [pseudonym(key, "report", patient, report) for patient, report, _ in raw.iter_rows()]
    return pl.DataFrame({"report_key": pl.Series(keys, dtype=pl.String), "raw": raw["text"]})


def redacted_texts(home: Home, reports: pl.DataFrame) -> pl.Series:
    """Return the raw texts with every identifier that de-identification found blanked out, its type as well."""
    from dp_clinical_pipeline.deid.replace import redacted
    from dp_clinical_pipeline.deid.spans import Span

    spans = Store(home).scan(IDENTIFIER_SPANS).join(reports.lazy(), on="report_key", how="semi").sort("start")
    found: dict[str, list[Span]] = {}
    for key, *span in spans.select("report_key", *Span.__dataclass_fields__).collect().iter_rows():
        found.setdefault(key, []).append(Span(*span))
    texts = [redacted(text, found.get(key, ())) for key, text in reports.select("report_key", "raw").iter_rows()]
    return pl.Series(texts, dtype=pl.String)


def accepted_notes(home: Home, generator: str, budget: str) -> pl.DataFrame:
    """Return the accepted notes of a cell that have a record, in a fixed order.

    Raises:
        UserError: the cell was not generated, or fewer than 2 of its notes were accepted.
    """
    cell = Store(home).read(SYNTHETIC_REPORTS, generator, budget, budget=budget)
    notes = cell.filter("accepted", pl.col("targets").is_not_null()).sort("synthetic_id")
    if notes.height < 2:
        raise UserError(
            f"{generator}|{budget} has too few accepted notes to train on: raise "
            "generation.max_ratio or training.steps in settings.yaml and materialize the cell again"
        )
    return notes


def multi_hot(targets: Sequence[Sequence[str]], labels: LabelSet) -> Chosen:
    """Return (n, L) booleans in the list's order; what is not on the list is left out."""
    rows = [frozenset(chosen) for chosen in targets]
    return np.array([[label in row for label in labels.labels] for row in rows], dtype=bool).reshape(
        len(rows), len(labels.labels)
    )


def prediction_rows(
    test: pl.DataFrame,
    predicted: Prediction,
    labels: LabelSet,
    *,
    arm: str,
    classifier: str,
    generator: str | None = None,
    budget: str | None = None,
) -> pl.DataFrame:
    """Lay predictions out as the table keeps them: a row for each test report and label."""
    size = len(labels.labels)
    columns = {
        "report_key": np.repeat(test["report_key"].to_numpy(), size),
        "patient_key": np.repeat(test["patient_key"].to_numpy(), size),
        "label": list(labels.labels) * test.height,
        "y_true": multi_hot(test["targets"].to_list(), labels).ravel(),
        "y_score": predicted.scores.ravel(),
        "y_pred": predicted.chosen.ravel(),
    }
    named = {"arm": arm, "generator": generator, "budget": budget, "classifier": classifier}
    frame = pl.DataFrame(columns).with_columns(pl.lit(value).alias(name) for name, value in named.items())
    return frame.select(PREDICTIONS.columns.keys()).cast(PREDICTIONS.schema)
