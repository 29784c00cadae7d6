"""The best of several runs, paid for: a random number of runs, of which only the best is seen."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from filelock import FileLock

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, write_text
from dp_clinical_pipeline.privacy.account import Mechanism, event_to_json
from dp_clinical_pipeline.privacy.accounting import gaussian_event, least_noise, training_event
from dp_clinical_pipeline.privacy.attempts import interrupted, running
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import RandomSource
from dp_clinical_pipeline.privacy.renyi import rdp_epsilon

if TYPE_CHECKING:
    from dp_accounting import DpEvent

T = TypeVar("T")

KIND = "selection"
SCORE_SHARE = 0.1
"""What one run's score may cost by itself, as a part of the whole selection's epsilon."""
_MOST_NOISE = 1e4


@dataclass(frozen=True, kw_only=True)
class SelectionTerms:
    """What a selection costs in all, and the noise that each of its runs gets.

    Guarantee: a geometric number of runs of mean `mean_runs`, each a training and a noisy score, of which the best alone
    is seen, are (epsilon, delta)-DP for adding or removing one patient: Theorem 2 of Papernot and Steinke (2022).
    """

    epsilon: float
    delta: float
    noise_multiplier: float
    score_noise: float
    """The noise of a run's score, over its sensitivity."""
    sample_rate: float
    steps: int
    mean_runs: int

    def event(self) -> "DpEvent":
        """Return the event of all runs together."""
        from dp_accounting import dp_event

        training = training_event(self.noise_multiplier, self.sample_rate, self.steps)
        one = dp_event.ComposedDpEvent((training, gaussian_event(self.score_noise)))
        return dp_event.RepeatAndSelectDpEvent(one, float(self.mean_runs), 1.0)

    def cost(self) -> float:
        """Return epsilon by Rényi accounting: there is no privacy loss distribution of a selection."""
        return rdp_epsilon([self.event()], self.delta)


def selection_terms(*, epsilon: float, delta: float, sample_rate: float, steps: int, mean_runs: int) -> SelectionTerms:
    """Return the terms whose training has the least noise, to 1 %, at which the whole selection costs at most epsilon.

    Raises:
        UserError: no noise reaches epsilon.
    """
    if mean_runs < 1:
        raise UserError(f"{mean_runs} runs choose nothing: give 1 or more")
    score = least_noise(lambda noise: [gaussian_event(noise)], SCORE_SHARE * epsilon, delta)

    def terms(log_noise: float) -> SelectionTerms:
        # To three digits, upwards: a number that a person can read and that JSON keeps.
        digits = 10 ** (2 - math.floor(log_noise / math.log(10)))
        noise = math.ceil(math.exp(log_noise) * digits) / digits
        return SelectionTerms(
            epsilon=epsilon, delta=delta, noise_multiplier=noise, score_noise=score, sample_rate=sample_rate,
            steps=steps, mean_runs=mean_runs,
        )  # fmt: skip

    high = 0.0
    while terms(high).cost() > epsilon:
        high += math.log(2)
        if high > math.log(_MOST_NOISE):
            raise UserError(
                f"no noise brings the best of {mean_runs} runs on average to epsilon {epsilon:g}: fewer runs or a larger "
                "budget"
            )
    low = high - math.log(2) if high else math.log(0.1)
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if terms(middle).cost() <= epsilon else (middle, high)
    return terms(high)


@dataclass(frozen=True, kw_only=True)
class Run:
    """One of a selection's runs. `key` names its files in the enclave; it tells of other runs, and stays there."""

    key: str
    candidate: int


