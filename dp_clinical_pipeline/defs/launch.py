"""Launching stale stages as one backfill: Dagster orders them, and each cell is a run of its own."""

import time
from collections.abc import Mapping, Sequence

import dagster as dg

# Dagster has no public way to launch a backfill over several kinds of partitions from Python; the UI does it so.
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.partitions.subset import PartitionsSubset
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.utils import make_new_backfill_id

from dp_clinical_pipeline.defs.stages import Stage


def launch(
    instance: dg.DagsterInstance,
    assets: Sequence[dg.AssetsDefinition],
    stages: Sequence[Stage],
    *,
    title: str,
    tags: Mapping[str, str],
) -> str | None:
    """Submit the stale stages as one backfill and return its id; None where nothing is stale."""
    definitions = {key.to_user_string(): asset for asset in assets for key in asset.keys}
    subsets: dict[dg.AssetKey, PartitionsSubset] = {}
    whole: set[dg.AssetKey] = set()
    for stage in stages:
        for name in stage.assets if stage.stale else ():
            key, cut = dg.AssetKey(name), definitions[name].partitions_def
            if cut is None or stage.partition is None:
                whole.add(key)
            else:
                subset = subsets.get(key) or cut.empty_subset()
                subsets[key] = subset.with_partition_keys([stage.partition])
    if not (subsets or whole):
        return None
    backfill = PartitionBackfill.from_asset_graph_subset(
        backfill_id=make_new_backfill_id(),
        backfill_timestamp=time.time(),
        tags=dict(tags),
        dynamic_partitions_store=instance,
        asset_graph_subset=AssetGraphSubset(partitions_subsets_by_asset_key=subsets, non_partitioned_asset_keys=whole),  # type: ignore[call-arg]
        title=title,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    return backfill.backfill_id
