"""Accounts equal dp-accounting's and the closed forms, and calibration spends what it was given and no more."""

from dataclasses import replace

import dp_accounting as dpa
import pytest
from dp_accounting.pld import PLDAccountant
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.accounting import (
    Calibration,
    calibrate,
    evaluate,
    filter_epsilon,
    gaussian_event,
    least_noise,
    pld_epsilon,
    rdp_epsilon,
    training_event,
)

DELTA = 1e-5


@pytest.mark.parametrize("noise", [0.6, 1.02, 5.0, 43.68])
def test_pld_equals_dp_accounting_composed_by_hand(noise):
    accountant = PLDAccountant(value_discretization_interval=1e-3 if noise < 1.1 else 1e-6 if noise > 40 else 1e-5)
    accountant.compose(dpa.PoissonSampledDpEvent(0.02, dpa.GaussianDpEvent(noise)), 60)
    assert pld_epsilon([training_event(noise, 0.02, 60)], DELTA) == pytest.approx(
        accountant.get_epsilon(DELTA), rel=3e-3 if noise < 1.1 else 1e-3
    )


@pytest.mark.parametrize("noise", [0.2, 1.0, 5.0, 50.0, 500.0])
def test_a_gaussian_release_equals_the_closed_form(noise):
    assert pld_epsilon([gaussian_event(noise)], DELTA) == pytest.approx(
        dpa.get_epsilon_gaussian(noise, DELTA), rel=1e-3
    )


@pytest.mark.parametrize(("noise", "steps"), [(4.0, 16), (40.0, 25)])
def test_training_on_everybody_equals_the_closed_form(noise, steps):
    assert pld_epsilon([training_event(noise, 1.0, steps)], DELTA) == pytest.approx(
        dpa.get_epsilon_gaussian(noise / steps**0.5, DELTA), rel=1e-3
    )


@pytest.mark.parametrize(
    ("epsilon", "noise"), [(1, 1.0197), pytest.param(0.1, 5.61, marks=pytest.mark.long), (0.01, 43.68), (10, 0.480)]
)
def test_a_published_noise_multiplier_costs_its_epsilon(epsilon, noise):
    assert pld_epsilon([training_event(noise, 0.008, 500)], DELTA) == pytest.approx(epsilon, rel=0.01)


@pytest.mark.parametrize(("epsilon", "noise"), [(1, 1.0197), pytest.param(0.01, 43.68, marks=pytest.mark.long)])
def test_calibration_finds_the_published_noise(epsilon, noise):
    found = calibrate(epsilon=epsilon, delta=DELTA, sample_rate=0.008, steps=500).check()
    assert found.noise_multiplier == pytest.approx(noise, rel=0.01)


LONG = [pytest.param(e, marks=pytest.mark.long) for e in (0.005, 0.01, 0.05, 0.1, 0.3, 4.0, 20.0, 50.0)]


@pytest.mark.parametrize("epsilon", [0.5, 8.0, *LONG])
def test_calibration_spends_nearly_all_and_never_more(epsilon):
    found = calibrate(epsilon=epsilon, delta=DELTA, sample_rate=0.1, steps=20).check()
    assert 0.98 * epsilon <= found.epsilon_pld <= epsilon
    assert found.epsilon_prv == pytest.approx(found.epsilon_pld, rel=0.02)
    assert found.epsilon_rdp >= found.epsilon_pld


@settings(max_examples=4, deadline=None)
@given(st.lists(st.floats(0.02, 20), min_size=2, max_size=2).map(sorted))
def test_a_smaller_epsilon_needs_more_noise(pair):
    less, more = (least_noise(lambda s: [gaussian_event(s)], epsilon, DELTA) for epsilon in pair)
    assert less >= more


def test_what_is_beside_is_paid_for():
    beside = [gaussian_event(10.0)]
    alone = calibrate(epsilon=1.0, delta=DELTA, sample_rate=0.05, steps=20)
    joint = calibrate(epsilon=1.0, delta=DELTA, sample_rate=0.05, steps=20, beside=beside)
    assert joint.noise_multiplier > alone.noise_multiplier
    event = training_event(joint.noise_multiplier, 0.05, 20)
    assert 0.98 <= pld_epsilon([event, *beside], DELTA) <= 1.0


def test_the_filter_is_never_cheaper_than_composition():
    events = [training_event(1.0, 0.05, 20), gaussian_event(10.0)]
    assert filter_epsilon(events, DELTA) >= rdp_epsilon(events, DELTA) >= pld_epsilon(events, DELTA)
    assert filter_epsilon([], DELTA) == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate": 0.0}, "sample rate 0 is not"),
        ({"sample_rate": 1.5}, r"sample rate 1\.5 is not"),
        ({"sample_rate": float("nan")}, "sample rate nan is not"),
        ({"steps": 0}, "steps 0 is not"),
        ({"delta": 0.0}, "delta 0 is not"),
        ({"delta": 1.0}, "delta 1 is not"),
        ({"epsilon": 0.0}, "epsilon 0 is out of range"),
        ({"epsilon": -1.0}, "epsilon -1 is out of range"),
        ({"epsilon": float("nan")}, "epsilon nan is out of range"),
        ({"epsilon": float("inf")}, "epsilon inf is out of range"),
    ],
)
def test_a_value_out_of_range_is_named(change, message):
    wanted = {"epsilon": 1.0, "delta": DELTA, "sample_rate": 0.1, "steps": 10}
    with pytest.raises(UserError, match=message):
        calibrate(**(wanted | change))


@pytest.mark.parametrize("noise", [0.0, -1.0, float("nan"), float("inf")])
def test_a_noise_multiplier_that_is_no_noise_is_refused(noise):
    with pytest.raises(UserError, match="is not a positive number"):
        evaluate(noise_multiplier=noise, sample_rate=0.1, steps=10, delta=DELTA)


def test_an_epsilon_that_what_is_beside_uses_up_says_so():
    with pytest.raises(UserError, match=r"no noise reaches epsilon 0\.5 at delta 1e-05"):
        calibrate(epsilon=0.5, delta=DELTA, sample_rate=0.1, steps=10, beside=[gaussian_event(1.0)])


def test_accountants_that_disagree_stop_the_run():
    agreed = Calibration(
        noise_multiplier=1.0,
        sample_rate=0.1,
        steps=10,
        delta=DELTA,
        epsilon_pld=1.0,
        epsilon_prv=1.019,
        epsilon_rdp=1.2,
    )
    assert agreed.check() is agreed
    for wrong in (1.03, 0.97):
        with pytest.raises(UserError, match="the accountants disagree"):
            replace(agreed, epsilon_prv=wrong).check()
