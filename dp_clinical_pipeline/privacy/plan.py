"""The plan: every cell and scheduled retraining of a home, priced and fixed by its hash before the first of them runs."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Account, Mechanism
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import Ledger, open_ledger
from dp_clinical_pipeline.privacy.terms import (
    Terms,
    cell_terms,
    joint_epsilon,
    marginals_sensitivity,
    settings_sha256,
)

Cell = tuple[str, str]


@dataclass(frozen=True)
class RetrainingSlot:
    """The next scheduled retraining of the plan, or the reason why there is none."""

    name: str
    generator: str
    budget: str
    reason: str | None = None


def marginals_slot(budget: str) -> str:
    """Return the plan's slot for a budget's marginals."""
    return f"marginals:{budget}"


def training_slot(generator: str, budget: str, retraining: str | None = None) -> str:
    """Return the plan's slot for a cell's training, or for one of its scheduled retrainings."""
    return retraining or f"generator:{generator}:{budget}"


def declare_plan(home: Home, cells: Sequence[Cell]) -> None:
    """Fix the plan where there is none: the given cells, and the retrainings of the settings. Buys the count first.

    Raises:
        OverBudget: the whole plan passes the cap.
    """
    ledger = open_ledger(home)
    private = sorted({cell for cell in cells if budget_epsilon(cell[1]) is not None})
    retraining = home.settings.privacy.retraining
    if any(row.state == "declared" for row in ledger.rows()) or not (private or retraining.runs):
        return
    count = public_count(home)
    budgets = {budget for _, budget in private} | ({retraining.budget} if retraining.runs else set())
    terms = {budget: cell_terms(home.settings, budget, count) for budget in sorted(budgets)}
    ledger.declare(_plan(home, private, terms, count))


def _plan(home: Home, cells: Sequence[Cell], terms: dict[str, Terms], count: int) -> Mechanism:
    retraining = home.settings.privacy.retraining
    slots: dict[str, list[Any]] = {marginals_slot(budget): t.marginals_events() for budget, t in terms.items()}
    slots |= {training_slot(*cell): terms[cell[1]].training_events() for cell in cells}
    slots |= {f"retraining:{i + 1}": terms[retraining.budget].training_events() for i in range(retraining.runs)}
    delta = next(iter(terms.values())).schedule.delta
    plan = Mechanism(
        kind="plan",
        cell=None,
        events=slots,
        epsilon=0.0,
        delta=delta,
        settings_sha256=settings_sha256(home.settings, count),
    )
    digest = hashlib.sha256(json.dumps(plan.as_dict(), sort_keys=True).encode()).hexdigest()
    epsilon, _ = Account(plan=plan, spent=()).cumulative()
    return Mechanism(**(plan.as_dict() | {"mechanism_id": digest[:16], "epsilon": epsilon}))


def slot_terms(home: Home, ledger: Ledger, budget: str, slot: str) -> tuple[list[Any], float, float]:
    """Return (events as JSON, joint epsilon of the cell, delta) for a slot: as declared, or calibrated now."""
    count = public_count(home)
    epsilon = budget_epsilon(budget) or 0.0
    plan = ledger.account().plan
    if plan and slot in plan.events and plan.settings_sha256 == settings_sha256(home.settings, count):
        return plan.events[slot], epsilon, plan.delta
    terms = cell_terms(home.settings, budget, count)
    events = terms.marginals_events() if slot.startswith("marginals:") else terms.training_events()
    return events, epsilon, terms.schedule.delta


def next_retraining(home: Home) -> RetrainingSlot:
    """Return the next unused retraining of the declared plan, with a reason instead where there is none."""
    wanted = home.settings.privacy.retraining
    account = open_ledger(home).account()
    if account.plan is None:
        if wanted.runs == 0:
            return RetrainingSlot("", wanted.generator, wanted.budget, "the settings plan no retraining")
        return RetrainingSlot("retraining:1", wanted.generator, wanted.budget)
    planned = sorted(
        (s for s in account.plan.events if s.startswith("retraining:")), key=lambda s: int(s.split(":")[1])
    )
    used = {m.slot for m in account.spent}
    for slot in planned:
        if slot not in used:
            return RetrainingSlot(slot, wanted.generator, wanted.budget)
    return RetrainingSlot(
        "", wanted.generator, wanted.budget,
        f"the declared plan is spent: all {len(planned)} retrainings have run; a new period needs a new plan",
    )  # fmt: skip


def describe_plan(home: Home, budgets: Iterable[str], generators: Sequence[str]) -> pl.DataFrame:
    """Return, before anything is spent, what each budget buys and what would be left.

    Columns: budget, epsilon, delta, sample_rate, steps, noise_multiplier, marginals_std, signal_to_noise (expected lot
    over noise multiplier), claim (all of it together with what was spent) and left below the cap.
    """
    ledger = open_ledger(home)
    count, account = public_count(home, buy=False), ledger.account()
    rows = []
    for budget in budgets:
        if budget_epsilon(budget) is None:
            continue
        terms = cell_terms(home.settings, budget, count)
        c = terms.calibration
        after = account
        for slot, events in [(marginals_slot(budget), terms.marginals_events())] + [
            (training_slot(g, budget), terms.training_events()) for g in generators
        ]:
            mechanism = Mechanism(
                kind="planned", cell=None, events={slot: events}, epsilon=0.0, delta=terms.schedule.delta, slot=slot
            )
            if account.plan is None:
                plan = after.plan or Mechanism(
                    kind="plan", cell=None, events={}, epsilon=0.0, delta=terms.schedule.delta
                )
                after = after.with_plan(Mechanism(**(plan.as_dict() | {"events": plan.events | {slot: events}})))
            elif slot not in account.plan.events:
                after = after.spend(Mechanism(**(mechanism.as_dict() | {"slot": None})))
        claim, _ = after.cumulative()
        rows.append(
            {
                "budget": budget, "epsilon": joint_epsilon(terms), "delta": terms.schedule.delta,
                "sample_rate": c.sample_rate, "steps": c.steps, "noise_multiplier": c.noise_multiplier,
                "marginals_std": terms.marginals_noise * marginals_sensitivity(home.settings.privacy.labels_per_report),
                "signal_to_noise": home.settings.training.lot_size / c.noise_multiplier,
                "claim": claim, "left": max(0.0, ledger.cap_epsilon - claim),
            }
        )  # fmt: skip
    return pl.DataFrame(rows)


def retrainings_that_fit(home: Home, budget: str) -> int:
    """Return how many retrainings at this budget fit below the cap beside what is declared, by PLD as one plan."""
    count = public_count(home, buy=False)
    terms = cell_terms(home.settings, budget, count)
    account = open_ledger(home).account()
    base = account.plan.events if account.plan else {}

    def claim(runs: int) -> float:
        events = base | {marginals_slot(budget): terms.marginals_events()}
        events |= {f"more:{i}": terms.training_events() for i in range(runs)}
        plan = Mechanism(kind="plan", cell=None, events=events, epsilon=0.0, delta=terms.schedule.delta)
        return account.with_plan(plan).cumulative()[0]

    fits = 0
    while fits < 1000 and claim(fits + 1) <= home.settings.privacy.cap_epsilon:
        fits += 1
    return fits
