"""Losses of given notes under a cell's base and tuned model: what the membership attack reads."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.device import choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_adapter
from dp_clinical_pipeline.store import Store, written_aside
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER
from dp_clinical_pipeline.training.examples import Example, causal_example, draw, microbatches
from dp_clinical_pipeline.training.note_loss import note_losses

CellLosses = Callable[[Sequence[str], Sequence[str]], tuple[np.ndarray, np.ndarray]]


def cell_losses(home: Home, generator: str, budget: str) -> CellLosses:
    """Return a function from (notes, prompts) to (base losses, tuned losses), one mean token loss for each note.

    The base model's losses are kept in the enclave, so that other cells of this generator need not compute them again.
    """

    def losses(notes: Sequence[str], prompts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        import torch

        base = base_model(home, "generators", generator)
        row = Store(home).read(GENERATOR_ADAPTER, generator, budget, budget=budget).row(0, named=True)
        tokenizer = load_tokenizer(base, padding_side="right")
        most = home.settings.training.max_tokens
        examples = [causal_example(tokenizer, p, note, most) for note, p in zip(notes, prompts, strict=True)]
        model = with_adapter(load_causal(base, choose_device(home.settings.compute)), cell_adapter(home, row))
        pad, budget_tokens = tokenizer.pad_token_id, home.settings.training.microbatch_tokens
        with torch.no_grad():
            tuned = _losses(model, examples, pad, budget_tokens)
            with model.disable_adapter():
                plain = _kept_base_losses(home, base.sha256, model, examples, pad, budget_tokens)
        return plain, tuned

    return losses


def _losses(model: Any, examples: Sequence[Example], pad: int, most_tokens: int) -> np.ndarray:
    values = np.zeros(len(examples))
    for batch in microbatches(draw([[e] for e in examples]), most_tokens, model.device.type):
        values[[d.patient for d in batch]] = note_losses(model, batch, pad).float().cpu().numpy()
    return values


def _kept_base_losses(
    home: Home, base_sha256: str, model: Any, examples: Sequence[Example], pad: int, most_tokens: int
) -> np.ndarray:
    keys = [hashlib.sha256(repr((base_sha256, e.tokens, e.note_start)).encode()).hexdigest() for e in examples]
    path = home.enclave / "base_losses" / f"{base_sha256[:16]}.npz"
    kept: dict[str, float] = {}
    if path.exists():
        with np.load(path, allow_pickle=False) as file:
            kept = dict(zip(file["keys"].tolist(), file["values"].tolist(), strict=True))
    missing = [i for i, key in enumerate(keys) if key not in kept]
    fresh = _losses(model, [examples[i] for i in missing], pad, most_tokens) if missing else np.zeros(0)
    kept |= {keys[i]: float(value) for i, value in zip(missing, fresh, strict=True)}
    if missing:
        with written_aside(path) as aside, aside.open("wb") as file:
            np.savez(file, keys=np.array(list(kept)), values=np.array(list(kept.values())))
    return np.array([kept[key] for key in keys])
