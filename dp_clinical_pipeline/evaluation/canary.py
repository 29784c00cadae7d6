"""An audit beside each epsilon: canaries of known gradient through the real training loop, and what their sums betray.

A canary is a made-up patient whose gradient lies on a coordinate of its own and is cut to the bound. The attacker sees
every noisy sum, as DP-SGD assumes, and says for each coordinate whether its patient was there. It finds noise that is
missing or too small, clipping that does not clip and lots that are not Poisson; it is no certificate.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.accounting import training_event
from dp_clinical_pipeline.training import loop
from dp_clinical_pipeline.training.examples import Drawn, Example

_LOUD = 1e4  # a canary's norm in bounds before clipping
_REACH = 3.0  # the audit looks at noise from a twentieth of the claimed one to twenty times as much


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
    )
    patients = [[Example(tokens=(i,), targets=(_LOUD,))] for i in range(canaries)]
    sums = []
    for _ in range(repeats):
        with watched_sums(spec.expected_lot) as seen:
            loop.train(dial(2 * canaries), patients, spec, dial_losses, randomness=randomness)
        sums.append(np.array([s.numpy() for s in seen], dtype=float))
    scores = _scores(np.concatenate(sums, axis=1), sample_rate, noise_multiplier).reshape(repeats, 2, canaries)
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
    low = high = float(np.log(near))
    while _allowed(event(float(np.exp(high))), false_rate, hit_rate):
        low, high = high, high + 0.7
        if high > np.log(near) + _REACH:
            return 0.0
    while not _allowed(event(float(np.exp(low))), false_rate, hit_rate):
        low, high = low - 0.35, low
        if low < np.log(near) - _REACH:
            return float("inf")
    while high - low > 0.01:
        middle = (low + high) / 2
        allowed = _allowed(event(float(np.exp(middle))), false_rate, hit_rate)
        low, high = (middle, high) if allowed else (low, middle)
    return float(_accountant(event(float(np.exp(high)))).get_epsilon(delta))


def _allowed(event: Any, false_rate: float, hit_rate: float) -> bool:
    """Whether a mechanism's privacy curve admits a test of these rates, in either direction."""
    grid = np.concatenate([np.linspace(0, 2, 41), np.linspace(2.2, 12, 50)])
    deltas = np.array(_accountant(event).get_delta(grid))
    hits = (np.exp(grid) * false_rate + deltas).min()
    misses = (np.exp(grid) * (1 - hit_rate) + deltas).min()
    return bool(hit_rate <= hits and 1 - false_rate <= misses)


def _accountant(event: Any) -> Any:
    from dp_accounting.pld import PLDAccountant

    accountant = PLDAccountant(value_discretization_interval=1e-3)
    accountant.compose(event)
    return accountant
