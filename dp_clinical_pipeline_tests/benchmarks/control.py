"""How many notes of a trained cell state just what they were asked for, under several strengths of guidance.

    python -m dp_clinical_pipeline_tests.benchmarks.control --home HOME [--budget KEY] [--guidance 1 2 3] [--out FILE]

Records are drawn as `run` draws them, `--notes` of those that find something and a quarter as many of those that do not.
`exact`: the rules labeler reads all of the record's labels and no other. `at least`: all of them, and perhaps others.
Guidance leads away from the same denials with nothing found, and, for comparison, from a prompt without a record.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.home import Home, open_home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.fields import draw_fields
from dp_clinical_pipeline.synthesis.prompts import nothing_found, prompt
from dp_clinical_pipeline.synthesis.sampling import RecordSampler
from dp_clinical_pipeline.synthesis.writer import Writer, open_writer
from dp_clinical_pipeline.tables import LABEL_MARGINALS
from dp_clinical_pipeline_tests.benchmarks.ratios import show

_SEED = 5


def records(home: Home, budget: str, notes: int) -> list[list[str]]:
    """Draw records from a budget's marginals: so many that find something, and a quarter as many that do not."""
    labels, rng = label_set(home.settings.corpus.label_set), np.random.default_rng(_SEED)
    sampler = RecordSampler.of(Store(home).read(LABEL_MARGINALS, budget, budget=budget), labels)
    found, nothing = [], []
    while len(found) < notes or len(nothing) < notes // 4:
        record = sampler.draw(rng)
        (found if set(record) - {labels.normal} else nothing).append(record)
    return found[:notes] + nothing[: notes // 4]


def measured(writer: Writer, labels: LabelSet, asked: Sequence[list[str]], way: str) -> dict[str, float]:
    """Return the shares of notes that state their record."""
    rng = np.random.default_rng(_SEED)
    fields = [draw_fields(record, labels, rng) for record in asked]
    prompts = [prompt(record, labels, own) for record, own in zip(asked, fields, strict=True)]
    away = [nothing_found(labels, own) for own in fields] if way == "nothing found" else [_bare(p) for p in prompts]
    texts, _ = writer.write(prompts, 0, away)
    exact, least = zip(*(_right(record, text, labels) for record, text in zip(asked, texts, strict=True)), strict=True)
    some = [bool(set(record) - {labels.normal}) for record in asked]
    return {
        "exact, something found": float(np.mean([e for e, s in zip(exact, some, strict=True) if s])),
        "at least, something found": float(np.mean([e for e, s in zip(least, some, strict=True) if s])),
        "exact, nothing found": float(np.mean([e for e, s in zip(exact, some, strict=True) if not s])),
    }


def _right(record: Sequence[str], text: str, labels: LabelSet) -> tuple[bool, bool]:
    wanted, stated = (set(names or []) - {labels.normal} for names in (record, stated_labels(text, labels)))
    return wanted == stated, wanted <= stated


def _bare(asked: str) -> str:
    first, *_, last = asked.split("\n")
    return f"{first}\n{last}"


def main(argv: Sequence[str] | None = None) -> None:
    """Run it and print a table; `--out` keeps the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--generator", default="smollm2-135m")
    parser.add_argument("--budget", default="nonprivate")
    parser.add_argument("--guidance", type=float, nargs="+", default=[1.0, 2.0, 3.0])
    parser.add_argument("--notes", type=int, default=80)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(argv)
    home = open_home(given.home)
    labels, asked = label_set(home.settings.corpus.label_set), records(home, given.budget, given.notes)
    _, own = open_writer(home, given.generator, given.budget)
    tokenizer = load_tokenizer(base_model(home, "generators", given.generator), padding_side="left")
    result = {}
    for strength in given.guidance:
        writer = Writer(own.model, tokenizer, home.settings.generation.model_copy(update={"guidance": strength}))
        for way in ("nothing found", "no record") if strength != 1 else ("nothing found",):
            result[f"guidance {strength:g} from {way}"] = measured(writer, labels, asked, way)
    show({"notes": len(asked), "budget": given.budget} | result, given.out)


if __name__ == "__main__":
    main()