def best_of_random_number(
    home: Home,
    cell: str,
    terms: SelectionTerms,
    candidates: int,
    run: Callable[[Run], int],
    keep: Callable[[Mechanism, Run, int], T],
    *,
    settings_sha256: str,
    source: RandomSource,
    noise_source: str,
) -> T:
    """Do a geometric number of runs, each of a candidate drawn by lot, and return what `keep` makes of the best one.

    `run` trains its candidate with the terms' noise, sampling rate and steps, leaves the result in the enclave under its
    key, and returns its score with the terms' noise; called again after an interruption, it goes on. `keep(mechanism,
    best, score)` writes what may be seen. `settings_sha256` names the candidates and all else that was fixed beforehand;
    `noise_source` is where `run` takes its coins and noise from.

    The lots are drawn once and lie in the enclave until the end: a run must not see how many are left, and drawing them
    again after a kill would favour small numbers. Lost scores are drawn afresh, since nobody saw them.

    Guarantee: `SelectionTerms`. It assumes that nobody sees how many runs there were, nor the others' results, and that
    the time they took is not watched. It is never part of the plan and passes the Rényi filter.

    Raises:
        OverBudget: the ledger refused; nothing was run.
    """
    if candidates < 1:
        raise ValueError("no candidates: nothing to choose from")
    slot, events = f"{KIND}:{cell}", [event_to_json(terms.event())]
    # Alone: a second caller would take a running selection for an interrupted one, and go on at its cost.
    with FileLock(home.enclave / f".selection.{cell.replace('|', '.')}.lock"):
        ledger = open_ledger(home)
        entry = interrupted(ledger, kind=KIND, cell=cell, slot=slot, settings_sha256=settings_sha256)
        if entry is None or entry.events[slot] != events:
            entry = ledger.reserve(
                Mechanism(
                    kind=KIND,
                    cell=cell,
                    events={slot: events},
                    epsilon=terms.epsilon,
                    delta=terms.delta,
                    settings_sha256=settings_sha256,
                    noise_source=noise_source,
                )
            )
        with running(ledger, entry, noise_source) as entry:
            lots = _Lots(home, entry.mechanism_id)
            drawn, scores = lots.drawn(source, terms.mean_runs, candidates)
            runs = [Run(key=f"{entry.mechanism_id}.{i}", candidate=candidate) for i, candidate in enumerate(drawn)]
            for number in range(len(scores), len(runs)):
                scores.append(run(runs[number]))
                lots.write(drawn, scores)
            best = max(range(len(runs)), key=lambda number: scores[number])
            kept = keep(entry, runs[best], scores[best])
            lots.path.unlink(missing_ok=True)
    return kept


@dataclass(frozen=True)
class _Lots:
    """Which candidates a selection draws, and the scores of the runs that are over: secret, and deleted at the end."""

    home: Home
    mechanism_id: str

    @property
    def path(self) -> Path:
        return self.home.enclave / "checkpoints" / f"{self.mechanism_id}.lots.json"

    def drawn(self, source: RandomSource, mean_runs: int, candidates: int) -> tuple[list[int], list[int]]:
        if not self.path.exists():
            self.path.parent.mkdir(exist_ok=True)
            self.write([source.integer(candidates) for _ in range(geometric(source, mean_runs))], [])
        held = json.loads(self.path.read_text())
        return held["candidates"], held["scores"]

    def write(self, candidates: list[int], scores: list[int]) -> None:
        write_text(self.path, json.dumps({"candidates": candidates, "scores": scores}))


def one_training(event: Any) -> Any:
    """Return the event of one training: of a selection's run, or the event itself where it is no selection."""
    from dp_accounting import dp_event

    return event.event.events[0] if isinstance(event, dp_event.RepeatAndSelectDpEvent) else event


def geometric(source: RandomSource, mean: int) -> int:
    """Return 1, 2, 3… with probability (1/mean)(1 - 1/mean)^(k-1), exactly."""
    runs = 1
    while source.integer(mean) != 0:
        runs += 1
    return runs


def claim_with(home: Home, terms: SelectionTerms) -> float:
    """Return what the claim would be after a selection; spends nothing."""
    events = {KIND: [event_to_json(terms.event())]}
    wanted = Mechanism(kind=KIND, cell=None, events=events, epsilon=terms.epsilon, delta=terms.delta)
    return open_ledger(home).account().spend(wanted).cumulative()[0]
