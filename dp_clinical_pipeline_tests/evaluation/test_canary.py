"""The canary audit: never above the claim, not far below it, and red when the loop is sabotaged."""

import numpy as np
import pytest
import torch
from scipy import stats

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.canary import audit_epsilon, audit_training
from dp_clinical_pipeline.privacy.accounting import least_noise, pld_epsilon, training_event
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.training import gradients, loop

DELTA = 1e-5
# (epsilon, sample rate, steps, noise multiplier): everybody in each step, and sampled.
CASES = [(1.0, 1.0, 2, 5.276), (4.0, 1.0, 2, 1.53), (1.0, 0.25, 10, 3.382), (4.0, 0.25, 10, 1.275)]


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def _audit(epsilon, rate, steps, noise, seed=0, **changes):
    randomness = loop.Randomness(sampling=TestSeedSource(seed), noise=TestSeedSource(seed + 1))
    values = {"delta": DELTA, "claimed": epsilon, "randomness": randomness} | changes
    return audit_training(noise_multiplier=noise, sample_rate=rate, steps=steps, **values)


@pytest.mark.parametrize(("epsilon", "rate", "steps", "noise"), CASES)
def test_the_empirical_epsilon_is_at_most_the_claim_and_at_least_half_of_it(epsilon, rate, steps, noise):
    assert pld_epsilon([training_event(noise, rate, steps)], DELTA) == pytest.approx(epsilon, rel=2e-3)
    audit = _audit(epsilon, rate, steps, noise)
    assert epsilon / 2 <= audit.epsilon_lower <= epsilon <= audit.epsilon_upper
    assert audit.passed
    assert (audit.runs, audit.confidence) == (8000, 0.99)
    assert audit.assumption_free <= audit.epsilon_lower


@pytest.mark.parametrize("clipping", ["automatic", "adaptive"])
@pytest.mark.parametrize("case", [1, 3])
def test_other_ways_of_clipping_leak_no_more_and_the_canary_is_not_blind_to_them(clipping, case):
    audit = _audit(*CASES[case], seed=5, clipping=clipping)
    assert audit.claimed / 2 <= audit.epsilon_lower <= audit.claimed <= audit.epsilon_upper


@pytest.mark.long
@pytest.mark.parametrize(
    ("epsilon", "rate", "steps", "noise"), [*CASES, (1.0, 0.02, 200, None), (4.0, 0.02, 200, None)]
)
def test_the_empirical_epsilon_over_many_runs_of_the_systems_own_noise(epsilon, rate, steps, noise):
    noise = noise or least_noise(lambda s: [training_event(s, rate, steps)], epsilon, DELTA)
    audit = _audit(epsilon, rate, steps, noise, randomness=None, repeats=80)
    assert epsilon / 2 <= audit.epsilon_lower <= epsilon
    assert audit.passed
    assert audit.runs == 40_000


def _patched(monkeypatch, name, change):
    module = gradients if name == "clipping_factors" else loop
    honest = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *args: change(honest, *args))


SABOTAGES = {
    "no noise": ("_add_noise", lambda honest, *_: None),
    "half the noise": ("_add_noise", lambda honest, total, std, source: honest(total, std / 2, source)),
    "no clipping": ("clipping_factors", lambda _, norms, *__: torch.ones_like(norms)),
    "everybody in each step": ("poisson_sample", lambda honest, _, patients, __: np.arange(patients)),
}


@pytest.mark.parametrize(("sabotage", "case"), [(s, 3 if s.startswith("everybody") else 1) for s in SABOTAGES])
def test_a_sabotaged_loop_leaks_more_than_is_claimed(monkeypatch, sabotage, case):
    _patched(monkeypatch, *SABOTAGES[sabotage])
    audit = _audit(*CASES[case], repeats=4)
    assert audit.epsilon_lower > audit.claimed
    assert not audit.passed


def test_half_the_noise_is_found_under_an_adaptive_bound_too(monkeypatch):
    _patched(monkeypatch, *SABOTAGES["half the noise"])
    audit = _audit(*CASES[1], clipping="adaptive", repeats=4)
    assert audit.epsilon_lower > audit.claimed


def _gaussian_scores(mu, runs, seed):
    rng = np.random.default_rng(seed)
    return tuple(mu * (rng.normal(size=runs) + shift) - mu**2 / 2 for shift in (mu, 0.0))


@pytest.mark.parametrize("mu", [0.26, 1.0])
def test_the_interval_is_that_of_the_gaussian_mechanism(mu):
    """By the closed form: mu from the two rates' Clopper-Pearson ends, and delta(epsilon) of mu-GDP."""
    inside, outside = _gaussian_scores(mu, 20_000, 3)
    audit = audit_epsilon(
        inside, outside, noise_multiplier=1 / mu, sample_rate=1.0, steps=1, delta=DELTA, claimed=9.0, confidence=0.99
    )
    hits, false = int((inside > 0).sum()), int((outside > 0).sum())
    low = stats.norm.ppf(stats.beta.ppf(0.0025, hits, 20_001 - hits))
    mu_low = low - stats.norm.ppf(stats.beta.isf(0.0025, false + 1, 20_000 - false))
    expected = pld_epsilon([training_event(1 / mu_low, 1.0, 1)], DELTA)
    assert audit.epsilon_lower == pytest.approx(expected, rel=0.03)
    assert audit.epsilon_lower < pld_epsilon([training_event(1 / mu, 1.0, 1)], DELTA) < audit.epsilon_upper


def test_scores_that_say_nothing_give_zero():
    scores = np.random.default_rng(0).normal(size=400)
    audit = audit_epsilon(scores, scores, noise_multiplier=1, sample_rate=1.0, steps=1, delta=DELTA, claimed=1.0)
    assert (audit.epsilon_lower, audit.assumption_free) == (0.0, 0.0)


@pytest.mark.parametrize("change", [{"noise": 0.0}, {"rate": 0.0}, {"rate": 1.5}, {"steps": 0}])
def test_what_is_no_training_is_refused(change):
    with pytest.raises(UserError, match="no training has noise"):
        _audit(**({"epsilon": 1.0, "rate": 0.5, "steps": 2, "noise": 1.0} | change))
