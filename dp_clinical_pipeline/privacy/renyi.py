"""Rényi divergence of events at fixed orders, and the filter that guards what no plan foresaw."""

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dp_clinical_pipeline.errors import UserError

if TYPE_CHECKING:
    from dp_accounting import DpEvent

FILTER_ORDERS = (1.4, 1.9, 2.5, 3.5, 5.5, 9.0, 16.0, 40.0, 128.0, 384.0, 1024.0, 1536.0)
"""Fixed before any data is seen. Few, since a filter over several orders shares delta among them, which costs
log(number) / (order - 1); these price trainings of epsilon 0.005 to 50 and sampling rates 0.008 to 1 best, together."""

REPORT_ORDERS = (
    *(1 + k / 20 for k in range(1, 60)),
    *(4 + k / 4 for k in range(48)),
    *range(16, 64),
    *(round(64 * 2 ** (k / 4)) for k in range(33)),
)
_MOST_POINTS = 1_000_000


def rdp_epsilon(events: Sequence["DpEvent"], delta: float, orders: Sequence[float] = REPORT_ORDERS) -> float:
    """Return epsilon of all events together by Rényi composition over the given orders.

    The conversion is that of Canonne, Kamath and Steinke (2020), Proposition 12.
    """
    if not events:
        return 0.0
    at = np.asarray(orders, dtype=np.float64)
    total = sum((renyi(event, orders) for event in events), np.zeros_like(at))
    return max(0.0, float(np.min(total + np.log1p(-1 / at) - np.log(delta * at) / (at - 1))))


def filter_epsilon(events: Sequence["DpEvent"], delta: float) -> float:
    """Return what the Rényi filter has to compare with its cap.

    Guarantee: if a mechanism is refused whenever this would pass the cap, all that ran is (cap, delta)-DP even where
    parameters were chosen after seeing earlier outputs (Feldman and Zrnic 2021, one filter for each order, delta shared).
    """
    return rdp_epsilon(events, delta / len(FILTER_ORDERS), FILTER_ORDERS)


def renyi(event: "DpEvent", orders: Sequence[float]) -> np.ndarray:
    """Return a bound on the Rényi divergence at each order (above 1), for adding or removing one patient.

    dp-accounting's own series for fractional orders bounds a sum of alternating terms by their sizes, and at many
    sampling rates does not converge below order 2; a sampled Gaussian is integrated here instead.

    Raises:
        UserError: an event of this kind has no Rényi account.
    """
    import dp_accounting as dpa
    from dp_accounting import dp_event

    at = np.asarray(orders, dtype=np.float64)
    if isinstance(event, dpa.SelfComposedDpEvent):
        return event.count * renyi(event.event, orders)
    if isinstance(event, dpa.ComposedDpEvent):
        return sum((renyi(part, orders) for part in event.events), np.zeros_like(at))
    if isinstance(event, dpa.GaussianDpEvent):
        return at / (2 * event.noise_multiplier**2)
    if isinstance(event, dpa.PoissonSampledDpEvent) and isinstance(event.event, dpa.GaussianDpEvent):
        q, sigma = event.sampling_probability, event.event.noise_multiplier
        return np.array([_sampled_gaussian(q, sigma, float(order)) for order in at])
    if isinstance(event, dp_event.RepeatAndSelectDpEvent) and event.shape == 1:
        return _best_of(event, at)
    raise UserError(f"{type(event).__name__} has no Rényi account: it can only be part of the declared plan")


@functools.lru_cache(maxsize=20_000)
def _sampled_gaussian(q: float, sigma: float, order: float) -> float:
    """Integrate E[((1 - q) + q exp((2x - 1) / 2 sigma^2))^order] over x of N(0, sigma^2), in logarithms.

    The trapezoidal rule converges exponentially here; the sampled Gaussian's worse direction is this one (Mironov,
    Talwar and Zhang 2019). Where it would take too many points, sampling is left out, which bounds it.
    """
    from scipy.special import logsumexp

    step = min(sigma / 4, sigma**2 / 2)
    low, high = -14 * sigma - 1, order + 14 * sigma + 1
    if q >= 1 or (high - low) / step > _MOST_POINTS:
        return order / (2 * sigma**2)
    x = np.arange(low, high, step)
    ratio = np.logaddexp(math.log1p(-q), math.log(q) + (2 * x - 1) / (2 * sigma**2))
    log_moment = logsumexp(order * ratio - (x / sigma) ** 2 / 2) + math.log(step / (sigma * math.sqrt(2 * math.pi)))
    return max(0.0, float(log_moment) + 1e-15) / (order - 1)


def _best_of(event: Any, at: np.ndarray) -> np.ndarray:
    """Papernot and Steinke (2022), Theorem 2 for a geometric number of runs, and that divergence grows with the order."""
    grid = np.union1d(at, REPORT_ORDERS)
    one, gamma = renyi(event.event, list(grid)), 1 / event.mean
    constant = 2 * float(np.min((1 - 1 / grid) * one - math.log(gamma) / grid))
    bound = one + math.log(event.mean) / (grid - 1) + constant
    least_above = np.minimum.accumulate(bound[::-1])[::-1]
    return least_above[np.searchsorted(grid, at)]
