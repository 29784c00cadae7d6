"""What a classifier's head reads of a text: mean, largest and smallest token states, on a scale that public text sets.

A head that starts at zero learns from few noisy steps only what its features show at once. Pooled states of an encoder
share one large offset, and their coordinates differ in spread: both are taken out by what public, made-up notes show, so
that nothing private sets a scale. All features of a text together have length 1, which bounds its gradient.
"""

from typing import Any

# A coordinate that hardly moves on public text would be blown up on any other.
_LEAST_SPREAD = 1e-2


def new_pooling(width: int) -> Any:
    """Return a `torch.nn.Module` from token states (B, T, width) and a mask (B, T) to features (B, 3 * width)."""
    import torch

    class Pooling(torch.nn.Module):
        mean: torch.Tensor
        spread: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.zeros(3 * width))
            self.register_buffer("spread", torch.ones(3 * width))

        def forward(self, states: Any, mask: Any) -> Any:
            scaled = (self.raw(states, mask) - self.mean) / self.spread
            return torch.nn.functional.normalize(scaled, dim=1)

        def raw(self, states: Any, mask: Any) -> Any:
            """Return the features as they are before mean, spread and length are taken out."""
            own = mask[:, :, None]
            low, high = torch.finfo(states.dtype).min, torch.finfo(states.dtype).max
            mean = (states * own).sum(1) / mask.sum(1, keepdim=True)
            return torch.cat([mean, states.masked_fill(~own, low).amax(1), states.masked_fill(~own, high).amin(1)], 1)

        def fit(self, pooled: Any) -> None:
            """Take mean and spread from what public texts pooled to, before either was known: (n, 3 * width)."""
            self.mean.copy_(pooled.mean(0))
            self.spread.copy_(pooled.std(0).clamp(min=_LEAST_SPREAD))

    return Pooling()
