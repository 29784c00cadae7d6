import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs import dead_runs
from dp_clinical_pipeline.defs.dead_runs import PROCESS_TAG, fail_dead_runs, this_process
from dp_clinical_pipeline.defs.runner import Runner
from dp_clinical_pipeline.home import Home

# Holds the slot of the pool until it is killed, as a training of the command line does.
HOLDS_THE_SLOT = """
import sys, time
import dagster as dg
from pathlib import Path
from dp_clinical_pipeline.defs.dead_runs import this_process

@dg.asset(pool="torch_cpu")
def training():
    Path(sys.argv[2]).touch()
    time.sleep(600)

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    dg.materialize([training], instance=instance, tags=this_process())
"""


def _run(instance: dg.DagsterInstance, tags: dict[str, str]) -> dg.DagsterRun:
    return instance.create_run_for_job(
        job_def=defs.resolve_job_def("full_run"), tags=tags, status=DagsterRunStatus.STARTED
    )


def _status(instance: dg.DagsterInstance, run: dg.DagsterRun) -> DagsterRunStatus:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found.status


def test_a_run_of_a_living_process_is_left_alone(instance: dg.DagsterInstance) -> None:
    run = _run(instance, this_process())
    assert fail_dead_runs(instance) == 0
    assert _status(instance, run) == DagsterRunStatus.STARTED


@pytest.mark.parametrize("tags", [{}, {PROCESS_TAG: "another-host/1/2"}, {PROCESS_TAG: "nonsense"}])
def test_a_run_of_the_server_or_of_another_host_is_not_judged(
    tags: dict[str, str], instance: dg.DagsterInstance
) -> None:
    run = _run(instance, tags)
    assert fail_dead_runs(instance) == 0
    assert _status(instance, run) == DagsterRunStatus.STARTED


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are told apart by /proc")
def test_a_process_id_that_was_used_again_does_not_keep_a_run_alive(instance: dg.DagsterInstance) -> None:
    [(name, value)] = this_process().items()
    host, pid, started = value.split("/")
    run = _run(instance, {name: f"{host}/{pid}/{int(started) - 1}"})
    assert fail_dead_runs(instance) == 1
    assert _status(instance, run) == DagsterRunStatus.FAILURE


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are told apart by /proc")
def test_a_killed_command_line_gives_its_slot_to_the_next_one(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", HOLDS_THE_SLOT, str(home.dagster), str(tmp_path / "training")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "training").exists():
        assert process.poll() is None
        time.sleep(0.1)
    pool = instance.event_log_storage.get_concurrency_info("torch_cpu")
    assert len(pool.claimed_slots) == 1
    process.kill()
    process.wait()
    with Runner(home):
        pass
    pool = instance.event_log_storage.get_concurrency_info("torch_cpu")
    assert not pool.claimed_slots
    assert [run.status for run in instance.get_runs()] == [DagsterRunStatus.FAILURE]


def test_without_proc_nothing_is_declared_dead(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_runs, "_started", lambda pid: None)
    run = _run(instance, this_process())
    assert fail_dead_runs(instance) == 0
    assert _status(instance, run) == DagsterRunStatus.STARTED
