"""Samples a cell's synthetic notes from its adapter, each for a record drawn from the budget's marginals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import Acceptance
from dp_clinical_pipeline.synthesis.prompts import kind_of_note, prompt
from dp_clinical_pipeline.synthesis.sampling import RecordSampler
from dp_clinical_pipeline.synthesis.writer import open_writer
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

    Guarantee: post-processing of the cell's adapter and marginals. Reads no private text; rules are public ones.

    Raises:
        UserError: the cell has no adapter or its budget no marginals yet.
    """
    store, settings = Store(home), home.settings.generation
    labels = label_set(home.settings.corpus.label_set)
    row, writer = open_writer(home, generator, budget)
    records = RecordSampler.of(store.read(LABEL_MARGINALS, budget, budget=budget), labels)
    rules, rng = Acceptance(settings, labels), np.random.default_rng(settings.seed)
    rows: list[dict[str, Any]] = []
    accepted, most = 0, round(settings.accepted * settings.max_ratio)
    while accepted < settings.accepted and len(rows) < most:
        asked = [records.draw(rng) for _ in range(min(settings.batch_size, most - len(rows)))]
        texts, tokens = writer.write([prompt(targets, labels) for targets in asked])
        for targets, text, length in zip(asked, texts, tokens, strict=True):
            stated = stated_labels(text, labels)
            reason = rules.refuse(text, targets, stated)
            accepted += reason is None
            rows.append(
                {
                    "synthetic_id": f"{row['mechanism_id']}-{len(rows):06d}", "generator": generator, "budget": budget,
                    "mechanism_id": row["mechanism_id"], "modality": kind_of_note(labels), "targets": targets,
                    "text": text, "stated": stated, "tokens": length, "accepted": reason is None, "reason": reason,
                }
            )  # fmt: skip
        if on_progress:
            on_progress(GenerationFacts(tried=len(rows), accepted=accepted))
    frame = pl.DataFrame(rows, schema=SYNTHETIC_REPORTS.schema)
    store.write(SYNTHETIC_REPORTS, frame, generator, budget, budget=budget)
    return GenerationFacts(tried=len(rows), accepted=accepted)
