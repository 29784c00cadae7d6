"""Several processes as one training: rank 0 samples, adds the noise and keeps the checkpoint; sums are all-reduced."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.device import Device

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class World:
    """The processes of a training. The default is this one alone, for which every method does nothing.

    Guarantee: `mine` gives each element of a lot to exactly one process. The rest is the loop's: only the first process
    samples and only the first adds noise, before `add_up`, so that all of them step by the same noisy sum.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    device: str = "cpu"
    """Where what is sent has to lie: NCCL reads this process's GPU, gloo main memory."""

    @property
    def first(self) -> bool:
        """Whether this process samples, adds noise and writes."""
        return self.rank == 0

    def mine(self, lot: Sequence[T]) -> Sequence[T]:
        """Return this process's part of a lot that all of them know."""
        return lot[self.rank :: self.size]

    def own(self, device: Device) -> Device:
        """Return the device of this process: on CUDA a GPU each, by torchrun's local rank."""
        return device if self.size == 1 or device.kind != "cuda" else replace(device, index=self.local_rank)

    def shared(self, value: Any) -> Any:
        """Return the first process's value; the others' are ignored."""
        if self.size == 1:
            return value
        import torch

        box = [value]
        torch.distributed.broadcast_object_list(box, src=0, device=torch.device(self.device))
        return box[0]

    def add_up(self, tensors: Sequence[Any]) -> None:
        """Replace each tensor, in place, by its sum over the processes."""
        if self.size == 1:
            return
        import torch

        flat = torch.cat([t.flatten() for t in tensors]).to(self.device)
        torch.distributed.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def align(self, parameters: Sequence[Any]) -> None:
        """Give every process the first one's weights: a fresh adapter is drawn at random in each."""
        if self.size == 1:
            return
        import torch

        for parameter in parameters:
            sent = parameter.data.to(self.device)
            torch.distributed.broadcast(sent, src=0)
            parameter.data.copy_(sent)


@contextmanager
def joined(kind: str) -> Iterator[World]:
    """Join the processes that torchrun started: NCCL on `cuda`, a GPU each, and gloo elsewhere. Alone without torchrun.

    Raises:
        UserError: there are more processes on this machine than GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World()
        return
    import torch

    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if kind == "cuda" else torch.device("cpu")
    if kind == "cuda":
        if local >= torch.cuda.device_count():
            raise UserError(
                f"process {local} has no GPU of its own, torch sees {torch.cuda.device_count()}: start as many processes "
                "as there are GPUs, or set compute.device to cpu"
            )
        torch.cuda.set_device(device)  # before the group: NCCL takes the current one
        torch.distributed.init_process_group("nccl", device_id=device)
    else:
        torch.distributed.init_process_group("gloo")
    try:
        yield World(rank=torch.distributed.get_rank(), size=size, local_rank=local, device=str(device))
    finally:
        torch.distributed.destroy_process_group()
