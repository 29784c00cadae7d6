"""Noise has the size, the shape and the independence that the accounts assume."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from dp_clinical_pipeline.privacy.noise import (
    SystemSource,
    TestSeedSource,
    discrete_gaussian,
    discrete_laplace,
    gaussian,
)

# A sound sampler fails one run in a million: the system's generator cannot be seeded.
UNLIKELY = 1e-6


@pytest.mark.parametrize("source", [SystemSource(), TestSeedSource(3)], ids=lambda s: s.name)
@pytest.mark.parametrize("std", [0.01, 1.0, 43.68])
def test_gaussian_noise_is_normal_with_the_stated_deviation(source, std):
    draws = gaussian(source, 60_001, std)
    assert draws.shape == (60_001,)
    assert stats.kstest(draws, stats.norm(scale=std).cdf).pvalue > UNLIKELY
    low, high = stats.chi2(60_001).ppf([UNLIKELY / 2, 1 - UNLIKELY / 2])
    assert low < float((draws / std) @ (draws / std)) < high


def test_gaussian_draws_do_not_depend_on_one_another():
    draws = gaussian(SystemSource(), 100_000, 1.0)
    half = len(draws) // 2  # the cosine and the sine of the same angles
    for a, b in ((draws[:-1], draws[1:]), (draws[:half], draws[half:]), (draws[:half] ** 2, draws[half:] ** 2)):
        assert abs(np.corrcoef(a, b)[0, 1]) * math.sqrt(len(a)) < stats.norm.isf(UNLIKELY / 2)


def _fits(draws: list[int], weight) -> float:
    """The p-value of a chi-square over the values that are expected at least ten times; the tails are two cells."""
    far = 2000
    weights = {x: weight(x) for x in range(-far, far + 1)}
    total = sum(weights.values())
    kept = [x for x, w in weights.items() if w / total * len(draws) >= 10]
    expected = [weights[x] / total for x in kept]
    observed = [draws.count(x) for x in kept]
    expected, observed = [*expected, 1 - sum(expected)], [*observed, len(draws) - sum(observed)]
    if expected[-1] * len(draws) < 5:  # the tails are rare: they belong to the last cell
        expected = [*expected[:-2], expected[-2] + expected[-1]]
        observed = [*observed[:-2], observed[-2] + observed[-1]]
    return float(stats.chisquare(observed, np.array(expected) * len(draws)).pvalue)


@pytest.mark.parametrize("source", [SystemSource(), TestSeedSource(1)], ids=lambda s: s.name)
@pytest.mark.parametrize("variance", [Fraction(1, 4), Fraction(1), Fraction(3.7306) ** 2])
def test_the_discrete_gaussian_has_its_exact_probabilities(source, variance):
    draws = [discrete_gaussian(source, variance) for _ in range(1200)]
    assert _fits(draws, lambda x: math.exp(-(x**2) / (2 * float(variance)))) > UNLIKELY


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(1), Fraction(7, 3), 1 / Fraction(0.05)])
def test_the_discrete_laplace_has_its_exact_probabilities(scale):
    draws = [discrete_laplace(SystemSource(), scale) for _ in range(1200)]
    assert _fits(draws, lambda x: math.exp(-abs(x) / float(scale))) > UNLIKELY


def test_the_discrete_samplers_agree_with_opendp():
    dp = pytest.importorskip("opendp.prelude")
    dp.enable_features("contrib")
    space = dp.atom_domain(T=int), dp.absolute_distance(T=float)
    theirs = dp.m.make_gaussian(*space, scale=2.5)
    ours = [discrete_gaussian(SystemSource(), Fraction(25, 4)) for _ in range(500)]
    cells = range(-5, 6)
    table = [[min(max(x, -5), 5) for x in draws] for draws in (ours, [theirs(0) for _ in range(500)])]
    assert stats.chi2_contingency([[row.count(c) for c in cells] for row in table]).pvalue > UNLIKELY


def test_a_test_seed_is_named_so_and_repeats_and_the_system_never_does():
    assert TestSeedSource(0).name == "test-seed"
    assert SystemSource.name == "os"
    assert np.array_equal(gaussian(TestSeedSource(5), 10, 1.0), gaussian(TestSeedSource(5), 10, 1.0))
    assert not np.array_equal(gaussian(SystemSource(), 10, 1.0), gaussian(SystemSource(), 10, 1.0))


@pytest.mark.parametrize("source", [SystemSource(), TestSeedSource(2)], ids=lambda s: s.name)
def test_coins_of_any_size_are_even(source):
    below = 3 * 2**80  # more than a machine word
    thirds = [source.integer(below) // 2**80 for _ in range(3000)]
    assert stats.chisquare([thirds.count(i) for i in range(3)]).pvalue > UNLIKELY
    assert stats.kstest(source.uniform(20_000), "uniform").pvalue > UNLIKELY
