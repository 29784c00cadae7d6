"""An audit beside each epsilon: canaries of known gradient through the real training loop, and what their sums betray.

A canary is a made-up patient whose gradient lies on a coordinate of its own and is cut to the bound. The attacker sees
every noisy sum, as DP-SGD assumes, and says for each coordinate whether its patient was there. It finds noise that is
missing or too small, clipping that does not clip and lots that are not Poisson; it is no certificate. With adaptive
clipping the attacker also knows the bounds, as whoever holds what was released does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.accounting import loss_grid, pld_epsilon, training_event
from dp_clinical_pipeline.training import loop
from dp_clinical_pipeline.training.clipping import Mode, Quantile
from dp_clinical_pipeline.training.examples import Drawn, Example

_LOUD = 1e4  # a canary's norm in bounds before clipping
_EPSILONS = np.concatenate([np.linspace(0, 2, 41), np.linspace(2.2, 12, 50)])  # where privacy curves are compared
_ERROR = 5e-3  # relatively, of epsilon, by the grid of losses
_REACH = 3.0  # the audit looks at noise up to twenty times the claimed one,
_SHORT_OF = 2.0  # and down to a seventh of it: less noise than that is taken for none


@dataclass(frozen=True, kw_only=True)
class CanaryAudit:
    """What the canaries say of epsilon at `delta`.

    Guarantee: with `confidence`, a training of this sample rate and number of steps whose epsilon lies below
    `epsilon_lower` would not have been attacked so well: a claim below it is refuted, and one above it is not proved.
    `assumption_free` is a lower bound that does not ask what kind of mechanism it was, and is much lower.
    """

    claimed: float
    delta: float
    epsilon_lower: float
    epsilon_upper: float
    assumption_free: float
    runs: int
    """Times that the mechanism was observed with the canary, and as often without."""
    confidence: float

    @property
    def passed(self) -> bool:
        """Whether the training did not leak more than was claimed."""
        return max(self.epsilon_lower, self.assumption_free) <= self.claimed


def audit_training(
    *,
    noise_multiplier: float,
    sample_rate: float,
    steps: int,
    delta: float,
    claimed: float,
    clipping: Mode = "flat",
    quantile: Quantile | None = None,
    canaries: int = 500,
    repeats: int = 16,
    confidence: float = 0.99,
    randomness: loop.Randomness | None = None,
) -> CanaryAudit:
    """Train a dial on canaries by the real loop, `repeats` times, and audit what the optimizer was given.

    Each of `canaries` coordinates is an observation of its own, since coins and noise are independent between them, as
    is each of as many coordinates without a patient. Takes seconds: the model is one number a canary.

    Raises:
        UserError: a value is out of its range.
    """
    if not (noise_multiplier > 0 and 0 < sample_rate <= 1 and steps > 0):
        raise UserError(f"no training has noise {noise_multiplier:g}, sample rate {sample_rate:g} and {steps} steps")
    followed = quantile or Quantile()
    bounds = _Watched(quantile=followed.quantile, share=followed.share)
    spec = loop.TrainSpec(
        noise_multiplier=noise_multiplier,
        sample_rate=sample_rate,
        steps=steps,
        max_grad_norm=1.0,
        expected_lot=max(1.0, sample_rate * canaries),
        max_reports=1,
        learning_rate=1e-3,
        microbatch_tokens=canaries,
        checkpoint_every=steps + 1,
        clipping=clipping,
        quantile=bounds,
    )
    patients = [[Example(tokens=(i,), targets=(_LOUD,))] for i in range(canaries)]
    sums = []
    for _ in range(repeats):
        bounds.seen[:] = [spec.max_grad_norm]
        with watched_sums(spec.expected_lot) as seen:
            loop.train(dial(2 * canaries), patients, spec, dial_losses, randomness=randomness)
        of_step = bounds.seen[:steps] if clipping == "adaptive" else [spec.max_grad_norm] * steps
        sums.append(np.array([s.numpy() / bound for s, bound in zip(seen, of_step, strict=True)], dtype=float))
    noise = bounds.gradient_noise(noise_multiplier) if clipping == "adaptive" else noise_multiplier
    scores = _scores(np.concatenate(sums, axis=1), sample_rate, noise).reshape(repeats, 2, canaries)
    return audit_epsilon(
        scores[:, 0].ravel(),
        scores[:, 1].ravel(),
        noise_multiplier=noise_multiplier,
        sample_rate=sample_rate,
        steps=steps,
        delta=delta,
        claimed=claimed,
        confidence=confidence,
    )


def audit_epsilon(
    inside: np.ndarray,
    outside: np.ndarray,
    *,
    noise_multiplier: float,
    sample_rate: float,
    steps: int,
    delta: float,
    claimed: float,
    confidence: float = 0.99,
) -> CanaryAudit:
    """Return what scores of runs with and without the canary say: log-likelihood ratios, so that 0 is the threshold.

    The threshold is fixed before the scores are seen; it is sharpest for leaks near the claim. Both rates get
    Clopper-Pearson intervals. Each end of the interval is the epsilon of the most noise (with this sample rate and
    number of steps) that allows those rates.
    """
    tail = (1 - confidence) / 4  # two rates, two ends
    hit_low, hit_high = _clopper_pearson(int((inside > 0).sum()), len(inside), tail)
    false_low, false_high = _clopper_pearson(int((outside > 0).sum()), len(outside), tail)

    def event(noise: float) -> Any:
        return training_event(noise, sample_rate, steps)

    return CanaryAudit(
        claimed=claimed,
        delta=delta,
        epsilon_lower=_epsilon(event, noise_multiplier, delta, false_high, hit_low),
        epsilon_upper=_epsilon(event, noise_multiplier, delta, false_low, hit_high),
        assumption_free=_plain(false_high, hit_low, delta),
        runs=len(inside),
        confidence=confidence,
    )


def dial(size: int) -> Any:
    """Return a model of one number for each token, all zero."""
    import torch

    model = torch.nn.Embedding(size, 1)
    torch.nn.init.zeros_(model.weight)
    return model


def dial_losses(model: Any, batch: Any) -> Any:
    """Return losses (B,) whose gradient is an example's one target, on the coordinate of its one token."""
    import torch

    drawn: list[Drawn] = list(batch)
    tokens = torch.tensor([d.example.tokens for d in drawn])
    norms = torch.tensor([d.example.targets[0] for d in drawn])
    return model(tokens)[:, 0, 0] * norms


