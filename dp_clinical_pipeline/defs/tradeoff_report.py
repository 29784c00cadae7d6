"""Stage 12: the page that a decision is made on."""

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.label_marginals import PRIVACY
from dp_clinical_pipeline.defs.resources import POPULATION_POOL, HomeResource


@dg.asset(
    deps=[
        "utility_metrics",
        "privacy_ledger",
        dg.AssetDep("privacy_metrics", partition_mapping=dg.AllPartitionMapping()),
        dg.AssetDep("classifier_privacy_metrics", partition_mapping=dg.AllPartitionMapping()),
    ],
    group_name="evaluation",
    kinds={"plotly", "html"},
    owners=[PRIVACY],
    pool=POPULATION_POOL,
)
@guarded
def tradeoff_report(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """One page that shows what each budget buys and what it costs: privacy against utility, label by label, the ledger
    and this graph. It holds exact figures on real patients, so it lies in the enclave: open it there."""
    from dp_clinical_pipeline.defs.lineage import groups, upstream
    from dp_clinical_pipeline.reporting.page import write_page

    page = write_page(home.open(), upstream(), groups())
    return dg.MaterializeResult(metadata={"page": dg.MetadataValue.path(str(page))})
