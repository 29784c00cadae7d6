"""Packed layers compute what the layers that they stand for compute."""

import pytest
import torch
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.loading import load_causal
from dp_clinical_pipeline.models.packed import packed
from dp_clinical_pipeline_tests.training.tiny import CPU

needs_mkl = pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="this torch has no oneMKL")


def _layer(bias: bool = True, **how) -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(48, 80, bias=bias, **how)).requires_grad_(False)


@needs_mkl
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 48), (3, 1, 48), (7, 48), (5, 13, 48), (200, 48)])
def test_a_packed_layer_is_within_rounding_of_the_plain_one_for_any_number_of_rows(bias, shape):
    layer = _layer(bias)
    x = torch.randn(shape)
    exact = torch.nn.functional.linear(x.double(), layer[0].weight.double(), layer[0].bias.double() if bias else None)
    fast = packed(layer)
    assert not isinstance(fast[0], torch.nn.Linear)
    assert (fast(x) - exact).abs().max() < 1e-5
    turned = torch.randn(48, 9).T  # not contiguous
    assert torch.allclose(fast(turned), fast(turned.contiguous()), atol=1e-6)


@needs_mkl
@pytest.mark.parametrize("family", ["llama", "opt", "biogpt", "gpt2"])
def test_a_packed_model_has_the_logits_of_the_plain_one(tiny_models, family):
    torch.set_num_threads(1)
    base = BaseModel(name="tiny", path=tiny_models[family], sha256="")
    loaded = [load_causal(base, CPU) for _ in range(2)]
    for name, weight in [pair for model in loaded for pair in model.named_parameters()]:
        if "norm" in name or name.endswith("bias"):  # what is all ones or zeros in a fresh model
            weight.copy_(torch.linspace(0.5, 1.5, weight.numel()).view(weight.shape))
    plain, fast = loaded[0], packed(loaded[1])
    ids = torch.randint(2, 60, (6, 9), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.allclose(plain(ids).logits, fast(ids).logits, atol=1e-5)
    assert not {torch.nn.Linear, LlamaRMSNorm} & {type(module) for module in fast.modules()}
    assert fast.get_output_embeddings().weight is fast.get_input_embeddings().weight
    kept = [type(module) for module in fast.modules()]
    assert [type(module) for module in packed(fast).modules()] == kept


def test_what_is_not_frozen_fp32_stays_plain(monkeypatch):
    for layer in (_layer().requires_grad_(True), _layer(dtype=torch.bfloat16)):
        assert type(packed(layer)[0]) is torch.nn.Linear
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    assert type(packed(_layer())[0]) is torch.nn.Linear
