"""Layers as the CPU computes them fastest: weights that lie in memory as it multiplies them.

oneMKL lays a weight out anew in each product, which costs more than the product where few rows are multiplied. A frozen
weight is laid out once: torch's own compiler does the same. The layout holds for any number of rows.
"""

from functools import lru_cache
from typing import Any


def packed(model: Any) -> Any:
    """Return the model with its frozen linear layers packed, in place: for inference, and as much memory again.

    LLaMA's norms, six operations in the library, become torch's own. Only where it is faster: fp32 on a CPU, with a torch
    that has oneMKL. Elsewhere the model is returned as it is.
    """
    import torch
    from transformers.models.llama.modeling_llama import LlamaRMSNorm

    if not torch.backends.mkl.is_available() or not hasattr(torch.ops.mkl, "_mkl_linear"):
        return model
    for module in list(model.modules()):
        for name, layer in module.named_children():
            if type(layer) is torch.nn.Linear and _fits(layer):
                setattr(module, name, _packed_class()(layer))
            elif type(layer) is LlamaRMSNorm and _fits(layer):
                setattr(module, name, _norm(layer))
    return model


def _fits(layer: Any) -> bool:
    import torch

    weight = layer.weight
    return weight.device.type == "cpu" and weight.dtype == torch.float32 and not weight.requires_grad


def _norm(layer: Any) -> Any:
    import torch

    norm = torch.nn.RMSNorm(layer.weight.shape, eps=layer.variance_epsilon)
    norm.weight = layer.weight
    return norm


@lru_cache
def _packed_class() -> type:
    import torch

    class PackedLinear(torch.nn.Module):
        """What `torch.nn.Linear` computes, within the rounding of fp32."""

        def __init__(self, layer: torch.nn.Linear) -> None:
            super().__init__()
            # Shared with the layer it stands for, so that tied weights stay tied.
            self.weight, self.bias = layer.weight, layer.bias
            self._layout = torch.ops.mkl._mkl_reorder_linear_weight(layer.weight.detach(), _ROWS)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows = x.numel() // x.shape[-1]
            # The count given must be that of `x`: at any other one torch multiplies with the unpacked weight.
            out: torch.Tensor = torch.ops.mkl._mkl_linear(x, self._layout, self.weight, self.bias, rows)
            return out

    return PackedLinear


_ROWS = 64  # rows that the layout is asked for; it is the same for all
