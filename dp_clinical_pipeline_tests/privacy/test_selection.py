"""Choosing the best of several runs is reserved first, priced by the filter, and shows the best alone."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from scipy import stats

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.accounting import training_event
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.privacy.renyi import filter_epsilon
from dp_clinical_pipeline.privacy.selection import best_of_random_number, geometric, selection_events
from dp_clinical_pipeline_tests.privacy.racers import ledger_home, plan

TERMS = {"noise_multiplier": 4.0, "sample_rate": 0.1, "steps": 20, "mean_runs": 3, "candidates": 4}


def _select(home, run, **how):
    return best_of_random_number(home, "rates", run=run, settings_sha256="s", **(TERMS | how))


def test_the_best_of_all_runs_is_returned_and_one_mechanism_paid(tmp_path):
    home, seen = ledger_home(tmp_path, 20.0), []

    def run(candidate):
        assert [row.state for row in open_ledger(home).rows()] == ["reserved", "running"]
        seen.append(candidate)
        return float(-len(seen) if len(seen) != 2 else 9), f"run {len(seen)}"

    assert _select(home, run, source=TestSeedSource(5)) == "run 2"
    assert len(seen) > 2
    assert set(seen) <= set(range(4))
    (entry,) = open_ledger(home).account().spent
    assert (entry.kind, entry.slot) == ("selection", None)
    [event] = entry.dp_events()
    assert (event.mean, event.shape, event.event) == (3.0, 1.0, training_event(4.0, 0.1, 20))
    assert open_ledger(home).cumulative()[0] == pytest.approx(filter_epsilon([event], entry.delta))
    assert open_ledger(home).cumulative()[0] > filter_epsilon([event.event], entry.delta)


def test_nothing_runs_where_it_does_not_fit(tmp_path):
    with pytest.raises(OverBudget, match="nothing was spent"):
        _select(ledger_home(tmp_path, 0.1), lambda _: pytest.fail("it ran"))


def test_an_interrupted_selection_goes_on_under_its_own_mechanism(tmp_path):
    home = ledger_home(tmp_path, 20.0)
    with pytest.raises(UserError, match="out of memory"):
        _select(home, lambda _: (_ for _ in ()).throw(UserError("out of memory")))
    spent = open_ledger(home).cumulative()
    _select(home, lambda i: (0.0, i))
    assert open_ledger(home).cumulative() == spent
    _select(home, lambda i: (0.0, i), noise_multiplier=5.0)
    assert len(open_ledger(home).account().spent) == 2


def test_two_selections_at_once_are_two_mechanisms(tmp_path):
    home, inside, go = ledger_home(tmp_path, 40.0), threading.Event(), threading.Event()

    def slow(candidate):
        inside.set()
        assert go.wait(60)
        return 0.0, candidate

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_select, home, slow)
        assert inside.wait(60)
        second = pool.submit(_select, home, lambda i: (0.0, i))
        with pytest.raises(TimeoutError):
            second.result(timeout=1)
        go.set()
        first.result(), second.result()
    assert len(open_ledger(home).account().spent) == 2


def test_it_has_no_place_in_a_plan(tmp_path):
    ledger, whole = open_ledger(ledger_home(tmp_path, 20.0)), plan()
    held = type(whole)(**(whole.as_dict() | {"events": {"selection:rates": selection_events(4.0, 0.1, 20, 3)}}))
    with pytest.raises(UserError, match="cannot be planned"):
        ledger.declare(held)
    assert ledger.rows() == []


def test_the_number_of_runs_is_geometric_from_one():
    source, draws, mean = TestSeedSource(0), 4000, 3
    counted = Counter(min(geometric(source, mean), 8) for _ in range(draws))
    expected = [stats.geom.pmf(k, 1 / mean) * draws for k in range(1, 8)] + [stats.geom.sf(7, 1 / mean) * draws]
    assert stats.chisquare([counted[k] for k in range(1, 9)], expected).pvalue > 1e-3
    assert {geometric(source, 1) for _ in range(20)} == {1}


def test_the_event_survives_json():
    [item] = selection_events(4.0, 0.1, 20, 3)
    assert event_from_json(item).event == training_event(4.0, 0.1, 20)


@pytest.mark.parametrize("change", [{"mean_runs": 0}, {"candidates": 0}])
def test_a_choice_among_nothing_is_refused(tmp_path, change):
    with pytest.raises(ValueError, match="choose nothing"):
        _select(ledger_home(tmp_path, 20.0), lambda i: (0.0, i), **change)
