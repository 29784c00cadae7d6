"""Rows of the privacy tables that every attacked model has: its claim, the membership attack, the blind baseline."""

import json
from collections.abc import Iterator
from typing import Any

from dp_clinical_pipeline.config import ClassifierTraining, Evaluation, Training, budget_epsilon
from dp_clinical_pipeline.evaluation.attacked import Arms
from dp_clinical_pipeline.evaluation.blind import blind_attack
from dp_clinical_pipeline.evaluation.bootstrap import Floats
from dp_clinical_pipeline.evaluation.canary import audit_training
from dp_clinical_pipeline.evaluation.membership import attack_scores, auroc_bound, empirical_epsilon, tpr_bound
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.accounting import pld_epsilon, training_event
from dp_clinical_pipeline.training.clipping import Mode, Quantile

Row = dict[str, Any]


def metric_row(
    metric: str,
    value: float | None,
    between: tuple[float | None, float | None] = (None, None),
    arms: tuple[float | None, float | None] = (None, None),
    *,
    n: int | None = None,
    passed: bool | None = None,
    visibility: str = "restricted",
) -> Row:
    """Return a row; `arms` is what train and hold-out patients give, `passed` null where nothing is required."""
    return {
        "metric": metric,
        "value": value,
        "ci_low": between[0],
        "ci_high": between[1],
        "train_value": arms[0],
        "holdout_value": arms[1],
        "n": n,
        "passed": passed,
        "visibility": visibility,
    }


def claim_row(epsilon: float | None, budget: str) -> Row:
    """Return the claimed epsilon, which is public and must be within the budget."""
    allowed = budget_epsilon(budget)
    kept = None if epsilon is None or allowed is None else epsilon <= allowed
    return metric_row("epsilon", epsilon, passed=kept, visibility="public")


def clipping_of(home: Home, row: dict[str, Any], now: Training | ClassifierTraining) -> tuple[Mode, Quantile]:
    """Return how a cell's training clipped, by its manifest; by the settings of `now` where that does not say."""
    try:
        told = json.loads((home.path / (row["path"] or "") / "manifest.json").read_text())
    except (OSError, ValueError):
        told = {}
    quantile = Quantile(
        quantile=told.get("quantile", now.clipping_quantile), share=told.get("share", now.clipping_share)
    )
    return told.get("clipping", now.clipping), quantile


def canary_row(chosen: Evaluation, trained: dict[str, Any], clipping: Mode, quantile: Quantile | None = None) -> Row:
    """Return what canaries prove of a training with this noise, rate and steps; nothing for one without privacy.

    The loop is the one that trained, the canaries are made up, and no real report is read: the row is public. It must
    not refute the training's own share of the claim.
    """
    noise, rate, steps, delta = (trained[name] for name in ("noise_multiplier", "sample_rate", "steps", "delta"))
    if noise is None or delta is None:
        return {}
    own = pld_epsilon([training_event(noise, rate, steps)], delta)
    audit = audit_training(
        noise_multiplier=noise,
        sample_rate=rate,
        steps=steps,
        delta=delta,
        claimed=own,
        clipping=clipping,
        quantile=quantile,
        repeats=chosen.canary_runs,
    )
    between = (audit.epsilon_lower, audit.epsilon_upper)
    return metric_row(
        "canary_epsilon", audit.epsilon_lower, between, n=audit.runs, passed=audit.passed, visibility="public"
    )


def blind_row(chosen: Evaluation, arms: Arms) -> Row:
    """Return what telling the arms apart without a model achieves; nothing where an arm is too small for folds."""
    members, nonmembers = (side["text"].to_list() for side in (arms.members, arms.nonmembers))
    attack = blind_attack(members, nonmembers, resamples=chosen.bootstrap, seed=chosen.seed)
    if attack is None:
        return {}
    between = (attack.auroc_low, attack.auroc_high)
    fair = attack.auroc_low is None or attack.auroc_low <= 0.5
    return metric_row("blind_auroc", attack.auroc, between, n=2 * arms.members.height, passed=fair)


def membership_rows(
    chosen: Evaluation, score: Floats, members: int, epsilon: float | None, delta: float | None
) -> Iterator[Row]:
    """Yield what scores achieve that are higher for likelier members, of whom the first `members` are some.

    Each figure must be one that the claim allows. `empirical_epsilon` is the epsilon that the attack proves at 97.5 %
    confidence, to stand beside the claimed one: near 0 wherever the attack does no better than chance.
    """
    attack = attack_scores(score[:members], score[members:], resamples=chosen.bootstrap, seed=chosen.seed)
    for name, value, between, bound in (
        ("membership_auroc", attack.auroc, (attack.auroc_low, attack.auroc_high), auroc_bound),
        ("membership_tpr_at_1pct_fpr", attack.tpr, (attack.tpr_low, attack.tpr_high), tpr_bound),
    ):
        claimed = None if epsilon is None or delta is None else bound(epsilon, delta)
        within = None if claimed is None else (between[0] or 0.0) <= claimed
        yield metric_row(name, value, between, n=len(score), passed=within)
    shown = empirical_epsilon(attack, delta or 0.0, members)
    yield metric_row("empirical_epsilon", shown, n=len(score), passed=None if epsilon is None else shown <= epsilon)
