"""What the ledger's tests share: a small mechanism, and a process that races for the cap. Imports no torch."""

from pathlib import Path
from typing import Any

from dp_clinical_pipeline.config import Patients, Privacy, Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism, event_to_json
from dp_clinical_pipeline.privacy.accounting import filter_epsilon, gaussian_event
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger

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


def race(folder: Path, barrier: Any, results: Any) -> None:
    """Wait for the others, open the ledger, and try to reserve."""
    filter_epsilon([gaussian_event(NOISE)], DELTA)  # the slow imports come before the race
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
