from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from dp_clinical_pipeline.config import Privacy, Retraining, Settings
from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs.generator_adapter import RETRAINING_TAG
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.defs.schedules import retraining
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.plan import RetrainingSlot

MONDAY = datetime(2026, 1, 5, 2, tzinfo=UTC)


def _tick(instance: dg.DagsterInstance, week: int = 0) -> Any:
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=MONDAY + timedelta(weeks=week),
        repository_def=defs.get_repository_def(),
        resources={"home": HomeResource()},
    )
    return retraining.evaluate_tick(context)


@pytest.fixture
def planned(home: Home, instance: dg.DagsterInstance) -> Home:
    """A home that plans two retrainings, with the budget registered."""
    home.save_settings(Settings(privacy=Privacy(retraining=Retraining(runs=2, budget="eps-1"))))
    instance.add_dynamic_partitions("privacy_budget", ["eps-1"])
    return home


def _slots(stand_in: Callable[..., None], *slots: RetrainingSlot) -> None:
    left = list(slots)
    stand_in("privacy.plan", next_retraining=lambda home: left.pop(0) if len(left) > 1 else left[0])


def test_it_asks_for_each_planned_retraining_and_then_says_why_not(
    planned: Home, instance: dg.DagsterInstance, stand_in: Callable[..., None]
) -> None:
    spent = RetrainingSlot("", "smollm2-135m", "eps-1", "the declared plan is spent")
    _slots(stand_in, *(RetrainingSlot(f"retraining:{i}", "smollm2-135m", "eps-1") for i in (1, 2)), spent)
    ticks = [_tick(instance, week) for week in range(4)]
    requests = [request for tick in ticks for request in tick.run_requests]
    assert [request.tags[RETRAINING_TAG] for request in requests] == ["retraining:1", "retraining:2"]
    assert {request.partition_key for request in requests} == {"eps-1|smollm2-135m"}
    assert len({request.run_key for request in requests}) == 2
    assert [tick.skip_message for tick in ticks[2:]] == ["the declared plan is spent"] * 2


def test_without_a_planned_retraining_it_skips(home: Home, instance: dg.DagsterInstance) -> None:
    tick = _tick(instance)
    assert tick.run_requests == []
    assert "plan no retraining" in (tick.skip_message or "")


def test_it_waits_for_a_retraining_that_is_not_finished(
    planned: Home, instance: dg.DagsterInstance, stand_in: Callable[..., None]
) -> None:
    _slots(stand_in, RetrainingSlot("retraining:1", "smollm2-135m", "eps-1"))
    instance.create_run_for_job(
        job_def=defs.resolve_job_def("add_budget"),
        run_config={"ops": {"register_budget": {"config": {"key": "eps-1"}}}},
        tags={RETRAINING_TAG: "retraining:1"},
        status=dg.DagsterRunStatus.STARTED,
    )
    assert _tick(instance).skip_message == "retraining retraining:1 is not finished yet"


def test_it_waits_for_the_budget_to_be_registered(
    planned: Home, instance: dg.DagsterInstance, stand_in: Callable[..., None]
) -> None:
    _slots(stand_in, RetrainingSlot("retraining:1", "smollm2-135m", "eps-1"))
    instance.delete_dynamic_partition("privacy_budget", "eps-1")
    assert "not registered" in (_tick(instance).skip_message or "")
