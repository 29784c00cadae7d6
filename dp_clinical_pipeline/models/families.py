"""The model families that can be trained under DP, and where LoRA goes in each."""

from dataclasses import dataclass
from typing import Any

from dp_clinical_pipeline.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Family:
    """What training has to know of an architecture."""

    targets: tuple[str, ...]
    """Modules that get LoRA: the query and value projections."""
    conv1d: bool = False
    causal: bool = True
    shared: bool = False
    """Whether all layers are one, used again and again: it is adapted or not, as a whole."""


FAMILIES = {
    "gpt2": Family(targets=("c_attn",), conv1d=True),
    "llama": Family(targets=("q_proj", "v_proj")),
    "opt": Family(targets=("q_proj", "v_proj")),
    "biogpt": Family(targets=("q_proj", "v_proj")),
    "bert": Family(targets=("query", "value"), causal=False),
    "albert": Family(targets=("query", "value"), causal=False, shared=True),
}


def family_of(config: Any, *, causal: bool) -> Family:
    """Return the family of a transformers config.

    Raises:
        UserError: it is none of those whose per-example gradients are tested.
    """
    family = FAMILIES.get(config.model_type)
    if family is None or family.causal != causal:
        known = ", ".join(name for name, f in FAMILIES.items() if f.causal == causal)
        role = "generator" if causal else "encoder"
        raise UserError(
            f"a model of type {config.model_type!r} cannot be trained as a {role} under DP here: {known} can"
        )
    return family
