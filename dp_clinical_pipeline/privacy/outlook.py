"""Before anything is spent: what cells and retrainings cost, what would be left below the cap, and what fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.privacy.account import Account, Mechanism, event_to_json
from dp_clinical_pipeline.privacy.accounting import Calibration, training_event
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.plan import Cell, classifier_slot, marginals_slot, training_slot
from dp_clinical_pipeline.privacy.terms import (
    Terms,
    cell_terms,
    classifier_terms,
    joint_epsilon,
    marginals_sensitivity,
    schedule,
    settings_sha256,
)

_MOST_RETRAININGS = 1000
_COLUMNS: dict[str, Any] = {
    "kind": pl.String, "budget": pl.String, "runs": pl.Int64, "epsilon": pl.Float64, "delta": pl.Float64,
    "sample_rate": pl.Float64, "steps": pl.Int64, "noise_multiplier": pl.Float64, "marginals_std": pl.Float64,
    "signal_to_noise": pl.Float64, "planned": pl.Boolean, "claim": pl.Float64, "left": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Part:
    """Trainings of one kind at one budget, with the slots that they take. `epsilon` is what one of them costs."""

    kind: str
    budget: str
    epsilon: float
    calibration: Calibration
    lot_size: int
    slots: dict[str, list[Any]]
    marginals_std: float | None = None

    @property
    def runs(self) -> int:
        """How many trainings."""
        return sum(not slot.startswith("marginals:") for slot in self.slots)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What the account would be after everything that was asked for.

    `table` has a row for each part: kind, budget, runs, epsilon of one cell, delta, sample_rate, steps,
    noise_multiplier, marginals_std, signal_to_noise (expected lot over noise multiplier), whether the declared plan
    holds it, the claim with it (beside what was declared or spent already), and what that leaves below the cap.
    """

    table: pl.DataFrame
    declared: bool
    claim: float
    delta: float
    cap: float
    retraining_budget: str
    retrainings_planned: int
    retrainings_that_fit: int
    warnings: tuple[str, ...]

    @property
    def left(self) -> float:
        """What the claim leaves below the cap."""
        return max(0.0, self.cap - self.claim)


def outlook(home: Home, budgets: Sequence[str], generators: Sequence[str], classifiers: Sequence[Cell] = ()) -> Outlook:
    """Price the cells of every generator at these budgets, these classifiers, and the settings' retrainings.

    Spends nothing. Where no plan is declared, they are priced as the plan that they would be; else what the plan does
    not hold goes through the Rényi filter.

    Raises:
        UserError: a budget cannot be calibrated, or the public patient count is unknown.
    """
    ledger, count = open_ledger(home), public_count(home, buy=False)
    account, cap = ledger.account(), ledger.cap_epsilon
    parts, again = _parts(home, account, budgets, generators, classifiers, count)
    delta = schedule(home.settings, count).delta
    same = account.plan is not None and account.plan.settings_sha256 == settings_sha256(home.settings, count)
    rows = [_row(part, *_priced(account, part.slots, same, delta), cap) for part in parts]
    everything = {slot: events for part in parts for slot, events in part.slots.items()}
    _, claim = _priced(account, everything, same, delta)
    retraining = home.settings.privacy.retraining
    return Outlook(
        table=pl.DataFrame(rows, schema=_COLUMNS),
        declared=account.plan is not None,
        claim=claim,
        delta=delta,
        cap=cap,
        retraining_budget=retraining.budget,
        retrainings_planned=sum(part.runs for part in parts if part.kind == "retraining"),
        retrainings_that_fit=_fitting(account, again, everything, same, delta, cap),
        warnings=tuple(_warnings(parts, claim, cap)),
    )


def _parts(
    home: Home,
    account: Account,
    budgets: Sequence[str],
    generators: Sequence[str],
    classifiers: Sequence[Cell],
    count: int,
) -> tuple[list[Part], Terms | None]:
    """Return what was asked for, and the terms of a retraining."""
    settings, retraining = home.settings, home.settings.privacy.retraining
    terms: dict[str, Terms] = {}
    for budget in [*budgets, retraining.budget]:
        if budget_epsilon(budget) is not None and budget not in terms:
            terms[budget] = cell_terms(settings, budget, count)
    parts = [
        _generator_part("generator", terms[b], [training_slot(g, b) for g in generators], settings)
        for b in budgets if b in terms and generators
    ]  # fmt: skip
    again = [f"retraining:{i + 1}" for i in range(retraining.runs)]
    if account.plan is not None:
        again = [slot for slot in account.plan.events if slot.startswith("retraining:")]
    if again and retraining.budget in terms:
        parts.append(_generator_part("retraining", terms[retraining.budget], again, settings))
    for budget in dict.fromkeys(budget for _, budget in classifiers if budget_epsilon(budget) is not None):
        calibration = classifier_terms(settings, budget, count)
        c = calibration
        events = [event_to_json(training_event(c.noise_multiplier, c.sample_rate, c.steps))]
        slots = {classifier_slot(encoder, b): events for encoder, b in classifiers if b == budget}
        lot = settings.classifier_training.lot_size
        epsilon = calibration.epsilon_pld
        parts.append(
            Part(kind="classifier", budget=budget, epsilon=epsilon, calibration=calibration, lot_size=lot, slots=slots)
        )
    return parts, terms.get(retraining.budget)


