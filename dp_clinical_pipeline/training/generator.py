"""Trains the generator of a cell, under the ledger, and points the cell at what came out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock, Timeout

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.models.adapters import adapter_folder, save_adapter
from dp_clinical_pipeline.models.base import BaseModel, base_model
from dp_clinical_pipeline.models.device import Device, choose_device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_lora
from dp_clinical_pipeline.privacy.cohort import split_reports
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.prompts import note_body, prompt
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER
from dp_clinical_pipeline.training.checkpoint import Checkpoint, write_manifest
from dp_clinical_pipeline.training.examples import Example, causal_example
from dp_clinical_pipeline.training.loop import Progress, Randomness, TrainSpec, train
from dp_clinical_pipeline.training.mechanism import TrainingMechanism, nonprivate_mechanism, training_mechanism
from dp_clinical_pipeline.training.note_loss import note_losses


@dataclass(frozen=True, kw_only=True)
class AdapterFacts:
    """What may be shown of a training: its account, and nothing of what it saw."""

    mechanism_id: str
    epsilon: float | None
    delta: float | None
    noise_multiplier: float | None
    sample_rate: float
    steps: int
    seconds: float
    reused: bool = False


def train_generator(
    home: Home,
    generator: str,
    budget: str,
    on_progress: Callable[[Progress], None] | None = None,
    retraining: str | None = None,
    randomness: Randomness | None = None,
) -> AdapterFacts:
    """Train a cell's LoRA adapter on the train patients' de-identified notes.

    A cell that has an adapter keeps it: training again is a mechanism of its own, which only a planned retraining
    asks for. An interrupted training goes on from its checkpoint under its own mechanism.

    Guarantee: the adapter and the budget's marginals together are (epsilon, delta)-DP for adding or removing one
    patient with all reports. Excludes the public base model, its tokenizer and the settings.

    Raises:
        OverBudget: the ledger refused; no data was read.
        UserError: another process trains this cell, or there is nothing to train on.
    """
    store = Store(home)
    if retraining is None and store.exists(GENERATOR_ADAPTER, generator, budget, budget=budget):
        return _kept(store.read(GENERATOR_ADAPTER, generator, budget, budget=budget).row(0, named=True))
    base = base_model(home, "generators", generator)
    lock = FileLock(home.enclave / f".training.{generator}.{budget}.lock", timeout=1)
    try:
        with lock:
            return _train(home, base, budget, on_progress, retraining, randomness or Randomness())
    except Timeout:
        raise UserError(f"the cell {generator}|{budget} is being trained by another process: wait for it") from None


def _train(
    home: Home,
    base: BaseModel,
    budget: str,
    on_progress: Callable[[Progress], None] | None,
    retraining: str | None,
    randomness: Randomness,
) -> AdapterFacts:
    settings = home.settings.training
    device = choose_device(home.settings.compute)
    model = with_lora(
        load_causal(base, device),
        causal=True,
        rank=settings.lora_rank,
        alpha=settings.lora_alpha,
        layers=settings.lora_layers,
    )
    tokenizer = load_tokenizer(base, padding_side="right")
    if budget == NONPRIVATE:
        account = nonprivate_mechanism(home, base.name)
    else:
        account = training_mechanism(home, "generator", base.name, budget, retraining)
    began = datetime.now(UTC)
    with account.running():
        patients = examples(home, tokenizer)
        spec = TrainSpec(
            noise_multiplier=account.noise_multiplier,
            sample_rate=account.sample_rate,
            steps=account.steps,
            max_grad_norm=settings.max_grad_norm,
            expected_lot=account.sample_rate * account.patients,
            max_reports=home.settings.patients.max_reports,
            learning_rate=settings.learning_rate if account.noise_multiplier else settings.nonprivate_learning_rate,
            microbatch_tokens=settings.microbatch_tokens,
            checkpoint_every=settings.checkpoint_every,
            epsilon=account.epsilon,
        )
        checkpoint = Checkpoint(
            home.enclave / "checkpoints" / f"{account.mechanism_id}.safetensors", account.mechanism_id
        )
        train(
            model,
            patients,
            spec,
            lambda m, batch: note_losses(m, batch, tokenizer.pad_token_id),
            checkpoint=checkpoint,
            randomness=randomness,
            on_progress=on_progress,
        )
        folder = adapter_folder(home, budget, account.mechanism_id)
        digest = save_adapter(model, folder)
        row = _row(base, budget, account, device, folder, home, digest, model, randomness, settings.max_grad_norm)
        write_manifest(folder, row | {"ledger_head": account.ledger_head(), "retraining": retraining})
        Store(home).write(
            GENERATOR_ADAPTER, pl.DataFrame([row], schema=GENERATOR_ADAPTER.schema), base.name, budget, budget=budget
        )
        checkpoint.delete()
    seconds = (datetime.now(UTC) - began).total_seconds()
    return AdapterFacts(
        mechanism_id=account.mechanism_id,
        epsilon=account.epsilon,
        delta=account.delta,
        noise_multiplier=account.noise_multiplier,
        sample_rate=account.sample_rate,
        steps=account.steps,
        seconds=seconds,
    )


def examples(home: Home, tokenizer: Any) -> list[list[Example]]:
    """Return the train patients' labelled notes as prompts and notes, a list for each patient.

    Raises:
        UserError: no train patient has a labelled report.
    """
    labels = label_set(home.settings.corpus.label_set)
    reports = split_reports(home, "train").filter(pl.col("targets").is_not_null())
    by_patient: dict[str, list[Example]] = {}
    for patient, text, targets in reports.select("patient_key", "text", "targets").iter_rows():
        example = causal_example(tokenizer, prompt(targets, labels), note_body(text), home.settings.training.max_tokens)
        by_patient.setdefault(patient, []).append(example)
    if not by_patient:
        raise UserError("no train patient has a labelled report: ingest a labelled corpus, or check the label set")
    return list(by_patient.values())


def _row(
    base: BaseModel,
    budget: str,
    account: TrainingMechanism,
    device: Device,
    folder: Path,
    home: Home,
    digest: str,
    model: Any,
    randomness: Randomness,
    max_grad_norm: float,
) -> dict[str, Any]:
    return {
        "generator": base.name, "budget": budget, "mechanism_id": account.mechanism_id,
        "path": str(folder.relative_to(home.path)), "base_sha256": base.sha256, "adapter_sha256": digest,
        "epsilon": account.epsilon, "delta": account.delta, "noise_multiplier": account.noise_multiplier,
        "sample_rate": account.sample_rate, "steps": account.steps, "max_grad_norm": max_grad_norm,
        "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "privacy_unit": "patient", "noise_source": randomness.name, "precision": device.precision,
        "made_at": datetime.now(UTC),
    }  # fmt: skip


def _kept(row: dict[str, Any]) -> AdapterFacts:
    keys = ("mechanism_id", "epsilon", "delta", "noise_multiplier", "sample_rate", "steps")
    return AdapterFacts(**{key: row[key] for key in keys}, seconds=0.0, reused=True)
