import os
from pathlib import Path

import dagster as dg
import pytest

from dp_clinical_pipeline import tables
from dp_clinical_pipeline.defs.jobs import NO_RETRIES
from dp_clinical_pipeline.defs.launch import launch
from dp_clinical_pipeline.defs.lineage import assets
from dp_clinical_pipeline.defs.partitions import cell_key
from dp_clinical_pipeline.defs.stages import lineage_stages
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.reporting.page import page_path
from dp_clinical_pipeline.store import Store

CELL = ("smollm2-135m", "eps-8")
CLASSIFIER = ("minilm-l6", "eps-8")


def _stale(home: Home) -> list[str]:
    return [stage.title for stage in lineage_stages(home, ["batch-0001"], [CELL]) if stage.stale]


def _make_all(home: Home) -> dict[str, Path]:
    """Put an empty file, each newer than the last, where every stage writes."""
    store, budget = Store(home), CELL[1]
    made = {
        "read": store.path(tables.RAW_REPORTS, "batch-0001"),
        "rejected": store.path(tables.REJECTED_REPORTS, "batch-0001"),
        "de-identify": store.path(tables.DEIDENTIFIED_REPORTS, "batch-0001"),
        "cohort": store.path(tables.COHORT),
        "label counts": store.path(tables.LABEL_MARGINALS, budget, budget=budget),
        "train generator": store.path(tables.GENERATOR_ADAPTER, *CELL, budget=budget),
        "write notes": store.path(tables.SYNTHETIC_REPORTS, *CELL, budget=budget),
        "train coder": store.path(tables.PREDICTIONS, "synthetic", *CELL),
        "attack": store.path(tables.PRIVACY_METRICS, *CELL),
        "baselines": store.path(tables.PREDICTIONS, "baselines", "real"),
        "scores": store.path(tables.UTILITY_METRICS),
        "report": store.path(tables.PRIVACY_LEDGER),
        "page": page_path(home),
    }
    for age, path in enumerate(made.values()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (1_000 + age, 1_000 + age))
    return made


def test_in_an_empty_home_everything_is_to_be_made_in_lineage_order(home: Home) -> None:
    assert _stale(home) == [
        "read",
        "de-identify",
        "cohort",
        "label counts",
        "train generator",
        "write notes",
        "train coder",
        "attack",
        "baselines",
        "scores",
        "report",
    ]


def test_where_everything_is_there_nothing_is_made(home: Home) -> None:
    _make_all(home)
    assert _stale(home) == []


@pytest.mark.parametrize(
    ("gone", "follows"),
    [
        ("rejected", ["read", "de-identify", "cohort", "train coder", "attack", "baselines", "scores"]),
        ("cohort", ["cohort", "train coder", "attack", "baselines", "scores"]),
        ("label counts", ["label counts", "write notes", "train coder", "attack", "scores"]),
        ("train generator", ["train generator", "write notes", "train coder", "attack", "scores"]),
        ("write notes", ["write notes", "train coder", "attack", "scores"]),
        ("baselines", ["baselines", "scores"]),
        ("page", []),
    ],
)
def test_what_is_missing_is_made_with_all_that_reads_it_and_nothing_is_bought_again(
    home: Home, gone: str, follows: list[str]
) -> None:
    _make_all(home)[gone].unlink()
    assert _stale(home) == [*follows, "report"]


def test_a_newer_input_makes_a_stage_stale_but_never_an_adapter(home: Home) -> None:
    made = _make_all(home)
    os.utime(made["cohort"], (2_000, 2_000))
    assert _stale(home) == ["train coder", "attack", "baselines", "scores", "report"]


def _make_classifier(home: Home, at: int = 1_100) -> dict[str, Path]:
    """Put an empty file, each newer than the last, where the stages of a classifier write."""
    store, parts, budget = Store(home), CLASSIFIER, CLASSIFIER[1]
    made = {
        "train classifier": store.path(tables.DP_CLASSIFIER, *parts, budget=budget),
        "predictions": store.path(tables.PREDICTIONS, "dp_classifier", *parts),
        "attack classifier": store.path(tables.CLASSIFIER_PRIVACY_METRICS, *parts),
    }
    for age, path in enumerate(made.values()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.utime(path, (at + age, at + age))
    return made


@pytest.mark.parametrize(
    ("gone", "follows"),
    [
        (None, []),
        ("train classifier", ["train classifier", "attack classifier"]),
        ("predictions", ["train classifier", "attack classifier"]),
        ("attack classifier", ["attack classifier"]),
    ],
)
def test_a_classifier_is_trained_attacked_and_compared(home: Home, gone: str | None, follows: list[str]) -> None:
    made = _make_all(home) | _make_classifier(home)
    for name in ("scores", "report", "page"):
        os.utime(made[name], (1_200, 1_200))
    if gone:
        made[gone].unlink()
    stages = lineage_stages(home, ["batch-0001"], [CELL], [CLASSIFIER])
    told = [stage.title for stage in stages if stage.stale]
    assert told == [*follows, *(["scores", "report"] if follows else [])]
    assert {stage.partition for stage in stages if "classifier" in stage.title} == {"eps-8|minilm-l6"}


def test_new_test_patients_are_predicted_by_the_classifier_that_is_there(home: Home) -> None:
    made = _make_all(home) | _make_classifier(home)
    os.utime(made["cohort"], (2_000, 2_000))
    stages = lineage_stages(home, ["batch-0001"], [CELL], [CLASSIFIER])
    assert "train classifier" in [stage.title for stage in stages if stage.stale]
    os.utime(made["predictions"], (2_001, 2_001))
    os.utime(made["attack classifier"], (2_001, 2_001))
    again = lineage_stages(home, ["batch-0001"], [CELL], [CLASSIFIER])
    assert [stage.title for stage in again if stage.stale and "classifier" in stage.title] == []


def test_a_backfill_holds_exactly_the_stale_partitions(home: Home, instance: dg.DagsterInstance) -> None:
    _make_all(home)["write notes"].unlink()
    instance.add_dynamic_partitions("privacy_budget", ["eps-8"])
    instance.add_dynamic_partitions("batch", ["batch-0001"])
    stages = lineage_stages(home, ["batch-0001"], [CELL])
    id = launch(instance, assets(), stages, title="new budget", tags=NO_RETRIES)
    backfill = instance.get_backfill(str(id))
    assert backfill is not None
    assert backfill.asset_backfill_data is not None
    target = backfill.asset_backfill_data.target_subset
    cut = {
        key.to_user_string(): set(subset.get_partition_keys())
        for key, subset in target.partitions_subsets_by_asset_key.items()
    }
    cell = {str(cell_key(*CELL))}
    assert cut == {"synthetic_reports": cell, "coding_classifier": cell, "privacy_metrics": cell}
    assert {key.to_user_string() for key in target.non_partitioned_asset_keys} == {
        "utility_metrics",
        "privacy_ledger",
        "tradeoff_report",
    }
    assert backfill.tags == NO_RETRIES
