"""Refuses, on made-up examples and before any data is read, a model or a loss that cannot be made private."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.training.examples import Drawn, Example, draw
from dp_clinical_pipeline.training.gradients import Losses
from dp_clinical_pipeline.training.per_example import PerExampleGradients, refuse_layers

_LENGTHS = (5, 14, 9)
_NOTHING = 1e-3
"""What share of the whole gradient one parameter's has to have for its rounding to be told from a fault: a softmax takes
no notice of its keys' bias, for one."""


def made_up_examples(vocabulary: int, targets: int = 0, features: int = 0) -> list[Example]:
    """Return a few examples of unequal lengths, made of token numbers alone."""
    return [
        Example(
            tokens=tuple((17 * row + 7 * t + 3) % vocabulary for t in range(length)),
            note_start=2,
            targets=tuple(float((row + label) % 2) for label in range(targets)),
            features=tuple(float((row + place) % 2) / features for place in range(features)),
        )
        for row, length in enumerate(_LENGTHS)
    ]


def refuse_what_cannot_be_private(model: Any, losses: Losses, made_up: Sequence[Example]) -> None:
    """Check, with moved weights that are put back, that per-example gradients are what they should be.

    Guarantee: none by itself. It finds a parameter that is used where its layer's rows cannot be seen, a loss or a layer
    in which examples see one another, and a buffer that remembers what was read.

    Raises:
        UserError: names the parameter, the layer or the buffer.
    """
    import torch

    refuse_layers(model)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    weights = {name: p.detach().clone() for name, p in trained.items()}
    buffers = {name: b.clone() for name, b in model.named_buffers()}
    mode = model.training
    taps = PerExampleGradients(model)
    random = torch.Generator().manual_seed(0)
    try:
        model.train()
        with torch.no_grad():
            for p in trained.values():
                p += 0.05 * torch.randn(p.shape, generator=random).to(p)  # a fresh adapter's B is zero and hides its A
        batch = draw([[example] for example in made_up])
        _check(model, losses, batch, taps, trained)
        for name, buffer in model.named_buffers():
            if not torch.equal(buffer, buffers[name]):
                raise UserError(f"{name} is a buffer that changes with what is read: DP cannot hold")
    finally:
        taps.close()
        model.train(mode)
        with torch.no_grad():
            for name, p in trained.items():
                p.copy_(weights[name])
                p.grad = None


def _check(model: Any, losses: Losses, batch: list[Drawn], taps: PerExampleGradients, trained: dict[str, Any]) -> None:
    import torch

    with _exact_products():
        together, sums = _gradients(model, losses, batch, taps, trained)
        alone = [_gradients(model, losses, [item], taps, trained)[0] for item in batch]
    tolerance = 0.1 if any(p.dtype.itemsize < 4 for p in model.parameters()) else 1e-3
    least = _NOTHING * float(torch.stack([grad.norm() for grad in together.values()]).norm())
    for name, p in trained.items():
        if _far(together[p].sum(0), sums[name], tolerance, least):
            raise UserError(f"{name} is used outside its own layer: it cannot be trained under DP; freeze it")
    for name, p in trained.items():
        if _far(together[p], torch.cat([each[p] for each in alone]), tolerance, least):
            raise UserError(
                f"an example's gradient of {name} changes with its neighbours: DP cannot hold for this loss"
            )


def _gradients(
    model: Any, losses: Losses, batch: list[Drawn], taps: PerExampleGradients, trained: dict[str, Any]
) -> tuple[dict[Any, Any], dict[str, Any]]:
    for p in trained.values():
        p.grad = None
    losses(model, batch).sum().backward()
    sums = {name: p.grad.float() if p.grad is not None else None for name, p in trained.items()}
    return taps.take(len(batch)), sums


def _far(got: Any, wanted: Any, tolerance: float, least: float) -> bool:
    if wanted is None:
        return bool(got.abs().max() > 0)
    return bool((got - wanted).norm() > tolerance * max(float(wanted.norm()), float(got.norm()), least, 1e-9))


@contextmanager
def _exact_products() -> Iterator[None]:
    """Multiply fp32 as fp32 meanwhile: with TF32 a row's rounding depends on the rows beside it."""
    import torch

    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