@dataclass(frozen=True, kw_only=True)
class _Watched(Quantile):
    """The quantile that an adaptive bound follows, and the bounds that it gave."""

    seen: list[float] = field(default_factory=list)

    def next_bound(self, bound: float, noisy_count: float, expected_lot: float, first: float) -> float:
        self.seen.append(super().next_bound(bound, noisy_count, expected_lot, first))
        return self.seen[-1]


@contextmanager
def watched_sums(expected_lot: float) -> Iterator[list[Any]]:
    """Collect, while the block trains, each step's noisy sum as the optimizer is given it."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    seen: list[Any] = []

    def watch(optimizer: Any, *_: Any) -> None:
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        seen.append(torch.cat([p.grad.flatten() for p in parameters]).detach() * expected_lot)

    handle = register_optimizer_step_pre_hook(watch)
    try:
        yield seen
    finally:
        handle.remove()


def _scores(sums: np.ndarray, sample_rate: float, noise: float) -> np.ndarray:
    """Return the log-likelihood ratio of "the canary was a patient" for sums of shape (steps, coordinates)."""
    with np.errstate(divide="ignore"):
        absent = np.log1p(-sample_rate) if sample_rate < 1 else -np.inf
    return np.logaddexp(absent, np.log(sample_rate) + (sums - 0.5) / noise**2).sum(0)


def _clopper_pearson(hits: int, runs: int, tail: float) -> tuple[float, float]:
    from scipy import stats

    low = stats.beta.ppf(tail, hits, runs - hits + 1) if hits else 0.0
    high = stats.beta.isf(tail, hits + 1, runs - hits) if hits < runs else 1.0
    return float(low), float(high)


def _plain(false_rate: float, hit_rate: float, delta: float) -> float:
    ratios = [(hit_rate - delta) / max(false_rate, 1e-12), (1 - false_rate - delta) / max(1 - hit_rate, 1e-12)]
    return max(0.0, float(np.log(max(*ratios, 1e-12))))


def _epsilon(event: Callable[[float], Any], near: float, delta: float, false_rate: float, hit_rate: float) -> float:
    """Return epsilon of the most noise that still allows an attack of these rates; 0 where any noise does."""
    grid = loss_grid(pld_epsilon([event(near)], delta), [event(near)], _ERROR)

    def allowed(log_noise: float) -> bool:
        return _allowed(event(float(np.exp(log_noise))), grid, false_rate, hit_rate)

    low = high = float(np.log(near))
    while allowed(high):
        low, high = high, high + 0.7
        if high > np.log(near) + _REACH:
            return 0.0
    while not allowed(low):
        low, high = low - 0.35, low
        if low < np.log(near) - _SHORT_OF:
            return float("inf")
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return pld_epsilon([event(float(np.exp(high)))], delta)


def _allowed(event: Any, grid: float, false_rate: float, hit_rate: float) -> bool:
    """Whether a mechanism's privacy curve admits a test of these rates, in either direction."""
    from dp_accounting.pld import PLDAccountant

    accountant = PLDAccountant(value_discretization_interval=grid)
    accountant.compose(event)
    deltas = np.array(accountant.get_delta(_EPSILONS))
    hits = (np.exp(_EPSILONS) * false_rate + deltas).min()
    misses = (np.exp(_EPSILONS) * (1 - hit_rate) + deltas).min()
    return bool(hit_rate <= hits and 1 - false_rate <= misses)
