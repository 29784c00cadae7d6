"""How a patient's gradient is bounded: flat, automatic, or by a bound that follows a private quantile of the norms."""

import math
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["flat", "automatic", "adaptive"]

_GAMMA = 0.01  # Bu et al. (2022), AUTO-S
_RATE = 0.2  # Andrew et al. (2021)
_RANGE = 100.0


def clipping_factors(norms: Any, bound: float, mode: Mode) -> Any:
    """Return what each patient's gradient is multiplied by, so that its norm is at most `bound`.

    A norm that is not a number, or infinite, gets 0: a patient who breaks the arithmetic must not show by that.
    """
    import torch

    if mode == "automatic":
        factors = bound / (norms + _GAMMA)
    else:
        factors = (bound / norms.clamp(min=1e-12)).clamp(max=1.0)
    return torch.where(torch.isfinite(norms), factors, torch.zeros_like(factors))


@dataclass(frozen=True, kw_only=True)
class Quantile:
    """The private quantile that an adaptive bound follows (Andrew, Thakkar, McMahan and Ramaswamy, 2021).

    A step releases two sums over the same patients: clipped gradients, of sensitivity C, and of "norm at most C" as
    plus or minus one half, of sensitivity 1/2. Noise of `gradient_noise` z' times C on the one and of deviation
    `count_std` s on the other is one Gaussian mechanism with a multiplier z, where 1/z² = 1/z'² + 1/(2s)².

    Guarantee: with both noises from here, a step costs what a step of multiplier z costs, which is the event in the
    ledger; the next bound is post-processing. `share` is the part of 1/z² that the count gets.
    """

    quantile: float = 0.5
    share: float = 0.05

    def gradient_noise(self, noise_multiplier: float) -> float:
        """Return z', the multiplier of the gradients' own noise."""
        return noise_multiplier / math.sqrt(1 - self.share)

    def count_std(self, noise_multiplier: float) -> float:
        """Return s, the deviation of the noise on the count."""
        return noise_multiplier / (2 * math.sqrt(self.share))

    def next_bound(self, bound: float, noisy_count: float, expected_lot: float, first: float) -> float:
        """Return the bound of the next step, within a hundredth and a hundred times the first one."""
        below = min(1.0, max(0.0, noisy_count / expected_lot + 0.5))
        moved = bound * math.exp(-_RATE * (below - self.quantile))
        return min(first * _RANGE, max(first / _RANGE, moved))
