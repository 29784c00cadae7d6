"""Samples a cell's synthetic notes from its adapter, each for a record drawn from the budget's marginals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_adapter
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import Acceptance, whole_sentences
from dp_clinical_pipeline.synthesis.prompts import kind_of_note, prompt
from dp_clinical_pipeline.synthesis.sampling import RecordSampler
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER, LABEL_MARGINALS, SYNTHETIC_REPORTS


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
    row = store.read(GENERATOR_ADAPTER, generator, budget, budget=budget).row(0, named=True)
    records = RecordSampler.of(store.read(LABEL_MARGINALS, budget, budget=budget), labels)
    base = base_model(home, "generators", generator)
    device = choose_device(home.settings.compute)
    model = with_adapter(load_causal(base, device), cell_adapter(home, row)).merge_and_unload()
    writer = Writer(model, load_tokenizer(base, padding_side="left"), settings)
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


class Writer:
    """A causal model that writes notes for prompts, a batch at a time, seeded."""

    def __init__(self, model: Any, tokenizer: Any, settings: Generation) -> None:
        import torch

        self._model, self._tokenizer, self._settings = model, tokenizer, settings
        torch.manual_seed(settings.seed)

    def write(self, prompts: Sequence[str]) -> tuple[list[str], list[int]]:
        """Return a note for each prompt, and its length in tokens."""
        import torch

        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        inputs = self._tokenizer(
            [prompts[i] for i in order], return_tensors="pt", padding=True, add_special_tokens=False
        )
        inputs = {k: inputs[k].to(self._model.device) for k in ("input_ids", "attention_mask")}
        with torch.no_grad():
            out = self._model.generate(
                **inputs,
                do_sample=True,
                temperature=self._settings.temperature,
                top_p=self._settings.top_p,
                top_k=self._settings.top_k,
                max_new_tokens=self._settings.max_new_tokens,
                pad_token_id=self._tokenizer.pad_token_id,
                eos_token_id=self._tokenizer.eos_token_id,
            )
        written = out[:, inputs["input_ids"].shape[1] :].tolist()
        texts, lengths = [""] * len(prompts), [0] * len(prompts)
        for position, tokens in zip(order, written, strict=True):
            end = tokens.index(self._tokenizer.eos_token_id) if self._tokenizer.eos_token_id in tokens else None
            text = self._tokenizer.decode(tokens[:end], skip_special_tokens=True)
            texts[position] = " ".join(text.split()) if end is not None else whole_sentences(" ".join(text.split()))
            lengths[position] = len(tokens) if end is None else end
        return texts, lengths
