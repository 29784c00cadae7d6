"""Utility metrics: every arm's predictions scored on real test patients, with patient-bootstrap intervals."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.bootstrap import Floats, Integers, interval, resample_weights
from dp_clinical_pipeline.evaluation.calibration import calibration_scores
from dp_clinical_pipeline.evaluation.counts import Counts, average_scores, counts, label_scores
from dp_clinical_pipeline.evaluation.ranking import ranking_scores
from dp_clinical_pipeline.evaluation.top import top_scores
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS, UTILITY_METRICS

ARM_KEYS = ["arm", "generator", "budget", "classifier"]


@dataclass(frozen=True)
class Scored:
    """One arm's predictions as arrays: n reports, L labels."""

    labels: tuple[str, ...]
    patient: Integers
    """(n,) from 0 to patients - 1, in the order of the patients' keys."""
    truth: Integers
    score: Floats
    chosen: Integers
    """(n, L) each."""

    @property
    def patients(self) -> int:
        return int(self.patient.max()) + 1


def compute_utility(home: Home) -> None:
    """Score every prediction present and replace the table. Exact numbers on real reports: `restricted`.

    Raises:
        UserError: there are no predictions, or an arm's are incomplete.
    """
    store = Store(home)
    predictions = store.read(PREDICTIONS)
    if predictions.is_empty():
        raise UserError("no predictions to score: materialize baseline_classifiers or coding_classifier first")
    chosen = home.settings.evaluation
    rows: list[dict[str, Any]] = []
    for key, frame in predictions.group_by(ARM_KEYS, maintain_order=True):
        named = dict(zip(ARM_KEYS, key, strict=True))
        scored = as_arrays(frame)
        weights = resample_weights(scored.patients, chosen.bootstrap, chosen.seed)
        facts = {"n_reports": len(scored.truth), "n_patients": scored.patients, "visibility": "restricted"}
        rows += [named | facts | row for row in metric_rows(scored, weights)]
    store.write(UTILITY_METRICS, pl.DataFrame(rows, schema=UTILITY_METRICS.schema))


def as_arrays(frame: pl.DataFrame) -> Scored:
    """Turn one arm's prediction rows into arrays; labels keep the order in which they come.

    Raises:
        UserError: some report lacks a label, or has it twice.
    """
    labels = frame["label"].unique(maintain_order=True).to_list()
    place = {label: index for index, label in enumerate(labels)}
    ordered = frame.with_columns(place=pl.col("label").replace_strict(place, return_dtype=pl.Int64)).sort(
        "report_key", "place"
    )
    size = len(labels)
    if ordered.height % size or (ordered["place"].to_numpy().reshape(-1, size) != np.arange(size)).any():
        raise UserError(f"the predictions of arm {frame['arm'][0]} are incomplete: materialize that arm again")
    keys = ordered["patient_key"].to_numpy()[::size]
    return Scored(
        labels=tuple(labels),
        patient=np.unique(keys, return_inverse=True)[1].astype(np.int64),
        truth=ordered["y_true"].to_numpy().astype(np.int64).reshape(-1, size),
        score=ordered["y_score"].to_numpy().reshape(-1, size),
        chosen=ordered["y_pred"].to_numpy().astype(np.int64).reshape(-1, size),
    )


def metric_rows(scored: Scored, weights: Floats) -> Iterator[dict[str, Any]]:
    """Yield the overall averages (label null), then each label's metrics (average null).

    AUROC and AUPRC of a label are left out where the test has one class only, and the macro average is over
    the others.
    """
    count = counts(scored.truth, scored.chosen, scored.patient)
    support = scored.truth.sum(axis=0)
    ranked = _rankings(scored, weights)
    for (metric, average), draws in _averages(scored, count, ranked, weights).items():
        yield {
            "label": None,
            "average": average,
            "metric": metric,
            "support": int(support.sum()),
        } | estimate(draws)
    by_label = label_scores(count, weights) | ranked
    for index, label in enumerate(scored.labels):
        for metric, values in by_label.items():
            if not np.isnan(values[0, index]):
                row = {"label": label, "average": None, "metric": metric, "support": int(support[index])}
                yield row | estimate(values[:, index])


def average_draws(scored: Scored, weights: Floats) -> dict[tuple[str, str], Floats]:
    """Return (metric, average) to (resamples,), over all labels; the first draw is the sample itself."""
    count = counts(scored.truth, scored.chosen, scored.patient)
    return _averages(scored, count, _rankings(scored, weights), weights)


def _averages(
    scored: Scored, count: Counts, ranked: dict[str, Floats], weights: Floats
) -> dict[tuple[str, str], Floats]:
    cells = scored.truth, scored.score, scored.patient, weights
    found = average_scores(count, weights) | _ranking_averages(scored, ranked, weights)
    return found | calibration_scores(*cells) | top_scores(*cells)


def _rankings(scored: Scored, weights: Floats) -> dict[str, Floats]:
    """AUROC and AUPRC, (resamples, L); a label with one class is NaN in both."""
    columns = []
    for index in range(len(scored.labels)):
        truth = scored.truth[:, index]
        if 0 < truth.sum() < len(truth):
            columns.append(ranking_scores(truth, scored.score[:, index], scored.patient, weights))
        else:
            columns.append((np.full(len(weights), np.nan), np.full(len(weights), np.nan)))
    return {
        "auroc": np.stack([a for a, _ in columns], axis=1),
        "auprc": np.stack([p for _, p in columns], axis=1),
    }


def _ranking_averages(scored: Scored, ranked: dict[str, Floats], weights: Floats) -> dict[tuple[str, str], Floats]:
    both = ~np.isnan(ranked["auroc"][0])
    if not both.any():
        return {}
    averages: dict[tuple[str, str], Floats] = {}
    with warnings.catch_warnings():
        # A resample in which no label has both classes has no macro average.
        warnings.filterwarnings("ignore", message="Mean of empty slice", category=RuntimeWarning)
        averages |= {(name, "macro"): np.nanmean(values[:, both], axis=1) for name, values in ranked.items()}
    truth, score = scored.truth[:, both], scored.score[:, both]
    patient = np.repeat(scored.patient, int(both.sum()))
    auroc, auprc = ranking_scores(truth.ravel(), score.ravel(), patient, weights)
    return averages | {("auroc", "micro"): auroc, ("auprc", "micro"): auprc}


def estimate(draws: Floats) -> dict[str, float | None]:
    """Return value, ci_low and ci_high of a statistic's draws; the first draw is the sample itself."""
    low, high = interval(draws[1:])
    return {"value": float(draws[0]), "ci_low": low, "ci_high": high}
