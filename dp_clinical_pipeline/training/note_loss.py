"""The loss of each note: the mean over that note's own tokens, and never a mean over a batch."""

from collections.abc import Sequence
from typing import Any

from dp_clinical_pipeline.training.examples import Drawn, padded

_CHUNK = 1024


def note_losses(model: Any, batch: Sequence[Drawn], pad: int) -> Any:
    """Return the per-example mean negative log-likelihood of the note's tokens, shape (B,), in fp32.

    A mean over the batch's tokens would let one note's length rescale its neighbours before clipping. The vocabulary
    is computed at note tokens only. Right padding under causal attention needs no mask: no real token looks right.
    """
    import torch
    from torch.nn.functional import cross_entropy

    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    ids, lengths = padded(batch, pad, str(base.device))
    hidden = getattr(base, base.base_model_prefix)(input_ids=ids, use_cache=False).last_hidden_state
    starts = torch.tensor([max(d.example.note_start, 1) for d in batch], device=ids.device)
    position = torch.arange(ids.shape[1] - 1, device=ids.device) + 1
    predicted = (position >= starts[:, None]) & (position < lengths[:, None])
    rows = predicted.nonzero()[:, 0]
    states, wanted = hidden[:, :-1][predicted], ids[:, 1:][predicted]
    head = base.get_output_embeddings()
    if any(p.requires_grad for p in head.parameters()):
        # A head that is trained needs rows that are examples: its states stay (B, T), at the price of memory.
        logits = head(hidden[:, :-1])[predicted].float()
        return _means(cross_entropy(logits, wanted, reduction="none"), rows, predicted)
    losses = [
        cross_entropy(head(states[i : i + _CHUNK]).float(), wanted[i : i + _CHUNK], reduction="none")
        for i in range(0, len(wanted), _CHUNK)
    ]
    flat = torch.cat(losses) if losses else states.new_zeros(0, dtype=torch.float32)
    return _means(flat, rows, predicted)


def _means(flat: Any, rows: Any, predicted: Any) -> Any:
    total = flat.new_zeros(len(predicted)).index_add(0, rows, flat)
    return total / predicted.sum(1).clamp(min=1)
