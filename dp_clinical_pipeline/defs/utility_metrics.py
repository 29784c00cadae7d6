"""Stage 10: how good every coding model is."""

import dagster as dg

from dp_clinical_pipeline.defs.coding_classifier import CODING
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.resources import POPULATION_POOL, HomeResource


@dg.asset(
    deps=[
        dg.AssetDep("coding_classifier", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("dp_classifier", partition_mapping=dg.AllPartitionMapping()),
        "baseline_classifiers",
    ],
    group_name="evaluation",
    kinds={"scikitlearn", "parquet"},
    owners=[CODING],
    pool=POPULATION_POOL,
)
@guarded
def utility_metrics(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """F1, accuracy, AUROC and AUPRC of every coding model on the same real test patients, with 95 % intervals.

    Recomputed from all predictions that are there. Exact scores on real reports: enclave only.
    """
    from dp_clinical_pipeline.evaluation.utility import compute_utility

    compute_utility(home.open())
    return dg.MaterializeResult()
