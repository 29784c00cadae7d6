"""The arms of the comparison: what each classifier learns from; all predict the same real test reports.

Every arm is tested on the *raw* text of the test patients' labelled reports, whatever text it learnt from,
because that is what a deployed coding model reads. Reports that nobody labelled are left out of training and
of the test.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.classifiers import (
    AllNegative,
    Chosen,
    Majority,
    Prediction,
    TextClassifier,
    TfidfLogistic,
)
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import (
    COHORT,
    DEIDENTIFIED_REPORTS,
    PREDICTIONS,
    RAW_REPORTS,
    SYNTHETIC_REPORTS,
)

Progress = Callable[[int, int], None]
"""Called with the arms done and the arms in all."""

BASELINES: dict[str, tuple[str, type[TextClassifier]]] = {
    "real": ("raw", TfidfLogistic),
    "masked": ("masked", TfidfLogistic),
    "surrogate": ("surrogate", TfidfLogistic),
    "majority": ("raw", Majority),
    "all-negative": ("raw", AllNegative),
}
"""Arm to the text column that it learns from and its classifier."""


def train_baselines(home: Home, progress: Progress | None = None) -> None:
    """Train and test every arm that needs no generator; one partition of predictions for each.

    Arms: real, masked and surrogate text, majority, all-negative, and the rules labeler, which learns nothing
    and is left out for a label set that has no rules.

    Raises:
        UserError: the home has no label set, no cohort, or no labelled reports on one side of the split.
    """
    labels = label_set(home.settings.corpus.label_set)
    train, test = labelled_reports(home, "train"), labelled_reports(home, "test")
    targets = multi_hot(train["targets"].to_list(), labels)
    arms = [*BASELINES, "rules"]
    for done, arm in enumerate(arms):
        if progress:
            progress(done, len(arms))
        outcome = _by_rules(test, labels) if arm == "rules" else _learnt(arm, train, targets, test)
        if outcome:
            classifier, predicted = outcome
            frame = prediction_rows(test, predicted, labels, arm=arm, classifier=classifier)
            Store(home).write(PREDICTIONS, frame, "baselines", arm)
    if progress:
        progress(len(arms), len(arms))


def train_synthetic_arm(home: Home, generator: str, budget: str) -> None:
    """Train on a cell's accepted notes and their records, test on the real test patients.

    Guarantee: what is learnt is post-processing of the cell's text. The predictions read real test reports,
    so they are kept in the enclave and are not covered.

    Raises:
        UserError: the cell was not generated, or fewer than 2 of its notes were accepted.
    """
    labels = label_set(home.settings.corpus.label_set)
    cell = Store(home).read(SYNTHETIC_REPORTS, generator, budget, budget=budget)
    notes = cell.filter("accepted", pl.col("targets").is_not_null()).sort("synthetic_id")
    if notes.height < 2:
        raise UserError(
            f"{generator}|{budget} has too few accepted notes to train on: raise "
            "generation.max_ratio or training.steps in settings.yaml and materialize the cell again"
        )
    test = labelled_reports(home, "test")
    model = TfidfLogistic().fit(notes["text"].to_list(), multi_hot(notes["targets"].to_list(), labels))
    frame = prediction_rows(
        test,
        model.predict(test["raw"].to_list()),
        labels,
        arm="synthetic",
        classifier=model.name,
        generator=generator,
        budget=budget,
    )
    Store(home).write(PREDICTIONS, frame, "synthetic", generator, budget)


def labelled_reports(home: Home, split: str) -> pl.DataFrame:
    """Return the labelled reports of a split's patients, in the order of their keys.

    Columns: report_key, patient_key, targets, surrogate, masked and raw (the text as it was read).

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
        .select("report_key", "patient_key", "targets", "masked", surrogate="text")
        .collect()
    )
    reports = reports.join(raw_texts(home), on="report_key").sort("report_key")
    if reports.is_empty():
        raise UserError(f"no labelled reports of {split} patients: ingest labelled reports, or more patients")
    return reports


def raw_texts(home: Home) -> pl.DataFrame:
    """Return report_key and raw (the text as it was read) of every report."""
    from dp_clinical_pipeline.deid.keys import pseudonym, secret

    key = secret(home)
    raw = Store(home).scan(RAW_REPORTS).select("patient_id", "report_id", "text").collect()
    keys = [pseudonym(key, "report", patient, report) for patient, report, _ in raw.iter_rows()]
    return pl.DataFrame({"report_key": pl.Series(keys, dtype=pl.String), "raw": raw["text"]})


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


def _learnt(arm: str, train: pl.DataFrame, targets: Chosen, test: pl.DataFrame) -> tuple[str, Prediction]:
    column, classifier = BASELINES[arm]
    model = classifier().fit(train[column].to_list(), targets)
    return model.name, model.predict(test["raw"].to_list())


def _by_rules(test: pl.DataFrame, labels: LabelSet) -> tuple[str, Prediction] | None:
    from dp_clinical_pipeline.coding.labelers import stated_labels

    stated = [stated_labels(text, labels) for text in test["raw"]]
    if any(found is None for found in stated):
        return None
    chosen = multi_hot([found or [] for found in stated], labels)
    return "rules", Prediction(chosen.astype(np.float64), chosen)