def _generator_part(kind: str, terms: Terms, slots: Sequence[str], settings: Any) -> Part:
    held = {marginals_slot(terms.budget): terms.marginals_events()}
    name = settings.corpus.label_set  # a home in which nothing was read yet has none
    pairs = label_set(name).paired if name else True
    return Part(
        kind=kind,
        budget=terms.budget,
        epsilon=joint_epsilon(terms),
        calibration=terms.calibration,
        lot_size=terms.schedule.lot_size,
        slots=held | {slot: terms.training_events() for slot in slots},
        marginals_std=terms.marginals_noise * marginals_sensitivity(settings.privacy.labels_per_report, pairs=pairs),
    )


def _priced(account: Account, slots: dict[str, list[Any]], same: bool, delta: float) -> tuple[bool, float]:
    """Return whether the declared plan holds all slots, and the claim with them."""
    if account.plan is None:
        plan = Mechanism(kind="plan", cell=None, events=slots, epsilon=0.0, delta=delta)
        return False, account.with_plan(plan).cumulative()[0]
    ran = {slot for mechanism in account.spent for slot in mechanism.events}
    foreign = {slot: events for slot, events in slots.items() if not (same and slot in account.plan.events)}
    for slot, events in foreign.items():
        if slot not in ran:
            outside = Mechanism(kind="outlook", cell=None, events={slot: events}, epsilon=0.0, delta=delta)
            account = account.spend(outside)
    return not foreign, account.cumulative()[0]


def _row(part: Part, planned: bool, claim: float, cap: float) -> dict[str, Any]:
    c = part.calibration
    return {
        "kind": part.kind, "budget": part.budget, "runs": part.runs, "epsilon": part.epsilon, "delta": c.delta,
        "sample_rate": c.sample_rate, "steps": c.steps, "noise_multiplier": c.noise_multiplier,
        "marginals_std": part.marginals_std, "signal_to_noise": part.lot_size / c.noise_multiplier,
        "planned": planned, "claim": claim, "left": max(0.0, cap - claim),
    }  # fmt: skip


def _fitting(
    account: Account, terms: Terms | None, everything: dict[str, list[Any]], same: bool, delta: float, cap: float
) -> int:
    """Return how many retrainings fit below the cap beside all else: as one plan, or, once one is declared, what it
    holds and what the filter admits beside it."""
    if terms is None:
        return 0
    others = {slot: events for slot, events in everything.items() if not slot.startswith("retraining:")}
    held = [slot for slot in (account.plan.events if account.plan else {}) if slot.startswith("retraining:")]

    def fits(runs: int) -> bool:
        more = {marginals_slot(terms.budget): terms.marginals_events()} if runs + len(held) else {}
        more |= {f"retraining:more-{i + 1}": terms.training_events() for i in range(runs)}
        return _priced(account, others | more, same, delta)[1] <= cap

    if not fits(0):
        return len(held)
    low, high = 0, 1
    while high <= _MOST_RETRAININGS and fits(high):
        low, high = high, 2 * high
    high = min(high, _MOST_RETRAININGS + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low + len(held)


def _warnings(parts: Sequence[Part], claim: float, cap: float) -> list[str]:
    told = []
    largest = max((part.epsilon for part in parts), default=0.0)
    if parts and cap <= largest * 1.01:
        told.append(
            f"the cap, {cap:g}, is not above the largest budget, {largest:.4g}: nothing else would fit beside one of its "
            "cells"
        )
    if claim > cap:
        told.append(
            f"all of this together costs epsilon {claim:.4g}, over the cap of {cap:g}: it would be refused. Take cells or "
            "retrainings out of it, or have privacy.cap_epsilon raised by whoever answers for these patients"
        )
    return told
