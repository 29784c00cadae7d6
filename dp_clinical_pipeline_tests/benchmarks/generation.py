"""Generation speed: our decoding beside the library's `generate`, batched alike and one prompt at a time.

    python -m dp_clinical_pipeline_tests.benchmarks.generation --home HOME [--budget nonprivate] [--rounds 10] [--out FILE]

One model, one dtype, the same prompts and the same sampling. A round gives a batch to each in turn, in an order drawn
afresh; one prompt at a time gets the first few of the batch. Speed is tokens written, up to each note's end, a second.
Ours is what writes a cell, from prompts to texts, without guidance, which `generate` would have to be paid for twice.
Without a home the base model writes, whose notes hardly ever end before the limit.
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from rich.console import Console

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.home import Home, open_home
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer
from dp_clinical_pipeline.synthesis.prompts import prompt
from dp_clinical_pipeline.synthesis.writer import Writer, cell_model, open_writer
from dp_clinical_pipeline_tests.benchmarks.notes import labelled
from dp_clinical_pipeline_tests.benchmarks.ratios import paired, show

OURS, BATCHED, SINGLE = "ours", "generate, batched", "generate, one at a time"
GENERATOR = "smollm2-135m"


class Bench:
    """The model, the prompts and the three ways to write."""

    def __init__(self, home: Home, budget: str | None, batch: int, singles: int) -> None:
        self.device = choose_device(home.settings.compute)
        base = base_model(home, "generators", GENERATOR)
        self.tokenizer = load_tokenizer(base, padding_side="left")
        if budget:
            row, opened = open_writer(home, GENERATOR, budget)
            self.model, written_by = cell_model(home, GENERATOR, row), opened.model
        else:
            self.model, written_by = load_causal(base, self.device), load_causal(base, self.device)
        self.how = home.settings.generation.model_copy(update={"guidance": 1.0})
        self.writer = Writer(written_by, self.tokenizer, self.how)
        self.prompts = sorted({prompt(targets, labels) for _, targets, labels in labelled(None)})
        self.batch, self.singles = batch, singles

    def ours(self, prompts: Sequence[str], seed: int) -> int:
        """Ours, as a cell is written."""
        return sum(self.writer.write(prompts, seed)[1])

    def generate(self, prompts: Sequence[str], seed: int) -> int:
        """The library's own loop."""
        torch.manual_seed(seed)
        inputs = self.tokenizer(list(prompts), return_tensors="pt", padding=True, add_special_tokens=False)
        out = self.model.generate(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            do_sample=True,
            temperature=self.how.temperature,
            top_k=self.how.top_k,
            top_p=self.how.top_p,
            max_new_tokens=self.how.max_new_tokens,
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        written = out[:, inputs["input_ids"].shape[1] :].tolist()
        end = self.tokenizer.eos_token_id
        return sum(row.index(end) if end in row else len(row) for row in written)

    def single(self, prompts: Sequence[str], seed: int) -> int:
        """The library's loop, one prompt at a time."""
        return sum(self.generate([p], seed + i) for i, p in enumerate(prompts[: self.singles]))


def main(argv: Sequence[str] | None = None) -> None:
    """Run it and print a table; `--out` keeps the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="a home whose cell has been trained")
    parser.add_argument("--budget", default="nonprivate", help="the cell's budget, with --home")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--singles", type=int, default=4, help="prompts a round that are written one at a time")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    if given.rounds < 2:
        parser.error("--rounds: at least 2, or there is no interval")
    with TemporaryDirectory() as folder:
        home = open_home(given.home) if given.home else Home(Path(folder) / "home").create(Settings(kind="demo"))
        bench = Bench(home, given.budget if given.home else None, given.batch, given.singles)
        show(_summary(bench, run(bench, given.rounds)), given.out)


def run(bench: Bench, rounds: int) -> dict[str, list[float]]:
    """Return tokens a second of each, a number a round; a first round is thrown away."""
    ways: dict[str, Callable[[Sequence[str], int], int]] = {
        OURS: bench.ours, BATCHED: bench.generate, SINGLE: bench.single
    }  # fmt: skip
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    rng = random.Random(0)
    for number in range(rounds + 1):
        prompts = rng.choices(bench.prompts, k=bench.batch)
        for name in rng.sample(list(ways), len(ways)):
            began = time.perf_counter()
            tokens = ways[name](prompts, number)
            if number:
                speeds[name].append(tokens / (time.perf_counter() - began))
        latest = ", ".join(f"{name} {found[-1]:.0f}" for name, found in speeds.items() if found)
        Console(stderr=True).print(f"round {number} of {rounds}  {latest}", highlight=False)
    return speeds


def _summary(bench: Bench, speeds: dict[str, list[float]]) -> dict[str, Any]:
    return {
        "tokens_per_second": {name: float(np.median(found)) for name, found in speeds.items()},
        "ours_over_batched": paired(speeds[OURS], speeds[BATCHED]),
        "ours_over_single": paired(speeds[OURS], speeds[SINGLE]),
        "rounds": len(speeds[OURS]),
        "batch": bench.batch,
        "precision": bench.device.precision,
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    main()
