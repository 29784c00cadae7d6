"""Per-example gradients of the trained parameters: Opacus' samplers for each layer, fed by taps of our own.

Opacus' own hooks count forward passes, and a checkpointed layer runs forward twice: its gradients never arrive. A tap is
a node of autograd instead. It fires once for each use of a layer in the backward pass, so that layers used many times,
tied weights and recomputed layers add up, and what it saves is dropped and recomputed where the layer's own inputs are.
"""

from typing import Any

from dp_clinical_pipeline.errors import UserError


class PerExampleGradients:
    """Collects (B, ...) gradients of a sum of B losses while `backward` runs."""

    def __init__(self, model: Any) -> None:
        """Tap every layer that owns a trained parameter.

        Raises:
            UserError: names a layer whose per-example gradients are not known, or one in which examples mix.
        """
        refuse_layers(model)
        self._names = {p: name for name, p in model.named_parameters() if p.requires_grad}
        self._grads: dict[Any, Any] = {}
        self._taps = [m.register_forward_hook(_tap(self)) for m in model.modules() if _trained(m)]

    def take(self, examples: int) -> dict[Any, Any]:
        """Return and forget what the last backward pass left: each trained parameter's gradient, (B, ...) in fp32.

        Raises:
            UserError: names a parameter that got none, or one whose layer was given rows that are not examples.
        """
        grads, self._grads = self._grads, {}
        for parameter, name in self._names.items():
            parameter.grad = None
            if parameter not in grads:
                raise UserError(f"{name} got no per-example gradient: it cannot be trained under DP; freeze it")
            if len(grads[parameter]) != examples:
                raise UserError(
                    f"{name} is in a layer whose rows are not examples: it cannot be trained under DP; freeze it"
                )
        return grads

    def close(self) -> None:
        """Take the taps off the model."""
        for handle in self._taps:
            handle.remove()

    def _add(self, module: Any, activation: Any, gradient: Any) -> None:
        for parameter, grad in _samplers()[type(module)](module, [activation], gradient).items():
            if getattr(module, "padding_idx", None) is not None:
                grad[:, module.padding_idx] = 0  # as autograd has it; Opacus' sampler does not know
            before = self._grads.get(parameter)
            fits = before is None or len(before) == len(grad)
            # Rows that do not fit are kept as they are: `take` refuses them by name.
            self._grads[parameter] = grad.float() if before is None or not fits else before + grad.float()


def refuse_layers(model: Any) -> None:
    """Refuse, before any data is read, layers that cannot be trained, or even run, under DP.

    Raises:
        UserError: names the layer.
    """
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.nn.modules.instancenorm import _InstanceNorm

    known = _samplers()
    for name, module in model.named_modules():
        kind = type(module).__name__
        if isinstance(module, _BatchNorm):
            raise UserError(f"{name} is a {kind}: examples see one another in it, so DP cannot hold")
        if isinstance(module, _InstanceNorm) and module.track_running_stats:
            raise UserError(f"{name} is a {kind} that keeps running statistics of private data: DP cannot hold")
        if _trained(module) and type(module) not in known:
            parameter = next(n for n, p in module.named_parameters(recurse=False) if p.requires_grad)
            right = ", ".join(k.__name__ for k in known)
            raise UserError(
                f"{'.'.join(filter(None, (name, parameter)))} is trained in a {kind}, whose per-example gradients are not "
                f"known ({right} are): freeze it"
            )


def _trained(module: Any) -> bool:
    return any(p.requires_grad for p in module.parameters(recurse=False))


def _samplers() -> dict[type, Any]:
    """Return the layers whose gradients are tested, with Opacus' samplers. By exact type: a subclass may do otherwise."""
    import torch
    from opacus.grad_sample.grad_sample_module import GradSampleHooks

    kinds = (torch.nn.Linear, torch.nn.Embedding, torch.nn.LayerNorm)
    return {kind: GradSampleHooks.GRAD_SAMPLERS[kind] for kind in kinds}


def _tap(sink: PerExampleGradients) -> Any:
    import torch

    class Tap(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, output: Any, activation: Any, module: Any) -> Any:
            ctx.module = module
            ctx.save_for_backward(activation)
            return output.view_as(output)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (activation,) = ctx.saved_tensors
            sink._add(ctx.module, activation.detach(), gradients[0])
            return gradients[0], None, None

    def hook(module: Any, inputs: Any, output: Any) -> Any:
        return Tap.apply(output, inputs[0], module) if torch.is_grad_enabled() and output.requires_grad else None

    return hook
