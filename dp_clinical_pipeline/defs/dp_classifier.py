"""Stage 7b: a coding model that learnt from private text itself, under a budget."""

import dagster as dg

from dp_clinical_pipeline.defs.checks import cell_check
from dp_clinical_pipeline.defs.coding_classifier import CODING
from dp_clinical_pipeline.defs.generator_adapter import EPSILON_WITHIN_CAP, account, epsilon_is_within_cap
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.partitions import cell, classifier_grid
from dp_clinical_pipeline.defs.plan import declare_planned
from dp_clinical_pipeline.defs.progress import observer
from dp_clinical_pipeline.defs.resources import TORCH_POOL, TORCH_TAGS, ComputeDevice, HomeResource


@dg.asset(
    deps=["cohort"],
    partitions_def=classifier_grid,
    group_name="training",
    kinds={"pytorch", "huggingface"},
    owners=[CODING],
    pool=TORCH_POOL,
    op_tags=TORCH_TAGS,
    check_specs=[
        cell_check(
            EPSILON_WITHIN_CAP,
            "dp_classifier",
            "All that this population has ever spent is within the cap of its settings.",
            classifier_grid,
        )
    ],
)
@guarded
def dp_classifier(
    context: dg.AssetExecutionContext, home: HomeResource, compute: ComputeDevice
) -> dg.MaterializeResult:
    """A coding model trained on the patients' own reports with patient-level privacy, instead of on synthetic notes.

    It spends its whole budget on training, beside what generators spend: the ledger adds both up, and refuses past the
    cap. A failed or killed attempt stays counted and is never retried by itself. Its predictions on real test patients
    show what it is worth, and stay in the enclave. Under `nonprivate` nothing is protected.
    """
    from dp_clinical_pipeline.training.classifier_cell import predict_test, train_classifier

    encoder, budget = cell(context)
    here, device = compute.claim(context, home.open())
    declare_planned(here)
    facts = train_classifier(here, encoder, budget, on_progress=observer(context))
    predict_test(here, encoder, budget)
    within = dg.AssetCheckResult(check_name=EPSILON_WITHIN_CAP, passed=epsilon_is_within_cap(here))
    return dg.MaterializeResult(metadata=account(facts, budget) | device, check_results=[within])
