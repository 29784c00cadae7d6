"""A multi-label classifier for DP training: an encoder with LoRA, pooled token states, and one linear head."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.adapters import adapter_sha256, save_adapter
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.bodies import is_body, save_body, unfrozen, with_body
from dp_clinical_pipeline.models.deltas import FILE as PRACTICE
from dp_clinical_pipeline.models.deltas import add_factors, read_factors
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_encoder, with_adapter, with_lora
from dp_clinical_pipeline.training.examples import Drawn, Example, padded
from dp_clinical_pipeline.training.kept_states import KeptStates
from dp_clinical_pipeline.training.pooling import new_pooling

_HEAD = "head.safetensors"


def new_classifier(
    base: BaseModel,
    device: Device,
    labels: int,
    *,
    rank: int,
    alpha: float,
    layers: int | None = None,
    left_out: int = 0,
    features: int = 0,
    checkpointing: bool = False,
    full: bool = False,
    practised: Mapping[str, Any] | None = None,
) -> Any:
    """Return a `torch.nn.Module` with a fresh adapter and a zero head: every score starts at one half.

    The last `left_out` layers of the encoder are not used, and of the others the last `layers` are adapted: by LoRA, or
    with `full` by training them whole. Embeddings stay as they are. The head reads so many `features` of each text beside
    what its token states pool to. `practised` are factors that are added to the encoder's weights before all else.

    Raises:
        UserError: `checkpointing` was asked for without LoRA, or what was practised is of another encoder.
    """
    import torch

    encoder = load_encoder(base, device, -left_out or None)
    add_factors(encoder, practised or {})
    if full and checkpointing:
        raise UserError("classifier_training.gradient_checkpointing goes with adapted: lora; turn it off")
    if full:
        body = unfrozen(encoder, layers)
    else:
        body = with_lora(encoder, causal=False, rank=rank, alpha=alpha, layers=layers, checkpointing=checkpointing)
    pooling = new_pooling(body.config.hidden_size)
    head = torch.nn.Linear(len(pooling.mean) + features, labels)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    model = _assembled(body, pooling, head, device)
    model.practised = practised or {}
    return model


def classifier_example(
    tokenizer: Any, text: str, targets: Sequence[float], max_tokens: int, features: Sequence[float] = ()
) -> Example:
    """Return a text as tokens, cut to `max_tokens`, with its targets (0 or 1 for each label, in the list's order) and the
    public features of all of it, which are of length 1 at most."""
    tokens = tuple(tokenizer.encode(text, truncation=True, max_length=max_tokens))
    return Example(tokens=tokens, targets=tuple(targets), features=tuple(features))


def classifier_logits(model: Any, batch: Sequence[Drawn], pad: int, kept: KeptStates | None = None) -> Any:
    """Return logits of shape (B, labels), in the head's precision: a head over what a text's own token states pool to."""
    import torch

    device = next(model["head"].parameters()).device
    ids, lengths = padded(batch, pad, str(device))
    mask = torch.arange(ids.shape[1], device=device) < lengths[:, None]
    pooled = model["pooling"](token_states(model, batch, ids, mask, kept), mask)
    return model["head"](beside(pooled, pooled.new_tensor([d.example.features for d in batch])))


def beside(pooled: Any, features: Any) -> Any:
    """Return what the head reads (B, W + F), of length 1 at most: pooled states (B, W) and features (B, F), F may be 0."""
    import torch

    return torch.cat([pooled, features], dim=1) / 2**0.5 if features.shape[1] else pooled


def features_read(model: Any) -> int:
    """Return how many features of a text a classifier's head reads beside its pooled states."""
    return int(model["head"].in_features) - len(model["pooling"].mean)


def token_states(model: Any, batch: Sequence[Drawn], ids: Any, mask: Any, kept: KeptStates | None) -> Any:
    """Return the encoder's token states (B, T, width) in the head's precision, from `kept` ones where there are some."""
    body = model["body"]
    states = kept.states(body, batch, ids, mask) if kept else None
    if states is None:
        states = body(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    return states.to(model["head"].weight.dtype)


def classifier_losses(
    model: Any, batch: Sequence[Drawn], pad: int, kept: KeptStates | None = None, positive_weight: float = 1.0
) -> Any:
    """Return the per-example binary cross-entropy, summed over the labels, shape (B,)."""
    import torch

    logits = classifier_logits(model, batch, pad, kept)
    targets = torch.tensor([d.example.targets for d in batch], device=logits.device, dtype=logits.dtype)
    return positively_weighted(logits, targets, positive_weight)


def positively_weighted(logits: Any, targets: Any, positive_weight: float) -> Any:
    """Return cross-entropies (B,) of logits and targets (B, labels), in which a label that is there counts for more."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    losses = binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (losses * (1 + (positive_weight - 1) * targets)).sum(1)


def save_classifier(model: Any, folder: Path, rules: str = "") -> str:
    """Write adapter, head and what the encoder had practised, in safetensors; return the SHA-256 of all.

    The head's file says how many features it reads beside the states, and by which `rules` (a digest) they were made.

    Raises:
        UserError: the weights did not move.
    """
    from safetensors.torch import save_file

    above = model["head"].state_dict() | model["pooling"].state_dict()
    (save_adapter if hasattr(model["body"], "peft_config") else save_body)(model["body"], folder)
    tensors = {name: value.detach().cpu().contiguous() for name, value in above.items()}
    read = {"features": str(features_read(model)), "rules": rules}
    said = {"layers": str(model["body"].config.num_hidden_layers)} | read
    save_file(tensors, folder / _HEAD, said)
    if model.practised:
        save_file(model.practised, folder / PRACTICE)
    return adapter_sha256(folder)


def rules_kept(folder: Path) -> str | None:
    """Return the digest of the rules that a saved classifier reads beside its states, None if it reads none.

    "unknown" for one of a version that did not say.
    """
    from safetensors import safe_open

    with safe_open(folder / _HEAD, framework="pt") as file:
        said = file.metadata() or {}
    return said.get("rules") or "unknown" if int(said.get("features", 0)) else None


def load_classifier(base: BaseModel, device: Device, folder: Path) -> Any:
    """Return a saved classifier for inference, with as many of the encoder's layers as it was trained on.

    Raises:
        UserError: it was saved by a version that pooled in another way.
    """
    import torch
    from safetensors import safe_open

    with safe_open(folder / _HEAD, framework="pt") as file:
        said, weights = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if "layers" not in said:
        raise UserError(
            f"the classifier in {folder.name} is of an older version: delete the cell's row to train it again"
        )
    encoder = load_encoder(base, device, int(said["layers"]))
    add_factors(encoder, read_factors(folder))
    body = with_body(encoder, folder) if is_body(folder) else with_adapter(encoder, folder)
    pooling = new_pooling(body.config.hidden_size)
    pooling.load_state_dict({name: weights[name] for name in ("mean", "spread")})
    head = torch.nn.Linear(weights["weight"].shape[1], weights["weight"].shape[0])
    head.load_state_dict({name: weights[name] for name in ("weight", "bias")})
    return _assembled(body, pooling, head, device).eval()


def _assembled(body: Any, pooling: Any, head: Any, device: Device) -> Any:
    import torch

    return torch.nn.ModuleDict({"body": body, "pooling": pooling.to(device.name), "head": head.to(device.name)})
