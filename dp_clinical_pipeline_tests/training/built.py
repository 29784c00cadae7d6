"""Tiny models of every family as the oracle tests train them, with the loss and the examples that fit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_causal, load_encoder, with_lora
from dp_clinical_pipeline.training.classifier import classifier_losses
from dp_clinical_pipeline.training.examples import draw, microbatches
from dp_clinical_pipeline.training.gradients import Losses, PatientGradients
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline.training.pooling import new_pooling

CAUSAL = ("gpt2", "llama", "opt", "biogpt")
FAMILIES = (*CAUSAL, "bert", "albert")
LABELS = 3


@dataclass(frozen=True, kw_only=True)
class Built:
    model: Any
    losses: Losses


def build(
    folder: Path, family: str, *, precision: Any = "fp32", checkpointing: bool = False, also: str = "", rank: int = 3
) -> Built:
    """A model with LoRA that has moved. `also` trains more: a module to save, or the tied embeddings themselves."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    base = BaseModel(name="tiny", path=folder, sha256="")
    device = Device(kind="cpu", index=None, precision=precision, reason="test")
    causal = family in CAUSAL
    body = load_causal(base, device) if causal else load_encoder(base, device)
    modules = [also] if also and also != "tied" else []
    model = with_lora(body, causal=causal, rank=rank, alpha=8, modules_to_save=modules, checkpointing=checkpointing)
    if also == "tied":
        embeddings = model.get_base_model().get_input_embeddings()
        assert embeddings.weight is model.get_base_model().get_output_embeddings().weight
        embeddings.weight.requires_grad_(True)
    if not causal:
        pooling = new_pooling(body.config.hidden_size)
        model = torch.nn.ModuleDict(
            {"body": model, "pooling": pooling, "head": torch.nn.Linear(len(pooling.mean), LABELS)}
        )
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # zero at first, which would hide A's gradient
            torch.nn.init.normal_(parameter, std=0.3)
    losses = note_losses if causal else classifier_losses
    return Built(model=model, losses=lambda m, batch: losses(m, batch, 1 if causal else 0))


def summed(built: Built, patients, bound: float, tokens: int = 4096, mode: Any = "flat") -> list[torch.Tensor]:
    """The library's sum of clipped patient gradients over microbatches."""
    gradients = PatientGradients(built.model, built.losses, bound, mode)
    built.model.train()
    total = [torch.zeros_like(p, dtype=torch.float32) for p in built.model.parameters() if p.requires_grad]
    for batch in microbatches(draw(patients), tokens):
        gradients.add(batch, total)
    gradients.close()
    built.model.eval()
    return total


def distance(got, expected) -> float:
    """How far two lists of tensors are apart, relative to the second."""
    flat = torch.cat([g.flatten().double() for g in got])
    oracle = torch.cat([e.flatten().double() for e in expected])
    return float((flat - oracle).norm() / oracle.norm())
