"""The training loop. `TrainSpec` fixes its account beforehand; the loop reads from top to bottom and never looks back.

A laptop can run it: `dp_clinical_pipeline_tests/training/test_loop.py` trains a tiny model in a second.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.noise import TEST_SEED, RandomSource, SystemSource, gaussian
from dp_clinical_pipeline.privacy.sampling import draw_reports, poisson_sample
from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.clipping import Mode, Quantile
from dp_clinical_pipeline.training.descent import Descent
from dp_clinical_pipeline.training.distributed import World
from dp_clinical_pipeline.training.examples import Example, draw, microbatches
from dp_clinical_pipeline.training.gradients import Losses, PatientGradients


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """What a training does. The first four fix its account; the others cannot change the guarantee."""

    noise_multiplier: float | None
    """None trains without privacy: no clipping, no noise. With adaptive clipping, of both sums together."""
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
    clipping: Mode = "flat"
    adapter_rate: float = 1.0
    """What the learning rate of LoRA's weights is to that of the others."""
    momentum: float | None = None
    """Of plain descent, whose later weights are averaged; None is AdamW."""
    quantile: Quantile = field(default_factory=Quantile)
    """What an adaptive bound follows; it starts from `max_grad_norm`."""


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
        return self.noise.name if self.noise.name == self.sampling.name else TEST_SEED


def train(
    model: Any,
    patients: Sequence[Sequence[Example]],
    spec: TrainSpec,
    losses: Losses,
    *,
    checkpoint: Checkpoint | None = None,
    randomness: Randomness | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    world: World | None = None,
) -> int:
    """Train the model's trainable parameters in place; return the steps done in this call.

    Guarantee: with a noise multiplier, the weights are the output of `steps` Poisson-sampled Gaussian mechanisms over
    patients (add or remove one, with all reports), whatever the lots hold: an empty one is noised and stepped too.
    Assumes that `losses` couples no two examples. Covers every checkpoint, and no loss or batch size along the way.
    With several processes, all are given the same patients and end with the same weights.
    """
    import torch

    random, world = randomness or Randomness(), world or World()
    parameters = [p for p in model.parameters() if p.requires_grad]
    descent = Descent(model, spec)
    start, bound = checkpoint.restore(model, descent.optimizer) if checkpoint else (0, None)
    if world.size > 1 and world.shared(same := (start, _digest(patients))) != same:
        raise UserError("the processes read different patients or checkpoints: give all of them the same home")
    world.align(parameters)
    model.train()
    private = None
    if spec.noise_multiplier is not None:
        private = PatientGradients(model, losses, bound or spec.max_grad_norm, spec.clipping)
    began = time.monotonic()
    for step in range(start, spec.steps):
        lot = world.mine(world.shared(_lot(random.sampling, patients, spec) if world.first else None))
        drawn = draw([[patients[i][r] for r in reports] for i, reports in lot])
        total = [torch.zeros_like(p, dtype=torch.float32) for p in parameters]
        below = total[0].new_zeros(1)
        for batch in microbatches(drawn, spec.microbatch_tokens, total[0].device.type):
            if private:
                private.add(batch, total, below)
            else:
                _add_plain(model, losses, batch, parameters, total)
        if private and world.first:
            _add_step_noise(total, below, private.bound, spec, random.noise)
        world.add_up([*total, below])
        if private and spec.clipping == "adaptive":
            private.bound = spec.quantile.next_bound(private.bound, float(below), spec.expected_lot, spec.max_grad_norm)
        for parameter, gradient in zip(parameters, total, strict=True):
            parameter.grad = (gradient / spec.expected_lot).to(parameter.dtype)
        done = step + 1
        descent.step(done)
        # The last step too: who is killed while the weights are saved must end with the same weights.
        if checkpoint and world.first and (done % spec.checkpoint_every == 0 or done == spec.steps):
            checkpoint.save(model, descent.optimizer, done, private.bound if private else None)
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
    descent.finish()
    model.eval()
    return spec.steps - start


def _digest(patients: Sequence[Sequence[Example]]) -> str:
    """Return a hash of all examples in order, which never leaves the processes that train together."""
    return hashlib.sha256(repr([list(reports) for reports in patients]).encode()).hexdigest()


def _lot(
    source: RandomSource, patients: Sequence[Sequence[Example]], spec: TrainSpec
) -> list[tuple[int, Sequence[int]]]:
    """Return a step's patients, each with the positions of its reports that the step reads."""
    sampled = poisson_sample(source, len(patients), spec.sample_rate).tolist()
    return [(i, draw_reports(source, range(len(patients[i])), spec.max_reports)) for i in sampled]


def _add_step_noise(total: list[Any], below: Any, bound: float, spec: TrainSpec, source: RandomSource) -> None:
    """Noise a step's sums so that together they are one Gaussian mechanism with the spec's multiplier."""
    multiplier = spec.noise_multiplier or 0.0
    if spec.clipping == "adaptive":
        _add_noise([below], spec.quantile.count_std(multiplier), source)
        multiplier = spec.quantile.gradient_noise(multiplier)
    _add_noise(total, multiplier * bound, source)


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
