"""Trains the classifier of a cell on private text itself, under the ledger, and says what it makes of reports."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from dp_clinical_pipeline.coding.arm_data import labelled_reports, multi_hot, prediction_rows
from dp_clinical_pipeline.coding.classifiers import THRESHOLD, Prediction
from dp_clinical_pipeline.coding.features import RuleLabels
from dp_clinical_pipeline.coding.rulepacks import rule_pack, rules_sha256
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import BaseModel, base_model
from dp_clinical_pipeline.models.bodies import is_body
from dp_clinical_pipeline.models.device import Device, choose_device
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import DP_CLASSIFIER, PREDICTIONS
from dp_clinical_pipeline.training.cell import AdapterFacts, OnProgress, Recipe, train_cell
from dp_clinical_pipeline.training.classifier import (
    classifier_example,
    classifier_logits,
    classifier_losses,
    features_read,
    load_classifier,
    new_classifier,
    rules_kept,
    save_classifier,
)
from dp_clinical_pipeline.training.distributed import World
from dp_clinical_pipeline.training.encoder_practice import practised_factors
from dp_clinical_pipeline.training.examples import Drawn, Example, draw, microbatches
from dp_clinical_pipeline.training.kept_states import KeptStates
from dp_clinical_pipeline.training.loop import Randomness
from dp_clinical_pipeline.training.practice import practise

ARM = "dp_classifier"
PRACTISED = "practised"
"""A classifier as every cell's training begins: it has read made-up public notes, and nothing private."""


def train_classifier(
    home: Home,
    encoder: str,
    budget: str,
    on_progress: OnProgress | None = None,
    randomness: Randomness | None = None,
    world: World | None = None,
) -> AdapterFacts:
    """Train a cell's DP-LoRA classifier on the train patients' de-identified notes, or keep the one that it has.

    Guarantee: adapter and head together are (epsilon, delta)-DP for adding or removing one patient with all reports.
    The head starts from made-up public notes, and no class weight, threshold or label order is learnt. Excludes the
    public base model, its tokenizer, the public label list, the rules that it may read and the settings.

    Raises:
        OverBudget: the ledger refused; no data was read.
        UserError: another process trains this cell, or there is nothing to train on.
    """
    return train_cell(home, classifier_recipe(home, on_progress), encoder, budget, on_progress, None, randomness, world)


def predict_test(home: Home, encoder: str, budget: str) -> None:
    """Write what a cell's classifier says of the real test reports, as the arm `dp_classifier`.

    They are read as every arm reads them: the raw text. Exact predictions on real reports, kept in the enclave.

    Raises:
        UserError: the cell was not trained, or no test patient has a labelled report.
    """
    test = labelled_reports(home, "test")
    predicted = classify(home, encoder, budget, test["raw"].to_list())
    row = Store(home).read(DP_CLASSIFIER, encoder, budget, budget=budget).row(0, named=True)
    folder = cell_adapter(home, row)
    shown = _shown(encoder, full=is_body(folder), rules=rules_kept(folder) is not None)
    labels = label_set(home.settings.corpus.label_set)
    frame = prediction_rows(test, predicted, labels, arm=ARM, classifier=shown, budget=budget)
    Store(home).write(PREDICTIONS, frame, ARM, encoder, budget)


def predict_practised(home: Home, encoder: str) -> None:
    """Write what a classifier says of the real test reports before any private step, as the arm `practised`.

    What a cell has beyond it, its budget has bought. Exact predictions on real reports, kept in the enclave.

    Raises:
        UserError: the encoder's weights are absent, or no test patient has a labelled report.
    """
    import torch

    base, recipe = base_model(home, "encoders", encoder), classifier_recipe(home)
    model = recipe.build(base, choose_device(home.settings.compute))
    test = labelled_reports(home, "test")
    with torch.no_grad():
        logits = _computed(home, base, model, test["raw"].to_list(), None, classifier_logits)
    labels = label_set(home.settings.corpus.label_set)
    shown = _shown(encoder, full=home.settings.classifier_training.adapted == "full", rules=_reads_rules(home))
    frame = prediction_rows(test, _predicted(logits), labels, arm=PRACTISED, classifier=shown)
    Store(home).write(PREDICTIONS, frame, PRACTISED, encoder)


def classify(home: Home, encoder: str, budget: str, texts: Sequence[str]) -> Prediction:
    """Return a cell's scores for texts, at the fixed public threshold.

    Guarantee: post-processing of the cell's classifier; what it says of public or synthetic text is covered.

    Raises:
        UserError: the cell was not trained, or its weights were changed.
    """
    import torch

    with torch.no_grad():
        logits = _over_texts(home, encoder, budget, texts, None, classifier_logits)
    return _predicted(logits)


