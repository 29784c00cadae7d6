"""Tiny models, populations and homes for the training tests."""

from pathlib import Path

import torch

from dp_clinical_pipeline.config import (
    ClassifierTraining,
    Compute,
    Corpus,
    Models,
    Patients,
    Privacy,
    Settings,
    Training,
)
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_causal, with_lora
from dp_clinical_pipeline.privacy.plan import declare_plan
from dp_clinical_pipeline.training.examples import Example
from dp_clinical_pipeline.training.loop import TrainSpec
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline_tests.made_up_home import make_home

CPU = Device(kind="cpu", index=None, precision="fp32", reason="test")


def lora(folder: Path, rank: int = 2, moved: bool = False):
    """A tiny causal model with a LoRA adapter, without dropout; `moved` gives B values, so that A has a gradient."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    base = BaseModel(name="tiny", path=folder, sha256="")
    model = with_lora(load_causal(base, CPU), causal=True, rank=rank, alpha=8)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        for name in ("dropout", "attention_dropout", "activation_dropout", "layerdrop"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)
    if moved:
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.3)
    return model


def losses(model, batch):
    return note_losses(model, batch, 1)


def weights(model) -> torch.Tensor:
    """The trainable weights as one vector."""
    return torch.cat([p.detach().flatten().clone() for p in model.parameters() if p.requires_grad])


def people(patients: int, reports: int = 1, length: int = 10) -> list[list[Example]]:
    """Patients whose notes differ."""
    return [
        [
            Example(tokens=tuple(2 + (7 * p + 3 * r + t) % 200 for t in range(length)), note_start=3)
            for r in range(reports)
        ]
        for p in range(patients)
    ]


def spec(**changes) -> TrainSpec:
    values = {
        "noise_multiplier": 1.0, "sample_rate": 0.5, "steps": 4, "max_grad_norm": 0.5, "expected_lot": 4.0,
        "max_reports": 1, "learning_rate": 1e-2, "microbatch_tokens": 256, "checkpoint_every": 2,
    }  # fmt: skip
    return TrainSpec(**(values | changes))


def tiny_classifier_settings(**changes) -> ClassifierTraining:
    """A classifier's training of 4 steps."""
    values = {"lot_size": 6, "steps": 4, "lora_rank": 2, "max_tokens": 64, "checkpoint_every": 2, "learning_rate": 1.0}
    values |= {"practice_notes": 0, "encoder_notes": 0, "adapter_rate": 1.0}
    return ClassifierTraining(**(values | changes))


def tiny_home(folder: Path, model: Path, planned: bool = True, **changes) -> Home:
    """A made-up population of 24 with a tiny generator named `tiny`, a training of 4 steps, and a plan for eps-8."""
    values = {"lot_size": 6, "steps": 4, "lora_rank": 2, "max_tokens": 96, "checkpoint_every": 2, "learning_rate": 1e-2}
    values |= {"primer_steps": 0}
    settings = Settings(
        corpus=Corpus(label_set="chexpert14"),
        patients=Patients(count=600),
        privacy=Privacy(cap_epsilon=40),  # no plan is declared: the filter prices eps-8 at 13
        models=Models(generators={"tiny": str(model)}),
        training=Training(**(values | changes)),
        compute=Compute(device="cpu", precision="fp32"),
    )
    home = make_home(folder, 24).save_settings(settings)
    if planned:
        declare_plan(home, [("tiny", "eps-8")])
    return home
