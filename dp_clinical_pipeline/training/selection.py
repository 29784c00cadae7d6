"""Chooses a classifier's learning rate by private trainings, of which the best becomes the cell's classifier."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import polars as pl
from filelock import Timeout

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import BaseModel, base_model
from dp_clinical_pipeline.models.device import Device, choose_device
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.privacy.account import Mechanism
from dp_clinical_pipeline.privacy.attempts import settle
from dp_clinical_pipeline.privacy.cohort import split_reports
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import discrete_gaussian
from dp_clinical_pipeline.privacy.selection import Run, SelectionTerms, best_of_random_number, selection_terms
from dp_clinical_pipeline.privacy.terms import schedule, settings_sha256
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import DP_CLASSIFIER
from dp_clinical_pipeline.training.cell import (
    Recipe,
    cell_checkpoint,
    cell_lock,
    forget_checkpoints,
    keep_artefact,
    refuse_unfit,
    train_patients,
    train_spec,
)
from dp_clinical_pipeline.training.classifier import classifier_logits
from dp_clinical_pipeline.training.classifier_cell import classifier_recipe
from dp_clinical_pipeline.training.examples import Drawn, Example, draw, microbatches
from dp_clinical_pipeline.training.loop import Randomness, train
from dp_clinical_pipeline.training.mechanism import TrainingMechanism

_MOST_RATES = 100
_PARTS = 1000
"""A patient's score is a whole number of so many parts, so that its noise is drawn exactly."""


@dataclass(frozen=True, kw_only=True)
class Selected:
    """What may be seen of a selection: the best run's setting and score, and what all of it cost."""

    mechanism_id: str
    learning_rate: float
    score: float
    """One minus the mean squared error of the scores of a validation patient, about: the noisy sum over their public
    number. Who says one half of everything has 0.75."""
    score_std: float
    epsilon: float
    delta: float
    noise_multiplier: float
    sample_rate: float
    steps: int


def classifier_selection_terms(home: Home, budget: str, mean_runs: int, *, buy: bool = True) -> SelectionTerms:
    """Return what a selection at a budget gives each of its runs. Without `buy` it spends nothing at all.

    Raises:
        UserError: the budget is not private, or too small for so many runs; or the patient count is unknown.
    """
    epsilon = budget_epsilon(budget)
    if epsilon is None:
        raise UserError("without privacy there is nothing to select privately: name a budget such as eps-4")
    plan = schedule(home.settings, public_count(home, buy=buy), "classifier")
    return selection_terms(
        epsilon=epsilon, delta=plan.delta, sample_rate=plan.sample_rate, steps=plan.steps, mean_runs=mean_runs
    )


def select_classifier(
    home: Home,
    encoder: str,
    budget: str,
    learning_rates: Sequence[float],
    *,
    mean_runs: int = 3,
    randomness: Randomness | None = None,
) -> Selected:
    """Train a cell's classifier a random number of times, each time with a learning rate drawn by lot, and keep the best.

    Each run is scored on one labelled report of each validation patient, with noise. Asked again, the cell is kept as it
    is; after an interruption the same call goes on under its own mechanism.

    Guarantee: classifier, learning rate and score together are (epsilon, delta)-DP for adding or removing one patient
    with all reports, as `SelectionTerms` says; a run is a training on train patients and a discrete Gaussian over
    validation patients, composed. Excludes the public base model, its tokenizer, the public label list, the settings and
    the list of rates. Nobody may see how many runs there were: no progress is shown, and time must not be watched.

    Raises:
        OverBudget: the ledger refused; no data was read.
        UserError: the rates are not ones to choose from, the cell has another classifier, or another process trains it.
    """
    rates = _distinct(learning_rates)
    try:
        with cell_lock(home, encoder, budget):
            if Store(home).exists(DP_CLASSIFIER, encoder, budget, budget=budget):
                return _kept(home, encoder, budget, rates, mean_runs)
            terms = classifier_selection_terms(home, budget, mean_runs)
            return _Selection(home, encoder, budget, terms, rates, randomness or Randomness()).select()
    except Timeout:
        raise UserError(f"the cell {encoder}|{budget} is being trained by another process: wait for it") from None


def _distinct(rates: Sequence[float]) -> list[float]:
    if not 2 <= len(set(rates)) == len(rates) <= _MOST_RATES or not all(0 < rate < math.inf for rate in rates):
        raise UserError(
            f"learning rates {', '.join(f'{rate:g}' for rate in rates[:10]) or 'none'} are not a choice: give two to "
            f"{_MOST_RATES} different positive ones"
        )
    return sorted(rates)


