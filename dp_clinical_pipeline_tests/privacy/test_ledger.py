"""The ledger is written first, refuses to overspend, and notices when it was tampered with."""

import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter

import polars as pl
import pytest

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.account import Account, event_from_json, event_to_json
from dp_clinical_pipeline.privacy.accounting import gaussian_event, pld_epsilon, training_event
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.renyi import filter_epsilon
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS, PRIVACY_LEDGER
from dp_clinical_pipeline_tests.privacy.racers import (
    DELTA,
    NOISE,
    cap_for,
    events,
    ledger_home,
    mechanism,
    plan,
    processes,
    race,
    spend_without_end,
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


def _sql(home, statement, *values):
    with sqlite3.connect(home.enclave / "ledger.sqlite") as connection:
        connection.execute(statement, values)
    connection.close()


def _lower_the_cost(home):
    _sql(home, "UPDATE privacy_ledger SET body = replace(body, ?, ?) WHERE seq = 2", str(NOISE), "99.0")


def _rename_a_state(home):
    _sql(home, "UPDATE privacy_ledger SET body = replace(body, '\"reserved\"', '\"refused\"') WHERE seq = 1")


def _delete_the_last(home):
    _sql(home, "DELETE FROM privacy_ledger WHERE seq = (SELECT max(seq) FROM privacy_ledger)")


def _delete_the_first(home):
    _sql(home, "DELETE FROM privacy_ledger WHERE seq = 1")


def _delete_all(home):
    _sql(home, "DELETE FROM privacy_ledger")


def _restore_an_old_copy(home):
    shutil.copy(home.enclave / "old.sqlite", home.enclave / "ledger.sqlite")


def _lose_the_database(home):
    (home.enclave / "ledger.sqlite").unlink()


def _lose_the_head(home):
    (home.enclave / "ledger.head.json").unlink()


def _garble_the_head(home):
    (home.enclave / "ledger.head.json").write_text('{"seq": 2')


def _point_the_head_nowhere(home):
    (home.enclave / "ledger.head.json").write_text(json.dumps({"seq": 0, "row_sha256": "0" * 64}))


@pytest.mark.parametrize(
    "tamper",
    [
        _lower_the_cost, _rename_a_state, _delete_the_last, _delete_the_first, _delete_all, _restore_an_old_copy,
        _lose_the_database, _lose_the_head, _garble_the_head, _point_the_head_nowhere,
    ],
)  # fmt: skip
def test_tampering_is_found_on_the_next_open_and_stops(home, tamper):
    ledger = open_ledger(home)
    entry = ledger.reserve(mechanism())
    shutil.copy(home.enclave / "ledger.sqlite", home.enclave / "old.sqlite")
    ledger.record(entry, "running")
    ledger.record(entry, "done")
    assert len(open_ledger(home).rows()) == 3
    tamper(home)
    with pytest.raises(UserError, match="stop, and restore"):
        open_ledger(home)
    with pytest.raises(UserError, match="stop, and restore"):
        ledger.reserve(mechanism())


def test_rows_rewritten_with_their_hashes_do_not_fit_the_head(home, tmp_path):
    ledger = open_ledger(home)
    ledger.reserve(mechanism())
    ledger.reserve(mechanism())
    other = ledger_home(tmp_path / "other", cap_for(3))
    for _ in range(2):
        open_ledger(other).reserve(mechanism(noise=100.0))
    shutil.copy(other.enclave / "ledger.sqlite", home.enclave / "ledger.sqlite")
    with pytest.raises(UserError, match="older than its head file"):
        open_ledger(home)


def _forget_the_ledger(home):
    """What an operator does who wants to start afresh, or who restores a home without its enclave."""
    for name in ("ledger.sqlite", "ledger.head.json"):
        (home.enclave / name).unlink()


def _write_manifest(home, head):
    folder = home.lake / "adapters" / "m1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"ledger_head": head}))


def _write_counts(home, mechanism_id):
    row = dict.fromkeys(LABEL_MARGINALS.columns) | {"mechanism_id": mechanism_id}
    Store(home).write(LABEL_MARGINALS, pl.DataFrame([row], schema=LABEL_MARGINALS.schema), "eps-8", budget="eps-8")


@pytest.mark.parametrize("artefact", ["manifest", "counts"])
def test_a_ledger_deleted_with_its_head_is_missed_by_what_was_made_under_it(home, artefact):
    ledger = open_ledger(home)
    entry = ledger.reserve(mechanism())
    if artefact == "manifest":
        _write_manifest(home, ledger.head())
    else:
        _write_counts(home, entry.mechanism_id)
    ledger.record(entry, "done")
    assert len(open_ledger(home).rows()) == 2
    _forget_the_ledger(home)
    for _ in range(2):
        with pytest.raises(UserError, match=r"does not hold what lake/.* was made under"):
            open_ledger(home)


def test_another_chain_as_long_does_not_hold_a_manifests_head(home, tmp_path):
    _write_manifest(home, (1, "0" * 64))
    with pytest.raises(UserError, match="does not hold what lake/adapters/m1"):
        open_ledger(home)
    _write_manifest(home, None)  # a benchmark's adapter outside the ledger repeats nothing
    open_ledger(home).reserve(mechanism())
    _write_manifest(home, (1, open_ledger(home).rows()[0].row_sha256))
    open_ledger(home)
    (home.lake / "adapters" / "m1" / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="the manifest in lake/adapters/m1 cannot be read"):
        open_ledger(home)


def test_a_kill_between_a_row_and_its_head_breaks_nothing(home, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    for _ in range(2):
        ledger = open_ledger(home)
        with monkeypatch.context() as patch:
            patch.setattr("dp_clinical_pipeline.privacy.ledger.write_text", killed)
            with pytest.raises(KeyboardInterrupt):
                ledger.reserve(mechanism())
    open_ledger(home).reserve(mechanism())
    assert len(open_ledger(home).account().spent) >= 2


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


def _killed_at_a_random_moment(home, told, rng):
    """Run a process that spends, kill it somewhere after its first new step, and return what it had told of."""
    before = told.read_text().count("\n") if told.exists() else 0
    process = processes().Process(target=spend_without_end, args=(home.path, told))
    process.start()
    while not (told.exists() and told.read_text().count("\n") > before):
        assert process.is_alive()
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.1))
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    return [line.split() for line in told.read_text().splitlines() if line.count(" ") == 1]


