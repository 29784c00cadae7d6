"""How close a cell's notes are to real ones, and whether they state their records."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.arm_data import accepted_notes, labelled_reports, multi_hot
from dp_clinical_pipeline.coding.classifiers import TfidfLogistic
from dp_clinical_pipeline.coding.features import Features, Matrix
from dp_clinical_pipeline.evaluation.bootstrap import Floats, resample_weights
from dp_clinical_pipeline.evaluation.distances import (
    frechet_distance,
    label_distance,
    length_distance,
    ngram_divergence,
    pair_distance,
)
from dp_clinical_pipeline.evaluation.mauve import mauve
from dp_clinical_pipeline.evaluation.utility import Scored, average_draws, estimate
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import states_just
from dp_clinical_pipeline.synthesis.prompts import note_to_learn
from dp_clinical_pipeline.tables import FIDELITY_METRICS, SYNTHETIC_REPORTS

_TRTS = ("weighted", "micro", "macro")


def compute_fidelity(home: Home, generator: str, budget: str, features: Features) -> None:
    """Measure a cell's notes against the test patients' reports, and the train patients' reports beside them.

    The arm `synthetic` is the cell, `real` what as many real reports of other patients score: the value that a perfect
    generator would reach (with more of them distances of samples shrink by themselves). `trts` metrics are those of a
    classifier trained on real reports and tested on the notes.
    Exact numbers on real reports: `restricted`.

    Raises:
        UserError: the cell has too few accepted notes, or there are no labelled reports.
    """
    labels = label_set(home.settings.corpus.label_set)
    notes = accepted_notes(home, generator, budget)
    train, test = labelled_reports(home, "train"), labelled_reports(home, "test")
    rows: list[dict[str, Any]] = []
    real = _side(_bodies(test, labels), features)
    seed = home.settings.evaluation.seed
    as_many = train.sample(min(train.height, notes.height), seed=seed)
    sides = {"synthetic": notes.select("text", "targets"), "real": _bodies(as_many, labels)}
    for arm, frame in sides.items():
        measured = _measures(real, _side(frame, features), labels, seed)
        rows += [{"arm": arm, "metric": name, "value": value, "n": frame.height} for name, value in measured]
    tried = Store(home).read(SYNTHETIC_REPORTS, generator, budget, budget=budget)
    rows += [{"arm": "synthetic"} | row for row in faithfulness_rows(tried, labels)]
    rows += [{"arm": "synthetic"} | row for row in _trts_rows(home, train, notes, labels)]
    shared = {"generator": generator, "budget": budget, "ci_low": None, "ci_high": None, "visibility": "restricted"}
    frame = pl.DataFrame([shared | row for row in rows], schema=FIDELITY_METRICS.schema)
    Store(home).write(FIDELITY_METRICS, frame, generator, budget)


def faithfulness_rows(notes: pl.DataFrame, labels: LabelSet) -> list[dict[str, Any]]:
    """Return the share of notes of which the rules labeler reads exactly the findings they were asked for.

    Before the acceptance rules and after them, with Wilson's interval; nothing for a label set without rules.
    """
    from statsmodels.stats.proportion import proportion_confint

    judged = notes.filter(pl.col("stated").is_not_null(), pl.col("targets").is_not_null())
    rows = []
    for metric, frame in (("faithfulness_tried", judged), ("faithfulness_accepted", judged.filter("accepted"))):
        if frame.height:
            pairs = frame.select("targets", "stated").iter_rows()
            right = sum(states_just(asked, stated, labels) for asked, stated in pairs)
            low, high = proportion_confint(right, frame.height, method="wilson")
            row = {"metric": metric, "value": right / frame.height, "n": frame.height}
            rows.append(row | {"ci_low": float(low), "ci_high": float(high)})
    return rows


class _Side(NamedTuple):
    """One corpus: its texts, what they state, and their vectors."""

    texts: list[str]
    targets: list[list[str]]
    vectors: Floats


def _bodies(reports: pl.DataFrame, labels: LabelSet) -> pl.DataFrame:
    """What a generator learns to write of the surrogate text."""
    rows = reports.select("surrogate", "targets").iter_rows()
    bodies = pl.Series([note_to_learn(text, targets, labels) for text, targets in rows], dtype=pl.String)
    return reports.select(text=bodies, targets="targets")


def _side(frame: pl.DataFrame, features: Features) -> _Side:
    texts = frame["text"].to_list()
    return _Side(texts, frame["targets"].to_list(), _dense(features.of(texts)))


def _dense(matrix: Matrix) -> Floats:
    """Sparse features are too wide for a covariance: fixed, random directions keep their distances."""
    if not hasattr(matrix, "toarray"):
        return np.asarray(matrix, dtype=np.float64)
    directions = np.random.default_rng(0).normal(size=(matrix.shape[1], 64)) / 8
    return np.asarray(matrix @ directions)


def _measures(real: _Side, other: _Side, labels: LabelSet, seed: int) -> Iterator[tuple[str, float]]:
    yield "mauve", mauve(real.vectors, other.vectors, seed=seed)
    yield "frechet_distance", frechet_distance(real.vectors, other.vectors)
    for size in (1, 2, 3):
        yield f"ngram{size}_divergence", ngram_divergence(real.texts, other.texts, size)
    yield "length_distance", length_distance(real.texts, other.texts)
    yield "label_distance", label_distance(real.targets, other.targets, labels.labels)
    yield "pair_distance", pair_distance(real.targets, other.targets, labels.labels)


def _trts_rows(home: Home, train: pl.DataFrame, notes: pl.DataFrame, labels: LabelSet) -> Iterator[dict[str, Any]]:
    """Train on real text, test on synthetic: each note is its own unit."""
    model = TfidfLogistic().fit(train["raw"].to_list(), multi_hot(train["targets"].to_list(), labels))
    predicted = model.predict(notes["text"].to_list())
    scored = Scored(
        labels=labels.labels,
        patient=np.arange(notes.height),
        truth=multi_hot(notes["targets"].to_list(), labels).astype(np.int64),
        score=predicted.scores,
        chosen=predicted.chosen.astype(np.int64),
    )
    chosen = home.settings.evaluation
    draws = average_draws(scored, resample_weights(notes.height, chosen.bootstrap, chosen.seed))
    for average in _TRTS:
        yield {"metric": f"trts_f1_{average}", "n": notes.height} | estimate(draws["f1", average])
