"""Trains the generator of a cell: a causal model that writes a report for a record."""

from functools import partial
from typing import Any

from dp_clinical_pipeline.coding.labelers import stating_parts
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_causal, with_lora
from dp_clinical_pipeline.synthesis.fields import stated_others
from dp_clinical_pipeline.synthesis.prompts import pair_to_learn
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER
from dp_clinical_pipeline.training.cell import AdapterFacts, OnProgress, Recipe, train_cell
from dp_clinical_pipeline.training.distributed import World
from dp_clinical_pipeline.training.examples import Example, causal_example
from dp_clinical_pipeline.training.kept_states import KeptStates
from dp_clinical_pipeline.training.loop import Randomness
from dp_clinical_pipeline.training.note_loss import note_losses
from dp_clinical_pipeline.training.primer import apply_primer, save_trained, started_from


def train_generator(
    home: Home,
    generator: str,
    budget: str,
    on_progress: OnProgress | None = None,
    retraining: str | None = None,
    randomness: Randomness | None = None,
    world: World | None = None,
) -> AdapterFacts:
    """Train a cell's LoRA adapter on the train patients' de-identified notes, or keep the one that it has.

    Guarantee: the adapter and the budget's marginals together are (epsilon, delta)-DP for adding or removing one
    patient with all reports. Excludes the public base model, its tokenizer and the settings.

    Raises:
        OverBudget: the ledger refused; no data was read.
        UserError: another process trains this cell, or there is nothing to train on.
    """
    return train_cell(
        home, generator_recipe(home, on_progress), generator, budget, on_progress, retraining, randomness, world
    )


def generator_recipe(home: Home, on_progress: OnProgress | None = None) -> Recipe:
    """Return what the training of a generator does not share with that of a classifier.

    `on_progress` is told of the primer's steps, where one has to be trained first.
    """
    settings, labels = home.settings.training, label_set(home.settings.corpus.label_set)

    def build(base: BaseModel, device: Device) -> Any:
        model = with_lora(
            load_causal(base, device),
            causal=True,
            rank=settings.lora_rank,
            alpha=settings.lora_alpha,
            layers=settings.lora_layers,
            checkpointing=settings.gradient_checkpointing,
        )
        apply_primer(home, base, model, on_progress)
        return model

    def example(tokenizer: Any, text: str, targets: list[str]) -> Example:
        asked, note = pair_to_learn(text, targets, labels)
        stating = stating_parts(note, targets, labels) + [(o.start, o.end) for o in stated_others(note, labels)]
        return causal_example(tokenizer, asked, note, settings.max_tokens, stating, settings.stated_weight)

    return Recipe(
        kind="generator",
        role="generators",
        table=GENERATOR_ADAPTER,
        key="generator",
        build=build,
        example=example,
        losses=note_losses,
        # Who computes layers twice to save memory has none to keep their states in.
        kept_losses=None if settings.gradient_checkpointing else partial(note_losses, kept=KeptStates()),
        save=save_trained,
        started_from=started_from,
    )
