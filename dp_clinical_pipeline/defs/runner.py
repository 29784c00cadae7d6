"""Materializes assets in this process on the home's own Dagster instance, so that the UI shows it all afterwards."""

import logging
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import dagster as dg

from dp_clinical_pipeline.defs.dead_runs import fail_dead_runs, this_process
from dp_clinical_pipeline.defs.guard import UNEXPECTED
from dp_clinical_pipeline.defs.partitions import batches
from dp_clinical_pipeline.errors import FailedStep, UserError
from dp_clinical_pipeline.home import Home

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Runner:
    """A context in which assets are materialized one stage after the other, honouring the instance's pools."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._stack = ExitStack()

    def __enter__(self) -> "Runner":
        logging.getLogger("dagster").setLevel(logging.CRITICAL)
        logging.getLogger("alembic").setLevel(logging.CRITICAL)
        self.instance = self._stack.enter_context(dg.DagsterInstance.from_config(str(self.home.dagster)))
        fail_dead_runs(self.instance)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add_batches(self, ids: Iterable[str]) -> None:
        """Make batches known to Dagster."""
        self.instance.add_dynamic_partitions(str(batches.name), list(ids))

    def drop_batch(self, id: str) -> None:
        """Forget a batch of which nothing was kept."""
        self.instance.delete_dynamic_partition(str(batches.name), id)

    def materialize(
        self, *assets: str, partition: str | None = None, tags: Mapping[str, str] | None = None
    ) -> list[str]:
        """Materialize assets in one run and return the names of the blocking checks that failed.

        Raises:
            UserError: a step failed for a reason that the user can put right.
            FailedStep: a step failed for any other reason.
        """
        from dp_clinical_pipeline.definitions import defs

        job = defs.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance,
            partition_key=partition,
            asset_selection=[dg.AssetKey(name) for name in assets],
            run_config=_QUIET,
            tags={**this_process(), **(tags or {})},
            raise_on_error=False,
        )
        failed = [
            check.check_name for check in result.get_asset_check_evaluations() if not check.passed and check.blocking
        ]
        if not result.success and not failed:
            raise _why(result)
        return failed


def _why(result: dg.ExecuteInProcessResult) -> Exception:
    for event in result.all_events:
        if not event.is_step_failure:
            continue
        told = event.step_failure_data.user_failure_data
        if told is None:
            break
        metadata: Mapping[str, Any] = told.metadata or {}
        if metadata["error"].value == UNEXPECTED:
            file = metadata["error_file"].value
            return FailedStep(f"{event.step_key}: {told.description}; the traceback is in enclave/errors/{file}")
        return UserError(told.description or event.step_key)
    return FailedStep(f"run {result.run_id} failed: look at it with `dagster dev` (make ui)")
