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
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS

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
    if missing := _not_ready(context.instance, here, slot.budget):
        return dg.SkipReason(missing)
    running = RunsFilter(tags={RETRAINING_TAG: slot.name}, statuses=_UNFINISHED)
    if context.instance.get_runs_count(running):
        return dg.SkipReason(f"retraining {slot.name} is not finished yet")
    return dg.RunRequest(
        run_key=f"{slot.name}@{context.scheduled_execution_time.isoformat()}",
        partition_key=cell_key(slot.generator, slot.budget),
        tags={RETRAINING_TAG: slot.name},
    )


def _not_ready(instance: dg.DagsterInstance, home: Home, budget: str) -> str | None:
    if budget not in registered(instance):
        return (
            f"budget {budget} is not registered yet: the budgets sensor does it, or `dp-clinical budgets add {budget}`"
        )
    if not Store(home).exists(LABEL_MARGINALS, budget, budget=budget):
        return f"there are no label counts for {budget} yet: launch new_budget for it once"
    return None


SCHEDULES = (retraining,)
