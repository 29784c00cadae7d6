"""Training speed: our loop with DP beside ours without, Opacus' hooks and ghost clipping, and this machine's floor.

    python -m dp_clinical_pipeline_tests.benchmarks.training [--rounds 30] [--openi FOLDER] [--out FILE.json]
    python -m dp_clinical_pipeline_tests.benchmarks.training --memory

All of them live in one process, train the same SmolLM2 LoRA on the same reports, and get one step each in turn, in an
order drawn afresh a round. `read before` is the loop in a later pass over a few notes, whose states below the adapted
layers are kept; in the others every note is read anew. A step's speed is its real tokens (padding does not count) over
its seconds; speeds are compared within a round, so that a noisy machine slows both sides of a ratio. `--memory` gives
peak memory, each of the two loops in a process of its own.
"""

import argparse
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console

from dp_clinical_pipeline.config import Compute, Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_lora
from dp_clinical_pipeline.privacy.noise import SystemSource, TestSeedSource
from dp_clinical_pipeline.training.examples import Drawn, Example, draw, microbatches
from dp_clinical_pipeline.training.kept_states import KeptStates
from dp_clinical_pipeline.training.loop import Randomness, TrainSpec, train
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline_tests.benchmarks.labelers import corpora_folder
from dp_clinical_pipeline_tests.benchmarks.notes import notes
from dp_clinical_pipeline_tests.benchmarks.ratios import paired, show

LOT = 16
PHYSICAL = 8
OURS, PLAIN, HOOKS, GHOST = "ours with DP", "ours without", "Opacus hooks", "Opacus ghost"
KEPT, FEW = "ours with DP, read before", 128


class Step(NamedTuple):
    """One step of one contender."""

    tokens: int
    seconds: float

    @property
    def speed(self) -> float:
        """Real tokens a second."""
        return self.tokens / self.seconds


class Bench:
    """The reports, the base model and the contenders, each of which is a generator of real tokens a step."""

    def __init__(self, folder: Path, openi: Path | None) -> None:
        self.home = Home(folder / "home").create(Settings(kind="demo", compute=Compute(precision="auto")))
        self.base = base_model(self.home, "generators", "smollm2-135m")
        self.device = choose_device(self.home.settings.compute)
        self.tokenizer = load_tokenizer(self.base, padding_side="right")
        self.pad = self.tokenizer.pad_token_id
        self.examples = notes(self.tokenizer, self.home.settings.training.max_tokens, openi)

    def model(self) -> Any:
        """A fresh copy of the base with a LoRA adapter, as the settings have it."""
        training = self.home.settings.training
        return with_lora(
            load_causal(self.base, self.device),
            causal=True,
            rank=training.lora_rank,
            alpha=training.lora_alpha,
            layers=training.lora_layers,
        )

    def ours(self, noise_multiplier: float | None, read_before: bool = False) -> Iterator[int]:
        """Our loop, stopped after each step. The same seed gives both loops the same lots, unless notes are few because
        they are to be read before."""
        seen, kept = 0, KeptStates() if read_before else None
        examples = random.Random(1).sample(self.examples, FEW) if read_before else self.examples
        turn, done = threading.Semaphore(0), threading.Semaphore(0)

        def losses(model: Any, batch: Sequence[Drawn]) -> Any:
            nonlocal seen
            seen += sum(len(d.example.tokens) for d in batch)
            return note_losses(model, batch, self.pad, kept)

        spec = TrainSpec(
            noise_multiplier=noise_multiplier,
            sample_rate=LOT / len(examples),
            steps=10**6,
            max_grad_norm=0.5,
            expected_lot=LOT,
            max_reports=1,
            learning_rate=1e-4,
            microbatch_tokens=self.home.settings.training.microbatch_tokens,
            checkpoint_every=10**6,
        )
        patients = [[example] for example in examples]
        lots = Randomness(sampling=TestSeedSource(1), noise=SystemSource())

        def wait(_: Any = None) -> None:
            done.release()
            turn.acquire()

        def whole() -> None:
            turn.acquire()
            model = self.model()
            for batch in microbatches(draw(patients), spec.microbatch_tokens) if kept else ():
                with torch.no_grad():
                    note_losses(model, batch, self.pad, kept)
            train(model, patients, spec, losses, randomness=lots, on_progress=wait)

        # The loop has a thread of its own and runs only while its turn lasts, so that it is the loop that users run.
        threading.Thread(target=whole, daemon=True).start()
        while True:
            turn.release()
            done.acquire()
            yield seen
            seen = 0

    def opacus(self, ghost: bool) -> Iterator[int]:
        """Opacus as its tutorial has it: fp32, random microbatches padded to the longest, the loss over all of it."""
        from opacus import GradSampleModule
        from opacus.grad_sample import GradSampleModuleFastGradientClipping
        from opacus.optimizers import DPOptimizer
        from opacus.optimizers.optimizer_fast_gradient_clipping import DPOptimizerFastGradientClipping

        model = self.model().float().train()
        inner = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
        common = {"noise_multiplier": 1.0, "max_grad_norm": 0.5, "expected_batch_size": LOT}
        if ghost:
            wrapped = GradSampleModuleFastGradientClipping(
                model, max_grad_norm=0.5, use_ghost_clipping=True, strict=False
            )
            optimizer: Any = DPOptimizerFastGradientClipping(inner, **common)
        else:
            wrapped = GradSampleModule(model, strict=False)
            optimizer = DPOptimizer(inner, **common)
        rng = random.Random(1)
        while True:
            lot = [e for e in self.examples if rng.random() < LOT / len(self.examples)]
            rng.shuffle(lot)
            batches = [lot[i : i + PHYSICAL] for i in range(0, len(lot), PHYSICAL)] or [[]]
            for batch in filter(None, batches):
                optimizer.signal_skip_step(do_skip=batch is not batches[-1])
                _tutorial_step(wrapped, optimizer, batch, self.pad, ghost=ghost)
            yield sum(len(e.tokens) for e in lot)


