"""The independent oracle: one patient at a time, in float64, by plain autograd."""

from collections.abc import Sequence

import torch

from dp_clinical_pipeline.training.examples import Drawn, Example
from dp_clinical_pipeline.training.gradients import Losses


def clipped_sum(
    model: torch.nn.Module, patients: Sequence[Sequence[Example]], losses: Losses, bound: float, mode: str = "flat"
) -> list:
    """Return the sum over patients of the clipped mean gradient of their examples, in float64."""
    model = model.double()
    parameters = [p for p in model.parameters() if p.requires_grad]
    total = [torch.zeros_like(p) for p in parameters]
    for reports in patients:
        mean = [torch.zeros_like(p) for p in parameters]
        for example in reports:
            loss = losses(model, [Drawn(example, 0, 1.0)]).sum()
            for sum_, grad in zip(mean, torch.autograd.grad(loss, parameters), strict=True):
                sum_ += grad / len(reports)
        norm = float(torch.sqrt(sum(g.square().sum() for g in mean)))
        factor = bound / (norm + 0.01) if mode == "automatic" else min(1.0, bound / norm)
        for sum_, grad in zip(total, mean, strict=True):
            sum_ += factor * grad
    return total
