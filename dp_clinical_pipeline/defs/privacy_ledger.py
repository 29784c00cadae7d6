"""Stage 11: what has been spent, as it may be shown."""

import dagster as dg

from dp_clinical_pipeline.defs.generator_adapter import EPSILON_WITHIN_CAP, epsilon_is_within_cap
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import PRIVACY, covered
from dp_clinical_pipeline.defs.resources import POPULATION_POOL, HomeResource


@dg.asset(
    deps=[
        dg.AssetDep("label_marginals", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("generator_adapter", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("dp_classifier", partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="privacy",
    kinds={"sql", "parquet"},
    owners=[PRIVACY],
    pool=POPULATION_POOL,
    check_specs=[
        dg.AssetCheckSpec(
            EPSILON_WITHIN_CAP,
            asset="privacy_ledger",
            blocking=True,
            description="The ledger's chain is whole, and all that was ever spent is within the cap.",
        )
    ],
)
@guarded
def privacy_ledger(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """Every mechanism that ever read this population, what it cost, and the cumulative claim after it.

    The ledger itself is written by the mechanisms, before they run; this is its public view, refreshed.
    """
    from dp_clinical_pipeline.privacy.ledger import open_ledger
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import PRIVACY_LEDGER

    here = home.open()
    ledger = open_ledger(here)
    within = epsilon_is_within_cap(here)
    Store(here).write(PRIVACY_LEDGER, ledger.public_view())
    epsilon, delta = ledger.cumulative()
    told = covered(
        cumulative_epsilon=epsilon,
        delta=delta,
        cap=here.settings.privacy.cap_epsilon,
        remaining=ledger.remaining(),
    )
    check = dg.AssetCheckResult(check_name=EPSILON_WITHIN_CAP, passed=within)
    return dg.MaterializeResult(metadata=told, check_results=[check])
