"""What public practice changes in an encoder: low-rank factors a weight, added to it wherever the encoder is loaded."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.errors import UserError

FILE = "practice.safetensors"
_DOWN, _UP = ".down", ".up"


def factors_of(adapted: Any) -> dict[str, Any]:
    """Return the factors of a PEFT model's LoRA by the name of the module that each pair changes.

    `NAME.down` has shape (rank, in), `NAME.up` (out, rank), with LoRA's scaling in it: up @ down is added to the weight.
    """
    found = {}
    for name, module in adapted.get_base_model().named_modules():
        for adapter, down in getattr(module, "lora_A", {}).items():
            up = module.lora_B[adapter].weight.detach() * module.scaling[adapter]
            found[name + _DOWN] = down.weight.detach().cpu().contiguous().clone()
            found[name + _UP] = up.cpu().contiguous()
    return found


def add_factors(encoder: Any, factors: Mapping[str, Any]) -> None:
    """Add to each named module's weight the product of its factors.

    Raises:
        UserError: the factors are of another encoder.
    """
    import torch

    modules = dict(encoder.named_modules())
    for key in (key for key in factors if key.endswith(_DOWN)):
        name = key.removesuffix(_DOWN)
        down, up = factors[key], factors[name + _UP]
        weight = getattr(modules.get(name), "weight", None)
        if weight is None or weight.shape != (up.shape[0], down.shape[1]):
            raise UserError(
                f"what was practised changes {name}, which this encoder has not: it was made for another one"
            )
        with torch.no_grad():
            weight += (up @ down).to(weight)


def read_factors(folder: Path) -> dict[str, Any]:
    """Return the factors that a folder holds; empty where nothing was practised."""
    from safetensors.torch import load_file

    return dict(load_file(folder / FILE)) if (folder / FILE).exists() else {}
