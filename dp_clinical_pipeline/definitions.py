"""The Dagster code location: everything under defs/, for the home that DP_CLINICAL_HOME names."""

import dagster as dg

from dp_clinical_pipeline.defs import counts, jobs, lineage, schedules, selection, sensors
from dp_clinical_pipeline.defs.resources import resources

defs = dg.Definitions(
    assets=lineage.assets(),
    jobs=(*jobs.JOBS, *counts.COUNTS, selection.select_classifier_rate),
    schedules=schedules.SCHEDULES,
    sensors=sensors.SENSORS,
    resources=resources(),
)
