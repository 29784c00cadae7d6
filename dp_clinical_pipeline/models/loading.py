"""Models in memory: a base with a fresh LoRA adapter to train, or with a saved one to use."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dp_clinical_pipeline.errors import UserError
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
        config = _without_dropout(AutoConfig.from_pretrained(base.path, local_files_only=True))
        family_of(config, causal=True)
        model = AutoModelForCausalLM.from_pretrained(
            base.path,
            config=config,
            dtype=_dtype(device),
            attn_implementation=device.attention,
            use_safetensors=True,
            local_files_only=True,
        )
    return model.requires_grad_(False).eval().to(device.name)


def load_encoder(base: BaseModel, device: Device, layers: int | None = None) -> Any:
    """Return the encoder body on its device, frozen, without dropout and without its pooler.

    Of its layers, those of the slice `[:layers]`: the first so many, or with a negative number all but the last so many.

    Raises:
        UserError: no layer would be left.
    """
    from transformers import AutoConfig, AutoModel

    with quiet_libraries():
        config = _without_dropout(AutoConfig.from_pretrained(base.path, local_files_only=True))
        family_of(config, causal=False)
        used = len(range(config.num_hidden_layers)[:layers])
        if used == 0:
            raise UserError(f"{base.name} has {config.num_hidden_layers} layers: leave fewer than that out")
        config.num_hidden_layers = used
        model = AutoModel.from_pretrained(
            base.path,
            config=config,
            dtype=_dtype(device),
            use_safetensors=True,
            local_files_only=True,
            add_pooling_layer=False,
        )
    return model.requires_grad_(False).eval().to(device.name)


def with_lora(
    model: Any,
    *,
    causal: bool,
    rank: int,
    alpha: float,
    layers: int | None = None,
    modules_to_save: Sequence[str] = (),
    checkpointing: bool = False,
) -> "PeftModel":
    """Return the model with a fresh LoRA adapter on its query and value projections; B is zero, so nothing changes yet.

    With `layers`, only the last so many layers are adapted, and no gradient flows below them; where all layers share
    their weights, as ALBERT's, they are adapted together. With `checkpointing`, layers are computed again in the backward
    pass: less memory, more time.

    Raises:
        UserError: this architecture has no gradient checkpointing.
    """
    from peft import LoraConfig, get_peft_model

    family = family_of(model.config, causal=causal)
    if checkpointing:
        if not model.supports_gradient_checkpointing:
            raise UserError(f"a model of type {model.config.model_type!r} has no gradient checkpointing: turn it off")
        model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
    depth = model.config.num_hidden_layers
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,  # type: ignore[arg-type]  # peft only divides it by the rank
        lora_dropout=0.0,
        target_modules=list(family.targets),
        layers_to_transform=None if layers is None or family.shared else list(range(max(0, depth - layers), depth)),
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


def _without_dropout(config: Any) -> Any:
    """Return the config with every dropout at 0, so that `train()` turns none on: DP noise regularises enough."""
    for name, value in config.to_dict().items():
        if "drop" in name and isinstance(value, float):
            setattr(config, name, 0.0)
    return config


def _dtype(device: Device) -> Any:
    import torch

    return torch.bfloat16 if device.precision == "bf16" else torch.float32
