"""Precision of the highest-scored labels of each report, as coding papers report it."""

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats, Integers, divided

DEPTHS = (1, 3, 5)


def top_scores(truth: Integers, score: Floats, patient: Integers, weights: Floats) -> dict[tuple[str, str], Floats]:
    """Return precision at each depth that leaves labels over, (resamples,) each; the mean over reports.

    Labels of the same score stand in the list's order. Arguments as for `calibration_scores`.
    """
    patients = weights.shape[1]
    reports = weights @ np.bincount(patient, minlength=patients).astype(np.float64)
    hit = np.take_along_axis(truth, np.argsort(-score, axis=1, kind="stable"), axis=1)
    found: dict[tuple[str, str], Floats] = {}
    for depth in (d for d in DEPTHS if d < truth.shape[1]):
        precision = np.bincount(patient, weights=hit[:, :depth].mean(axis=1), minlength=patients)
        found[f"precision_at_{depth}", "overall"] = divided(weights @ precision, reports)
    return found
