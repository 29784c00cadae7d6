"""Membership inference: how well a score tells the patients trained on from others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats, interval, resample_weights
from dp_clinical_pipeline.evaluation.ranking import ranking_scores

FALSE_POSITIVES = 0.01


@dataclass(frozen=True)
class Attack:
    """What an attack's scores achieve, with 95 % intervals."""

    auroc: float
    auroc_low: float | None
    auroc_high: float | None
    tpr: float
    """Members found while at most 1 % of the non-members are taken for one."""
    tpr_low: float
    tpr_high: float


def attack_scores(
    members: Floats,
    nonmembers: Floats,
    *,
    member_clusters: Sequence[str] | None = None,
    nonmember_clusters: Sequence[str] | None = None,
    resamples: int,
    seed: int,
) -> Attack:
    """Judge scores that are higher for cases believed to be members.

    The AUROC's interval draws clusters (patients; by default each case is its own) of both sides apart. The
    true-positive rate's is Clopper and Pearson's, taking the threshold as given and the cases as independent.

    Raises:
        ValueError: a side is empty or a score is not finite.
    """
    if not len(members) or not len(nonmembers):
        raise ValueError("an attack needs members and non-members")
    score = np.concatenate([members, nonmembers]).astype(np.float64)
    if not np.isfinite(score).all():
        raise ValueError("an attack's scores must be finite")
    inside, inside_units = _clusters(member_clusters, len(members))
    outside, outside_units = _clusters(nonmember_clusters, len(nonmembers))
    weights = np.hstack(
        [
            resample_weights(inside_units, resamples, seed),
            resample_weights(outside_units, resamples, seed + 1),
        ]
    )
    truth = np.repeat([1, 0], [len(members), len(nonmembers)])
    unit = np.concatenate([inside, outside + inside_units])
    auroc, _ = ranking_scores(truth, score, unit, weights)
    low, high = interval(auroc[1:])
    found, tpr_low, tpr_high = _true_positives(members, nonmembers)
    return Attack(float(auroc[0]), low, high, found, tpr_low, tpr_high)


def auroc_bound(epsilon: float, delta: float) -> float:
    """Return the largest AUROC that an (ε, δ) guarantee for the attacked unit allows."""
    return min(1.0, 1 / (1 + np.exp(-epsilon)) + delta)


def tpr_bound(epsilon: float, delta: float) -> float:
    """Return the largest true-positive rate at 1 % false positives that an (ε, δ) guarantee allows."""
    return float(min(1.0, np.exp(min(epsilon, 700)) * FALSE_POSITIVES + delta))


def empirical_epsilon(attack: Attack, delta: float, cases: int) -> float:
    """Return the epsilon that an attack refutes everything below of, by the lower end of its AUROC's interval.

    The inverse of `auroc_bound`. One statistic, chosen beforehand; so many cases a side can show at most about their
    logarithm.
    """
    low = min((attack.auroc_low or 0.0) - delta, 1 - 1 / (2 * cases))
    return float(np.log(low / (1 - low))) if low > 0.5 else 0.0


def _true_positives(members: Floats, nonmembers: Floats) -> tuple[float, float, float]:
    from scipy.stats import binomtest

    threshold = np.sort(nonmembers)[::-1][len(nonmembers) // 100]
    found = binomtest(int((members > threshold).sum()), len(members))
    between = found.proportion_ci(method="exact")
    return float(found.statistic), float(between.low), float(between.high)


def _clusters(clusters: Sequence[str] | None, cases: int) -> tuple[np.ndarray, int]:
    if clusters is None:
        return np.arange(cases), cases
    distinct, index = np.unique(np.array(clusters, dtype=str), return_inverse=True)
    return index, len(distinct)
