"""The training loop. `TrainSpec` fixes its account beforehand; the loop reads from top to bottom and never looks back.

A laptop can run it: `dp_clinical_pipeline_tests/training/test_loop.py` trains a tiny model in a second.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dp_clinical_pipeline.privacy.noise import RandomSource, SystemSource, gaussian
from dp_clinical_pipeline.privacy.sampling import draw_reports, poisson_sample
from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.examples import Example, draw, microbatches
from dp_clinical_pipeline.training.gradients import Losses, PatientGradients


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """What a training does. The first four fix its account; the others cannot change the guarantee."""

    noise_multiplier: float | None
    """None trains without privacy: no clipping, no noise."""
    sample_rate: float
    steps: int
    max_grad_norm: float
    expected_lot: float
    """Sample rate times the public patient count: what a step's sum is divided by."""
    max_reports: int
    learning_rate: float
    microbatch_tokens: int
    checkpoint_every: int
    epsilon: float | None = None


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What may be shown while a training runs. Never a loss, a batch size or a gradient norm: they are private."""

    step: int
    steps: int
    seconds_left: float
    epsilon: float | None
    noise_multiplier: float | None


@dataclass(kw_only=True)
class Randomness:
    """Two independent sources. A test seed in either marks the result as unreleasable."""

    sampling: RandomSource = field(default_factory=SystemSource)
    noise: RandomSource = field(default_factory=SystemSource)

    @property
    def name(self) -> str:
        """What the manifest says of the noise."""
        return self.noise.name if self.noise.name == self.sampling.name else "test-seed"


def train(
    model: Any,
    patients: Sequence[Sequence[Example]],
    spec: TrainSpec,
    losses: Losses,
    *,
    checkpoint: Checkpoint | None = None,
    randomness: Randomness | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> int:
    """Train the model's trainable parameters in place; return the steps done in this call.

    Guarantee: with a noise multiplier, the weights are the output of `steps` Poisson-sampled Gaussian mechanisms over
    patients (add or remove one, with all reports), whatever the lots hold: an empty one is noised and stepped too.
    Assumes that `losses` couples no two examples. Covers every checkpoint, and no loss or batch size along the way.
    """
    import torch

    random = randomness or Randomness()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=spec.learning_rate, weight_decay=0.0)
    start = checkpoint.restore(model, optimizer) if checkpoint else 0
    model.train()
    private = None if spec.noise_multiplier is None else PatientGradients(model, losses, spec.max_grad_norm)
    began = time.monotonic()
    for step in range(start, spec.steps):
        sampled = poisson_sample(random.sampling, len(patients), spec.sample_rate)
        lot = draw([draw_reports(random.sampling, patients[i], spec.max_reports) for i in sampled])
        total = [torch.zeros_like(p, dtype=torch.float32) for p in parameters]
        for batch in microbatches(lot, spec.microbatch_tokens):
            if private:
                private.add(batch, total)
            else:
                _add_plain(model, losses, batch, parameters, total)
        if spec.noise_multiplier is not None:
            _add_noise(total, spec.noise_multiplier * spec.max_grad_norm, random.noise)
        for parameter, gradient in zip(parameters, total, strict=True):
            parameter.grad = (gradient / spec.expected_lot).to(parameter.dtype)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        done = step + 1
        # The last step too: who is killed while the weights are saved must end with the same weights.
        if checkpoint and (done % spec.checkpoint_every == 0 or done == spec.steps):
            checkpoint.save(model, optimizer, done)
        if on_progress:
            left = (time.monotonic() - began) / (done - start) * (spec.steps - done)
            on_progress(
                Progress(
                    step=done,
                    steps=spec.steps,
                    seconds_left=left,
                    epsilon=spec.epsilon,
                    noise_multiplier=spec.noise_multiplier,
                )
            )
    if private:
        private.close()
    model.eval()
    return spec.steps - start


def _add_plain(model: Any, losses: Losses, batch: Sequence[Any], parameters: list[Any], total: list[Any]) -> None:
    import torch

    weight = torch.tensor([d.weight for d in batch], device=total[0].device)
    (losses(model, batch) * weight).sum().backward()
    for sum_, parameter in zip(total, parameters, strict=True):
        if parameter.grad is not None:
            sum_ += parameter.grad.float()
        parameter.grad = None


def _add_noise(total: list[Any], std: float, source: RandomSource) -> None:
    import torch

    for sum_ in total:
        noise = gaussian(source, sum_.numel(), std).reshape(sum_.shape)
        sum_ += torch.from_numpy(noise.astype(np.float32)).to(sum_.device)
