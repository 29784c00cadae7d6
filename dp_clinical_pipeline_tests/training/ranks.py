"""One process of several that train tiny models together: `ranks.py MODEL OUT`, with torchrun's environment.

Each writes what its optimizer was given, and the weights that it ended with, to OUT/<rank>.pt.
"""

import sys
from pathlib import Path

import torch

from dp_clinical_pipeline.privacy.noise import SystemSource
from dp_clinical_pipeline.training import loop
from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.clipping import Quantile
from dp_clinical_pipeline.training.distributed import World, joined
from dp_clinical_pipeline.training.examples import Example
from dp_clinical_pipeline_tests.training.observed import dial, dial_losses, fixed, watched_sums
from dp_clinical_pipeline_tests.training.tiny import lora, losses, people, spec, weights

OWNERS = 12
RUNS = {
    "flat": spec(steps=3, max_reports=2),
    "automatic": spec(steps=3, clipping="automatic"),
    "adaptive": spec(steps=3, clipping="adaptive", quantile=Quantile(quantile=0.5, share=0.2)),
    "nonprivate": spec(steps=3, noise_multiplier=None),
    "noise": spec(steps=2, sample_rate=1e-12, noise_multiplier=1.5, max_grad_norm=0.4),
    "sampling": spec(steps=300, sample_rate=0.3, noise_multiplier=1e-4, max_grad_norm=1.0),
}


class Spoilt(SystemSource):
    """The randomness of a process that must not use its own."""

    def uniform(self, size):
        raise AssertionError("a process other than the first drew")

    integer = uniform


def runs(folder: Path, out: Path, world: World) -> dict[str, torch.Tensor]:
    """Weights and noisy sums of each run, with the test seed on the first process and none on the others."""
    found: dict[str, torch.Tensor] = {}
    for name, run in RUNS.items():
        on_dial = name == "sampling"
        model = dial(OWNERS) if on_dial else lora(folder)
        patients = [[Example(tokens=(i,), targets=(9.0,))] for i in range(OWNERS)] if on_dial else people(7, reports=3)
        if not world.first:
            with torch.no_grad():
                for parameter in model.parameters():
                    if parameter.requires_grad:
                        parameter += 1.0  # every process draws an adapter of its own at first
        spoilt = loop.Randomness(sampling=Spoilt(), noise=Spoilt())
        with watched_sums(run.expected_lot) as seen:
            loop.train(
                model,
                patients,
                run,
                dial_losses if on_dial else losses,
                checkpoint=Checkpoint(out / f"{name}.safetensors", name),
                randomness=fixed() if world.first else spoilt,
                world=world,
            )
        found |= {f"{name}.sums": torch.stack(seen), f"{name}.weights": weights(model)}
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder, out = map(Path, sys.argv[1:3])
    with joined("cpu") as world:
        torch.save(runs(folder, out, world), out / f"{world.rank}.pt")
