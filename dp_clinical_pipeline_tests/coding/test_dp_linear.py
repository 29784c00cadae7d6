"""The DP linear model: its sensitivity, its noise, and that it learns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from dp_clinical_pipeline.coding.dp_linear import LinearTraining, clipped_sum, train_linear
from dp_clinical_pipeline.coding.features import unit_rows
from dp_clinical_pipeline.privacy.noise import TestSeedSource


@st.composite
def populations(draw):
    """Features of length 1 at most, targets, and weights as large as training may make them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    patients, size, labels = draw(st.integers(2, 12)), draw(st.integers(1, 6)), draw(st.integers(1, 5))
    features = unit_rows(rng.normal(size=(patients, size))) * rng.random((patients, 1))
    weights = rng.normal(size=(size + 1, labels)) * draw(st.sampled_from([0, 1, 50]))
    return features, rng.random((patients, labels)) < 0.4, weights


@settings(max_examples=150, deadline=None)
@given(populations(), st.floats(0.01, 3), st.floats(0.5, 9), st.booleans())
def test_one_patient_more_or_less_moves_the_sum_by_the_bound_at_most(population, bound, positive, sparse):
    features, targets, weights = population
    training = LinearTraining(max_grad_norm=bound, positive_weight=positive)
    rows = csr_matrix(features) if sparse else features
    whole = clipped_sum(rows, targets, weights, training)
    for left_out in range(len(features)):
        kept = np.arange(len(features)) != left_out
        less = clipped_sum(rows[kept], targets[kept], weights, training)
        assert np.linalg.norm(whole - less) <= bound * (1 + 1e-9)


def test_a_gradient_below_the_bound_is_that_of_the_weighted_loss():
    import torch

    rng = np.random.default_rng(0)
    features, targets = unit_rows(rng.normal(size=(5, 4))), rng.random((5, 3)) < 0.5
    weights = rng.normal(size=(5, 3))
    leaf = torch.tensor(weights, requires_grad=True)
    rows = torch.tensor(np.hstack([features, np.ones((5, 1))])) / 2**0.5
    truth = torch.tensor(targets, dtype=torch.float64)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        rows @ leaf, truth, pos_weight=torch.tensor(3.0), reduction="sum"
    )
    loss.backward()
    ours = clipped_sum(features, targets, weights, LinearTraining(max_grad_norm=1e6, positive_weight=3.0))
    assert ours == pytest.approx(leaf.grad.numpy())


def test_each_step_adds_noise_of_the_multiplier_times_the_bound():
    # One step on patients without features or labels, whose pull is cut to the constant's row: what is left is noise.
    training = LinearTraining(steps=1, learning_rate=1.0, max_grad_norm=0.5)
    nobody = np.zeros((0, 400))
    model = train_linear(
        nobody, np.zeros((0, 50), dtype=bool), training, noise_multiplier=3.0, patients=10, source=TestSeedSource(0)
    )
    assert model.weights.std() == pytest.approx(3.0 * 0.5 / 10, rel=0.02)
    assert abs(model.weights.mean()) < 0.003


def learnable(patients: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    targets = rng.random((patients, 2)) < [0.5, 0.15]
    features = unit_rows(np.hstack([targets, ~targets, rng.random((patients, 4)) < 0.5]).astype(float))
    return features, targets


@pytest.mark.parametrize(("noise", "least", "most"), [(0.0, 0.97, 1.0), (2.0, 0.97, 1.0), (3000.0, 0.0, 0.85)])
def test_it_learns_without_noise_and_with_little_and_not_with_much(noise, least, most):
    features, targets = learnable()
    model = train_linear(
        features, targets, LinearTraining(), noise_multiplier=noise, patients=600, source=TestSeedSource(1)
    )
    assert least <= (model.predict(features).chosen == targets).mean() <= most
