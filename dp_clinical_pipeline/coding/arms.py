"""The arms of the comparison: what each classifier learns from; all predict the same real test reports.

Every arm is tested on the *raw* text of the test patients' labelled reports, whatever text it learnt from,
because that is what a deployed coding model reads. Reports that nobody labelled are left out of training and
of the test.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.arm_data import accepted_notes, labelled_reports, multi_hot, prediction_rows
from dp_clinical_pipeline.coding.classifiers import (
    AllNegative,
    Chosen,
    Majority,
    Prediction,
    TextClassifier,
    TfidfLogistic,
)
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS

Progress = Callable[[int, int], None]
"""Called with the arms done and the arms in all."""

BASELINES: dict[str, tuple[str, type[TextClassifier]]] = {
    "real": ("raw", TfidfLogistic),
    "masked": ("masked", TfidfLogistic),
    "redacted": ("redacted", TfidfLogistic),
    "surrogate": ("surrogate", TfidfLogistic),
    "majority": ("raw", Majority),
    "all-negative": ("raw", AllNegative),
}
"""Arm to the text column that it learns from and its classifier."""

UNTUNED = "untuned"
"""In a budget's place: notes of the base model without an adapter, asked for records from public sources alone."""


def train_baselines(home: Home, progress: Progress | None = None) -> None:
    """Train and test every arm that needs no generator; one partition of predictions for each.

    Arms: real, masked, redacted and surrogate text, majority, all-negative, and the rules labeler, which learns
    nothing and is left out for a label set that has no rules.

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

    The arm is `synthetic`, or `untuned` for the cell of that name.

    Guarantee: what is learnt is post-processing of the cell's text. The predictions read real test reports,
    so they are kept in the enclave and are not covered.

    Raises:
        UserError: the cell was not generated, or fewer than 2 of its notes were accepted.
    """
    labels = label_set(home.settings.corpus.label_set)
    notes = accepted_notes(home, generator, budget)
    model = TfidfLogistic().fit(notes["text"].to_list(), multi_hot(notes["targets"].to_list(), labels))
    arm = UNTUNED if budget == UNTUNED else "synthetic"
    write_cell_arm(home, model, arm, generator, budget)


def write_cell_arm(
    home: Home, model: TextClassifier, arm: str, generator: str, budget: str, teacher: str | None = None
) -> None:
    """Write what a trained classifier says of the real test reports, as the arm of a cell, and of its teacher if any."""
    labels = label_set(home.settings.corpus.label_set)
    test = labelled_reports(home, "test")
    predicted = model.predict(test["raw"].to_list())
    classifier = f"{model.name} of {teacher}" if teacher else model.name
    named = {"arm": arm, "classifier": classifier, "generator": generator, "budget": budget}
    frame = prediction_rows(test, predicted, labels, **named)
    Store(home).write(PREDICTIONS, frame, arm, generator, budget, *([teacher] if teacher else []))


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
