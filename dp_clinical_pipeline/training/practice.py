"""What a classifier learns from made-up public notes before any private one: its features' scale, and a first head."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.synthesis.primer import Pair, primer_pairs
from dp_clinical_pipeline.training.classifier import beside, classifier_example, positively_weighted, token_states
from dp_clinical_pipeline.training.examples import draw, microbatches, padded

# Any text of the domain shows how an encoder's states are spread; where nobody wrote notes for a label set, these do.
_ANY_NOTES = "nih14"
_STEPS, _RATE, _MOMENTUM = 400, 30.0, 0.9


def practise(
    model: Any,
    tokenizer: Any,
    labels: LabelSet,
    *,
    notes: int,
    positive_weight: float,
    features: Callable[[Sequence[str]], np.ndarray] | None = None,
    seed: int = 0,
) -> None:
    """Set the scale of a new classifier's features by made-up notes, and train its head alone on them.

    A label set that nobody wrote notes for gets the scale, and its head stays at zero. `features` returns the public
    features (n, F) that the head reads of texts beside their states, where it does.

    Guarantee: nothing private is read; the same arguments give the same weights.
    """
    import torch

    pairs, known = _pairs(labels, notes, seed)
    with torch.no_grad():
        pooled = _pooled(model, tokenizer, [pair.note for pair in pairs])
        model["pooling"].fit(pooled)
        scaled = torch.nn.functional.normalize((pooled - model["pooling"].mean) / model["pooling"].spread, dim=1)
    if known:
        truth = multi_hot([pair.targets for pair in pairs], labels).astype("float32")
        said = features([pair.note for pair in pairs]) if features else np.zeros((len(pairs), 0))
        read = beside(scaled, torch.from_numpy(said).to(scaled))
        _fit_head(model["head"], read, torch.from_numpy(truth).to(read.device), positive_weight)


def _pairs(labels: LabelSet, notes: int, seed: int) -> tuple[Sequence[Pair], bool]:
    try:
        return primer_pairs(labels, notes, seed), True
    except UserError:
        return primer_pairs(label_set(_ANY_NOTES), notes, seed), False


def _pooled(model: Any, tokenizer: Any, notes: Sequence[str]) -> Any:
    """Return what the notes pool to, (n, features), in their order."""
    import torch

    device = next(model["head"].parameters()).device
    examples = [classifier_example(tokenizer, note, (), 128) for note in notes]
    rows: dict[int, Any] = {}
    for batch in microbatches(draw([[e] for e in examples]), 2048, device.type):
        ids, lengths = padded(batch, tokenizer.pad_token_id, str(device))
        mask = torch.arange(ids.shape[1], device=device) < lengths[:, None]
        pooled = model["pooling"].raw(token_states(model, batch, ids, mask, None), mask)
        rows |= {d.patient: row for d, row in zip(batch, pooled, strict=True)}
    return torch.stack([rows[i] for i in range(len(notes))])


def _fit_head(head: Any, features: Any, truth: Any, positive_weight: float) -> None:
    """Descend on the loss that training has, over all notes at once; half of what that leads to is kept by averaging."""
    import torch

    optimizer = torch.optim.SGD(head.parameters(), lr=_RATE, momentum=_MOMENTUM)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        positively_weighted(head(features), truth, positive_weight).mean().backward()
        torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
        optimizer.step()
    optimizer.zero_grad(set_to_none=True)
