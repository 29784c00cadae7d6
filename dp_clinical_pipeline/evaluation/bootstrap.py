"""Patient bootstrap: resamples as weights, so that every statistic is computed for all resamples at once."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def resample_weights(units: int, resamples: int, seed: int) -> Floats:
    """Return (resamples + 1, units): how often a resample drew each unit.

    Row 0 is all ones, the sample as it is: its statistic is the point estimate. The same arguments give the
    same draws, so that arms measured on the same patients can be compared resample by resample.
    """
    draws = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=resamples)
    return np.vstack([np.ones((1, units)), draws])


def interval(draws: Floats, level: float = 0.95) -> tuple[float | None, float | None]:
    """Return the percentile interval of a statistic's resamples; undefined resamples (NaN) are left out."""
    defined = draws[np.isfinite(draws)]
    if not len(defined):
        return None, None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def divided(over: Floats, under: Floats, otherwise: float = 0.0) -> Floats:
    """Return over / under, and `otherwise` where under is 0."""
    shape = np.broadcast_shapes(np.shape(over), np.shape(under))
    return np.divide(over, under, out=np.full(shape, otherwise), where=np.asarray(under) != 0)
