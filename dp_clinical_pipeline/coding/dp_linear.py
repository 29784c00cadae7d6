"""Multi-label logistic regression by noisy gradient descent over all patients, one report each."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dp_clinical_pipeline.coding.classifiers import THRESHOLD, Chosen, Prediction, Scores
from dp_clinical_pipeline.coding.features import Matrix
from dp_clinical_pipeline.privacy.noise import RandomSource, gaussian


@dataclass(frozen=True, kw_only=True)
class LinearTraining:
    """How a linear model is trained. Public: the defaults were found on OpenI, an open corpus."""

    steps: int = 100
    learning_rate: float = 10.0
    momentum: float = 0.9
    max_grad_norm: float = 1.0
    positive_weight: float = 3.0
    """What a positive counts against a negative: rare labels would never reach the fixed threshold otherwise."""


@dataclass(frozen=True)
class LinearModel:
    """Weights (d + 1, L): the last row belongs to a constant feature."""

    weights: Scores

    def predict(self, features: Matrix) -> Prediction:
        """Score rows of public features."""
        scores = _sigmoid(_logits(features, self.weights))
        return Prediction(scores, scores >= THRESHOLD)


def train_linear(
    features: Matrix,
    targets: Chosen,
    training: LinearTraining,
    *,
    noise_multiplier: float,
    patients: float,
    source: RandomSource,
    progress: Callable[[int, int], None] | None = None,
) -> LinearModel:
    """Descend for a fixed number of steps and return the mean of the second half of them.

    Guarantee: each step releases the sum of the patients' gradients, each of length `max_grad_norm` at most, with
    Gaussian noise of `noise_multiplier` times that on every coordinate: `steps` Gaussian mechanisms for one patient
    added or removed. All patients are in every step, so nothing rests on sampling. Assumes one row a patient, and
    `patients`, the divisor, to be a public number. With a noise multiplier of 0 nothing is guaranteed.

    Args:
        features: (patients, d), rows of length 1 at most, of public features.
        targets: (patients, L).
    """
    weights = np.zeros((features.shape[1] + 1, targets.shape[1]))
    kept, speed = np.zeros_like(weights), np.zeros_like(weights)
    std = noise_multiplier * training.max_grad_norm
    for step in range(training.steps):
        total = clipped_sum(features, targets, weights, training)
        if std:
            total += gaussian(source, total.size, std).reshape(total.shape)
        speed = training.momentum * speed + total / patients
        weights = weights - training.learning_rate * speed
        if step >= training.steps // 2:
            kept += weights / (training.steps - training.steps // 2)
        if progress:
            progress(step + 1, training.steps)
    return LinearModel(kept)


def clipped_sum(features: Matrix, targets: Chosen, weights: Scores, training: LinearTraining) -> Scores:
    """Return the sum over rows of each row's clipped gradient, (d + 1, L).

    Sensitivity: one row more or less moves it by `max_grad_norm` at most, in L2.
    """
    truth = targets.astype(np.float64)
    expected = _sigmoid(_logits(features, weights))
    pull = (1 - truth) * expected - training.positive_weight * truth * (1 - expected)
    # A row's gradient is the product of its features and its pull: so are their lengths.
    lengths = np.sqrt(_squares(features) + 1) / np.sqrt(2) * np.linalg.norm(pull, axis=1)
    pull *= np.minimum(1, training.max_grad_norm / np.maximum(lengths, 1e-300))[:, None]
    return np.vstack([np.asarray(features.T @ pull), pull.sum(axis=0)]) / np.sqrt(2)


def _logits(features: Matrix, weights: Scores) -> Scores:
    """The features beside a constant 1, both over the square root of 2, so that the length stays at 1."""
    return np.asarray(features @ weights[:-1] + weights[-1]) / np.sqrt(2)


def _squares(features: Matrix) -> Scores:
    squared = features.multiply(features) if hasattr(features, "multiply") else features * features
    return np.asarray(squared.sum(axis=1)).ravel()


def _sigmoid(logits: Scores) -> Scores:
    from scipy.special import expit

    return np.asarray(expit(logits))
