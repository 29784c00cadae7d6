"""Accounts equal dp-accounting's and the closed forms, and calibration spends what it was given and no more."""

from dataclasses import replace

import dp_accounting as dpa
import pytest
from dp_accounting.pld import PLDAccountant
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy import accounting, prv
from dp_clinical_pipeline.privacy.accounting import (
    Calibration,
    calibrate,
    evaluate,
    gaussian_event,
    least_noise,
    pld_epsilon,
    training_event,
)

DELTA = 1e-5


@pytest.mark.parametrize(
    ("noise", "q", "steps", "interval"),
    [
        (0.6, 0.02, 60, 1e-3),
        (5.0, 0.02, 60, 1e-5),
        (43.68, 0.02, 60, 1e-6),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in [
                (1.0197, 0.008, 500, 1e-4),
                (43.68, 0.008, 500, 3e-6),
                (0.3859, 0.008, 500, 3e-4),
                (0.2859, 0.008, 500, 3e-4),
                (0.8, 0.02, 2000, 3e-4),
                (30.0, 0.02, 2000, 1e-5),
                (5.0, 0.002, 20000, 1e-5),
            ]
        ),
    ],
)
def test_pld_equals_dp_accounting_composed_by_hand_on_a_finer_grid(noise, q, steps, interval):
    accountant = PLDAccountant(value_discretization_interval=interval)
    accountant.compose(dpa.PoissonSampledDpEvent(q, dpa.GaussianDpEvent(noise)), steps)
    fine = accountant.get_epsilon(DELTA)
    assert fine * (1 - 1e-6) <= pld_epsilon([training_event(noise, q, steps)], DELTA) <= fine * 1.001


@pytest.mark.parametrize("noise", [0.1, 0.15, 0.3, 1.0, 5.0, 50.0, 447.0])
def test_a_gaussian_release_equals_the_closed_form(noise):
    exact = dpa.get_epsilon_gaussian(noise, DELTA)
    assert exact * (1 - 1e-6) <= pld_epsilon([gaussian_event(noise)], DELTA) <= exact * 1.001


@pytest.mark.parametrize(("noise", "steps"), [(4.0, 16), (40.0, 25), (1.0, 30)])
def test_training_on_everybody_equals_the_closed_form(noise, steps):
    exact = dpa.get_epsilon_gaussian(noise / steps**0.5, DELTA)
    assert exact * (1 - 1e-6) <= pld_epsilon([training_event(noise, 1.0, steps)], DELTA) <= exact * 1.001


@pytest.mark.parametrize(
    ("epsilon", "noise"), [(1, 1.0197), pytest.param(0.1, 5.61, marks=pytest.mark.long), (0.01, 43.68), (10, 0.480)]
)
def test_a_published_noise_multiplier_costs_its_epsilon(epsilon, noise):
    assert pld_epsilon([training_event(noise, 0.008, 500)], DELTA) == pytest.approx(epsilon, rel=0.01)


@pytest.mark.parametrize(("epsilon", "noise"), [(1, 1.0197), pytest.param(0.01, 43.68, marks=pytest.mark.long)])
def test_calibration_finds_the_published_noise(epsilon, noise):
    found = calibrate(epsilon=epsilon, delta=DELTA, sample_rate=0.008, steps=500).check()
    assert found.noise_multiplier == pytest.approx(noise, rel=0.01)


GRID = [
    (epsilon, q, steps)
    for q, steps in [(0.008, 500), (0.1, 20), (1.0, 1), (0.02, 2000)]
    for epsilon in (0.005, 0.01, 0.05, 0.1, 0.3, 1.0, 4.0, 8.0, 20.0, 50.0)
]
QUICK = [(0.005, 0.1, 20), (8.0, 0.1, 20), (50.0, 1.0, 1)]


@pytest.mark.parametrize(
    ("epsilon", "q", "steps"), [*QUICK, *(pytest.param(*c, marks=pytest.mark.long) for c in GRID if c not in QUICK)]
)
def test_calibration_spends_nearly_all_and_never_more_by_three_accountants(epsilon, q, steps):
    found = calibrate(epsilon=epsilon, delta=DELTA, sample_rate=q, steps=steps).check()
    assert 0.995 * epsilon <= found.epsilon_pld <= epsilon
    assert found.epsilon_prv == pytest.approx(found.epsilon_pld, rel=0.02)
    assert found.epsilon_pld <= found.epsilon_rdp < 1.4 * epsilon
    if q == 1:
        assert found.noise_multiplier == pytest.approx(dpa.get_sigma_gaussian(epsilon, DELTA), rel=2e-3)


def test_a_small_epsilon_is_calibrated_on_grids_that_stay_small(monkeypatch):
    """A grid fixed at the first guess took more than a minute; counted in points, so that no clock decides."""
    points, compute = [], accounting._pld_epsilon

    def watched(events, delta, interval):
        points.append(1 / interval)
        return compute(events, delta, interval)

    monkeypatch.setattr(accounting, "_pld_epsilon", watched)
    noise = least_noise(lambda s: [training_event(s, 0.008, 500)], 0.005, DELTA)
    assert noise == pytest.approx(79.94, rel=2e-3)
    assert len(points) <= 24
    assert max(points) <= 1 / 2e-6


@pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha")  # Opacus' own, of its RDP bound
@pytest.mark.parametrize(
    ("noise", "q", "steps"), [(2.0, 0.1, 20), pytest.param(14.08, 0.1, 20, marks=pytest.mark.long)]
)
def test_the_narrower_domain_changes_nothing_that_opacus_prv_says(noise, q, steps):
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(noise, q, steps)]
    near = pld_epsilon([training_event(noise, q, steps)], DELTA)
    discrete = accountant._get_dprv(eps_error=near / 100, delta_error=DELTA / 1000)
    _, estimate, _ = discrete.compute_epsilon(DELTA, DELTA / 1000, near / 100)
    assert prv.prv_epsilon(noise, q, steps, DELTA, near) == pytest.approx(float(estimate), rel=1e-3)


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
    with pytest.raises(
        UserError, match=r"no noise reaches epsilon 0\.5 at delta 1e-05: what stands beside it costs 4\."
    ):
        calibrate(epsilon=0.5, delta=DELTA, sample_rate=0.1, steps=10, beside=[gaussian_event(1.0)])


@pytest.mark.parametrize(
    ("epsilon", "q", "steps", "message"),
    [
        (1e-3, 1.0, 10**9, "no noise reaches epsilon 0.001 .* raise epsilon, take fewer steps or a lower sample rate"),
        (1.0, 1e-7, 1, "hardly any noise is needed"),
    ],
)
def test_what_cannot_be_calibrated_says_why(epsilon, q, steps, message):
    with pytest.raises(UserError, match=message):
        calibrate(epsilon=epsilon, delta=DELTA, sample_rate=q, steps=steps)


def test_noise_that_protects_nobody_is_not_priced():
    with pytest.raises(UserError, match=r"noise multiplier 0\.01 protects nobody: epsilon is about"):
        evaluate(noise_multiplier=0.01, sample_rate=0.1, steps=10, delta=DELTA)


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
