import numpy as np
import pytest

from dp_clinical_pipeline.evaluation.bootstrap import resample_weights
from dp_clinical_pipeline.evaluation.comparisons import at_least, difference, holm, trend
from dp_clinical_pipeline.evaluation.utility import Scored


def means(values: np.ndarray, resamples: int = 400, seed: int = 0) -> np.ndarray:
    """The bootstrap draws of a mean over patients."""
    return resample_weights(len(values), resamples, seed) @ values / len(values)


def arm(right: np.ndarray) -> Scored:
    """An arm whose decision on each of one patient's reports is right or wrong."""
    truth = np.ones((len(right), 1), dtype=np.int64)
    return Scored(("L",), np.arange(len(right)), truth, truth * 0.5, right[:, None].astype(np.int64))


def test_without_a_difference_a_twentieth_of_the_tests_says_there_is_one():
    rng, found, trials = np.random.default_rng(7), 0, 300
    for trial in range(trials):
        one, other = rng.normal(size=(2, 60))
        result = difference(means(one, seed=trial), means(other, seed=trial))
        found += result.p_value < 0.05
    assert 0.02 <= found / trials <= 0.10


def test_pairing_finds_a_small_difference_that_patients_share():
    rng = np.random.default_rng(1)
    patients = rng.normal(size=200)
    result = difference(means(patients + 0.1 + 0.1 * rng.normal(size=200)), means(patients))
    assert result.p_value < 0.02
    assert result.low > 0
    assert result.value == pytest.approx(0.1, abs=0.03)
    assert result.p_value > 0  # never 0: so many resamples cannot say so


def test_the_interval_excludes_zero_just_when_the_test_says_so():
    rng = np.random.default_rng(2)
    for trial in range(40):
        result = difference(means(rng.normal(0.2, 1, 80), seed=trial), means(np.zeros(80), seed=trial))
        outside = result.low > 0 or result.high < 0
        assert outside == (result.p_value < 0.05) or abs(result.p_value - 0.05) < 0.02


def test_holm_is_the_step_down_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_non_inferiority_needs_the_whole_interval_above_the_margin():
    rng = np.random.default_rng(4)
    patients = rng.random(300) + 1
    assert at_least(means(patients * 0.98), means(patients), 0.95).passed
    assert not at_least(means(patients * 0.95), means(patients), 0.95).passed
    noise = rng.normal(size=300)
    unsure = at_least(means(patients * 0.97 + noise - noise.mean()), means(patients), 0.95)
    assert unsure.ratio > 0.96
    assert not unsure.passed
    nothing = at_least(np.ones(5), np.zeros(5), 0.95)
    assert not nothing.passed
    assert nothing.low is None


def test_a_trend_over_budgets_is_found_and_its_reverse_is_not():
    rng = np.random.default_rng(5)
    arms = [arm(rng.random(150) < share) for share in (0.5, 0.65, 0.8)]
    assert trend(arms) < 0.001
    assert trend(arms[::-1]) > 0.99
    assert trend(arms[:2]) is None
    assert trend([arms[0]] * 3) is None
