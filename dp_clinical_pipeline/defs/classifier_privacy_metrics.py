"""Stage 9b: attacks on what a classifier of private text would give away."""

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import PRIVACY
from dp_clinical_pipeline.defs.partitions import cell, classifier_grid
from dp_clinical_pipeline.defs.resources import TORCH_POOL, TORCH_TAGS, ComputeDevice, HomeResource


@dg.asset(
    deps=["dp_classifier", "cohort"],
    partitions_def=classifier_grid,
    group_name="evaluation",
    kinds={"pytorch", "parquet"},
    owners=[PRIVACY],
    pool=TORCH_POOL,
    op_tags=TORCH_TAGS,
)
@guarded
def classifier_privacy_metrics(
    context: dg.AssetExecutionContext, home: HomeResource, compute: ComputeDevice
) -> dg.MaterializeResult:
    """The claim of this classifier, and a membership attack on its predictions: does it know training patients' reports
    better than those of patients whom it never saw? Beside it, what telling them apart without a model achieves.

    An attack that fails proves nothing; the guarantee is the ledger's. Exact figures stay in the enclave.
    """
    from dp_clinical_pipeline.evaluation.classifier_privacy import measure_classifier
    from dp_clinical_pipeline.training.classifier_cell import classifier_text_losses

    encoder, budget = cell(context)
    here, device = compute.claim(context, home.open())
    measure_classifier(
        here, encoder, budget, lambda texts, labels: classifier_text_losses(here, encoder, budget, texts, labels)
    )
    return dg.MaterializeResult(metadata=device)
