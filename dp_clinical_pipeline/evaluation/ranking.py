"""AUROC and average precision of one ranking under many weightings of its cases."""

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats, Integers, divided

_CELLS_AT_ONCE = 200_000
"""Weightings times cases that are computed together: what stays in the processor's cache is six times faster."""


def ranking_scores(truth: Integers, score: Floats, unit: Integers, weights: Floats) -> tuple[Floats, Floats]:
    """Return AUROC and average precision, (resamples,) each; ties count as in sklearn.

    Args:
        truth: (n,) 0 or 1, at least one of them 1.
        score: (n,) higher means more likely 1.
        unit: (n,) which unit (patient) a case belongs to.
        weights: (resamples, units) how often each unit is counted.

    AUROC is NaN where a weighting has one class only, average precision where it has no positive.
    """
    order = np.argsort(-score, kind="stable")
    unit = unit[order]
    # Cases of one score stand or fall together. Only the groups that hold a positive add to either area.
    bounds = np.flatnonzero(np.diff(score[order], prepend=np.inf, append=-np.inf))
    positive = np.flatnonzero(truth[order])
    group, first = np.unique(np.searchsorted(bounds, positive, side="right") - 1, return_index=True)
    cuts = (bounds[group], bounds[group + 1], positive, first)
    step = max(1, _CELLS_AT_ONCE // len(score))
    parts = [_areas(weights[at : at + step], unit, *cuts) for at in range(0, len(weights), step)]
    return np.concatenate([a for a, _ in parts]), np.concatenate([p for _, p in parts])


def _areas(
    weights: Floats, unit: Integers, start: Integers, end: Integers, positive: Integers, first: Integers
) -> tuple[Floats, Floats]:
    """Sum both areas over the groups from `start` to `end`; `first` is the first positive of each."""
    above = np.cumsum(weights[:, unit], axis=1)
    gained = np.add.reduceat(weights[:, unit[positive]], first, axis=1)
    hits = np.cumsum(gained, axis=1)
    upto = above[:, end - 1]
    before = np.where(start > 0, above[:, start - 1], 0.0)
    positives = hits[:, -1]
    negatives = above[:, -1] - positives
    # Negatives that score higher, those of the same score by half.
    wrong = ((upto - hits) + (before - (hits - gained))) / 2
    auroc = divided((gained * (negatives[:, None] - wrong)).sum(axis=1), positives * negatives, np.nan)
    return auroc, divided((gained * divided(hits, upto)).sum(axis=1), positives, np.nan)
