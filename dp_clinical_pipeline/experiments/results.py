"""A study's tables: every arm's scores over the seeds, and the answers to the questions asked beforehand."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.bootstrap import Floats, resample_weights
from dp_clinical_pipeline.evaluation.comparisons import at_least, difference, holm, trend
from dp_clinical_pipeline.evaluation.counts import average_scores, counts
from dp_clinical_pipeline.evaluation.utility import ARM_KEYS, Scored, as_arrays, average_draws, estimate
from dp_clinical_pipeline.experiments.recipe import Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import EXPERIMENT_SCORES, EXPERIMENT_TESTS, PREDICTIONS

Key = tuple[str | None, ...]
"""Arm, generator, budget, classifier."""
Draws = dict[tuple[str, str], Floats]

_HEADLINE = ("f1", "weighted")
_TESTED = 10_000
"""Resamples of each test: with R of them no p-value is below 2/(R+1), which Holm multiplies by the number of questions."""


def write_results(recipe: Recipe, homes: Sequence[Home]) -> None:
    """Score every arm that all seeds' homes have, answer the questions, and replace both tables in the first home.

    Intervals and tests resample patients, and with several seeds the seeds too. Exact numbers on real reports:
    `restricted`.

    Raises:
        UserError: an arm's predictions are incomplete, or the homes do not test on the same patients.
    """
    arms = _scored_by_seed(homes)
    first = homes[0].settings.evaluation
    draws = {key: _over_seeds(scored, first.bootstrap, first.seed, average_draws) for key, scored in arms.items()}
    tested = {key: _over_seeds(arms[key], _TESTED, first.seed, _headline) for key in _asked(recipe, list(arms))}
    named = {"experiment": recipe.name, "visibility": "restricted"}
    scores = [
        named
        | dict(zip(ARM_KEYS, key, strict=True))
        | {"metric": f"{metric}_{average}".removesuffix("_overall"), "n": arms[key][0].patients, "seeds": len(homes)}
        | estimate(values)
        for key, found in draws.items()
        for (metric, average), values in found.items()
    ]
    tests = [named | row for row in (*_answers(recipe, tested), *_trends(arms))]
    for row, corrected in zip(tests, holm([row["p_value"] for row in tests]), strict=True):
        row["p_holm"] = corrected
    store = Store(homes[0])
    store.write(EXPERIMENT_SCORES, pl.DataFrame(scores, schema=EXPERIMENT_SCORES.schema), recipe.name)
    store.write(EXPERIMENT_TESTS, pl.DataFrame(tests, schema=EXPERIMENT_TESTS.schema), recipe.name)


def find_arm(keys: Sequence[Key], asked: str) -> Key | None:
    """Return the first arm that a question means by `arm|generator|budget|classifier`, empty parts fitting anything."""
    wanted = asked.split("|")
    return next((k for k in keys if all(not w or w == part for w, part in zip(wanted, k, strict=False))), None)


def _scored_by_seed(homes: Sequence[Home]) -> dict[Key, list[Scored]]:
    """Return the arms that every home has, each with one entry a seed."""
    found: list[dict[Key, Scored]] = []
    for home in homes:
        groups = Store(home).read(PREDICTIONS).group_by(ARM_KEYS, maintain_order=True)
        found.append({key: as_arrays(frame) for key, frame in groups})
    arms = {key: [seed[key] for seed in found] for key in found[0] if all(key in seed for seed in found)}
    for seed in range(len(homes)):
        _refuse_other_patients({key: scored[seed] for key, scored in arms.items()})
    truths = [scored.truth for scored in next(iter(arms.values()), [])]
    if any(not np.array_equal(truth, truths[0]) for truth in truths):
        raise UserError("the seeds' homes do not test on the same patients: give the experiment a fresh folder")
    return arms


def _refuse_other_patients(arms: dict[Key, Scored]) -> None:
    """A difference of two arms is one of the same patients, resample by resample."""
    for key, scored in arms.items():
        first_key, first = next(iter(arms.items()))
        if not (np.array_equal(scored.truth, first.truth) and np.array_equal(scored.patient, first.patient)):
            raise UserError(
                f"{shown_key(key)} was not tested on the reports of {shown_key(first_key)}, because reports came in "
                "between: give the experiment a fresh folder"
            )


def _asked(recipe: Recipe, keys: Sequence[Key]) -> list[Key]:
    """Return the arms that the questions compare, in the order of the keys."""
    named = {find_arm(keys, asked) for question in recipe.questions for asked in (question.arm, question.against)}
    return [key for key in keys if key in named]


def _headline(scored: Scored, weights: Floats) -> Draws:
    return {_HEADLINE: average_scores(counts(scored.truth, scored.chosen, scored.patient), weights)[_HEADLINE]}


def _over_seeds(scored: Sequence[Scored], resamples: int, seed: int, score: Callable[[Scored, Floats], Draws]) -> Draws:
    """Return the mean over seeds of each metric's draws: a resample draws patients, and the seeds that it averages."""
    weights = resample_weights(scored[0].patients, resamples, seed)
    by_seed = [score(one, weights) for one in scored]
    chosen = resample_weights(len(scored), resamples, seed + 1) / len(scored)
    shared = [name for name in by_seed[0] if all(name in other for other in by_seed)]
    return {name: (chosen * np.stack([found[name] for found in by_seed], axis=1)).sum(axis=1) for name in shared}


def _answers(recipe: Recipe, draws: dict[Key, Draws]) -> Iterator[dict[str, Any]]:
    for question in recipe.questions:
        one, other = (find_arm(list(draws), asked) for asked in (question.arm, question.against))
        if one is None or other is None:
            continue
        ours, theirs = draws[one][_HEADLINE], draws[other][_HEADLINE]
        found = difference(ours, theirs)
        row = {"arm": shown_key(one), "against": shown_key(other), "metric": "f1_weighted", "p_value": found.p_value}
        yield row | {"test": "difference", "value": found.value, "ci_low": found.low, "ci_high": found.high}
        if question.least is not None:
            margin = at_least(ours, theirs, question.least)
            yield row | {
                "test": "ratio", "value": margin.ratio, "ci_low": margin.low, "ci_high": margin.high,
                "least": margin.least, "passed": margin.passed, "p_value": _ratio_p(ours, theirs, question.least),
            }  # fmt: skip


def _ratio_p(ours: Floats, theirs: Floats, least: float) -> float:
    """One-sided: the share of resamples that do not reach the margin."""
    return float((1 + (ours[1:] <= least * theirs[1:]).sum()) / len(ours))


def _trends(arms: dict[Key, list[Scored]]) -> Iterator[dict[str, Any]]:
    """Yield Page's test for each kind of arm with three budgets or more, in the order of epsilon; the first seed's."""
    kinds: dict[Key, dict[float, Scored]] = {}
    for (arm, generator, budget, classifier), scored in arms.items():
        epsilon = budget_epsilon(budget) if budget and budget.startswith("eps-") else None
        if epsilon is not None:
            kinds.setdefault((arm, generator, None, classifier), {})[epsilon] = scored[0]
    for key, by_epsilon in kinds.items():
        p_value = trend([by_epsilon[epsilon] for epsilon in sorted(by_epsilon)])
        if p_value is not None:
            yield {
                "test": "trend over epsilon", "arm": shown_key(key), "against": None, "metric": "label_accuracy",
                "value": float(len(by_epsilon)), "p_value": p_value,
            }  # fmt: skip


def shown_key(key: Key) -> str:
    """Return an arm's name as results show it."""
    return " ".join(part for part in key if part)
