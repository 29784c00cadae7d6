"""What Dagster does by itself: take in what arrived, register listed budgets, free what a dead process held."""

from typing import Any

import dagster as dg

from dp_clinical_pipeline.defs.budgets import check_budget, registered
from dp_clinical_pipeline.defs.dead_runs import fail_dead_runs
from dp_clinical_pipeline.defs.guard import guarded_tick
from dp_clinical_pipeline.defs.jobs import take_in
from dp_clinical_pipeline.defs.partitions import batches
from dp_clinical_pipeline.defs.partitions import budgets as budget_partitions
from dp_clinical_pipeline.defs.resources import HomeResource


@dg.sensor(job=take_in, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
@guarded_tick
def incoming(context: dg.SensorEvaluationContext, home: HomeResource) -> Any:
    """Make one batch of all that arrived in incoming/ since the last look, and take it in. Spends nothing."""
    from dp_clinical_pipeline.corpora.batches import batches as all_batches
    from dp_clinical_pipeline.corpora.incoming import SETTLE_SECONDS, collect_incoming

    here = home.open()
    collect_incoming(here, settle_seconds=SETTLE_SECONDS)
    known = set(context.instance.get_dynamic_partitions(str(batches.name)))
    new = [batch.id for batch in all_batches(here) if batch.id not in known]
    if not new:
        return dg.SkipReason("nothing new in incoming/")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=batch, partition_key=batch) for batch in new],
        dynamic_partitions_requests=[batches.build_add_request(new)],
    )


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
@guarded_tick
def budgets(context: dg.SensorEvaluationContext, home: HomeResource) -> Any:
    """Register the budgets that the settings list, so that they can be launched. Launches nothing, spends nothing."""
    here = home.open()
    retraining = here.settings.privacy.retraining
    planned = [retraining.budget] if retraining.runs else []
    listed = [*here.settings.budgets, *here.settings.classifier_budgets, *planned]
    new = [key for key in dict.fromkeys(listed) if key not in registered(context.instance)]
    for key in new:
        check_budget(here, key)
    if not new:
        return dg.SkipReason("every budget of settings.yaml is registered")
    return dg.SensorResult(dynamic_partitions_requests=[budget_partitions.build_add_request(new)])


@dg.sensor(minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
@guarded_tick
def dead_runs(context: dg.SensorEvaluationContext) -> Any:
    """Mark command-line runs whose process is gone as failed, so that they do not hold the device for ever."""
    ended = fail_dead_runs(context.instance)
    return dg.SkipReason(f"{ended} runs had lost their process" if ended else "no run has lost its process")


SENSORS = (incoming, budgets, dead_runs)
