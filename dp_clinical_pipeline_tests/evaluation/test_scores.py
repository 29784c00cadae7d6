"""Calibration, precision at k, and the other weighted F1s against sklearn and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from dp_clinical_pipeline.evaluation.bootstrap import resample_weights
from dp_clinical_pipeline.evaluation.calibration import BINS, calibration_scores
from dp_clinical_pipeline.evaluation.counts import average_scores, counts
from dp_clinical_pipeline.evaluation.top import top_scores


@st.composite
def arrays(draw):
    """Truth, score, chosen and patients, and one resample of the patients beside the sample itself."""
    reports, labels = draw(st.integers(2, 40)), draw(st.integers(2, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = (rng.random((reports, labels)) < 0.4).astype(np.int64)
    score = rng.choice([rng.random((reports, labels)), np.round(rng.random((reports, labels)), 1)])
    patient = np.unique(rng.integers(0, reports, size=reports), return_inverse=True)[1]
    weights = resample_weights(int(patient.max()) + 1, 1, draw(st.integers(0, 99)))
    return truth, score, (score > 0.5).astype(np.int64), patient, weights


def repeated(weights: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """The reports that a resample reads."""
    return np.repeat(np.arange(len(patient)), weights[patient].astype(int))


@settings(max_examples=50, deadline=None)
@given(arrays())
def test_calibration_is_that_of_the_reports_a_resample_reads(drawn):
    truth, score, _, patient, weights = drawn
    ours = calibration_scores(truth, score, patient, weights)
    for row in range(2):
        kept = repeated(weights[row], patient)
        y, s = truth[kept].ravel(), score[kept].ravel()
        assert ours["brier", "overall"][row] == pytest.approx(metrics.brier_score_loss(y, s, pos_label=1))
        edges = np.digitize(s, np.arange(1, BINS) / BINS)
        gaps = [(edges == b).mean() * abs(s[edges == b].mean() - y[edges == b].mean()) for b in np.unique(edges)]
        assert ours["calibration_error", "overall"][row] == pytest.approx(sum(gaps))


@settings(max_examples=50, deadline=None)
@given(arrays())
def test_precision_at_k_counts_the_k_highest_scores_of_each_report(drawn):
    truth, score, _, patient, weights = drawn
    ours = top_scores(truth, score, patient, weights)
    assert {name for name, _ in ours} == {f"precision_at_{k}" for k in (1, 3, 5) if k < truth.shape[1]}
    for (name, _), values in ours.items():
        k = int(name.rsplit("_", 1)[1])
        for row in range(2):
            by_report = [
                np.mean([truth[i, j] for j in sorted(range(truth.shape[1]), key=lambda j: -score[i, j])[:k]])
                for i in repeated(weights[row], patient)
            ]
            assert values[row] == pytest.approx(np.mean(by_report))


@settings(max_examples=50, deadline=None)
@given(arrays())
def test_the_two_other_weighted_f1s_are_sklearns_over_cells_and_by_label(drawn):
    truth, _, chosen, patient, weights = drawn
    ours = average_scores(counts(truth, chosen, patient), weights)
    for row in range(2):
        kept = repeated(weights[row], patient)
        y, c = truth[kept], chosen[kept]
        flat = metrics.f1_score(y.ravel(), c.ravel(), average="weighted", zero_division=0)
        by_label = [metrics.f1_score(y[:, i], c[:, i], average="weighted", zero_division=0) for i in range(y.shape[1])]
        assert ours["f1", "weighted_cells"][row] == pytest.approx(flat)
        assert ours["f1", "weighted_by_label"][row] == pytest.approx(np.mean(by_label))


def test_saying_no_to_everything_passes_the_other_definitions_and_not_ours():
    truth = np.zeros((100, 10), dtype=np.int64)
    truth[:10, 0] = 1
    ours = average_scores(counts(truth, truth * 0, np.arange(100)), np.ones((1, 100)))
    assert ours["f1", "weighted"][0] == 0
    assert ours["f1", "weighted_cells"][0] > 0.98
    assert ours["f1", "weighted_by_label"][0] > 0.98


def test_a_perfect_and_a_hopeless_classifier_have_the_scores_they_must():
    truth = np.eye(6, dtype=np.int64)
    right = calibration_scores(truth, truth.astype(float), np.arange(6), np.ones((1, 6)))
    wrong = calibration_scores(truth, 1.0 - truth, np.arange(6), np.ones((1, 6)))
    assert [right["brier", "overall"][0], wrong["brier", "overall"][0]] == [0, 1]
    assert [right["calibration_error", "overall"][0], wrong["calibration_error", "overall"][0]] == [0, 1]
    assert top_scores(truth, truth.astype(float), np.arange(6), np.ones((1, 6)))["precision_at_1", "overall"][0] == 1
