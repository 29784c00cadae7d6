"""Stage 2: names, dates and numbers replaced, the patient known by a keyed pseudonym."""

import dagster as dg

from dp_clinical_pipeline.defs.guard import guarded
from dp_clinical_pipeline.defs.partitions import batches
from dp_clinical_pipeline.defs.raw_reports import RECORDS
from dp_clinical_pipeline.defs.resources import HomeResource


@dg.asset(
    deps=["raw_reports"],
    partitions_def=batches,
    group_name="records",
    kinds={"python", "parquet"},
    owners=[RECORDS],
)
@guarded
def deidentified_reports(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult:
    """Reports with identifiers replaced by made-up ones (dates shifted by patient) and, beside them, masked.

    De-identification finds most identifiers, never all: what protects patients downstream is differential privacy. Still
    enclave only. `dp-clinical deid-eval FILE` measures it on notes that you annotated.
    """
    from dp_clinical_pipeline.deid.pipeline import deidentify_batch

    deidentify_batch(home.open(), context.partition_key)
    return dg.MaterializeResult()
