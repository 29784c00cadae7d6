"""Lots are Poisson samples of the patients, and a patient's reports are drawn without preference."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from dp_clinical_pipeline.privacy.noise import SystemSource, TestSeedSource
from dp_clinical_pipeline.privacy.sampling import draw_reports, poisson_sample

UNLIKELY = 1e-6
STEPS = 3000


def fits_poisson_sampling(sample, patients: int, rate: float, steps: int = STEPS) -> bool:
    """Check lots against independent coins: sizes are binomial, and so is how often each patient and pair was in."""
    inside = np.zeros((steps, patients), dtype=bool)
    for step in range(steps):
        inside[step, sample(step)] = True
    sizes = inside.sum(1)
    law = stats.binom(patients, rate)
    edges = [k for k in range(patients + 1) if law.pmf(k) * steps >= 8]
    cells = [law.cdf(edges[0])] + [law.pmf(k) for k in edges[1:-1]] + [law.sf(edges[-1] - 1)]
    seen = [int((sizes <= edges[0]).sum())] + [int((sizes == k).sum()) for k in edges[1:-1]]
    seen.append(steps - sum(seen))
    spread = steps * rate * (1 - rate)
    each = float((((inside.sum(0) - steps * rate) ** 2) / spread).sum())
    pairs = [int((inside[:, a] & inside[:, b]).sum()) for a, b in combinations(range(patients), 2)]
    law2 = steps * rate**2
    worst = max(abs(p - law2) for p in pairs) / math.sqrt(law2 * (1 - rate**2))
    return bool(
        stats.chisquare(seen, np.array(cells) * steps).pvalue > UNLIKELY
        and stats.chi2(patients).sf(each) > UNLIKELY
        and worst < stats.norm.isf(UNLIKELY / len(pairs))
    )


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_inclusion_counts_fit_poisson_sampling(rate):
    assert fits_poisson_sampling(lambda _: poisson_sample(SystemSource(), 30, rate), 30, rate)


def test_the_check_finds_a_shuffled_loader():
    rng = np.random.default_rng(0)
    orders = [rng.permutation(30) for _ in range(STEPS // 10 + 1)]
    assert not fits_poisson_sampling(lambda s: orders[s // 10][3 * (s % 10) : 3 * (s % 10) + 3], 30, 0.1)


def test_a_rate_of_one_takes_everybody():
    assert poisson_sample(SystemSource(), 7, 1.0).tolist() == list(range(7))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_draws_are_uniform_over_a_patients_reports(most):
    source, reports = TestSeedSource(most), ["a", "b", "c", "d", "e"]
    subsets = [tuple(sorted(draw_reports(source, reports, most))) for _ in range(6000)]
    every = list(combinations(reports, most))
    assert stats.chisquare([subsets.count(s) for s in every]).pvalue > UNLIKELY
    assert reports == ["a", "b", "c", "d", "e"]


def test_a_patient_with_few_reports_shows_them_all():
    assert draw_reports(SystemSource(), ["a", "b"], 3) == ["a", "b"]