def _tutorial_step(model: Any, optimizer: Any, batch: Sequence[Example], pad: int, *, ghost: bool) -> None:
    longest = max(len(e.tokens) for e in batch)
    ids = torch.full((len(batch), longest), pad)
    mask = torch.zeros((len(batch), longest), dtype=torch.long)
    labels = torch.full((len(batch), longest), -100)
    for row, e in enumerate(batch):
        ids[row, : len(e.tokens)] = labels[row, : len(e.tokens)] = torch.tensor(e.tokens)
        mask[row, : len(e.tokens)] = 1
        labels[row, : e.note_start] = -100
    if not ghost:
        model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
    else:
        logits = model(input_ids=ids, attention_mask=mask).logits
        flat = torch.nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), reduction="none", ignore_index=-100
        )
        per_example = flat.view(len(batch), -1).mean(1)
        optimizer.zero_grad()
        per_example.mean().backward(retain_graph=True)
        optimizer.zero_grad()
        model.disable_hooks()
        (model.get_clipping_coef() * per_example).sum().backward()
        model.enable_hooks()
    optimizer.step()
    optimizer.zero_grad()


def run(bench: Bench, rounds: int, console: Console) -> dict[str, list[Step]]:
    """Give one step to each contender in turn, after a first round, which loads the models, is thrown away."""
    contenders = {
        PLAIN: bench.ours(None),
        OURS: bench.ours(1.0),
        KEPT: bench.ours(1.0, read_before=True),
        HOOKS: bench.opacus(False),
        GHOST: bench.opacus(True),
    }
    steps: dict[str, list[Step]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name in random.sample(list(contenders), len(contenders)):
            began = time.perf_counter()
            tokens = next(contenders[name])
            if number:
                steps[name].append(Step(tokens, time.perf_counter() - began))
        console.print(f"round {number} of {rounds}", highlight=False)
    return steps


def floor_speed(bench: Bench) -> float:
    """Return tokens a second if training were nothing but products at the rate of a large one.

    Forward through all layers and the head, backward through the adapted ones and the head: 2 operations a weight and
    pass. The frozen weights need no gradient.
    """
    config = bench.model().config
    hidden, kv = config.hidden_size, config.num_key_value_heads * config.hidden_size // config.num_attention_heads
    layer = hidden * (2 * hidden + 2 * kv) + 3 * hidden * config.intermediate_size
    adapted = min(bench.home.settings.training.lora_layers or config.num_hidden_layers, config.num_hidden_layers)
    note = sum(len(e.tokens) - e.note_start for e in bench.examples) / sum(len(e.tokens) for e in bench.examples)
    operations = 2 * layer * (config.num_hidden_layers + adapted) + 2 * 2 * note * hidden * config.vocab_size
    return product_rate(torch.bfloat16 if bench.device.precision == "bf16" else torch.float32) / operations


def product_rate(dtype: torch.dtype, size: int = 2048, repeats: int = 10) -> float:
    """Return the operations a second of a square product in the precision of the training, the best of several."""
    a, b = torch.randn(size, size, dtype=dtype), torch.randn(size, size, dtype=dtype)

    def once() -> float:
        began = time.perf_counter()
        a @ b
        return 2 * size**3 / (time.perf_counter() - began)

    return max(once() for _ in range(repeats))


def peak_memory(which: str, steps: int, openi: Path | None) -> int:
    """Return the peak memory in bytes of a process that runs one loop alone."""
    command = [sys.executable, "-m", __spec__.name, "--alone", which, "--rounds", str(steps)]
    command += ["--openi", str(openi)] if openi else []
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def _alone(bench: Bench, which: str, steps: int) -> None:
    loop = bench.ours(1.0 if which == OURS else None)
    for _ in range(steps):
        next(loop)
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}\n")


