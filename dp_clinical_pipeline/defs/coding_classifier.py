"""Stage 7: a coding model that learnt from synthetic notes alone."""

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.partitions import cell, grid
from dp_clinical_pipeline.defs.resources import HomeResource

CODING = "team:coding"


@dg.asset(
    deps=["synthetic_reports", "cohort"],
    partitions_def=grid,
    group_name="coding",
    kinds={"scikitlearn", "parquet"},
    owners=[CODING],
)
@guarded
def coding_classifier(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """A coding model trained only on this cell's synthetic notes, tested on real reports of test patients.

    Its predictions show how useful the synthetic text is. They read real reports, so they stay in the enclave.
    """
    from dp_clinical_pipeline.coding.arms import train_synthetic_arm

    train_synthetic_arm(home.open(), *cell(context))
    return dg.MaterializeResult()
