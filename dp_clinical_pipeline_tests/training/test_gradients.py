"""Per-patient clipped sums equal a float64 loop over one patient at a time."""

import copy

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_causal, with_lora
from dp_clinical_pipeline.training.examples import Example, draw, microbatches
from dp_clinical_pipeline.training.gradients import PatientGradients, refuse_batch_statistics
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline_tests.training.oracle import clipped_sum

CPU = Device(kind="cpu", index=None, precision="fp32", reason="test")


def _model(folder, rank=3):
    model = with_lora(load_causal(BaseModel(name="tiny", path=folder, sha256=""), CPU), causal=True, rank=rank, alpha=8)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at first, which would hide A's gradient
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def _losses(model, batch):
    return note_losses(model, batch, 1)


def _sum(model, patients, bound, tokens):
    gradients = PatientGradients(model, _losses, bound)
    model.train()
    total = [torch.zeros_like(p) for p in model.parameters() if p.requires_grad]
    for batch in microbatches(draw(patients), tokens):
        gradients.add(batch, total)
    gradients.close()
    model.eval()
    return total


def _without_dropout(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for module in model.modules():
        for name in ("dropout", "attention_dropout", "activation_dropout", "attn_dropout", "layerdrop"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    return model


def _error(got, expected):
    flat = torch.cat([g.flatten().double() for g in got])
    oracle = torch.cat([e.flatten() for e in expected])
    return float((flat - oracle).norm() / oracle.norm())


example = st.builds(
    lambda tokens, start: Example(tokens=tuple(tokens), note_start=min(start, len(tokens) - 1)),
    st.lists(st.integers(2, 250), min_size=3, max_size=24),
    st.integers(1, 10),
)
population = st.lists(st.lists(example, min_size=1, max_size=3), min_size=1, max_size=6)


@pytest.mark.parametrize("family", ["gpt2", "llama", "opt", "biogpt"])
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(patients=population, bound=st.sampled_from([0.01, 0.5, 1e6]), tokens=st.sampled_from([1, 40, 4096]))
def test_the_clipped_sum_equals_the_float64_loop_whatever_the_microbatches(
    tiny_models, family, patients, bound, tokens
):
    model = _without_dropout(_model(tiny_models[family]))
    expected = clipped_sum(copy.deepcopy(model).eval(), patients, _losses, bound)
    assert _error(_sum(model, patients, bound, tokens), expected) < 1e-5


def test_a_neighbour_changes_nothing_of_a_patients_share(tiny_models):
    model = _model(tiny_models["llama"])
    patient = [Example(tokens=tuple(range(5, 15)), note_start=3)]
    neighbour = [Example(tokens=tuple(range(20, 60)), note_start=2)]
    alone, other = _sum(model, [patient], 0.1, 4096), _sum(model, [neighbour], 0.1, 4096)
    both = _sum(model, [patient, neighbour], 0.1, 4096)
    together = [a + b for a, b in zip(alone, other, strict=True)]
    assert _error(both, [t.double() for t in together]) < 1e-5


def test_one_patient_moves_the_sum_by_at_most_the_bound(tiny_models):
    model = _model(tiny_models["gpt2"])
    many = [[Example(tokens=tuple(range(4 + i, 30 + i)), note_start=2)] * 3 for i in range(4)]
    total = _sum(model, many[:1], 0.25, 4096)
    assert float(torch.cat([t.flatten() for t in total]).norm()) <= 0.25 * (1 + 1e-6)


def test_a_batch_norm_is_refused_by_name():
    with pytest.raises(UserError, match=r"1 is a BatchNorm1d"):
        refuse_batch_statistics(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)))
