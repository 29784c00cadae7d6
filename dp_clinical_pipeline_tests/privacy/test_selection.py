"""Choosing the best of several runs is reserved first, priced by the filter, survives a kill, and shows the best alone."""

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.account import event_from_json, event_to_json
from dp_clinical_pipeline.privacy.accounting import gaussian_event, training_event
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.privacy.renyi import filter_epsilon, rdp_epsilon, renyi
from dp_clinical_pipeline.privacy.selection import (
    SelectionTerms,
    best_of_random_number,
    claim_with,
    geometric,
    one_training,
    selection_terms,
)
from dp_clinical_pipeline_tests.privacy.racers import ledger_home, plan

TERMS = SelectionTerms(
    epsilon=4.0, delta=1e-6, noise_multiplier=4.0, score_noise=20.0, sample_rate=0.1, steps=20, mean_runs=3
)
SEED = 5  # of which the number of runs is more than two


def _best(entry, best, score):
    return entry.mechanism_id, best, score


def _select(home, run, keep=_best, terms=TERMS, seed=SEED, **how):
    usual = {"settings_sha256": "s", "source": TestSeedSource(seed), "noise_source": "os"}
    return best_of_random_number(home, "tiny|eps-4", terms, 4, run, keep, **(usual | how))


def _left(home):
    return sorted(path.name for path in (home.enclave / "checkpoints").iterdir())


def test_the_best_of_all_runs_is_kept_and_one_mechanism_paid(tmp_path):
    home, seen = ledger_home(tmp_path, 20.0), []

    def run(run):
        assert [row.state for row in open_ledger(home).rows()] == ["reserved", "running"]
        seen.append(run)
        return -len(seen) if len(seen) != 2 else 9

    mechanism_id, best, score = _select(home, run)
    assert len(seen) > 2
    assert {r.candidate for r in seen} <= set(range(4))
    assert (best, score) == (seen[1], 9)
    assert len({r.key for r in seen}) == len(seen)
    assert all(r.key.startswith(mechanism_id) for r in seen)
    (entry,) = open_ledger(home).account().spent
    assert (entry.mechanism_id, entry.kind, entry.slot, entry.noise_source) == (mechanism_id, "selection", None, "os")
    [event] = entry.dp_events()
    assert (event.mean, event.shape) == (3.0, 1.0)
    assert event.event.events == (training_event(4.0, 0.1, 20), gaussian_event(20.0))
    assert open_ledger(home).cumulative()[0] == pytest.approx(filter_epsilon([event], entry.delta))
    assert open_ledger(home).cumulative()[0] > filter_epsilon(list(event.event.events), entry.delta)
    assert _left(home) == []  # how many runs there were is known to nobody


def test_nothing_runs_where_it_does_not_fit(tmp_path):
    home = ledger_home(tmp_path, 0.1)
    with pytest.raises(OverBudget, match="nothing was spent"):
        _select(home, lambda _: pytest.fail("it ran"))
    assert not (home.enclave / "checkpoints").exists()


class Killed(BaseException):
    """What no handler of an error sees."""


def test_a_killed_selection_goes_on_with_the_same_lots_under_its_own_mechanism(tmp_path):
    home, whole = ledger_home(tmp_path, 20.0), []
    _select(ledger_home(tmp_path / "other", 20.0), lambda run: whole.append(run.candidate) or len(whole))

    def killed_at(last):
        def run(run):
            if len(seen) == last:
                raise Killed
            seen.append((run.key[-1], run.candidate))
            return len(seen)

        return run

    seen, spent = [], None
    for last in range(len(whole)):
        with pytest.raises(Killed):
            _select(home, killed_at(last), seed=SEED if last == 0 else 77 + last)
        spent = spent or open_ledger(home).cumulative()
        assert open_ledger(home).cumulative() == spent
        assert {row.state for row in open_ledger(home).mechanisms().values()} == {"running"}

    def dies(*_):
        raise Killed

    with pytest.raises(Killed):
        _select(home, killed_at(len(whole)), dies, seed=99)
    assert _select(home, lambda _: pytest.fail("all runs are over"), seed=99)[2] == len(whole)
    assert [candidate for _, candidate in seen] == whole
    assert [int(key) for key, _ in seen] == list(range(len(whole)))
    assert open_ledger(home).cumulative() == spent
    assert len(open_ledger(home).account().spent) == 1
    assert [row.state for row in open_ledger(home).mechanisms().values()] == ["done"]


