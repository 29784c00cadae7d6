"""Poisson sampling over patients, and the reports that a sampled patient shows."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from dp_clinical_pipeline.privacy.noise import RandomSource

T = TypeVar("T")


def poisson_sample(source: RandomSource, patients: int, sample_rate: float) -> np.ndarray:
    """Return the indices of the patients of one step: each is in by its own coin with probability `sample_rate`."""
    return np.flatnonzero(source.uniform(patients) < sample_rate)


def draw_reports(source: RandomSource, reports: Sequence[T], most: int) -> list[T]:
    """Return at most `most` of one patient's reports, drawn afresh without replacement."""
    left = list(reports)
    if len(left) <= most:
        return left
    return [left.pop(source.integer(len(left))) for _ in range(most)]
