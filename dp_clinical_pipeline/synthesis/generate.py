"""Samples a cell's synthetic notes from its adapter, each for a record drawn from the budget's marginals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import Acceptance
from dp_clinical_pipeline.synthesis.drafts import Drafts
from dp_clinical_pipeline.synthesis.fields import draw_fields
from dp_clinical_pipeline.synthesis.prompts import kind_of_note, nothing_found, prompt, record_line
from dp_clinical_pipeline.synthesis.sampling import RecordSampler
from dp_clinical_pipeline.synthesis.writer import Writer, open_writer
from dp_clinical_pipeline.tables import LABEL_MARGINALS, SYNTHETIC_REPORTS


@dataclass(frozen=True, kw_only=True)
class GenerationFacts:
    """How many notes were tried and accepted; for a DP cell both are post-processing."""

    tried: int
    accepted: int
    seconds_left: float = 0.0


def generate_cell(
    home: Home, generator: str, budget: str, on_progress: Callable[[GenerationFacts], None] | None = None
) -> GenerationFacts:
    """Sample notes until enough are accepted or `max_ratio` times as many were tried; write all of them.

    Finished batches are kept in the enclave until then: who is interrupted goes on after the last of them.

    Guarantee: post-processing of the cell's adapter and marginals. Reads no private text; rules are public ones.

    Raises:
        UserError: the cell has no adapter or its budget no marginals yet.
    """
    store, settings = Store(home), home.settings.generation
    labels = label_set(home.settings.corpus.label_set)
    row, writer = open_writer(home, generator, budget)
    cell = _Cell(row, writer, RecordSampler.of(store.read(LABEL_MARGINALS, budget, budget=budget), labels), labels)
    rules, drafts = Acceptance(settings, labels), Drafts(home, row["mechanism_id"])
    rows: list[dict[str, Any]] = []
    accepted, batch, most = 0, 0, round(settings.accepted * settings.max_ratio)
    while accepted < settings.accepted and len(rows) < most:
        written = drafts.read(batch)
        if written is None:
            written = cell.write(batch, len(rows), min(settings.batch_size, most - len(rows)), settings)
            drafts.write(batch, written)
        for note in written:
            reason = rules.refuse(note["text"], note["targets"], note["stated"])
            accepted += reason is None
            rows.append(note | {"accepted": reason is None, "reason": reason})
        batch += 1
        if on_progress:
            on_progress(GenerationFacts(tried=len(rows), accepted=accepted))
    frame = pl.DataFrame(rows, schema=SYNTHETIC_REPORTS.schema)
    store.write(SYNTHETIC_REPORTS, frame, generator, budget, budget=budget)
    drafts.delete()
    return GenerationFacts(tried=len(rows), accepted=accepted)


@dataclass(frozen=True)
class _Cell:
    row: dict[str, Any]
    writer: Writer
    records: RecordSampler
    labels: LabelSet

    def write(self, batch: int, first: int, size: int, settings: Generation) -> list[dict[str, Any]]:
        """Write one batch: its records and notes follow from the seed and its number alone. Nothing is judged yet."""
        rng = np.random.default_rng([settings.seed, batch])
        asked = [self.records.draw(rng, settings.even_share) for _ in range(size)]
        fields = [draw_fields(targets, self.labels, rng) for targets in asked]
        prompts = [prompt(targets, self.labels, own) for targets, own in zip(asked, fields, strict=True)]
        texts, tokens = self.writer.write(prompts, batch, [nothing_found(self.labels, own) for own in fields])
        shared = {key: self.row[key] for key in ("generator", "budget", "mechanism_id")}
        shared |= {"modality": kind_of_note(self.labels), "accepted": False, "reason": None}
        return [
            shared
            | {
                "synthetic_id": f"{self.row['mechanism_id']}-{first + i:06d}",
                "targets": targets,
                "record": record_line(targets, self.labels, own),
                "text": text,
                "stated": stated_labels(text, self.labels),
                "tokens": length,
            }
            for i, (targets, own, text, length) in enumerate(zip(asked, fields, texts, tokens, strict=True))
        ]
