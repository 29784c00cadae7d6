"""Encoders whose layers are trained whole, without an adapter: what full fine-tuning keeps of them."""

import json
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.adapters import replaced_folder

_WEIGHTS, _CONFIG = "body.safetensors", "adapter_config.json"


def unfrozen(encoder: Any, layers: int | None = None) -> Any:
    """Return the encoder with its last `layers` trained, or all of them; embeddings stay frozen.

    Position embeddings are looked up once for a whole batch, so that they have no gradient of one example.

    Raises:
        UserError: only some layers were asked for of an encoder whose layers share their weights.
    """
    own = getattr(encoder.encoder, "layer", None)
    if own is None and layers is not None:
        raise UserError(
            f"the layers of a {encoder.config.model_type} share their weights: "
            "leave classifier_training.lora_layers empty to train them whole"
        )
    for module in [encoder.encoder] if own is None else own[-layers if layers else 0 :]:
        module.requires_grad_(True)
    encoder.began = _sum(encoder)
    return encoder


def save_body(encoder: Any, folder: Path) -> None:
    """Write what was trained aside and rename it into place.

    Raises:
        UserError: the weights never moved: training looked normal and was not.
    """
    from safetensors.torch import save_file

    if _sum(encoder) == encoder.began:
        raise UserError("the encoder's weights did not move in training: nothing was saved")
    tensors = {name: p.detach().cpu().contiguous() for name, p in encoder.named_parameters() if p.requires_grad}
    with replaced_folder(folder) as aside:
        aside.mkdir(parents=True)
        save_file(tensors, aside / _WEIGHTS)
        config = {"base_model_name_or_path": encoder.config.name_or_path, "adapted": "full"}
        (aside / _CONFIG).write_text(json.dumps(config, indent=2), encoding="utf-8")


def is_body(folder: Path) -> bool:
    """Say whether a folder holds layers that were trained whole."""
    return (folder / _WEIGHTS).exists()


def with_body(encoder: Any, folder: Path) -> Any:
    """Return the encoder with the layers that a folder holds, for inference.

    Raises:
        UserError: the folder holds layers of another encoder.
    """
    from safetensors.torch import load_file

    found = encoder.load_state_dict(load_file(folder / _WEIGHTS), strict=False)
    if found.unexpected_keys:
        raise UserError(f"the layers in {folder.name} are of another encoder: train the cell again")
    return encoder.eval()


def _sum(encoder: Any) -> float:
    return float(sum(p.detach().double().sum() for p in encoder.parameters() if p.requires_grad))
