"""Stage 9: attacks on what a cell would give away."""

import dagster as dg

from dp_clinical_pipeline.defs.checks import cell_check
from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import PRIVACY
from dp_clinical_pipeline.defs.partitions import cell, grid
from dp_clinical_pipeline.defs.resources import TORCH_POOL, TORCH_TAGS, ComputeDevice, HomeResource
from dp_clinical_pipeline.home import Home

NO_IDENTIFIER_REPLAY = "no_identifier_replay"


@dg.asset(
    deps=["generator_adapter", "synthetic_reports", "cohort"],
    partitions_def=grid,
    group_name="evaluation",
    kinds={"pytorch", "parquet"},
    owners=[PRIVACY],
    pool=TORCH_POOL,
    op_tags=TORCH_TAGS,
    check_specs=[
        cell_check(
            NO_IDENTIFIER_REPLAY,
            "privacy_metrics",
            "No identifier of a train patient that survived de-identification recurs in this cell's synthetic notes.",
        )
    ],
)
@guarded
def privacy_metrics(
    context: dg.AssetExecutionContext, home: HomeResource, compute: ComputeDevice
) -> dg.MaterializeResult:
    """The claim of this cell, and attacks that try to refute it: membership inference, copied phrases, replayed
    identifiers. Each stands beside what an attacker who never saw the model would reach.

    An attack that fails proves nothing; the guarantee is the ledger's. Exact figures stay in the enclave.
    """
    from dp_clinical_pipeline.evaluation.privacy import measure_cell
    from dp_clinical_pipeline.training.losses import cell_losses

    generator, budget = cell(context)
    here, device = compute.claim(context, home.open())
    measure_cell(here, generator, budget, cell_losses(here, generator, budget))
    replay = dg.AssetCheckResult(check_name=NO_IDENTIFIER_REPLAY, passed=nothing_replayed(here, generator, budget))
    return dg.MaterializeResult(metadata=device, check_results=[replay])


def nothing_replayed(home: Home, generator: str, budget: str) -> bool:
    """Say whether the cell's replay metric is there and passed."""
    from dp_clinical_pipeline.store import Store
    from dp_clinical_pipeline.tables import PRIVACY_METRICS

    metrics = Store(home).read(PRIVACY_METRICS, generator, budget)
    replay = metrics.filter(metric="identifiers_replayed")
    return not replay.is_empty() and replay["passed"].fill_null(False).all()
