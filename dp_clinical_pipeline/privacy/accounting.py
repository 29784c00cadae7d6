"""Epsilon of events and noise for an epsilon: dp-accounting's PLD, cross-checked with Opacus PRV and with RDP."""

import functools
import logging
import math
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.prv import prv_epsilon
from dp_clinical_pipeline.privacy.renyi import rdp_epsilon

if TYPE_CHECKING:
    from dp_accounting import DpEvent

AGREEMENT = 0.02
LARGEST_EPSILON = 100.0
_LEAST_NOISE, _MOST_NOISE = 0.01, 1e6
_CLAIM, _SEARCH = 5e-4, 1e-3
"""How much the loss grid may add to epsilon, relatively: in a claim, and while looking for the noise."""


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
        if not abs(self.epsilon_prv - self.epsilon_pld) <= AGREEMENT * self.epsilon_pld:
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

    The grid of losses follows the answer: a fixed one of 1e-4 is 12 % loose at epsilon 0.01, and slow at 50.

    Raises:
        UserError: an event has no privacy loss distribution.
    """
    if not events:
        return 0.0
    interval = loss_grid(4.0, events, _CLAIM)
    while True:
        epsilon = _pld_epsilon(events, delta, interval)
        wanted = loss_grid(epsilon, events, _CLAIM)
        if wanted > 0.8 * interval or epsilon == 0:
            return epsilon
        interval = wanted


def loss_grid(epsilon: float, events: Sequence["DpEvent"], error: float) -> float:
    """Return the grid at which discretisation adds less than `error` to epsilon, relatively.

    Each of T composed steps adds a variance of interval^2 / 4 at most, and half of that to the mean. Measured, epsilon
    up to 8 grows by at most 3 T (interval / epsilon)^2; above, the mean counts for more.
    """
    return min(max(epsilon, 1e-4), 8.0) * math.sqrt(error / (3 * sum(_steps(event) for event in events)))


def _steps(event: "DpEvent") -> int:
    import dp_accounting as dpa

    if isinstance(event, dpa.ComposedDpEvent):
        return sum(_steps(part) for part in event.events)
    sampled = isinstance(event, dpa.SelfComposedDpEvent) and not isinstance(event.event, dpa.GaussianDpEvent)
    return event.count * _steps(event.event) if sampled else 1  # Gaussians compose to one in closed form


def _pld_epsilon(events: Sequence["DpEvent"], delta: float, interval: float) -> float:
    from dp_accounting.pld import PLDAccountant
    from dp_accounting.privacy_accountant import UnsupportedEventError

    with _quiet():
        accountant = PLDAccountant(value_discretization_interval=interval)
        for event, count in Counter(events).items():  # a year of the same retraining is one composition
            try:
                accountant.compose(event, count)
            except UnsupportedEventError:
                raise UserError(f"{type(event).__name__} cannot be planned: it goes through the Rényi filter") from None
        return float(accountant.get_epsilon(delta))


def evaluate(*, noise_multiplier: float, sample_rate: float, steps: int, delta: float) -> Calibration:
    """Return what a noise multiplier costs by each accountant.

    Raises:
        UserError: a value is out of its range, or an epsilon is too large for any accountant to price.
    """
    _validate(sample_rate=sample_rate, steps=steps, delta=delta)
    if not (0 < noise_multiplier < math.inf):
        raise UserError(f"noise multiplier {noise_multiplier:g} is not a positive number")
    event = training_event(noise_multiplier, sample_rate, steps)
    bound = rdp_epsilon([event], delta)
    if bound > 2 * LARGEST_EPSILON:
        raise UserError(
            f"noise multiplier {noise_multiplier:g} protects nobody: epsilon is about {bound:.3g}, above all that is "
            f"priced here ({LARGEST_EPSILON:g})"
        )
    epsilon = pld_epsilon([event], delta)
    return Calibration(
        noise_multiplier=noise_multiplier,
        sample_rate=sample_rate,
        steps=steps,
        delta=delta,
        epsilon_pld=epsilon,
        epsilon_prv=prv_epsilon(noise_multiplier, sample_rate, steps, delta, epsilon) if epsilon else 0.0,
        epsilon_rdp=bound,
    )


def calibrate(
    *, epsilon: float, delta: float, sample_rate: float, steps: int, beside: Sequence["DpEvent"] = ()
) -> Calibration:
    """Return the least noise whose training, together with the events `beside`, costs at most `epsilon`.

    Raises:
        UserError: a value is out of its range, or no noise reaches epsilon because of what is beside.
    """
    _validate(sample_rate=sample_rate, steps=steps, delta=delta)
    if not (0 < epsilon <= LARGEST_EPSILON):
        raise UserError(f"epsilon {epsilon:g} is out of range: above 0, at most {LARGEST_EPSILON:g}")
    if beside and (already := pld_epsilon(beside, delta)) >= epsilon:
        raise UserError(
            f"no noise reaches epsilon {epsilon:g} at delta {delta:g}: what stands beside it costs {already:.4g} already"
        )
    noise = least_noise(lambda s: [*beside, training_event(s, sample_rate, steps)], epsilon, delta)
    return evaluate(noise_multiplier=noise, sample_rate=sample_rate, steps=steps, delta=delta)


def least_noise(events: Callable[[float], Sequence["DpEvent"]], epsilon: float, delta: float) -> float:
    """Return the least noise multiplier, to 4 digits and rounded up, at which `events` cost at most epsilon.

    Raises:
        UserError: noise of 1e6 is too little, or of 0.01 too much.
    """
    from scipy.optimize import brentq

    @functools.cache
    def excess(log_noise: float) -> float:
        chosen = events(math.exp(log_noise))
        cost = _pld_epsilon(chosen, delta, loss_grid(epsilon, chosen, _SEARCH))
        return math.log(max(cost, 1e-9) / epsilon)

    high = _enough(events, epsilon, delta)
    low = high - math.log(2)
    while excess(low) < 0:
        high, low = low, low - math.log(2)
        if low < math.log(_LEAST_NOISE):
            raise UserError(
                f"epsilon {epsilon:g} cannot be calibrated at delta {delta:g}: hardly any noise is needed; lower epsilon"
            )
    noise = math.exp(brentq(excess, low, high, xtol=2e-5))
    digits = 10 ** (4 - math.ceil(math.log10(noise)))
    for step in range(50):
        rounded = (math.ceil(noise * digits) + step) / digits
        if pld_epsilon(events(rounded), delta) <= epsilon:
            return rounded
    raise UserError(f"epsilon {epsilon:g} cannot be calibrated at delta {delta:g}")


def _enough(events: Callable[[float], Sequence["DpEvent"]], epsilon: float, delta: float) -> float:
    """Return the logarithm of a noise that is enough: doubled from 1, on grids as coarse as what it costs by then."""
    high, cost = 0.0, 1.0
    while True:
        chosen = events(math.exp(high))
        # Where the answer is far off, no distribution is computed: for 1e9 steps it would not fit into memory.
        if _about(chosen, delta) <= 4 * epsilon:
            cost = _pld_epsilon(chosen, delta, loss_grid(max(epsilon, min(cost, 1.0) / 2), chosen, _SEARCH))
            if cost <= epsilon:
                return high
        high += math.log(2)
        if high > math.log(_MOST_NOISE):
            raise UserError(
                f"no noise reaches epsilon {epsilon:g} at delta {delta:g}, not even {_MOST_NOISE:g} times the "
                "sensitivity: raise epsilon, take fewer steps or a lower sample rate"
            )


def _about(events: Sequence["DpEvent"], delta: float) -> float:
    """Return about what Gaussian events with noise of at least 1 cost, within a factor of 2, by the central limit.

    Dong, Roth and Su (2022): a sampled Gaussian's steps tend to a Gaussian of variance q^2 T (exp(1/noise^2) - 1).
    """
    import dp_accounting as dpa

    variance = 0.0
    for event in events:
        if isinstance(event, dpa.GaussianDpEvent):
            variance += event.noise_multiplier**-2
        elif isinstance(event, dpa.SelfComposedDpEvent) and isinstance(event.event, dpa.PoissonSampledDpEvent):
            noise = event.event.event.noise_multiplier
            variance += event.event.sampling_probability**2 * event.count * math.expm1(noise**-2)
    return variance / 2 + math.sqrt(2 * variance * math.log(1 / delta))


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