class _Selection:
    """One selection: what its runs share, and what becomes of the best."""

    def __init__(
        self, home: Home, encoder: str, budget: str, terms: SelectionTerms, rates: list[float], randomness: Randomness
    ) -> None:
        self.home, self.encoder, self.budget, self.terms, self.rates = home, encoder, budget, terms, rates
        self.randomness, self.recipe = randomness, classifier_recipe(home)
        self.base: BaseModel = base_model(home, "encoders", encoder)
        self.device: Device = choose_device(home.settings.compute)
        self.tokenizer = load_tokenizer(self.base, padding_side="right")
        self.count = public_count(home)

    def select(self) -> Selected:
        refuse_unfit(self.recipe.build(self.base, self.device), self.recipe, self.tokenizer)
        of = [settings_sha256(self.home.settings, self.count, "classifier"), self.rates, self.terms.mean_runs]
        return best_of_random_number(
            self.home,
            f"{self.encoder}|{self.budget}",
            self.terms,
            len(self.rates),
            self._run,
            self._keep,
            settings_sha256=hashlib.sha256(json.dumps(of).encode()).hexdigest(),
            source=self.randomness.sampling,
            noise_source=self.randomness.name,
        )

    def _losses(self, model: Any, batch: Sequence[Drawn]) -> Any:
        return (self.recipe.kept_losses or self.recipe.losses)(model, batch, self.tokenizer.pad_token_id)

    def _example(self, text: str, targets: list[str]) -> Example:
        return self.recipe.example(self.tokenizer, text, targets)

    def _trained(self, run: Run, account: TrainingMechanism) -> Any:
        """The run's model: trained, or gone on with, or read back where it is over."""
        model = self.recipe.build(self.base, self.device)
        spec = replace(train_spec(self.home, "classifier", account), learning_rate=self.rates[run.candidate])
        train(
            model,
            train_patients(self.home, self._example),
            spec,
            self._losses,
            checkpoint=cell_checkpoint(self.home, run.key),
            randomness=self.randomness,
        )
        return model

    def _run(self, run: Run) -> int:
        model = self._trained(run, self._account(None))
        variance = Fraction(self.terms.score_noise * _PARTS) ** 2
        return _score(self.home, self.recipe, self._example, model, self.tokenizer.pad_token_id) + discrete_gaussian(
            self.randomness.noise, variance
        )

    def _keep(self, entry: Mechanism, best: Run, score: int) -> Selected:
        account = self._account(entry)
        patients = max(1.0, self.count * self.home.settings.splits.validation)
        told = {
            "learning_rates": self.rates,
            "mean_runs": self.terms.mean_runs,
            "learning_rate": self.rates[best.candidate],
            "score": score / _PARTS / patients,
            "score_std": self.terms.score_noise / patients,
        }
        keep_artefact(
            self.home, self.recipe, self.base, self.budget, account, self.device, self._trained(best, account),
            entry.noise_source, {"retraining": None, "selection": told},
        )  # fmt: skip
        forget_checkpoints(self.home, entry.mechanism_id)
        return _selected(self.home, self.encoder, self.budget, told)

    def _account(self, entry: Mechanism | None) -> TrainingMechanism:
        """One run's training; with the selection's mechanism, what the best one's row states."""
        terms = self.terms
        return TrainingMechanism(
            mechanism_id=entry.mechanism_id if entry else "",
            epsilon=terms.epsilon,
            delta=terms.delta,
            noise_multiplier=terms.noise_multiplier,
            sample_rate=terms.sample_rate,
            steps=terms.steps,
            patients=schedule(self.home.settings, self.count, "classifier").patients,
            ledger=open_ledger(self.home) if entry else None,
            entry=entry,
        )


def _score(home: Home, recipe: Recipe, example: Any, model: Any, pad: int) -> int:
    """Return the sum over validation patients of what the model gets right of one labelled report each, in parts.

    Sensitivity: a patient added or removed changes it by at most `_PARTS`.
    """
    import torch

    reports = split_reports(home, "validation").filter(pl.col("targets").is_not_null())
    first = reports.group_by("unit_key", maintain_order=True).first()
    examples = [example(text, targets) for text, targets in first.select("text", "targets").iter_rows()]
    total = 0
    model.eval()
    most, kind = home.settings.classifier_training.microbatch_tokens, next(model.parameters()).device.type
    for batch in microbatches(draw([[e] for e in examples]), most, kind):
        with torch.no_grad():
            chances = classifier_logits(model, batch, pad).float().sigmoid()
        truth = torch.tensor([d.example.targets for d in batch], device=chances.device, dtype=chances.dtype)
        right = 1 - ((chances - truth) ** 2).mean(1)
        total += int((right.nan_to_num(0.0).clamp(0, 1) * _PARTS).floor().long().sum())
    return total


def _kept(home: Home, encoder: str, budget: str, rates: list[float], mean_runs: int) -> Selected:
    row = Store(home).read(DP_CLASSIFIER, encoder, budget, budget=budget).row(0, named=True)
    told = json.loads((cell_adapter(home, row) / "manifest.json").read_text()).get("selection") or {}
    if (told.get("learning_rates"), told.get("mean_runs")) != (rates, mean_runs):
        raise UserError(
            f"the cell {encoder}|{budget} has a classifier already, which is kept: select at another budget, which costs "
            "that much more"
        )
    forget_checkpoints(home, row["mechanism_id"])
    settle(open_ledger(home), row["mechanism_id"])
    return _selected(home, encoder, budget, told)


def _selected(home: Home, encoder: str, budget: str, told: dict[str, Any]) -> Selected:
    row = Store(home).read(DP_CLASSIFIER, encoder, budget, budget=budget).row(0, named=True)
    terms = {key: row[key] for key in ("mechanism_id", "epsilon", "delta", "noise_multiplier", "sample_rate", "steps")}
    return Selected(
        **terms, learning_rate=told["learning_rate"], score=told["score"], score_std=told["score_std"]
    )  # fmt: skip
