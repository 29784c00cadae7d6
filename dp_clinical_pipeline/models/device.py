"""Which device and precision torch uses, and why."""

from dataclasses import dataclass
from typing import Literal

from dp_clinical_pipeline.config import Compute
from dp_clinical_pipeline.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Device:
    """A torch device with its precision. `reason` is for logs and metadata."""

    kind: Literal["cpu", "cuda", "mps"]
    index: int | None
    precision: Literal["fp32", "bf16"]
    reason: str

    @property
    def name(self) -> str:
        """The name that torch knows: cpu, cuda:0, mps."""
        return self.kind if self.index is None else f"{self.kind}:{self.index}"

    @property
    def attention(self) -> str:
        """The attention kernel: SDPA, but on CPUs in bf16 eager, whose short rows are faster."""
        return "eager" if self.kind == "cpu" and self.precision == "bf16" else "sdpa"


def choose_device(compute: Compute) -> Device:
    """Return the device that the settings ask for; `auto` takes CUDA, then MPS, then the CPU.

    bf16 is chosen only where the hardware multiplies it: an emulated bf16 product is two to three times slower than
    fp32 on a CPU without AMX or AVX512-BF16.

    Raises:
        UserError: the device that was asked for is not there.
    """
    import torch

    kind, _, index = compute.device.partition(":")
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if kind == "auto":
        kind = "cuda" if cuda else "mps" if mps else "cpu"
        why = f"auto: {'CUDA is there' if cuda else 'no CUDA, MPS is there' if mps else 'neither CUDA nor MPS'}"
    else:
        why = f"settings: {compute.device}"
    if (kind == "cuda" and not (cuda and int(index or 0) < torch.cuda.device_count())) or (kind == "mps" and not mps):
        raise UserError(f"compute.device is {compute.device!r} and torch does not see it: set it to auto or cpu")
    precision, how = _precision(compute.precision, kind)
    chosen: Literal["cpu", "cuda", "mps"] = "cuda" if kind == "cuda" else "mps" if kind == "mps" else "cpu"
    return Device(
        kind=chosen, index=int(index or 0) if chosen == "cuda" else None, precision=precision, reason=f"{why}; {how}"
    )


def _precision(wanted: str, kind: str) -> tuple[Literal["fp32", "bf16"], str]:
    import torch

    if wanted == "fp32":
        return "fp32", "settings: fp32"
    if wanted == "bf16":
        return "bf16", "settings: bf16"
    if kind == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bf16", "the GPU multiplies bf16") if fast else ("fp32", "the GPU has no bf16")
    if kind == "cpu":
        amx, avx = torch.cpu._is_amx_tile_supported(), torch.cpu._is_avx512_bf16_supported()
        return ("bf16", "the CPU multiplies bf16") if amx or avx else ("fp32", "the CPU has no bf16 products")
    return "fp32", "bf16 was never measured on MPS"
