import numpy as np
import pytest

from dp_clinical_pipeline.evaluation.mauve import frontier, mauve


def clouds(shift: float, size: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, 8)) * 2
    one = centres[rng.integers(0, 12, size)] + rng.normal(size=(size, 8)) * 0.3
    other = centres[rng.integers(0, 12, size)] + rng.normal(size=(size, 8)) * 0.3 + shift
    return one, other


def test_the_same_distribution_scores_near_1_and_a_distant_one_near_0():
    scores = [mauve(*clouds(shift)) for shift in (0.0, 0.2, 8.0)]
    assert scores[0] > 0.9 > scores[1] > 0.1 > scores[2]


def test_equal_histograms_score_1_and_disjoint_ones_as_the_integral_says():
    p = np.array([0.2, 0.3, 0.5, 0, 0])
    assert frontier(p, p).mauve == pytest.approx(1)
    # x = (1-w)^5 and y = w^5 enclose 5 B(6, 5); 25 points make it a little more.
    exact = 5 * 120 * 24 / 3628800
    assert exact < frontier(p, np.array([0, 0, 0, 0.5, 0.5])).mauve < exact * 1.1


def test_it_agrees_with_the_authors_program():
    theirs = pytest.importorskip("mauve", reason="the authors' program is absent: pip install mauve-text faiss-cpu")
    for shift in (0.0, 0.2, 0.5, 1.0):
        real, synthetic = clouds(shift)
        told = theirs.compute_mauve(p_features=real, q_features=synthetic, verbose=False)
        assert frontier(told.p_hist, told.q_hist).mauve == pytest.approx(told.mauve, abs=1e-9)
        assert mauve(real, synthetic) == pytest.approx(told.mauve, abs=0.05)
