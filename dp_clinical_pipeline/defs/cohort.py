"""Stage 3: which patient is used for what."""

import dagster as dg

from dp_clinical_pipeline.config import SPLITS
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.raw_reports import RECORDS
from dp_clinical_pipeline.defs.resources import POPULATION_POOL, HomeResource
from dp_clinical_pipeline.home import Home


@dg.asset(
    deps=[dg.AssetDep("deidentified_reports", partition_mapping=dg.AllPartitionMapping())],
    group_name="records",
    kinds={"python", "parquet"},
    owners=[RECORDS],
    pool=POPULATION_POOL,
    check_specs=[
        dg.AssetCheckSpec(
            "splits_disjoint",
            asset="cohort",
            blocking=True,
            description="Every patient is in exactly one of train, validation, test and holdout.",
        )
    ],
)
@guarded
def cohort(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """Each patient, with all of their reports, is in one split: train, validation, test or attack holdout.

    A keyed hash of the patient alone decides, so that adding or removing a patient moves nobody else.
    """
    from dp_clinical_pipeline.privacy.cohort import build_cohort

    build_cohort(home.open())
    disjoint = dg.AssetCheckResult(check_name="splits_disjoint", passed=splits_are_disjoint(home.open()))
    return dg.MaterializeResult(check_results=[disjoint])


def splits_are_disjoint(home: Home) -> bool:
    """Say whether no patient is in two splits and no split has an unknown name."""
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import COHORT

    frame = Store(home).read(COHORT)
    return not frame["patient_key"].is_duplicated().any() and set(frame["split"]) <= set(SPLITS)
