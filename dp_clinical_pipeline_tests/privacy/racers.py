"""What the ledger's tests share: a small mechanism, and processes that race or spend without end. No torch."""

import multiprocessing
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import dp_accounting.pld  # noqa: F401  slow: the server of processes imports it once for all
import scipy.special  # noqa: F401

from dp_clinical_pipeline.config import Patients, Privacy, Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism, event_to_json
from dp_clinical_pipeline.privacy.accounting import gaussian_event
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.renyi import filter_epsilon

DELTA = 1e-6
NOISE = 10.0


def events(noise: float = NOISE) -> list[Any]:
    return [event_to_json(gaussian_event(noise))]


def mechanism(slot: str | None = None, noise: float = NOISE, **fields: Any) -> Mechanism:
    return Mechanism(
        **{
            "kind": "test",
            "cell": "c",
            "slot": slot,
            "epsilon": 0.5,
            "delta": DELTA,
            "events": {slot or "x": events(noise)},
        }
        | fields
    )


def plan(*slots: str, noise: float = NOISE) -> Mechanism:
    held = {slot: events(noise) for slot in slots}
    return Mechanism(kind="plan", cell=None, events=held, epsilon=0.0, delta=DELTA, mechanism_id="plan")


def cap_for(mechanisms: int) -> float:
    """A cap with room for so many mechanisms through the filter, and not for one more."""
    three, four = (filter_epsilon([gaussian_event(NOISE)] * n, DELTA) for n in (mechanisms, mechanisms + 1))
    return (three + four) / 2


def ledger_home(folder: Path, cap: float, url: str | None = None) -> Home:
    settings = Settings(privacy=Privacy(cap_epsilon=cap), patients=Patients(count=500), ledger_url=url)
    return Home(folder / "home").create(settings)


def processes() -> ForkServerContext:
    """Return where processes come from: each is a copy of one that has this module imported and nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def race(folder: Path, barrier: Any, results: Any) -> None:
    """Wait for the others, open the ledger, and try to reserve."""
    barrier.wait()
    try:
        ledger = open_ledger(Home(folder))
        entry = ledger.reserve(mechanism())
        ledger.record(entry, "running")
        ledger.record(entry, "done")
        results.put("ran")
    except OverBudget:
        results.put("refused")
    except BaseException as error:
        results.put(repr(error))


def spend_without_end(folder: Path, told: Path) -> None:
    """Reserve, run and finish one mechanism after another, and tell of each step only when it is over."""
    ledger = open_ledger(Home(folder))
    with told.open("a") as file:
        while True:
            entry = ledger.reserve(mechanism(noise=1000.0))
            for state in ("reserved", "running", "done"):
                if state != "reserved":
                    ledger.record(entry, state)
                file.write(f"{entry.mechanism_id} {state}\n")
                file.flush()
