"""Models in memory: a base with a fresh LoRA adapter to train, or with a saved one to use."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.families import family_of
from dp_clinical_pipeline.models.quiet import quiet_libraries

if TYPE_CHECKING:
    from peft import PeftModel


def load_tokenizer(base: BaseModel, *, padding_side: str) -> Any:
    """Return the base's tokenizer, as published; the padding token falls back to the end of text."""
    from transformers import AutoTokenizer

    with quiet_libraries():
        tokenizer = AutoTokenizer.from_pretrained(base.path, local_files_only=True, padding_side=padding_side)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_causal(base: BaseModel, device: Device) -> Any:
    """Return the causal language model on its device, frozen, without dropout."""
    from transformers import AutoConfig, AutoModelForCausalLM

    with quiet_libraries():
        family_of(AutoConfig.from_pretrained(base.path, local_files_only=True), causal=True)
        model = AutoModelForCausalLM.from_pretrained(
            base.path,
            dtype=_dtype(device),
            attn_implementation=device.attention,
            use_safetensors=True,
            local_files_only=True,
        )
    return model.requires_grad_(False).eval().to(device.name)


def load_encoder(base: BaseModel, device: Device) -> Any:
    """Return the encoder body on its device, frozen, without its pooler."""
    from transformers import AutoConfig, AutoModel

    with quiet_libraries():
        family_of(AutoConfig.from_pretrained(base.path, local_files_only=True), causal=False)
        model = AutoModel.from_pretrained(
            base.path, dtype=_dtype(device), use_safetensors=True, local_files_only=True, add_pooling_layer=False
        )
    return model.requires_grad_(False).eval().to(device.name)


def with_lora(
    model: Any,
    *,
    causal: bool,
    rank: int,
    alpha: int,
    layers: int | None = None,
    modules_to_save: Sequence[str] = (),
) -> "PeftModel":
    """Return the model with a fresh LoRA adapter on its query and value projections; B is zero, so nothing changes yet.

    With `layers`, only the last so many layers are adapted, and no gradient flows below them.
    """
    from peft import LoraConfig, get_peft_model

    family = family_of(model.config, causal=causal)
    depth = model.config.num_hidden_layers
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=0.0,
        target_modules=list(family.targets),
        layers_to_transform=None if layers is None else list(range(max(0, depth - layers), depth)),
        fan_in_fan_out=family.conv1d,
        modules_to_save=list(modules_to_save) or None,
        bias="none",
    )
    with quiet_libraries():
        return get_peft_model(model, config)


def with_adapter(model: Any, adapter: Path) -> "PeftModel":
    """Return the model with a saved adapter (safetensors), for inference."""
    from peft import PeftModel

    with quiet_libraries():
        return PeftModel.from_pretrained(model, str(adapter), is_trainable=False).eval()


def _dtype(device: Device) -> Any:
    import torch

    return torch.bfloat16 if device.precision == "bf16" else torch.float32
