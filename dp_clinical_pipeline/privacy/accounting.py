"""Epsilon of events and noise for an epsilon: dp-accounting's PLD, cross-checked with Opacus PRV and with RDP."""

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dp_clinical_pipeline.errors import UserError

if TYPE_CHECKING:
    from dp_accounting import DpEvent

# Fixed before any data is seen: the filter's orders. A filter over several orders shares delta among them.
FILTER_ORDERS = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0, 256.0, 1024.0, 16384.0)
_REPORT_ORDERS = (1.25, 1.5, 1.75, *range(2, 65), 80, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
_LARGEST_EPSILON = 1000.0
AGREEMENT = 0.02


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """One training run's noise and what three accountants say of it. Epsilons are at `delta`, add/remove one patient."""

    noise_multiplier: float
    sample_rate: float
    steps: int
    delta: float
    epsilon_pld: float
    epsilon_prv: float
    epsilon_rdp: float

    def check(self) -> "Calibration":
        """Return self if PLD and PRV agree.

        Raises:
            UserError: they differ by more than 2 %, so no claim may rest on either.
        """
        if abs(self.epsilon_prv / self.epsilon_pld - 1) > AGREEMENT:
            raise UserError(
                f"the accountants disagree (PLD {self.epsilon_pld:.4g}, PRV {self.epsilon_prv:.4g}): nothing was spent; "
                "change the sample rate or the number of steps"
            )
        return self


def training_event(noise_multiplier: float, sample_rate: float, steps: int) -> "DpEvent":
    """Return the event of `steps` Poisson-sampled Gaussian steps."""
    import dp_accounting as dpa

    step = dpa.PoissonSampledDpEvent(sample_rate, dpa.GaussianDpEvent(noise_multiplier))
    return dpa.SelfComposedDpEvent(step, steps)


def gaussian_event(noise_multiplier: float) -> "DpEvent":
    """Return the event of one Gaussian release whose noise is `noise_multiplier` times its L2 sensitivity."""
    import dp_accounting as dpa

    return dpa.GaussianDpEvent(noise_multiplier)


def pld_epsilon(events: Sequence["DpEvent"], delta: float) -> float:
    """Return epsilon of all events together, by a pessimistic privacy loss distribution.

    The loss grid follows the answer (a thousandth of epsilon, at most 1e-3): a fixed 1e-4 is 12 % loose at 0.01.
    """
    coarse = _pld_epsilon(events, delta, 1e-3)
    return coarse if coarse > 1 else _pld_epsilon(events, delta, max(coarse / 2000, 1e-7))


def _pld_epsilon(events: Sequence["DpEvent"], delta: float, interval: float) -> float:
    from dp_accounting.pld import PLDAccountant

    with _quiet():
        accountant = PLDAccountant(value_discretization_interval=interval)
        for event in events:
            accountant.compose(event)
        return float(accountant.get_epsilon(delta))


def rdp_epsilon(events: Sequence["DpEvent"], delta: float, orders: Sequence[float] = _REPORT_ORDERS) -> float:
    """Return epsilon of all events together by Rényi composition over the given orders."""
    from dp_accounting.rdp import RdpAccountant

    with _quiet():
        accountant = RdpAccountant(list(orders))
        for event in events:
            accountant.compose(event)
        return float(accountant.get_epsilon(delta))


def filter_epsilon(events: Sequence["DpEvent"], delta: float) -> float:
    """Return what the Rényi filter has to compare with its cap.

    Guarantee: if a mechanism is refused whenever this would pass the cap, all that ran is (cap, delta)-DP even where
    parameters were chosen after seeing earlier outputs (Feldman and Zrnic 2021, one filter for each order, delta shared).
    """
    return rdp_epsilon(events, delta / len(FILTER_ORDERS), FILTER_ORDERS) if events else 0.0


def prv_epsilon(noise_multiplier: float, sample_rate: float, steps: int, delta: float, near: float) -> float:
    """Return Opacus' PRV estimate; `near` is about what is expected, and sets the grid (0.2 % of it)."""
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(noise_multiplier, sample_rate, steps)]
    with _quiet():
        dprv: Any = accountant._get_dprv(eps_error=near / 100, delta_error=delta / 1000)
        _, estimate, _ = dprv.compute_epsilon(delta, delta / 1000, near / 100)
    return float(estimate)


