"""How weights follow noisy gradients: AdamW, or plain descent with momentum whose later weights are averaged."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dp_clinical_pipeline.training.loop import TrainSpec

_SUM, _COUNT = "kept_sum", "kept_count"


class Descent:
    """An optimizer, and with momentum the mean of the weights after the second half of the steps.

    Where noise dominates a coordinate, AdamW takes its steps at full length; plain ones stay as small as the gradients
    are, and averaging takes out what noise is left (Shamir and Zhang 2013; De et al. 2022 for DP). Both are
    post-processing of noisy gradients. The mean lives in the optimizer's state, so that a checkpoint holds it.
    """

    def __init__(self, model: Any, spec: "TrainSpec") -> None:
        """Take the model's trainable parameters; without momentum: AdamW without decay, and no averaging."""
        import torch

        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        self.parameters, self.momentum, self.steps = [p for _, p in named], spec.momentum, spec.steps
        self.bound = spec.max_grad_norm if spec.noise_multiplier is None else None
        rates = [spec.learning_rate * (spec.adapter_rate if _is_below(name) else 1.0) for name, _ in named]
        groups = [{"params": [p], "lr": rate} for p, rate in zip(self.parameters, rates, strict=True)]
        if spec.momentum is None:
            self.optimizer: Any = torch.optim.AdamW(groups, weight_decay=0.0)
        else:
            self.optimizer = torch.optim.SGD(groups, momentum=spec.momentum)

    def step(self, done: int) -> None:
        """Move the weights by their gradients, as step number `done`, and forget the gradients.

        Without privacy nobody's gradient was clipped: momentum then follows a mean of at most `max_grad_norm`, so that one
        learning rate serves both.
        """
        import torch

        if self.momentum is not None and self.bound is not None:
            torch.nn.utils.clip_grad_norm_(self.parameters, self.bound)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.momentum is None or 2 * done <= self.steps:
            return
        for parameter in self.parameters:
            state, weights = self.optimizer.state[parameter], parameter.detach().float()
            state[_SUM] = state[_SUM] + weights if _SUM in state else weights.clone()
            state[_COUNT] = state.get(_COUNT, weights.new_zeros(1)) + 1

    def finish(self) -> None:
        """Put the mean in the weights' place, where one was kept."""
        import torch

        with torch.no_grad():
            for parameter in self.parameters:
                state = self.optimizer.state.get(parameter, {})
                if _SUM in state:
                    parameter.copy_(state[_SUM] / state[_COUNT])


def _is_below(name: str) -> bool:
    """Say whether a parameter is of what lies below a head: LoRA's, or a classifier's encoder trained whole."""
    return "lora_" in name or name.startswith("body.")
