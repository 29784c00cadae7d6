"""The best of several runs, paid for: a random number of runs, of which only the best is seen."""

from collections.abc import Callable
from typing import TypeVar

from filelock import FileLock

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism, event_from_json, event_to_json
from dp_clinical_pipeline.privacy.attempts import interrupted, running
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import RandomSource, SystemSource
from dp_clinical_pipeline.privacy.renyi import rdp_epsilon
from dp_clinical_pipeline.privacy.terms import schedule

T = TypeVar("T")


def best_of_random_number(
    home: Home,
    name: str,
    noise_multiplier: float,
    sample_rate: float,
    steps: int,
    mean_runs: int,
    candidates: int,
    run: Callable[[int], tuple[float, T]],
    *,
    settings_sha256: str,
    source: RandomSource | None = None,
) -> T:
    """Train a geometric number of times, each time one of the candidate settings by lot, and return the best result.

    `run(i)` trains candidate i with this noise, sampling rate and steps and returns its score and its result; it keeps
    nothing and shows nothing. `settings_sha256` names the candidates, which are fixed beforehand.

    Guarantee: one (noise, rate, steps) training with its score is priced by dp-accounting's RepeatAndSelectDpEvent
    (Papernot and Steinke 2022, Theorem 2). It assumes that the score is made of the run's own private output and of
    public data, or that `run` pays for it elsewhere in the ledger with noise of its own for as many runs; that nobody
    sees how many runs there were, nor the others' results; and that the time they took is not watched. There is no
    privacy loss distribution of it: it is never part of the plan and passes the Rényi filter.

    Raises:
        OverBudget: the ledger refused; nothing was run.
    """
    if mean_runs < 1 or candidates < 1:
        raise ValueError(f"{mean_runs} runs of {candidates} candidates choose nothing")
    random, ledger, slot = source or SystemSource(), open_ledger(home), f"selection:{name}"
    # Alone: a second caller would take a running selection for an interrupted one, and go on at its cost.
    with FileLock(home.enclave / f".selection.{name}.lock"):
        entry = interrupted(ledger, kind="selection", cell=name, slot=slot, settings_sha256=settings_sha256)
        wanted = selection_events(noise_multiplier, sample_rate, steps, mean_runs)
        if entry is None or entry.events[slot] != wanted:
            delta = schedule(home.settings, public_count(home)).delta
            entry = ledger.reserve(
                Mechanism(
                    kind="selection",
                    cell=name,
                    events={slot: wanted},
                    epsilon=rdp_epsilon([event_from_json(item) for item in wanted], delta),
                    delta=delta,
                    settings_sha256=settings_sha256,
                )
            )
        with running(ledger, entry):
            # Drawn at once: a run must not see how many are left. A resumed selection draws again, since none was seen.
            runs = geometric(random, mean_runs)
            best = max((run(random.integer(candidates)) for _ in range(runs)), key=lambda scored: scored[0])
            return best[1]


def selection_events(noise_multiplier: float, sample_rate: float, steps: int, mean_runs: int) -> list[object]:
    """Return the event of the best of a geometric number of trainings, as JSON."""
    from dp_accounting import dp_event

    from dp_clinical_pipeline.privacy.accounting import training_event

    one = training_event(noise_multiplier, sample_rate, steps)
    return [event_to_json(dp_event.RepeatAndSelectDpEvent(one, float(mean_runs), 1.0))]


def geometric(source: RandomSource, mean: int) -> int:
    """Return 1, 2, 3… with probability (1/mean)(1 - 1/mean)^(k-1), exactly."""
    runs = 1
    while source.integer(mean) != 0:
        runs += 1
    return runs
