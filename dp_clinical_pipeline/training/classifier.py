"""A multi-label classifier for DP training: an encoder with LoRA, mean pooling, and one linear head."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.models.adapters import adapter_sha256, save_adapter
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_encoder, with_adapter, with_lora
from dp_clinical_pipeline.training.examples import Drawn, Example, padded

_HEAD = "head.safetensors"


def new_classifier(
    base: BaseModel, device: Device, labels: int, *, rank: int, alpha: int, checkpointing: bool = False
) -> Any:
    """Return a `torch.nn.Module` with a fresh adapter and a zero head: every score starts at one half."""
    import torch

    body = with_lora(load_encoder(base, device), causal=False, rank=rank, alpha=alpha, checkpointing=checkpointing)
    head = torch.nn.Linear(body.config.hidden_size, labels)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    return torch.nn.ModuleDict({"body": body, "head": head.to(device.name)})


def classifier_example(tokenizer: Any, text: str, targets: Sequence[float], max_tokens: int) -> Example:
    """Return a text as tokens, cut to `max_tokens`, with its targets (0 or 1 for each label, in the list's order)."""
    return Example(tokens=tuple(tokenizer.encode(text, truncation=True, max_length=max_tokens)), targets=tuple(targets))


def classifier_logits(model: Any, batch: Sequence[Drawn], pad: int) -> Any:
    """Return logits of shape (B, labels), in the head's precision: a head over the mean of a text's own token states."""
    import torch

    device = next(model["head"].parameters()).device
    ids, lengths = padded(batch, pad, str(device))
    mask = torch.arange(ids.shape[1], device=device) < lengths[:, None]
    states = model["body"](input_ids=ids, attention_mask=mask.long()).last_hidden_state.to(model["head"].weight.dtype)
    pooled = (states * mask[:, :, None]).sum(1) / lengths[:, None]
    return model["head"](pooled)


def classifier_losses(model: Any, batch: Sequence[Drawn], pad: int) -> Any:
    """Return the per-example mean binary cross-entropy over the labels, shape (B,)."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    logits = classifier_logits(model, batch, pad)
    targets = torch.tensor([d.example.targets for d in batch], device=logits.device, dtype=logits.dtype)
    return binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)


def save_classifier(model: Any, folder: Path) -> str:
    """Write adapter and head in safetensors; return the SHA-256 of both.

    Raises:
        UserError: the weights did not move.
    """
    from safetensors.torch import save_file

    head = {name: value.detach().cpu().contiguous() for name, value in model["head"].state_dict().items()}
    save_adapter(model["body"], folder)
    save_file(head, folder / _HEAD)
    return adapter_sha256(folder)


def load_classifier(base: BaseModel, device: Device, folder: Path) -> Any:
    """Return a saved classifier for inference."""
    import torch
    from safetensors.torch import load_file

    weights = load_file(folder / _HEAD)
    head = torch.nn.Linear(weights["weight"].shape[1], weights["weight"].shape[0])
    head.load_state_dict(weights)
    body = with_adapter(load_encoder(base, device), folder)
    return torch.nn.ModuleDict({"body": body, "head": head.to(device.name)}).eval()
