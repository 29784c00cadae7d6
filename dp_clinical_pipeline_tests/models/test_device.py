"""The device and precision that settings ask for, with the reason."""

import pytest
import torch

from dp_clinical_pipeline.config import Compute
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.device import choose_device


@pytest.fixture
def machine(monkeypatch):
    """Sets what torch sees: cuda, mps, and whether the CPU and the GPU multiply bf16."""

    def has(*, cuda=0, mps=False, bf16=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: bf16)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: bf16)
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)

    return has


@pytest.mark.parametrize(
    ("has", "asked", "name", "precision", "reason"),
    [
        ({}, "auto", "cpu", "fp32", "auto: neither CUDA nor MPS; the CPU has no bf16 products"),
        ({"bf16": True}, "auto", "cpu", "bf16", "auto: neither CUDA nor MPS; the CPU multiplies bf16"),
        (
            {"cuda": 1, "mps": True, "bf16": True},
            "auto",
            "cuda:0",
            "bf16",
            "auto: CUDA is there; the GPU multiplies bf16",
        ),
        ({"cuda": 1}, "auto", "cuda:0", "fp32", "auto: CUDA is there; the GPU has no bf16"),
        ({"mps": True}, "auto", "mps", "fp32", "auto: no CUDA, MPS is there; bf16 was never measured on MPS"),
        ({"cuda": 2}, "cuda:1", "cuda:1", "fp32", "settings: cuda:1; the GPU has no bf16"),
        ({"cuda": 2}, "cpu", "cpu", "fp32", "settings: cpu; the CPU has no bf16 products"),
    ],
)
def test_the_device_and_its_reason(machine, has, asked, name, precision, reason):
    machine(**has)
    device = choose_device(Compute(device=asked))
    assert (device.name, device.precision, device.reason) == (name, precision, reason)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_precision_that_was_asked_for_is_taken(machine, precision):
    machine(bf16=precision == "fp32")
    device = choose_device(Compute(device="cpu", precision=precision))
    assert device.precision == precision
    assert device.attention == ("eager" if precision == "bf16" else "sdpa")


@pytest.mark.parametrize(
    ("has", "asked"), [({}, "cuda"), ({"cuda": 1}, "cuda:1"), ({}, "mps"), ({"mps": True}, "cuda:0")]
)
def test_a_device_that_is_not_there_is_refused(machine, has, asked):
    machine(**has)
    with pytest.raises(UserError, match=f"compute.device is '{asked}' and torch does not see it"):
        choose_device(Compute(device=asked))


def test_this_machine_has_a_device():
    assert choose_device(Compute()).reason.startswith("auto: ")