@pytest.mark.parametrize("kills", [5, pytest.param(50, marks=pytest.mark.long)])
def test_sigkill_leaves_neither_an_undercount_nor_a_broken_chain(tmp_path, kills):
    home, told, rng = ledger_home(tmp_path, 1.0), tmp_path / "told", random.Random(kills)
    open_ledger(home)
    for _ in range(kills):
        steps = _killed_at_a_random_moment(home, told, rng)
        rows = open_ledger(home).rows()  # verifies the chain and its head
        written = {(row.mechanism.mechanism_id, row.state) for row in rows}
        assert {(name, state) for name, state in steps} <= written
        spent = {m.mechanism_id for m in open_ledger(home).account().spent}
        assert {name for name, _ in steps} <= spent
        assert open_ledger(home).cumulative()[0] == pytest.approx(
            filter_epsilon([gaussian_event(1000.0)] * len(spent), DELTA)
        )
    assert all(count == 1 for count in Counter((row.mechanism.mechanism_id, row.state) for row in rows).values())


def _race(home):
    context = processes()
    barrier, results = context.Barrier(8), context.Queue()
    racers = [context.Process(target=race, args=(home.path, barrier, results)) for _ in range(8)]
    for racer in racers:
        racer.start()
    outcome = Counter(results.get(timeout=800) for _ in racers)
    for racer in racers:
        racer.join()
    return outcome


ROUNDS = [0, *(pytest.param(i, marks=pytest.mark.long) for i in range(1, 20))]


@pytest.mark.parametrize("_round", ROUNDS)
def test_eight_processes_race_for_a_cap_with_room_for_three(home, _round):
    assert _race(home) == {"ran": 3, "refused": 5}
    assert Counter(_states(home)) == {"reserved": 3, "running": 3, "done": 3, "refused": 5}


@pytest.mark.postgres
@pytest.mark.parametrize("_round", ROUNDS)
def test_eight_processes_race_on_postgresql(tmp_path, postgres_url, _round):
    home = ledger_home(tmp_path, cap_for(3), postgres_url)
    assert _race(home) == {"ran": 3, "refused": 5}
    assert Counter(_states(home)) == {"reserved": 3, "running": 3, "done": 3, "refused": 5}


@pytest.mark.postgres
def test_tampering_on_postgresql_is_found(tmp_path, postgres_url):
    home = ledger_home(tmp_path, cap_for(3), postgres_url)
    ledger = open_ledger(home)
    ledger.record(ledger.reserve(mechanism()), "done")
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM privacy_ledger WHERE seq = 2")
    with pytest.raises(UserError, match="older than its head file"):
        open_ledger(home)


def test_the_plan_refuses_events_of_another_slot(home):
    ledger = open_ledger(home)
    ledger.declare(plan("a", "b"))
    entry = ledger.reserve(mechanism("a", events={"b": events()}))
    assert entry.slot is None
