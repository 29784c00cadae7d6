"""Stage 5: a language model learns how reports are written, under a budget."""

from typing import TYPE_CHECKING

import dagster as dg

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.defs.checks import cell_check
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import PRIVACY, covered
from dp_clinical_pipeline.defs.partitions import cell, grid
from dp_clinical_pipeline.defs.plan import declare_planned
from dp_clinical_pipeline.defs.progress import observer
from dp_clinical_pipeline.defs.resources import TORCH_POOL, TORCH_TAGS, ComputeDevice, HomeResource
from dp_clinical_pipeline.home import Home

if TYPE_CHECKING:
    from dp_clinical_pipeline.training.cell import AdapterFacts

RETRAINING_TAG = "dp_clinical/retraining"
"""Set by the schedule: the slot of the declared plan that the run uses up."""

EPSILON_WITHIN_CAP = "epsilon_within_cap"


@dg.asset(
    deps=["cohort", "label_marginals"],
    partitions_def=grid,
    group_name="training",
    kinds={"pytorch", "huggingface"},
    owners=[PRIVACY],
    pool=TORCH_POOL,
    op_tags=TORCH_TAGS,
    check_specs=[
        cell_check(
            EPSILON_WITHIN_CAP,
            "generator_adapter",
            "All that this population has ever spent is within the cap of its settings.",
        )
    ],
)
@guarded
def generator_adapter(
    context: dg.AssetExecutionContext, home: HomeResource, compute: ComputeDevice
) -> dg.MaterializeResult:
    """A language model adapted (LoRA) to how these patients' reports are written, with patient-level privacy.

    This is the step that spends: the ledger records it before it starts and refuses it past the cap, and a failed or
    killed attempt stays counted. It is never retried by itself. While it trains, observations show step, time left,
    noise and epsilon; the loss is not shown, because it depends on the patients. Under `nonprivate` nothing is
    protected and the adapter stays in the enclave.
    """
    from dp_clinical_pipeline.training.generator import train_generator

    generator, budget = cell(context)
    here, device = compute.claim(context, home.open())
    declare_planned(here)
    if slot := _slot(context):
        _buy_counts(context, here, budget)
    facts = train_generator(here, generator, budget, on_progress=observer(context), retraining=slot)
    within = dg.AssetCheckResult(check_name=EPSILON_WITHIN_CAP, passed=epsilon_is_within_cap(here))
    return dg.MaterializeResult(metadata=account(facts, budget) | device, check_results=[within])


def account(facts: "AdapterFacts", budget: str) -> dict[str, float | int | str]:
    """Return what may be shown of a training. A non-private one samples by the exact number of patients."""
    return covered(
        mechanism_id=facts.mechanism_id,
        epsilon=facts.epsilon,
        delta=facts.delta,
        sigma=facts.noise_multiplier,
        steps=facts.steps,
        sample_rate=None if budget == NONPRIVATE else facts.sample_rate,
        seconds=facts.seconds,
    )


def epsilon_is_within_cap(home: Home) -> bool:
    """Say whether the ledger's chain is whole and its cumulative epsilon within the cap."""
    from dp_clinical_pipeline.privacy.ledger import open_ledger

    ledger = open_ledger(home)
    ledger.verify()
    epsilon, _ = ledger.cumulative()
    return epsilon <= home.settings.privacy.cap_epsilon


def _slot(context: dg.AssetExecutionContext) -> str | None:
    return context.run.tags.get(RETRAINING_TAG)


def _buy_counts(context: dg.AssetExecutionContext, home: Home, budget: str) -> None:
    """A planned retraining is one cell's run: where its budget has no label counts yet, it buys them, as planned."""
    from dp_clinical_pipeline.privacy.marginals import release_marginals
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import LABEL_MARGINALS

    if not Store(home).exists(LABEL_MARGINALS, budget, budget=budget):
        told = release_marginals(home, budget)
        metadata = covered(epsilon=told.epsilon, noise_std=told.noise_std)
        context.log_event(dg.AssetMaterialization("label_marginals", partition=budget, metadata=metadata))
