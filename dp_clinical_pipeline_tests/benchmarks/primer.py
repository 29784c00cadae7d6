"""What a primer does to SmolLM2: its loss on made-up notes, and how many of the notes it writes state their record.

    python -m dp_clinical_pipeline_tests.benchmarks.primer [--labels nih14] [--steps 24] [--notes 48] [--out FILE]

The base model first, then the same model after its primer, on the same records, which the primer did not read.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.config import Corpus, Generation, Settings, Training
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.synthesis.acceptance import states
from dp_clinical_pipeline.synthesis.primer import Pair, primer_pairs
from dp_clinical_pipeline.synthesis.writer import Writer
from dp_clinical_pipeline.training.examples import causal_example, draw, microbatches
from dp_clinical_pipeline.training.generator import generator_recipe
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline_tests.benchmarks.ratios import show

_HELD_OUT = 99
GENERATOR = "smollm2-135m"


def measured(folder: Path, labels: LabelSet, steps: int, pairs: Sequence[Pair]) -> dict[str, float]:
    """Return mean loss and share of notes that state their record, for a primer of so many steps; 0 is none."""
    settings = Settings(corpus=Corpus(label_set=labels.name), training=Training(primer_steps=steps))
    home = Home(folder).create(settings)
    base = base_model(home, "generators", GENERATOR)
    model = generator_recipe(home).build(base, choose_device(settings.compute)).eval()
    tokenizer = load_tokenizer(base, padding_side="right")
    examples = [causal_example(tokenizer, pair.prompt, pair.note, settings.training.max_tokens) for pair in pairs]
    with torch.no_grad():
        batches = microbatches(draw([[e] for e in examples]), settings.training.microbatch_tokens)
        total = sum(float(note_losses(model, batch, tokenizer.pad_token_id).sum()) for batch in batches)
    writer = Writer(model.merge_and_unload(), tokenizer, Generation(max_new_tokens=72))
    texts, _ = writer.write([pair.prompt for pair in pairs], 0)
    right = [states(p.targets, stated_labels(t, labels) or [], labels) for p, t in zip(pairs, texts, strict=True)]
    return {"loss": total / len(pairs), "state_their_record": sum(right) / len(pairs)}


def main(argv: Sequence[str] | None = None) -> None:
    """Run it and print a table; `--out` keeps the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", default="nih14")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--notes", type=int, default=48)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    labels = label_set(given.labels)
    pairs = primer_pairs(labels, given.notes, _HELD_OUT)
    with TemporaryDirectory() as folder:
        result: dict[str, Any] = {
            f"{steps} steps": measured(Path(folder) / str(steps), labels, steps, pairs) for steps in (0, given.steps)
        }
    show(result | {"notes": given.notes, "labels": labels.name}, given.out)


if __name__ == "__main__":
    main()
