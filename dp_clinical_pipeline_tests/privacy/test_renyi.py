"""Rényi accounts equal dp-accounting's where it is exact, and the filter prices what no plan foresaw without waste."""

import numpy as np
import pytest
from dp_accounting import dp_event
from dp_accounting.rdp import RdpAccountant, compute_epsilon
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.accounting import gaussian_event, pld_epsilon, training_event
from dp_clinical_pipeline.privacy.renyi import FILTER_ORDERS, REPORT_ORDERS, filter_epsilon, rdp_epsilon, renyi

DELTA = 1e-5


def _dp_accounting(event, orders):
    accountant = RdpAccountant(list(orders))
    accountant.compose(event)
    return accountant._rdp


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-3, 1.0), st.floats(0.2, 300), st.integers(2, 60))
def test_whole_orders_equal_dp_accounting(q, noise, order):
    event = training_event(noise, q, 1)
    assert renyi(event, [order]) == pytest.approx(_dp_accounting(event, [order]), rel=1e-4, abs=1e-13)


@pytest.mark.parametrize(("q", "noise"), [(0.1, 1.0), (0.3, 0.7), (0.5, 20.0), (0.9, 0.5)])
@pytest.mark.parametrize("order", [1.4, 1.9, 2.5])
def test_low_orders_between_whole_ones_are_the_integral_that_dp_accounting_cannot_sum(q, noise, order):
    def moment(x):
        ratio = 1 - q + q * np.exp((2 * x - 1) / (2 * noise**2))
        return stats.norm.pdf(x, scale=noise) * ratio**order

    total = integrate.quad(moment, -14 * noise, order + 14 * noise, limit=400, epsabs=0, epsrel=1e-11)[0]
    found = float(renyi(training_event(noise, q, 1), [order])[0])
    assert found == pytest.approx(np.log(total) / (order - 1), rel=1e-4)
    assert found <= float(_dp_accounting(training_event(noise, q, 1), [order])[0]) * (1 + 1e-9)


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-3, 1.0), st.floats(0.3, 50))
def test_divergence_never_falls_with_the_order_and_sampling_never_adds(q, noise):
    sampled = renyi(training_event(noise, q, 1), REPORT_ORDERS)
    assert (np.diff(sampled) >= -1e-12).all()
    assert (sampled <= np.asarray(REPORT_ORDERS) / (2 * noise**2) * (1 + 1e-9)).all()


def test_the_conversion_to_epsilon_is_dp_accountings():
    events = [training_event(1.1, 0.05, 60), gaussian_event(10.0)]
    orders = [2, 3, 4, 8, 16, 64, 256]
    total = sum(_dp_accounting(event, orders) for event in events)
    assert rdp_epsilon(events, DELTA, orders) == pytest.approx(compute_epsilon(orders, total, DELTA)[0])


def test_the_filter_is_never_cheaper_than_composition():
    events = [training_event(1.0, 0.05, 20), gaussian_event(10.0)]
    assert filter_epsilon(events, DELTA) >= rdp_epsilon(events, DELTA) >= pld_epsilon(events, DELTA)
    assert filter_epsilon([], DELTA) == 0.0


@pytest.mark.parametrize(
    ("epsilon", "noise", "q", "steps"),
    [(8, 0.5151, 0.008, 500), (8, 0.681, 0.1, 20), (8, 0.937, 0.178, 30), (1, 2.103, 0.1, 20), (0.01, 243.9, 1.0, 1)],
)
def test_an_unplanned_training_is_priced_below_one_and_a_half_of_its_epsilon(epsilon, noise, q, steps):
    price = filter_epsilon([training_event(noise, q, steps)], DELTA)
    assert epsilon < price < 1.5 * epsilon
    assert price == rdp_epsilon([training_event(noise, q, steps)], DELTA / len(FILTER_ORDERS), FILTER_ORDERS)


@pytest.mark.parametrize("mean", [1, 3, 10])
def test_the_best_of_several_runs_costs_what_dp_accounting_says(mean):
    event = dp_event.RepeatAndSelectDpEvent(training_event(1.0, 0.008, 500), float(mean), 1.0)
    orders = [*range(2, 65), 80, 128, 256, 512, 1024]
    known = compute_epsilon(orders, _dp_accounting(event, orders), DELTA)[0]
    found = rdp_epsilon([event], DELTA)
    assert 0.95 * known <= found <= known * (1 + 1e-6)  # more orders can only be cheaper
    assert found > rdp_epsilon([event.event], DELTA)


def test_an_event_without_an_account_is_refused_by_name():
    with pytest.raises(UserError, match="DiscreteLaplaceDpEvent has no Rényi account"):
        filter_epsilon([dp_event.DiscreteLaplaceDpEvent(1.0, 1)], DELTA)
    with pytest.raises(UserError, match="RepeatAndSelectDpEvent cannot be planned"):
        pld_epsilon([dp_event.RepeatAndSelectDpEvent(gaussian_event(2.0), 2.0, 1.0)], DELTA)
