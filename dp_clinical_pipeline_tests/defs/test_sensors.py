import dagster as dg
import pytest

from dp_clinical_pipeline.config import Privacy, Retraining, Settings
from dp_clinical_pipeline.corpora import incoming as arriving
from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs import sensors
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.home import Home


def _tick(sensor: dg.SensorDefinition, instance: dg.DagsterInstance):  # type: ignore[no-untyped-def]
    # As the server builds it: dg.build_sensor_context gives no instance_ref, without which no partition is looked up.
    context = dg.SensorEvaluationContext(
        instance_ref=instance.get_ref(),
        last_tick_completion_time=None,
        last_run_key=None,
        cursor=None,
        repository_name=None,
        repository_def=defs.get_repository_def(),
        resources={"home": HomeResource()},
    )
    return sensor.evaluate_tick(context)


def test_listed_budgets_are_registered_and_nothing_is_launched(home: Home, instance: dg.DagsterInstance) -> None:
    home.save_settings(
        Settings(
            budgets=["nonprivate", "eps-8", "eps-0.1"],
            privacy=Privacy(retraining=Retraining(runs=2, budget="eps-1")),
        )
    )
    tick = _tick(sensors.budgets, instance)
    [request] = tick.dynamic_partitions_requests
    assert list(request.partition_keys) == ["nonprivate", "eps-8", "eps-0.1", "eps-1"]
    assert tick.run_requests == []
    instance.add_dynamic_partitions("privacy_budget", list(request.partition_keys))
    again = _tick(sensors.budgets, instance)
    assert again.dynamic_partitions_requests == []
    assert "registered" in (again.skip_message or "")


def test_a_listed_budget_above_the_cap_skips_with_the_reason(home: Home, instance: dg.DagsterInstance) -> None:
    home.save_settings(Settings(budgets=["eps-8", "eps-11"]))
    tick = _tick(sensors.budgets, instance)
    assert tick.dynamic_partitions_requests == []
    assert "above the cap" in (tick.skip_message or "")


def test_all_that_arrived_becomes_one_batch_and_one_run(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "SETTLE_SECONDS", 0.0)
    home.save_settings(Settings.model_validate({"corpus": {"format": "text"}}))
    assert "nothing new" in (_tick(sensors.incoming, instance).skip_message or "")
    for name in ("Smith_John.txt", "Doe_Jane.txt"):
        (home.incoming / name).write_text("FINDINGS: clear lungs.")
    tick = _tick(sensors.incoming, instance)
    [run], [request] = tick.run_requests, tick.dynamic_partitions_requests
    assert list(request.partition_keys) == [run.partition_key] == ["batch-0001"]
    # The tick may be lost before Dagster keeps it: until then the batch is asked for again, under the same key.
    again = _tick(sensors.incoming, instance)
    assert [one.run_key for one in again.run_requests] == [run.run_key]
    instance.add_dynamic_partitions("batch", ["batch-0001"])
    assert _tick(sensors.incoming, instance).run_requests == []
    assert "Smith" not in str(tick)


def test_files_that_nothing_says_how_to_read_skip_with_the_reason(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "SETTLE_SECONDS", 0.0)
    (home.incoming / "Smith_John.txt").write_text("FINDINGS: clear lungs.")
    tick = _tick(sensors.incoming, instance)
    assert "corpus.format" in (tick.skip_message or "")
    assert "Smith" not in (tick.skip_message or "")
