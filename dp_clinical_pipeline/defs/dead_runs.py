"""Runs of the command line carry their process; when it is killed, nobody else would notice that they ended."""

import os
import socket
from pathlib import Path

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

PROCESS_TAG = "dp_clinical/process"


def this_process() -> dict[str, str]:
    """Return the tag that ties a run to this process: host, process id and the time that it started."""
    return {PROCESS_TAG: f"{socket.gethostname()}/{os.getpid()}/{_started(os.getpid()) or 0}"}


def fail_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark unfinished command-line runs of this host whose process is gone as failed and free their slots.

    What such a run wrote to the ledger stays there: an attempt that was killed is counted.
    """
    active = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED]
    ended = 0
    for run in instance.get_runs(filters=RunsFilter(statuses=active)):
        if _lives(run.tags.get(PROCESS_TAG, "")):
            continue
        instance.report_run_failed(run, "The process that executed this run is gone.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended += 1
    return ended


def _lives(tag: str) -> bool:
    host, _, rest = tag.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname() or not pid.isdigit():
        return True  # a run of the server, or of another host: not ours to judge
    return _started(int(pid)) == (int(started) or _started(int(pid)))


def _started(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None where it is gone, a zombie, or cannot be told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])
