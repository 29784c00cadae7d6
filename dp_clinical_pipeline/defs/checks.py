"""How blocking checks are declared: the cell's own check, with a result for each cell."""

import warnings

import dagster as dg

from dp_clinical_pipeline.defs.partitions import grid


def cell_check(
    name: str, asset: str, description: str, cells: dg.MultiPartitionsDefinition = grid
) -> dg.AssetCheckSpec:
    """Return a blocking check that keeps one result for each cell of the grid."""
    with warnings.catch_warnings():
        # Dagster 1.13 calls partitioned checks a preview; without them all cells share one result.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(name, asset=asset, blocking=True, partitions_def=cells, description=description)
