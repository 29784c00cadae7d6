"""What a cell's budget buys: its delta, sampling rate, steps, and the noise of its marginals and its training."""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from dp_clinical_pipeline.config import ClassifierTraining, Settings, Training, budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.account import event_to_json
from dp_clinical_pipeline.privacy.accounting import (
    AGREEMENT,
    Calibration,
    calibrate,
    gaussian_event,
    least_noise,
    pld_epsilon,
    training_event,
)

Kind = Literal["generator", "classifier"]
"""What a training makes: its mechanism's kind in the ledger."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The public facts of a training that fix its account."""

    lot_size: int
    steps: int
    patients: float
    delta: float

    @property
    def sample_rate(self) -> float:
        """The probability with which each patient is sampled in a step."""
        return min(1.0, self.lot_size / self.patients)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A budget's price list. Guarantee: marginals and training together are (epsilon, delta)-DP, add/remove a patient."""

    budget: str
    epsilon: float
    schedule: Schedule
    marginals_noise: float
    calibration: Calibration

    def marginals_events(self) -> list[Any]:
        """The marginals' event as JSON: one Gaussian over the joint count vector."""
        return [event_to_json(gaussian_event(self.marginals_noise))]

    def training_events(self) -> list[Any]:
        """The training's event as JSON."""
        c = self.calibration
        return [event_to_json(training_event(c.noise_multiplier, c.sample_rate, c.steps))]


def default_delta(count: int) -> float:
    """Return min(1e-5, count^-1.1)."""
    return min(1e-5, count**-1.1)


def training_settings(settings: Settings, kind: Kind) -> Training | ClassifierTraining:
    """Return the settings of one kind of training."""
    return settings.training if kind == "generator" else settings.classifier_training


def schedule(settings: Settings, count: int, kind: Kind = "generator") -> Schedule:
    """Return the schedule of one kind of training for a public patient count.

    Raises:
        UserError: the declared delta is above 1/count, at which a guarantee says nothing.
    """
    delta = settings.privacy.delta or default_delta(count)
    if delta > 1 / count:
        raise UserError(
            f"privacy.delta {delta:g} is above 1/{count}, one over the patients: lower it, or leave it empty"
        )
    training = training_settings(settings, kind)
    return Schedule(
        lot_size=training.lot_size,
        steps=training.steps,
        patients=max(1.0, count * settings.splits.train),
        delta=delta,
    )


def cell_terms(settings: Settings, budget: str, count: int) -> Terms:
    """Calibrate one cell: its marginals' share first, then the training beside them.

    Raises:
        UserError: the budget is not private, cannot be calibrated, or the accountants disagree.
    """
    epsilon = budget_epsilon(budget)
    if epsilon is None:
        raise UserError("a non-private cell has no terms")
    plan = schedule(settings, count)
    share = settings.privacy.marginals_share * epsilon
    marginals = least_noise(lambda noise: [gaussian_event(noise)], share, plan.delta)
    calibration = calibrate(
        epsilon=epsilon,
        delta=plan.delta,
        sample_rate=plan.sample_rate,
        steps=plan.steps,
        beside=[gaussian_event(marginals)],
    ).check()
    return Terms(budget=budget, epsilon=epsilon, schedule=plan, marginals_noise=marginals, calibration=calibration)


def classifier_terms(settings: Settings, budget: str, count: int) -> Calibration:
    """Calibrate a classifier's training. It reads no marginals, so that all of its budget is noise of its own.

    Raises:
        UserError: the budget is not private, cannot be calibrated, or the accountants disagree.
    """
    epsilon = budget_epsilon(budget)
    if epsilon is None:
        raise UserError("a non-private cell has no terms")
    plan = schedule(settings, count, "classifier")
    return calibrate(epsilon=epsilon, delta=plan.delta, sample_rate=plan.sample_rate, steps=plan.steps).check()


def classifier_events(settings: Settings, budget: str, count: int) -> list[Any]:
    """Return the events of a classifier's training as JSON."""
    c = classifier_terms(settings, budget, count)
    return [event_to_json(training_event(c.noise_multiplier, c.sample_rate, c.steps))]


def joint_epsilon(terms: Terms) -> float:
    """Return what the cell costs in all, by PLD over its marginals and its training."""
    c = terms.calibration
    events = [
        gaussian_event(terms.marginals_noise),
        training_event(c.noise_multiplier, c.sample_rate, c.steps),
    ]
    return pld_epsilon(events, terms.schedule.delta)


def settings_sha256(settings: Settings, count: int, kind: Kind | None = None) -> str:
    """Return the hash of every setting that an account or an adapter depends on; of one kind of training, or of all."""
    parts = {
        "training": settings.training.model_dump() if kind != "classifier" else None,
        "classifier_training": settings.classifier_training.model_dump() if kind != "generator" else None,
        "privacy": settings.privacy.model_dump(include={"unit", "delta", "marginals_share", "labels_per_report"}),
        "patients": settings.patients.model_dump(include={"max_reports"}),
        "splits": settings.splits.model_dump(),
        "count": count,
        "agreement": AGREEMENT,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def marginals_sensitivity(labels_per_report: int, *, pairs: bool = True) -> float:
    """Return the L2 sensitivity of the joint vector of label, pair and size counts, one report a patient.

    A report of c labels adds 1 to c label cells, to c(c-1)/2 pair cells, where pairs are counted, and to one size cell.
    """
    c = labels_per_report
    return math.sqrt(c + (c * (c - 1) / 2 if pairs else 0) + 1)
