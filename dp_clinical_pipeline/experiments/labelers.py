"""The rules labeler against people's labels, on the half of a corpus that was read while the rules were written and on
the half that never was."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.config import Corpus
from dp_clinical_pipeline.corpora.readers import get_reader
from dp_clinical_pipeline.corpora.records import Rejected, Report
from dp_clinical_pipeline.evaluation.bootstrap import resample_weights
from dp_clinical_pipeline.evaluation.utility import Scored, metric_rows
from dp_clinical_pipeline.experiments.recipe import Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import EXPERIMENT_SCORES

# What stands before a report's id in the hash that decides its half.
_PREFIX = {"openi": "CXR", "cmc": "cmc"}
HALVES = {"A": "read while writing", "B": "never read"}


def half_of(format: str, report_id: str) -> str:
    """Return A or B, by a hash of the report's id alone."""
    return "AB"[hashlib.sha256(f"{_PREFIX.get(format, '')}{report_id}".encode()).digest()[0] % 2]


def score_labelers(recipe: Recipe, home: Home, corpus: Path) -> None:
    """Score the rules on both halves and replace the study's table; only the labels that occur in a half count.

    Raises:
        UserError: the corpus cannot be read.
    """
    format = str(recipe.corpus)
    reader = get_reader(format)
    labels = label_set(recipe.base_settings.corpus.label_set)
    halves: dict[str, list[Report]] = {half: [] for half in HALVES}
    for row in reader.read(corpus, Corpus(), labels):
        if not isinstance(row, Rejected) and labels.targets(row.labels, row.codes) is not None:
            halves[half_of(format, row.report_id)].append(row)
    rows = [row for half, reports in halves.items() if reports for row in _rows(half, reports, labels, home)]
    frame = pl.DataFrame([{"experiment": recipe.name} | row for row in rows], schema=EXPERIMENT_SCORES.schema)
    Store(home).write(EXPERIMENT_SCORES, frame, recipe.name)


def _rows(half: str, reports: list[Report], labels: LabelSet, home: Home) -> list[dict[str, Any]]:
    truth = multi_hot([labels.targets(r.labels, r.codes) or [] for r in reports], labels)
    stated = multi_hot([stated_labels(r.text, labels) or [] for r in reports], labels)
    occurs = np.asarray(truth.any(axis=0))
    scored = Scored(
        labels=tuple(name for name, found in zip(labels.labels, occurs.tolist(), strict=True) if found),
        patient=np.unique([r.patient_id for r in reports], return_inverse=True)[1].astype(np.int64),
        truth=truth[:, occurs].astype(np.int64),
        score=stated[:, occurs].astype(np.float64),
        chosen=stated[:, occurs].astype(np.int64),
    )
    chosen = home.settings.evaluation
    weights = resample_weights(scored.patients, chosen.bootstrap, chosen.seed)
    shared = {"arm": "rules", "classifier": f"half {half}, {HALVES[half]}", "n": scored.patients, "seeds": 1}
    kept = {"f1", "precision", "recall", "accuracy", "label_accuracy"}
    return [
        shared
        | {"label": row["label"], "value": row["value"], "ci_low": row["ci_low"], "ci_high": row["ci_high"]}
        | {"metric": "_".join(filter(None, (row["metric"], row["average"]))).removesuffix("_overall")}
        | {"visibility": "restricted"}
        for row in metric_rows(scored, weights)
        if row["metric"] in kept
    ]
