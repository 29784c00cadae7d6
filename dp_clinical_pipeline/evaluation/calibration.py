"""Whether scores mean what they say: Brier score and expected calibration error over all decisions together."""

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats, Integers, divided

BINS = 15
"""Bins of the same width between 0 and 1."""


def calibration_scores(
    truth: Integers, score: Floats, patient: Integers, weights: Floats
) -> dict[tuple[str, str], Floats]:
    """Return Brier score and expected calibration error, (resamples,) each; 0 is best for both.

    Args:
        truth: (n, L) 0 or 1.
        score: (n, L) between 0 and 1.
        patient: (n,) from 0 to patients - 1.
        weights: (resamples, patients) how often each patient is counted.
    """
    patients, size = weights.shape[1], truth.shape[1]
    cells = weights @ (np.bincount(patient, minlength=patients) * float(size))
    squared = np.bincount(patient, weights=((score - truth) ** 2).sum(axis=1), minlength=patients)
    # A bin's error is the distance of its mean score from its share of positives, weighted by its cells: the
    # distance of two sums.
    place = np.minimum((score * BINS).astype(np.int64), BINS - 1)
    distance = np.zeros((patients, BINS))
    np.add.at(distance, (np.repeat(patient, size), place.ravel()), (score - truth).ravel())
    return {
        ("brier", "overall"): divided(weights @ squared, cells),
        ("calibration_error", "overall"): divided(np.abs(weights @ distance).sum(axis=1), cells),
    }