def test_what_failed_goes_on_at_no_cost_but_other_terms_or_candidates_are_paid_for(tmp_path):
    home = ledger_home(tmp_path, 20.0)
    with pytest.raises(UserError, match="out of memory"):
        _select(home, lambda _: (_ for _ in ()).throw(UserError("out of memory")))
    spent = open_ledger(home).cumulative()
    _select(home, lambda _: 0)
    assert open_ledger(home).cumulative() == spent
    _select(home, lambda _: 0, terms=replace(TERMS, noise_multiplier=5.0))
    _select(home, lambda _: 0, settings_sha256="others")
    assert len(open_ledger(home).account().spent) == 3


def test_two_selections_at_once_are_two_mechanisms(tmp_path):
    home, inside, go = ledger_home(tmp_path, 40.0), threading.Event(), threading.Event()

    def slow(_):
        inside.set()
        assert go.wait(60)
        return 0

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(_select, home, slow)
        assert inside.wait(60)
        second = pool.submit(_select, home, lambda _: 0)
        with pytest.raises(TimeoutError):
            second.result(timeout=1)
        go.set()
        first.result(), second.result()
    assert len(open_ledger(home).account().spent) == 2


def test_it_has_no_place_in_a_plan(tmp_path):
    ledger, whole = open_ledger(ledger_home(tmp_path, 20.0)), plan()
    held = replace(whole, events={"selection:tiny|eps-4": [event_to_json(TERMS.event())]})
    with pytest.raises(UserError, match="cannot be planned"):
        ledger.declare(held)
    assert ledger.rows() == []


@pytest.mark.parametrize(("epsilon", "runs"), [(8.0, 3), (1.0, 1), (0.3, 10)])
def test_the_noise_of_the_runs_makes_all_of_them_together_cost_the_budget(epsilon, runs):
    terms = selection_terms(epsilon=epsilon, delta=1e-5, sample_rate=0.05, steps=40, mean_runs=runs)
    assert 0.93 * epsilon < terms.cost() <= epsilon
    training = training_event(terms.noise_multiplier, terms.sample_rate, terms.steps)
    assert one_training(terms.event()) == training
    assert one_training(training) == training
    if runs > 1:  # Papernot and Steinke 2022, Theorem 2, by hand at the best of some orders
        orders = np.concatenate([np.arange(1.05, 8, 0.05), np.arange(8, 400)])
        one = renyi(training, orders) + orders / (2 * terms.score_noise**2)
        hat = np.min((1 - 1 / orders) * one + np.log(runs) / orders)
        all_runs = one + 2 * hat + np.log(runs) / (orders - 1)
        by_hand = np.min(all_runs + np.log1p(-1 / orders) - np.log(1e-5 * orders) / (orders - 1))
        assert terms.cost() == pytest.approx(by_hand, rel=0.01)


def test_a_budget_too_small_for_a_choice_is_refused(tmp_path):
    with pytest.raises(UserError, match="fewer runs or a larger budget"):
        selection_terms(epsilon=0.0005, delta=1e-9, sample_rate=1.0, steps=1000, mean_runs=50)
    with pytest.raises(UserError, match="0 runs choose nothing"):
        selection_terms(epsilon=1.0, delta=1e-5, sample_rate=0.1, steps=5, mean_runs=0)
    with pytest.raises(ValueError, match="nothing to choose from"):
        best_of_random_number(
            ledger_home(tmp_path, 20.0), "c", TERMS, 0, lambda _: 0, _best, settings_sha256="s",
            source=TestSeedSource(0), noise_source="os",
        )  # fmt: skip


def test_what_it_would_cost_is_what_it_costs(tmp_path):
    home = ledger_home(tmp_path, 20.0)
    told = claim_with(home, TERMS)
    assert open_ledger(home).rows() == []
    _select(home, lambda _: 0)
    assert open_ledger(home).cumulative()[0] == told


def test_the_number_of_runs_is_geometric_from_one():
    source, draws, mean = TestSeedSource(0), 4000, 3
    counted = Counter(min(geometric(source, mean), 8) for _ in range(draws))
    expected = [stats.geom.pmf(k, 1 / mean) * draws for k in range(1, 8)] + [stats.geom.sf(7, 1 / mean) * draws]
    assert stats.chisquare([counted[k] for k in range(1, 9)], expected).pvalue > 1e-3
    assert {geometric(source, 1) for _ in range(20)} == {1}


def test_the_event_survives_json_and_costs_the_same():
    again = event_from_json(json.loads(json.dumps(event_to_json(TERMS.event()))))
    assert again == TERMS.event()
    assert hash(again) == hash(TERMS.event())
    assert rdp_epsilon([again], 1e-6) == TERMS.cost()
