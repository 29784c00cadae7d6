"""Many processes at one ledger, and processes that are killed: never more than the cap, never less than was spent."""

import os
import random
import signal
import time
from collections import Counter

import pytest

from dp_clinical_pipeline.privacy.accounting import gaussian_event
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.renyi import filter_epsilon
from dp_clinical_pipeline_tests.privacy.racers import (
    DELTA,
    cap_for,
    ledger_home,
    processes,
    race,
    spend_without_end,
)


@pytest.fixture
def home(tmp_path):
    return ledger_home(tmp_path, cap_for(3))


def _states(home):
    return [row.state for row in open_ledger(home).rows()]


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
