"""The ledger is written first, and refuses to overspend."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dp_clinical_pipeline.deid.keys import secret
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy import ledger as ledger_module
from dp_clinical_pipeline.privacy.account import Account, event_from_json, event_to_json
from dp_clinical_pipeline.privacy.accounting import gaussian_event, pld_epsilon, training_event
from dp_clinical_pipeline.privacy.attempts import running
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.renyi import filter_epsilon
from dp_clinical_pipeline.tables import PRIVACY_LEDGER
from dp_clinical_pipeline_tests.privacy.racers import (
    DELTA,
    NOISE,
    cap_for,
    events,
    ledger_home,
    mechanism,
    plan,
)


@pytest.fixture
def home(tmp_path):
    return ledger_home(tmp_path, cap_for(3))


def _states(home):
    return [row.state for row in open_ledger(home).rows()]


def test_the_cost_stands_before_the_work_and_every_state_after(home):
    ledger = open_ledger(home)
    assert ledger.cumulative() == (0.0, 0.0)
    entry = ledger.reserve(mechanism())
    assert _states(home) == ["reserved"]
    spent = open_ledger(home).cumulative()
    assert spent[0] > 0
    ledger.record(entry, "running")
    ledger.record(entry, "aborted")
    assert _states(home) == ["reserved", "running", "aborted"]
    assert open_ledger(home).cumulative() == spent
    with pytest.raises(ValueError, match="'refunded' is not a state"):
        ledger.record(entry, "refunded")


def test_passing_the_cap_is_refused_written_down_and_costs_nothing(home):
    ledger = open_ledger(home)
    for _ in range(3):
        ledger.reserve(mechanism())
    before = ledger.cumulative()
    with pytest.raises(OverBudget, match="nothing was spent"):
        ledger.reserve(mechanism())
    assert _states(home) == ["reserved"] * 3 + ["refused"]
    assert open_ledger(home).cumulative() == before
    assert before[0] == pytest.approx(filter_epsilon([gaussian_event(NOISE)] * 3, DELTA))
    ledger.reserve(mechanism(noise=1000.0))  # something smaller still fits


def test_a_plan_is_priced_whole_above_each_part_and_below_their_sum(home):
    open_ledger(home).declare(plan("a", "b", "c"))
    claim, delta = open_ledger(home).cumulative()
    part = pld_epsilon([gaussian_event(NOISE)], DELTA)
    assert part < claim < 3 * part
    assert claim == pytest.approx(pld_epsilon([gaussian_event(NOISE)] * 3, DELTA))
    assert delta == DELTA


def test_a_planned_slot_is_free_once_and_then_goes_through_the_filter(home):
    ledger = open_ledger(home)
    ledger.declare(plan("a", "b"))
    claim = ledger.cumulative()
    first = ledger.reserve(mechanism("a"))
    assert first.slot == "a"
    assert ledger.cumulative() == claim
    second = ledger.reserve(mechanism("a"))
    assert second.slot is None
    assert ledger.cumulative()[0] == pytest.approx(filter_epsilon([gaussian_event(NOISE)] * 3, DELTA))
    with pytest.raises(OverBudget):
        ledger.reserve(mechanism("a"))
    assert ledger.reserve(mechanism("b")).slot == "b"  # what was planned still runs


def test_a_slot_with_other_events_than_planned_is_not_covered(home):
    ledger = open_ledger(home)
    ledger.declare(plan("a"))
    assert ledger.reserve(mechanism("a", noise=NOISE / 1.01)).slot is None
    assert ledger.reserve(mechanism("a")).slot == "a"


def test_a_refused_mechanism_does_not_use_up_its_slot(tmp_path):
    home = ledger_home(tmp_path, cap_for(1))
    ledger = open_ledger(home)
    ledger.declare(plan("a"))
    with pytest.raises(OverBudget):
        ledger.reserve(mechanism("a", noise=1.0))
    assert ledger.reserve(mechanism("a")).slot == "a"


def test_a_plan_is_declared_once_and_only_below_the_cap(home):
    ledger = open_ledger(home)
    with pytest.raises(OverBudget, match="the plan costs epsilon"):
        ledger.declare(plan("a", "b", noise=1.0))
    assert _states(home) == []
    ledger.declare(plan("a"))
    with pytest.raises(UserError, match="declared and fixed already"):
        ledger.declare(plan("b"))


def test_a_reader_beside_a_writer_raises_no_false_alarm(home, monkeypatch):
    ledger = open_ledger(home)
    ledger.reserve(mechanism())
    ledger.reserve(mechanism())
    writer, read = open_ledger(home), type(ledger)._read_head

    def appended_meanwhile(self):
        head = read(self)
        monkeypatch.undo()
        writer.reserve(mechanism())
        return head

    monkeypatch.setattr(type(ledger), "_read_head", appended_meanwhile)
    assert len(ledger.rows()) == 3


def test_the_public_view_has_the_lakes_schema_and_its_cumulative_claim_never_falls(home):
    ledger = open_ledger(home)
    ledger.declare(plan("a", "b"))
    for entry in (ledger.reserve(mechanism("a")), ledger.reserve(mechanism("b")), ledger.reserve(mechanism())):
        ledger.record(entry, "done")
    with pytest.raises(OverBudget):
        ledger.reserve(mechanism(noise=0.5))
    view = ledger.public_view()
    assert view.schema == PRIVACY_LEDGER.schema
    assert view["state"].to_list() == ["declared", *["reserved"] * 3, *["done"] * 3, "refused"]
    assert view["cumulative_epsilon"].is_sorted()
    assert view["cumulative_epsilon"][0] == 0
    assert view["cumulative_epsilon"][-1] == pytest.approx(ledger.cumulative()[0])
    assert view["planned"].to_list()[1:4] == [True, True, False]


def test_the_public_view_does_not_tell_how_long_a_mechanism_took(home, monkeypatch):
    class Clock(datetime):
        hours = iter((22, 23, 30, 55))

        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=next(cls.hours))

    monkeypatch.setattr(ledger_module, "datetime", Clock)
    first = open_ledger(home).reserve(mechanism())
    for state in ("running", "done"):
        open_ledger(home).record(first, state)
    open_ledger(home).reserve(mechanism())
    view = open_ledger(home).public_view()
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 1, 1, 3)]
    assert view["recorded_at"].to_list() == days


def test_a_database_that_cannot_be_reached_is_one_line_without_the_password(tmp_path):
    home = ledger_home(tmp_path, 1.0, "postgresql+psycopg://someone:hush@127.0.0.1:1/none")
    with pytest.raises(UserError, match="cannot be read or written") as caught:
        open_ledger(home)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("event", [gaussian_event(2.0), training_event(1.5, 0.25, 7)], ids=str)
def test_events_survive_json(event):
    assert event_from_json(json.loads(json.dumps(event_to_json(event)))) == event


def test_json_builds_nothing_but_dp_accounting_events():
    with pytest.raises(ValueError, match="is not a dp-accounting event"):
        event_from_json({"type": "Sequence"})


def test_a_pure_count_is_added_to_the_claim():
    counted = mechanism(kind="patient_count", epsilon=0.05, delta=0.0)
    alone = Account(plan=plan("a"), spent=()).cumulative()[0]
    assert Account(plan=plan("a"), spent=(counted,)).cumulative()[0] == pytest.approx(alone + 0.05)


def test_a_delta_that_is_raised_later_makes_no_room():
    low, high = mechanism(delta=1e-7), mechanism(delta=1e-3)
    alone = Account(plan=None, spent=(low,)).cumulative()
    assert alone[1] == 1e-7
    assert Account(plan=None, spent=(low, high)).cumulative()[1] == 1e-7
    assert Account(plan=None, spent=(low, high)).cumulative()[0] > alone[0]
    late = type(low)(**(plan("a").as_dict() | {"delta": 1e-3}))
    assert Account(plan=late, spent=(low,)).cumulative()[1] == 1e-7


def test_a_state_is_recorded_of_what_was_reserved_and_never_changes_its_cost(home):
    ledger = open_ledger(home)
    entry = ledger.reserve(mechanism())
    before = ledger.cumulative()
    stranger = replace(entry, mechanism_id="0" * 16)
    for other in (replace(entry, events={"x": events(1000.0)}), replace(entry, slot="a"), stranger):
        with pytest.raises(ValueError, match="holds no mechanism"):
            ledger.record(other, "done")
    assert _states(home) == ["reserved"]
    ledger.record(replace(entry, noise_source="test-seed"), "done")
    assert ledger.cumulative() == before


def test_where_noise_came_from_stands_in_every_row_and_a_test_seed_stays(home):
    ledger = open_ledger(home)
    entry = ledger.reserve(mechanism(noise_source="os"))
    with running(ledger, entry, "os") as held:
        assert held.noise_source == "os"
    with running(ledger, held, "test-seed") as held:
        assert held.noise_source == "test-seed"
    with running(ledger, held, "os") as held:
        assert held.noise_source == "test-seed"
    told = ["os"] * 3 + ["test-seed"] * 4
    assert [row.mechanism.noise_source for row in open_ledger(home).rows()] == told
    assert ledger.public_view()["noise_source"].to_list() == told


def test_a_ledger_of_before_says_that_it_does_not_know(home):
    """Rows as they were written before they named a home and a source of noise."""
    held = mechanism(mechanism_id="m1").as_dict()
    del held["noise_source"]
    body = json.dumps({"at": "2026-11-01T00:00:00+00:00", "state": "running", "mechanism": held}, sort_keys=True)
    ledger = open_ledger(home)
    digest = ledger_module._digest(1, "0" * 64, body)
    with ledger.engine.begin() as connection:
        values = {"seq": 1, "body": body, "previous_sha256": "0" * 64, "row_sha256": digest}
        connection.execute(ledger_module._ROWS.insert().values(**values))
    [row] = open_ledger(home).rows()
    assert (row.mechanism.noise_source, row.home) == (None, None)
    with running(open_ledger(home), row.mechanism, "os") as held:
        assert held.noise_source is None  # what was done before is not known
    assert open_ledger(home).public_view()["noise_source"].to_list() == [None] * 3


def test_two_homes_cannot_share_a_ledger(tmp_path):
    shared = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    first, second = (ledger_home(tmp_path / name, cap_for(3), shared) for name in ("a", "b"))
    secret(first)
    entry = open_ledger(first).reserve(mechanism())
    secret(second)
    for write in (
        lambda: open_ledger(second).reserve(mechanism()),
        lambda: open_ledger(second).declare(plan("a")),
        lambda: open_ledger(second).record(entry, "running"),
    ):
        with pytest.raises(UserError, match="holds the ledger of another home"):
            write()
    open_ledger(first).record(entry, "running")
    assert [row.state for row in open_ledger(first).rows()] == ["reserved", "running"]


def test_a_benchmark_does_not_become_a_private_home(home):
    entry = open_ledger(home).reserve(mechanism())
    flipped = home.save_settings(home.settings.model_copy(update={"kind": "benchmark"}))
    began = home.settings.kind
    for write in (
        lambda: open_ledger(flipped).reserve(mechanism()),
        lambda: open_ledger(flipped).record(entry, "done"),
    ):
        with pytest.raises(
            UserError, match=f"begun in a {began} home and settings.yaml says benchmark now: set kind back"
        ):
            write()
    back = home.save_settings(home.settings)
    open_ledger(back).record(entry, "done")
    assert [(row.state, row.home_kind) for row in open_ledger(back).rows()] == [("reserved", began), ("done", began)]


def test_the_budgets_of_the_issue_are_reported_jointly_and_below_their_sum(tmp_path):
    """Noise multipliers that `test_accounting` finds to cost 0.01, 0.1, 1 and 10 alone, at rate 0.008 over 500 steps."""
    home, budgets = ledger_home(tmp_path, 10.5), {0.01: 43.68, 0.1: 5.614, 1: 1.0197, 10: 0.4801}
    held = {f"eps-{e}": [event_to_json(training_event(noise, 0.008, 500))] for e, noise in budgets.items()}
    whole = plan()
    open_ledger(home).declare(type(whole)(**(whole.as_dict() | {"events": held, "delta": 1e-5})))
    for slot, planned in held.items():
        open_ledger(home).reserve(mechanism(slot, events={slot: planned}, delta=1e-5))
    claim, delta = open_ledger(home).cumulative()
    assert delta == 1e-5
    assert max(budgets) < claim < 10.2 < sum(budgets)
    assert claim == pytest.approx(10.058, rel=2e-3)  # dp-accounting, composed by hand
    assert open_ledger(home).so_far() == pytest.approx(claim)


def test_what_ran_so_far_is_below_the_claim_until_all_has_run(home):
    ledger = open_ledger(home)
    ledger.declare(plan("a", "b"))
    assert ledger.so_far() == 0
    ledger.reserve(mechanism("a"))
    assert ledger.so_far() == pytest.approx(pld_epsilon([gaussian_event(NOISE)], DELTA))
    assert ledger.so_far() < ledger.cumulative()[0]
    ledger.reserve(mechanism("b"))
    assert ledger.so_far() == pytest.approx(ledger.cumulative()[0])


def test_the_plan_refuses_events_of_another_slot(home):
    ledger = open_ledger(home)
    ledger.declare(plan("a", "b"))
    entry = ledger.reserve(mechanism("a", events={"b": events()}))
    assert entry.slot is None