def summary(steps: dict[str, list[Step]], floor: float) -> dict[str, Any]:
    """Return speeds and the ratios of paired rounds, with intervals of their medians."""

    def ratio(a: str, b: str) -> dict[str, float]:
        return paired([step.speed for step in steps[a]], [step.speed for step in steps[b]])

    speeds = {name: float(np.median([s.speed for s in found])) for name, found in steps.items()}
    return {
        "rounds": len(steps[OURS]),
        "tokens_per_second": speeds | {"floor": floor},
        "dp_over_plain": ratio(OURS, PLAIN),
        "dp_over_hooks": ratio(OURS, HOOKS),
        "dp_over_ghost": ratio(OURS, GHOST),
        "kept_over_dp": ratio(KEPT, OURS),
        "kept_over_hooks": ratio(KEPT, HOOKS),
        "floor_over_dp": floor / speeds[OURS],
    }


def _openi() -> Path | None:
    folder = corpora_folder()
    return folder / "openi" if folder else None


def main(argv: Sequence[str] | None = None) -> None:
    """Run it and print a table; `--out` keeps the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument(
        "--openi", type=Path, default=_openi(), help="OpenI's folder; else the made-up hospital's reports"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    console = Console(stderr=True)
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.openi)
        if given.alone:
            _alone(bench, given.alone, given.rounds)
            return
        if given.memory:
            peaks = {name: peak_memory(name, min(given.rounds, 5), given.openi) for name in (PLAIN, OURS)}
            result: dict[str, Any] = {"peak_bytes": peaks, "dp_over_plain_memory": peaks[OURS] / peaks[PLAIN]}
        else:
            # Three looks at the product rate, before and after: the best is the machine's.
            before = floor_speed(bench)
            steps = run(bench, given.rounds, console)
            result = summary(steps, max(before, floor_speed(bench)))
        result |= {
            "precision": bench.device.precision,
            "threads": torch.get_num_threads(),
            "reports": len(bench.examples),
        }
    show(result, given.out)


if __name__ == "__main__":
    main()
