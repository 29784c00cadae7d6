"""The loss of each note: the mean over that note's own tokens, and never a mean over a batch."""

from collections.abc import Sequence
from typing import Any

from dp_clinical_pipeline.training.examples import Drawn, padded
from dp_clinical_pipeline.training.kept_states import KeptStates

_CHUNK = 1024


def note_losses(model: Any, batch: Sequence[Drawn], pad: int, kept: KeptStates | None = None) -> Any:
    """Return the per-example mean negative log-likelihood of the note's tokens, shape (B,), in fp32.

    The mean is weighted where the examples say so. Weights are a function of the one note, so clipping bounds it as ever.
    A mean over the batch's tokens would let one note's length rescale its neighbours before clipping. The vocabulary
    is computed at note tokens only. Right padding under causal attention needs no mask: no real token looks right.
    With `kept`, layers below the trained ones run once for a note.
    """
    import torch
    from torch.nn.functional import cross_entropy

    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    ids, lengths = padded(batch, pad, str(base.device))
    body = getattr(base, base.base_model_prefix)
    real = torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]
    hidden = kept.states(body, batch, ids, real) if kept else None
    if hidden is None:
        hidden = body(input_ids=ids, use_cache=False).last_hidden_state
    starts = torch.tensor([max(d.example.note_start, 1) for d in batch], device=ids.device)
    position = torch.arange(ids.shape[1] - 1, device=ids.device) + 1
    predicted = (position >= starts[:, None]) & (position < lengths[:, None])
    rows = predicted.nonzero()[:, 0]
    states, wanted = hidden[:, :-1][predicted], ids[:, 1:][predicted]
    head = base.get_output_embeddings()
    if any(p.requires_grad for p in head.parameters()):
        # A head that is trained needs rows that are examples: its states stay (B, T), at the price of memory.
        logits = head(hidden[:, :-1])[predicted].float()
        return _means(cross_entropy(logits, wanted, reduction="none"), rows, _weights(batch, predicted), predicted)
    losses = [
        cross_entropy(head(states[i : i + _CHUNK]).float(), wanted[i : i + _CHUNK], reduction="none")
        for i in range(0, len(wanted), _CHUNK)
    ]
    flat = torch.cat(losses) if losses else states.new_zeros(0, dtype=torch.float32)
    return _means(flat, rows, _weights(batch, predicted), predicted)


def _weights(batch: Sequence[Drawn], predicted: Any) -> Any:
    """Return what each predicted token weighs, row by row as `predicted` (B, T - 1) selects them."""
    weights = predicted.float()
    for row, item in enumerate(batch):
        example = item.example
        if example.weights:
            # Position t of `predicted` is of token t + 1, and a prompt has at least one token.
            weights[row, example.note_start - 1 : len(example.tokens) - 1] = weights.new_tensor(example.weights)
    return weights[predicted]


def _means(flat: Any, rows: Any, weights: Any, predicted: Any) -> Any:
    empty = flat.new_zeros(len(predicted))
    total = empty.index_add(0, rows, flat * weights)
    return total / empty.index_add(0, rows, weights).clamp(min=1e-6)
