"""A cell's model, ready to write notes for prompts."""

from collections.abc import Sequence
from typing import Any

from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_adapter
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import whole_sentences
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER


def open_writer(home: Home, generator: str, budget: str) -> tuple[dict[str, Any], "Writer"]:
    """Return the cell's adapter row and a writer with that adapter merged into the base.

    Raises:
        UserError: the cell has no adapter yet, or its weights were changed.
    """
    row = Store(home).read(GENERATOR_ADAPTER, generator, budget, budget=budget).row(0, named=True)
    base = base_model(home, "generators", generator)
    model = with_adapter(load_causal(base, choose_device(home.settings.compute)), cell_adapter(home, row))
    return row, Writer(model.merge_and_unload(), load_tokenizer(base, padding_side="left"), home.settings.generation)


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