def _predicted(logits: np.ndarray) -> Prediction:
    scores = 1 / (1 + np.exp(-logits))
    return Prediction(scores, scores >= THRESHOLD)


def classifier_text_losses(
    home: Home, encoder: str, budget: str, texts: Sequence[str], targets: Sequence[Sequence[str]]
) -> np.ndarray:
    """Return the cell's loss on each text, shape (n,): what the membership attack reads."""
    import torch

    with torch.no_grad():
        return _over_texts(home, encoder, budget, texts, targets, classifier_losses)


def _over_texts(
    home: Home,
    encoder: str,
    budget: str,
    texts: Sequence[str],
    targets: Sequence[Sequence[str]] | None,
    compute: Any,
) -> np.ndarray:
    base = base_model(home, "encoders", encoder)
    row = Store(home).read(DP_CLASSIFIER, encoder, budget, budget=budget).row(0, named=True)
    model = load_classifier(base, choose_device(home.settings.compute), cell_adapter(home, row))
    return _computed(home, base, model, texts, targets, compute)


def _computed(
    home: Home, base: BaseModel, model: Any, texts: Sequence[str], targets: Sequence[Sequence[str]] | None, compute: Any
) -> np.ndarray:
    labels, settings = label_set(home.settings.corpus.label_set), home.settings.classifier_training
    tokenizer = load_tokenizer(base, padding_side="right")
    truth = multi_hot(targets or [()] * len(texts), labels).astype(float).tolist()
    read = RuleLabels(labels).of(texts) if features_read(model) else np.zeros((len(texts), 0))
    examples = [
        classifier_example(tokenizer, text, true, settings.max_tokens, row.tolist())
        for text, true, row in zip(texts, truth, read, strict=True)
    ]
    found: dict[int, np.ndarray] = {}
    kind = next(model.parameters()).device.type
    for batch in microbatches(draw([[e] for e in examples]), settings.microbatch_tokens, kind):
        values = compute(model, batch, tokenizer.pad_token_id).float().cpu().numpy().astype(np.float64)
        found |= {d.patient: value for d, value in zip(batch, values, strict=True)}
    return np.array([found[i] for i in range(len(texts))])


def classifier_recipe(home: Home, on_progress: OnProgress | None = None) -> Recipe:
    """Return what the training of a classifier does not share with that of a generator.

    `on_progress` is told of the steps of the encoder's practice, where that has to be done first.
    """
    settings, labels = home.settings.classifier_training, label_set(home.settings.corpus.label_set)
    rules = RuleLabels(labels) if _reads_rules(home) else None

    def build(base: BaseModel, device: Device) -> Any:
        model = new_classifier(
            base,
            device,
            len(labels.labels),
            rank=settings.lora_rank,
            alpha=settings.lora_alpha,
            layers=settings.lora_layers,
            left_out=settings.left_out_layers,
            features=len(labels.labels) if rules else 0,
            checkpointing=settings.gradient_checkpointing,
            full=settings.adapted == "full",
            practised=practised_factors(home, base, device, labels, on_progress),
        )
        if settings.practice_notes:
            tokenizer = load_tokenizer(base, padding_side="right")
            practise(
                model,
                tokenizer,
                labels,
                notes=settings.practice_notes,
                positive_weight=settings.positive_weight,
                features=rules.of if rules else None,
            )
        return model

    def losses(model: Any, batch: Sequence[Drawn], pad: int, kept: KeptStates | None = None) -> Any:
        return classifier_losses(model, batch, pad, kept, settings.positive_weight)

    def example(tokenizer: Any, text: str, targets: list[str]) -> Example:
        truth = multi_hot([targets], labels)[0].astype(float).tolist()
        said = rules.of([text])[0].tolist() if rules else ()
        return classifier_example(tokenizer, text, truth, settings.max_tokens, said)

    return Recipe(
        kind="classifier",
        role="encoders",
        table=DP_CLASSIFIER,
        key="encoder",
        build=build,
        example=example,
        losses=losses,
        kept_losses=None if settings.gradient_checkpointing else partial(losses, kept=KeptStates()),
        save=partial(save_classifier, rules=rules_sha256(labels) if rules else ""),
        targets=len(labels.labels),
        features=len(labels.labels) if rules else 0,
    )


def _reads_rules(home: Home) -> bool:
    has_rules = rule_pack(label_set(home.settings.corpus.label_set)) is not None
    return home.settings.classifier_training.rule_labels and has_rules


def _shown(encoder: str, *, full: bool, rules: bool) -> str:
    """What tables call a classifier: its encoder, how that was adapted, and whether it reads what rules say."""
    return f"{encoder}-{'full' if full else 'lora'}{'+rules' if rules else ''}"
