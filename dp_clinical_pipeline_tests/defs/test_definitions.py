import inspect
import json
import subprocess
import sys

import dagster as dg
import pytest

from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs import lineage
from dp_clinical_pipeline.defs.resources import TORCH_POOL

ASSETS = [key for asset in lineage.assets() for key in asset.keys]
NAMES = {key.to_user_string() for key in ASSETS}
PRIVATE_WORDS = ("row_count", "rows", "loss", "patients")


def test_the_code_location_holds_exactly_the_lineage() -> None:
    assert {
        "raw_reports",
        "rejected_reports",
        "deidentified_reports",
        "cohort",
        "label_marginals",
        "generator_adapter",
        "synthetic_reports",
        "coding_classifier",
        "dp_classifier",
        "baseline_classifiers",
        "privacy_metrics",
        "classifier_privacy_metrics",
        "utility_metrics",
        "privacy_ledger",
        "tradeoff_report",
        "release",
        "classifier_release",
    } == NAMES
    repository = defs.get_repository_def()
    jobs = {job.name for job in repository.get_all_jobs()}
    assert {
        "full_run",
        "take_in",
        "new_budget",
        "retrain",
        "compare",
        "add_budget",
        "buy_lengths",
        "buy_scores",
        "select_classifier_rate",
    } <= jobs
    assert {schedule.name for schedule in repository.schedule_defs} == {"retraining"}
    assert {sensor.name for sensor in repository.sensor_defs} == {"incoming", "budgets", "dead_runs"}
    checks = {(key.asset_key.to_user_string(), key.name) for key in repository.asset_graph.asset_check_keys}
    assert checks == {
        ("cohort", "splits_disjoint"),
        ("dp_classifier", "epsilon_within_cap"),
        ("generator_adapter", "epsilon_within_cap"),
        ("privacy_ledger", "epsilon_within_cap"),
        ("privacy_metrics", "no_identifier_replay"),
    }


def test_only_definitions_that_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(defs)


@pytest.mark.parametrize("asset", lineage.assets(), ids=lambda asset: asset.op.name)
def test_every_asset_is_described_owned_grouped_and_never_retried(asset: dg.AssetsDefinition) -> None:
    assert asset.op.retry_policy is None
    for spec in asset.specs:
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name not in (None, "default"), spec.key
        assert len((spec.description or "").split()) > 15, spec.key
        assert spec.automation_condition is None, "only a person's launch or the planned schedule launches"


@pytest.mark.parametrize("asset", lineage.assets(), ids=lambda asset: asset.op.name)
def test_every_step_that_asks_for_the_device_waits_for_its_slot(asset: dg.AssetsDefinition) -> None:
    asks = "compute" in asset.required_resource_keys
    assert asks == (asset.op.pool == TORCH_POOL)


def test_blocking_checks_block_and_know_their_cell() -> None:
    specs = [spec for asset in lineage.assets() for spec in asset.check_specs]
    assert all(spec.blocking for spec in specs)
    partitioned = {asset.key for asset in lineage.assets() if asset.check_specs and asset.partitions_def}
    assert {spec.asset_key for spec in specs if spec.partitions_def} == partitioned


def test_the_location_loads_in_seconds_without_the_heavy_packages() -> None:
    heavy = ["torch", "transformers", "opacus", "peft", "sklearn", "scipy", "plotly", "statsmodels", "dp_accounting"]
    program = (
        "import sys, time, json; began = time.process_time()\n"
        "import dagster; library = time.process_time() - began\n"
        "from dp_clinical_pipeline.definitions import defs; defs.get_repository_def()\n"
        f"print(json.dumps([library, time.process_time() - began, [m for m in {heavy!r} if m in sys.modules]]))"
    )
    runs = [
        json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert all(found == [] for _, _, found in runs)
    # Seconds, where the machine is idle; where it is not, what we add to dagster's own import tells the same.
    assert min(total for _, total, _ in runs) < 3 or min(total / library for library, total, _ in runs) < 2


def test_steps_put_only_covered_names_into_metadata() -> None:
    for stage in lineage.STAGES:
        for line in inspect.getsource(stage).splitlines():
            if "metadata" in line or "covered(" in line:
                assert not any(word in line for word in PRIVATE_WORDS), line