def evaluate(*, noise_multiplier: float, sample_rate: float, steps: int, delta: float) -> Calibration:
    """Return what a noise multiplier costs by each accountant.

    Raises:
        UserError: a value is out of its range.
    """
    _validate(sample_rate=sample_rate, steps=steps, delta=delta)
    if not (0 < noise_multiplier < math.inf):
        raise UserError(f"noise multiplier {noise_multiplier:g} is not a positive number")
    event = training_event(noise_multiplier, sample_rate, steps)
    epsilon = pld_epsilon([event], delta)
    return Calibration(
        noise_multiplier=noise_multiplier,
        sample_rate=sample_rate,
        steps=steps,
        delta=delta,
        epsilon_pld=epsilon,
        epsilon_prv=prv_epsilon(noise_multiplier, sample_rate, steps, delta, epsilon),
        epsilon_rdp=rdp_epsilon([event], delta),
    )


def calibrate(
    *, epsilon: float, delta: float, sample_rate: float, steps: int, beside: Sequence["DpEvent"] = ()
) -> Calibration:
    """Return the least noise whose training, together with the events `beside`, costs at most `epsilon`.

    Raises:
        UserError: a value is out of its range, or no noise reaches epsilon because of what is beside.
    """
    _validate(sample_rate=sample_rate, steps=steps, delta=delta)
    if not (0 < epsilon <= _LARGEST_EPSILON):
        raise UserError(f"epsilon {epsilon:g} is out of range: above 0, at most {_LARGEST_EPSILON:g}")
    noise = least_noise(lambda s: [*beside, training_event(s, sample_rate, steps)], epsilon, delta)
    return evaluate(noise_multiplier=noise, sample_rate=sample_rate, steps=steps, delta=delta)


def least_noise(events: Callable[[float], Sequence["DpEvent"]], epsilon: float, delta: float) -> float:
    """Return the least noise multiplier, to 4 digits and rounded up, at which `events` cost at most epsilon.

    Raises:
        UserError: not even a noise multiplier of 1e5 is enough.
    """
    from scipy.optimize import brentq

    interval = min(1e-3, epsilon / 2000)

    def excess(log_noise: float, width: float = interval) -> float:
        return math.log(max(_pld_epsilon(events(math.exp(log_noise)), delta, width), 1e-12) / epsilon)

    coarse = min(1e-2, epsilon / 50)
    high = 0.0
    while excess(high, coarse) > 0:
        high += math.log(2)
        if high > math.log(1e5):
            raise UserError(
                f"no noise reaches epsilon {epsilon:g} at delta {delta:g}: raise epsilon, or take fewer steps"
            )
    low = high - math.log(2)
    while excess(low, coarse) < 0:
        high, low = low, low - math.log(2)
    high += 0.02  # the coarse grid may have been a little optimistic
    noise = math.exp(brentq(excess, low - 0.02, high, xtol=2e-5))
    digits = 10 ** (4 - math.ceil(math.log10(noise)))
    for step in range(1, 50):
        rounded = (math.floor(noise * digits) + step) / digits
        if pld_epsilon(events(rounded), delta) <= epsilon:
            return rounded
    raise UserError(f"epsilon {epsilon:g} cannot be calibrated at delta {delta:g}")


def _validate(*, sample_rate: float, steps: int, delta: float) -> None:
    if not 0 < sample_rate <= 1:
        raise UserError(f"sample rate {sample_rate:g} is not in (0, 1]")
    if steps < 1:
        raise UserError(f"steps {steps} is not a positive number")
    if not 0 < delta < 1:
        raise UserError(f"delta {delta:g} is not in (0, 1)")


@contextmanager
def _quiet():  # type: ignore[no-untyped-def]
    """Silence the accountants' notes on orders that they leave out."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
