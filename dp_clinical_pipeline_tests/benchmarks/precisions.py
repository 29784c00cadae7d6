"""Which precision and which attention trains fastest here: one LoRA step of SmolLM2 in each, in turn.

    python -m dp_clinical_pipeline_tests.benchmarks.precisions [--rounds 3] [--out FILE]

16 notes of 64 tokens each, forward and backward, without privacy. What `compute.precision: auto` takes rests on this.
"""

import argparse
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.loading import with_lora
from dp_clinical_pipeline.training.examples import Example, draw
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline_tests.benchmarks.ratios import show

NOTES, TOKENS = 16, 64


def main(argv: Sequence[str] | None = None) -> None:
    """Run it and print a table; `--out` keeps the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    random = np.random.default_rng(0)
    notes = [Example(tokens=tuple(random.integers(1000, 40_000, TOKENS).tolist()), note_start=20) for _ in range(NOTES)]
    batch = draw([[note] for note in notes])
    with TemporaryDirectory() as folder:
        base = base_model(Home(Path(folder) / "home").create(Settings(kind="demo")), "generators", "smollm2-135m")
        speeds: dict[str, list[float]] = {}
        for _, (dtype, attention) in product(
            range(given.rounds), product((torch.float32, torch.bfloat16), ("sdpa", "eager"))
        ):
            model = AutoModelForCausalLM.from_pretrained(base.path, dtype=dtype, attn_implementation=attention)
            model = with_lora(model.requires_grad_(False), causal=True, rank=4, alpha=16)
            for timed in (False, True):  # the first step warms up
                began = time.perf_counter()
                note_losses(model, batch, 0).sum().backward()
                if timed:
                    name = f"{str(dtype).removeprefix('torch.')}, {attention}"
                    speeds.setdefault(name, []).append(NOTES * TOKENS / (time.perf_counter() - began))
    result: dict[str, Any] = {"tokens_per_second": {name: float(np.median(found)) for name, found in speeds.items()}}
    show(result | {"rounds": given.rounds, "threads": torch.get_num_threads()}, given.out)


if __name__ == "__main__":
    main()
