"""The plan: every cell and scheduled retraining of a home, priced and fixed by its hash before the first of them runs."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Account, Mechanism
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import Ledger, open_ledger
from dp_clinical_pipeline.privacy.terms import (
    Terms,
    cell_terms,
    classifier_events,
    schedule,
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


def classifier_slot(encoder: str, budget: str) -> str:
    """Return the plan's slot for the training of a classifier on private text."""
    return f"classifier:{encoder}:{budget}"


def declare_plan(home: Home, cells: Sequence[Cell], classifiers: Sequence[Cell] = ()) -> None:
    """Fix the plan where there is none: the given cells of generators and of encoders, and the retrainings of the
    settings. Buys the count first.

    Raises:
        OverBudget: the whole plan passes the cap.
    """
    ledger = open_ledger(home)
    private, direct = (
        sorted({cell for cell in some if budget_epsilon(cell[1]) is not None}) for some in (cells, classifiers)
    )
    retraining = home.settings.privacy.retraining
    if any(row.state == "declared" for row in ledger.rows()) or not (private or direct or retraining.runs):
        return
    count = public_count(home)
    budgets = {budget for _, budget in private} | ({retraining.budget} if retraining.runs else set())
    terms = {budget: cell_terms(home.settings, budget, count) for budget in sorted(budgets)}
    events = {classifier_slot(*cell): classifier_events(home.settings, cell[1], count) for cell in direct}
    ledger.declare(_plan(home, private, terms, count, events))


def _plan(
    home: Home, cells: Sequence[Cell], terms: dict[str, Terms], count: int, classifiers: dict[str, list[Any]]
) -> Mechanism:
    retraining = home.settings.privacy.retraining
    slots: dict[str, list[Any]] = {marginals_slot(budget): t.marginals_events() for budget, t in terms.items()}
    slots |= {training_slot(*cell): terms[cell[1]].training_events() for cell in cells}
    slots |= {f"retraining:{i + 1}": terms[retraining.budget].training_events() for i in range(retraining.runs)}
    slots |= classifiers
    plan = Mechanism(
        kind="plan",
        cell=None,
        events=slots,
        epsilon=0.0,
        delta=schedule(home.settings, count).delta,
        settings_sha256=settings_sha256(home.settings, count),
    )
    digest = hashlib.sha256(json.dumps(plan.as_dict(), sort_keys=True).encode()).hexdigest()
    epsilon, _ = Account(plan=plan, spent=()).cumulative()
    return Mechanism(**(plan.as_dict() | {"mechanism_id": digest[:16], "epsilon": epsilon}))


def slot_terms(home: Home, ledger: Ledger, budget: str, slot: str) -> tuple[list[Any], float, float]:
    """Return (events as JSON, joint epsilon of the cell, delta) for a slot: as declared, or calibrated now.

    A retraining's slot does not name its budget: what was declared for another one is not this one's.
    """
    count = public_count(home)
    epsilon = budget_epsilon(budget) or 0.0
    plan = ledger.account().plan
    if plan and slot in plan.events and plan.settings_sha256 == settings_sha256(home.settings, count):
        held = plan.events[slot]
        if not slot.startswith("retraining:") or held == cell_terms(home.settings, budget, count).training_events():
            return held, epsilon, plan.delta
    if slot.startswith("classifier:"):
        return classifier_events(home.settings, budget, count), epsilon, schedule(home.settings, count).delta
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
