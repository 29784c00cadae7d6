"""Whether arms differ: paired patient bootstrap, Holm's correction, non-inferiority, and the trend over budgets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats, interval
from dp_clinical_pipeline.evaluation.utility import Scored


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One arm's score minus another's on the same patients."""

    value: float
    low: float | None
    high: float | None
    p_value: float
    """Two-sided; corrected by `holm` where several are asked at once."""


@dataclass(frozen=True, kw_only=True)
class Margin:
    """Whether a score reaches a share of another's, the share fixed before anything was seen."""

    ratio: float
    low: float | None
    """The lower end of the 95 % interval: at 0.025 one-sided."""
    high: float | None
    least: float

    @property
    def passed(self) -> bool:
        """Say whether the whole interval lies above the margin."""
        return self.low is not None and self.low > self.least


def difference(draws: Floats, against: Floats) -> Difference:
    """Compare two statistics computed on the same resamples (the first of each is the sample itself).

    The p-value is twice the share of resamples on the other side of 0, as with percentile intervals, and never 0:
    the sample itself counts as one resample.
    """
    values = (draws - against)[1:]
    values = values[np.isfinite(values)]
    low, high = interval(values)
    tail = min((values <= 0).sum(), (values >= 0).sum())
    p_value = min(1.0, 2 * (tail + 1) / (len(values) + 1))
    return Difference(value=float(draws[0] - against[0]), low=low, high=high, p_value=float(p_value))


def at_least(draws: Floats, against: Floats, least: float) -> Margin:
    """Test that a score is more than `least` times another's, on the same resamples. Scores of 0 give no ratio."""
    ratios = np.divide(draws, against, out=np.full(len(draws), np.nan), where=against > 0)
    low, high = interval(ratios[1:])
    return Margin(ratio=float(ratios[0]), low=low, high=high, least=least)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected by Holm's method for having asked all of them."""
    from statsmodels.stats.multitest import multipletests

    return [float(p) for p in multipletests(list(p_values), method="holm")[1]] if len(p_values) else []


def trend(arms: Sequence[Scored]) -> float | None:
    """Return Page's p-value that more of each patient's decisions are right the further on an arm stands.

    A patient is a block, an arm a treatment, in the order that was expected beforehand (smallest budget first). None
    for fewer than 3 arms, or where every patient's arms are all alike.
    """
    from scipy.stats import page_trend_test

    if len(arms) < 3:
        return None
    right = np.stack([_share_right(arm) for arm in arms], axis=1)
    if (right == right[:, :1]).all():
        return None
    return float(page_trend_test(right, method="asymptotic").pvalue)


def _share_right(scored: Scored) -> Floats:
    same = (scored.truth == scored.chosen).mean(axis=1)
    reports = np.bincount(scored.patient, minlength=scored.patients)
    return np.bincount(scored.patient, weights=same, minlength=scored.patients) / reports
