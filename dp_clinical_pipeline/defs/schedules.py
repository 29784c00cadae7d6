"""Retraining on a calendar, within the plan that was declared before anything was spent."""

from typing import Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from dp_clinical_pipeline.defs.budgets import registered
from dp_clinical_pipeline.defs.generator_adapter import RETRAINING_TAG
from dp_clinical_pipeline.defs.guard import guarded_tick
from dp_clinical_pipeline.defs.jobs import retrain
from dp_clinical_pipeline.defs.partitions import cell_key, settings_or_default
from dp_clinical_pipeline.defs.resources import HomeResource

_UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@dg.schedule(
    job=retrain,
    cron_schedule=settings_or_default().privacy.retraining.cron,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
@guarded_tick
def retraining(context: dg.ScheduleEvaluationContext, home: HomeResource) -> Any:
    """Retrain the cell of the settings while the declared plan has runs left; say why where it has not."""
    from dp_clinical_pipeline.privacy.plan import next_retraining

    here = home.open()
    slot = next_retraining(here)
    if slot.reason:
        return dg.SkipReason(slot.reason)
    if slot.budget not in registered(context.instance):
        return dg.SkipReason(f"budget {slot.budget} is not registered yet: the budgets sensor does it")
    running = RunsFilter(tags={RETRAINING_TAG: slot.name}, statuses=_UNFINISHED)
    if context.instance.get_runs_count(running):
        return dg.SkipReason(f"retraining {slot.name} is not finished yet")
    return dg.RunRequest(
        run_key=f"{slot.name}@{context.scheduled_execution_time.isoformat()}",
        partition_key=cell_key(slot.generator, slot.budget),
        tags={RETRAINING_TAG: slot.name},
    )


SCHEDULES = (retraining,)
