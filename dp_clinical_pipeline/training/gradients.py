"""The sum over patients of clipped gradients: per-example gradients by Opacus' hooks, averaged within a patient first."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.training.examples import Drawn

Losses = Callable[[Any, Sequence[Drawn]], Any]
"""(model, batch) to per-example losses of shape (B,)."""


class PatientGradients:
    """Adds up clipped patient gradients over microbatches, in fp32.

    Guarantee: the sum changes by at most `max_grad_norm` in L2 when one patient is added or removed, provided that an
    example's loss reads that example alone. Holds for every trainable parameter together (flat clipping).
    """

    def __init__(self, model: Any, losses: Losses, max_grad_norm: float) -> None:
        from opacus.grad_sample.grad_sample_module import GradSampleHooks

        self._model, self._losses, self._bound = model, losses, max_grad_norm
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        # Not strict: rotary tables are buffers, and constant ones. Modules that mix examples are refused by name.
        refuse_batch_statistics(model)
        self._hooks = GradSampleHooks(model, loss_reduction="sum", strict=False)

    def add(self, batch: Sequence[Drawn], total: list[Any]) -> None:
        """Add the batch's clipped patient gradients to `total`, one fp32 tensor for each trainable parameter."""
        import torch

        with warnings.catch_warnings():
            # The first adapter's input is a frozen embedding: its hook has no input gradient to wait for.
            warnings.filterwarnings("ignore", message="Full backward hook is firing")
            self._losses(self._model, batch).sum().backward()
        patients = sorted({d.patient for d in batch})
        row = {patient: i for i, patient in enumerate(patients)}
        where = torch.tensor([row[d.patient] for d in batch], device=total[0].device)
        weight = torch.tensor([d.weight for d in batch], device=total[0].device)
        single = len(patients) == len(batch)
        grads = [self._per_patient(p, where, weight, len(patients), single) for p in self._parameters]
        norms = torch.stack([g.flatten(1).square().sum(1) for g in grads]).sum(0).sqrt()
        factors = (self._bound / norms.clamp(min=1e-12)).clamp(max=1.0)
        for sum_, grad in zip(total, grads, strict=True):
            sum_ += torch.tensordot(factors, grad, dims=1)
        self._clear()

    def close(self) -> None:
        """Take the hooks off the model."""
        self._hooks.remove_hooks()

    @staticmethod
    def _per_patient(parameter: Any, where: Any, weight: Any, patients: int, single: bool) -> Any:
        grad = getattr(parameter, "grad_sample", None)
        if grad is None:
            raise UserError("a trainable parameter got no per-example gradient: this model cannot be trained under DP")
        grad = grad.float()
        if single:
            return grad
        weighted = grad * weight.view(-1, *[1] * (grad.dim() - 1))
        return grad.new_zeros(patients, *grad.shape[1:]).index_add(0, where, weighted)

    def _clear(self) -> None:
        for parameter in self._parameters:
            parameter.grad_sample = None
            parameter.grad = None


def refuse_batch_statistics(model: Any) -> None:
    """Refuse, before any data is read, a model whose examples see one another.

    Raises:
        UserError: names the module.
    """
    import torch

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            raise UserError(f"{name} is a {type(module).__name__}: examples see one another in it, so DP cannot hold")
