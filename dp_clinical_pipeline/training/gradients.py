"""The sum over patients of clipped gradients: per-example gradients, averaged within a patient before clipping."""

from collections.abc import Callable, Sequence
from typing import Any

from dp_clinical_pipeline.training.clipping import Mode, clipping_factors
from dp_clinical_pipeline.training.examples import Drawn
from dp_clinical_pipeline.training.per_example import PerExampleGradients

Losses = Callable[[Any, Sequence[Drawn]], Any]
"""(model, batch) to per-example losses of shape (B,)."""


class PatientGradients:
    """Adds up clipped patient gradients over microbatches, in fp32.

    Guarantee: the sum changes by at most `bound` in L2 when one patient is added or removed, and `below` by at most one
    half, provided that an example's loss reads that example alone. Holds for all trained parameters together.
    """

    def __init__(self, model: Any, losses: Losses, max_grad_norm: float, mode: Mode = "flat") -> None:
        self.bound = max_grad_norm
        self._model, self._losses, self._mode = model, losses, mode
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._examples = PerExampleGradients(model)

    def add(self, batch: Sequence[Drawn], total: list[Any], below: Any = None) -> None:
        """Add the batch's clipped patient gradients to `total`, one fp32 tensor for each trained parameter.

        To `below`, if given, add a half for each patient whose norm is within the bound, and take a half off for others.
        """
        import torch

        self._losses(self._model, batch).sum().backward()
        found = self._examples.take(len(batch))
        patients = sorted({d.patient for d in batch})
        row = {patient: i for i, patient in enumerate(patients)}
        where = torch.tensor([row[d.patient] for d in batch], device=total[0].device)
        weight = torch.tensor([d.weight for d in batch], device=total[0].device)
        single = len(patients) == len(batch)
        grads = [found[p] if single else _per_patient(found[p], where, weight, len(patients)) for p in self._parameters]
        norms = torch.stack([g.flatten(1).square().sum(1) for g in grads]).sum(0).sqrt()
        factors = clipping_factors(norms, self.bound, self._mode)
        broken = ~torch.isfinite(norms)
        for sum_, grad in zip(total, grads, strict=True):
            if broken.any():
                grad[broken] = 0  # zero times infinity is not zero
            sum_ += torch.tensordot(factors, grad, dims=1)
        if below is not None:
            below += torch.where(norms <= self.bound, 0.5, -0.5).sum()

    def close(self) -> None:
        """Take the taps off the model."""
        self._examples.close()


def _per_patient(grad: Any, where: Any, weight: Any, patients: int) -> Any:
    weighted = grad * weight.view(-1, *[1] * (grad.dim() - 1))
    return grad.new_zeros(patients, *grad.shape[1:]).index_add(0, where, weighted)
