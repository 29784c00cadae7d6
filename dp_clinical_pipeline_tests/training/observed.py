"""The noisy sums of a real training, read where the optimizer steps."""

import torch

from dp_clinical_pipeline.evaluation.canary import dial, dial_losses, watched_sums
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.training import loop
from dp_clinical_pipeline.training.loop import Randomness

__all__ = ["dial", "dial_losses", "fixed", "observed_sums"]


def fixed(seed: int = 0) -> Randomness:
    return Randomness(sampling=TestSeedSource(seed), noise=TestSeedSource(seed + 1))


def observed_sums(model, patients, run, losses, randomness=None) -> list[torch.Tensor]:
    """The gradient that the optimizer saw in each step, times the expected lot: the noisy sum."""
    with watched_sums(run.expected_lot) as seen:
        loop.train(model, patients, run, losses, randomness=randomness or fixed())
    return seen
