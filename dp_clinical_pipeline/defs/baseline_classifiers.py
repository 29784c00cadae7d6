"""Stage 8: what the synthetic arm is compared with."""

import dagster as dg

from dp_clinical_pipeline.defs.coding_classifier import CODING
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.resources import POPULATION_POOL, HomeResource


@dg.asset(
    deps=["cohort", dg.AssetDep("deidentified_reports", partition_mapping=dg.AllPartitionMapping())],
    group_name="coding",
    kinds={"scikitlearn", "parquet"},
    owners=[CODING],
    pool=POPULATION_POOL,
)
@guarded
def baseline_classifiers(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """The same coding model trained on real, masked and surrogate text, and what needs no learning: majority,
    all-negative and a rules labeler. All are tested on the same real reports of test patients."""
    from dp_clinical_pipeline.coding.arms import train_baselines

    train_baselines(home.open())
    return dg.MaterializeResult()
