"""BERT and ALBERT train under DP, give the float64 loop's clipped sums, and reload to the same logits."""

import copy

import pytest
import torch

from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.training.classifier import (
    classifier_logits,
    classifier_losses,
    load_classifier,
    new_classifier,
    save_classifier,
)
from dp_clinical_pipeline.training.examples import Drawn, Example, draw, microbatches
from dp_clinical_pipeline.training.gradients import PatientGradients
from dp_clinical_pipeline.training.loop import Randomness, TrainSpec, train
from dp_clinical_pipeline_tests.training.oracle import clipped_sum

CPU = Device(kind="cpu", index=None, precision="fp32", reason="test")


def _losses(model, batch):
    return classifier_losses(model, batch, 0)


def _patients(n):
    random = torch.Generator().manual_seed(3)
    return [
        [
            Example(
                tokens=tuple(torch.randint(4, 80, (5 + 3 * i + j,), generator=random).tolist()), targets=(i % 2, 1, 0)
            )
            for j in range(1 + i % 3)
        ]
        for i in range(n)
    ]


def _moved(folder):
    model = new_classifier(BaseModel(name="tiny", path=folder, sha256=""), CPU, 3, rank=2, alpha=4)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name or name.startswith("head"):
            torch.nn.init.normal_(parameter, std=0.3)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


@pytest.mark.parametrize("family", ["bert", "albert"])
@pytest.mark.parametrize("bound", [0.05, 1e6])
def test_the_clipped_sum_equals_the_float64_loop(tiny_models, family, bound):
    model = _moved(tiny_models[family])
    patients = _patients(5)
    expected = clipped_sum(copy.deepcopy(model).eval(), patients, _losses, bound)
    gradients = PatientGradients(model, _losses, bound)
    model.train()
    total = [torch.zeros_like(p) for p in model.parameters() if p.requires_grad]
    for batch in microbatches(draw(patients), 60):
        gradients.add(batch, total)
    got = torch.cat([t.flatten().double() for t in total])
    oracle = torch.cat([e.flatten() for e in expected])
    assert float((got - oracle).norm() / oracle.norm()) < 1e-5


@pytest.mark.parametrize("family", ["bert", "albert"])
def test_a_classifier_trains_under_dp_and_reloads_to_the_same_logits(tiny_models, family, tmp_path):
    base = BaseModel(name="tiny", path=tiny_models[family], sha256="")
    model = new_classifier(base, CPU, 3, rank=2, alpha=4)
    spec = TrainSpec(
        noise_multiplier=0.5, sample_rate=0.5, steps=3, max_grad_norm=1.0, expected_lot=4, max_reports=1,
        learning_rate=1e-2, microbatch_tokens=200, checkpoint_every=10,
    )  # fmt: skip
    train(
        model, _patients(8), spec, _losses, randomness=Randomness(sampling=TestSeedSource(0), noise=TestSeedSource(1))
    )
    save_classifier(model, tmp_path / "adapter")
    batch = [Drawn(e, i, 1.0) for i, (e, *_) in enumerate(_patients(4))]
    with torch.no_grad():
        expected = classifier_logits(model, batch, 0)
        again = classifier_logits(load_classifier(base, CPU, tmp_path / "adapter"), batch, 0)
    torch.testing.assert_close(again, expected)
    assert float(expected.abs().max()) > 0
