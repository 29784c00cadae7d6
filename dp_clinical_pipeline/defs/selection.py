"""The job that chooses a classifier's learning rate by paid trainings: what `dp-clinical select` does."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from dp_clinical_pipeline.defs.cells import chosen_encoders
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.jobs import NO_RETRIES
from dp_clinical_pipeline.defs.label_marginals import covered
from dp_clinical_pipeline.defs.partitions import classifier_key
from dp_clinical_pipeline.defs.resources import TORCH_POOL, TORCH_TAGS, ComputeDevice, HomeResource

if TYPE_CHECKING:
    from dp_clinical_pipeline.training.selection import Selected


class Rates(dg.Config):
    """The cell, what it may cost in all, the learning rates to choose from, and trainings on average."""

    encoder: str
    budget: str
    learning_rates: list[float]
    runs: int = Field(default=3, ge=1)


@dg.op(
    description="Train a classifier a secret number of times, with learning rates drawn by lot, and keep the best. The "
    "budget is spent once, on all of it together.",
    pool=TORCH_POOL,
    tags=TORCH_TAGS,
)
@guarded
def choose_rate(context: dg.OpExecutionContext, config: Rates, home: HomeResource, compute: ComputeDevice) -> None:
    from dp_clinical_pipeline.training.classifier_cell import predict_test
    from dp_clinical_pipeline.training.selection import select_classifier

    here, _ = compute.claim(context, home.open())
    chosen_encoders(here, [config.encoder])
    selected = select_classifier(here, config.encoder, config.budget, config.learning_rates, mean_runs=config.runs)
    predict_test(here, config.encoder, config.budget)
    context.log_event(selected_classifier(config.encoder, config.budget, selected))


@dg.job(
    description="A classifier's learning rate, chosen on validation patients at a price that the ledger holds.",
    tags=NO_RETRIES,
)
def select_classifier_rate() -> None:
    choose_rate()


def selected_classifier(encoder: str, budget: str, selected: "Selected") -> dg.AssetMaterialization:
    """Return the event that shows the cell's classifier in the UI, as if its asset had made it."""
    metadata = covered(
        mechanism_id=selected.mechanism_id,
        epsilon=selected.epsilon,
        delta=selected.delta,
        sigma=selected.noise_multiplier,
        steps=selected.steps,
        sample_rate=selected.sample_rate,
        learning_rate=selected.learning_rate,
        noisy_score=selected.score,
    )
    return dg.AssetMaterialization("dp_classifier", partition=classifier_key(encoder, budget), metadata=metadata)
