"""Stage 1: what arrived, read as it is; what cannot be read, set aside with the reason."""

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.partitions import batches
from dp_clinical_pipeline.defs.resources import HomeResource

RECORDS = "team:records"


@dg.multi_asset(
    specs=[
        dg.AssetSpec(
            "raw_reports",
            description=(
                "Reports exactly as your system exported them: a row per report, with its patient, date, labels and codes. "
                "They stay in the enclave. A report without labels is kept and marked as unlabelled."
            ),
            group_name="records",
            kinds={"parquet"},
            owners=[RECORDS],
        ),
        dg.AssetSpec(
            "rejected_reports",
            description=(
                "Rows that could not be used (broken file, no patient, no text, an impossible date), each with its place "
                "and the reason. Read them with `dp-clinical query` before you trust a corpus; every row read is here or in "
                "raw_reports."
            ),
            group_name="records",
            kinds={"parquet"},
            owners=[RECORDS],
        ),
    ],
    name="read_batch",
    partitions_def=batches,
)
@guarded
def read_batch(context: dg.AssetExecutionContext, home: HomeResource) -> tuple[dg.MaterializeResult, ...]:
    from dp_clinical_pipeline.corpora.ingest import ingest_batch

    ingest_batch(home.open(), context.partition_key)
    return tuple(dg.MaterializeResult(asset_key=name) for name in ("raw_reports", "rejected_reports"))
