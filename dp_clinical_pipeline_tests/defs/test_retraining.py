"""The schedule ticks until the declared plan is spent, with real trainings of a tiny model, and stops."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dp_clinical_pipeline.config import Privacy, Retraining
from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.defs.schedules import retraining
from dp_clinical_pipeline.home import HOME_VARIABLE, Home
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER, LABEL_MARGINALS
from dp_clinical_pipeline_tests.defs.tiny_home import taken_in, tiny_settings

# The name that the default settings know: the code location of this process was loaded without a home.
GENERATOR, BUDGET = "smollm2-135m", "eps-1"
MONDAY = datetime(2026, 1, 5, 2, tzinfo=UTC)


def _tick(instance: dg.DagsterInstance, week: int) -> Any:
    context = dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=MONDAY + timedelta(weeks=week),
        repository_def=defs.get_repository_def(),
        resources={"home": HomeResource()},
    )
    return retraining.evaluate_tick(context)


def _train(instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    job = defs.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        asset_selection=[dg.AssetKey("generator_adapter")],
        tags=request.tags,
    )
    assert result.success


def _adapter(home: Home) -> str:
    row = Store(home).read(GENERATOR_ADAPTER, GENERATOR, BUDGET, budget=BUDGET)
    return str(row["mechanism_id"].item())


@pytest.mark.slow
def test_the_schedule_retrains_as_planned_then_stops_and_says_why(
    tmp_path: Path, tiny_models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    planned = Privacy(cap_epsilon=10, retraining=Retraining(generator=GENERATOR, budget=BUDGET, runs=2))
    home, _ = taken_in(tmp_path / "home", tiny_settings({GENERATOR: str(tiny_models["gpt2"])}, privacy=planned))
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        instance.add_dynamic_partitions("privacy_budget", [BUDGET])
        adapters, spent = [], []
        for week in (0, 1):
            [request] = _tick(instance, week).run_requests
            _train(instance, request)
            adapters.append(_adapter(home))
            spent.append(open_ledger(home).cumulative()[0])
        last = _tick(instance, 2)
    assert last.run_requests == []
    assert "the declared plan is spent" in (last.skip_message or "")
    assert len(set(adapters)) == 2, "a retraining is a mechanism of its own"
    assert spent[0] == pytest.approx(spent[1]), "the plan was paid for as a whole, beforehand"
    assert Store(home).exists(LABEL_MARGINALS, BUDGET, budget=BUDGET)
    planned_rows = [row for row in open_ledger(home).mechanisms().values() if row.state == "done"]
    assert {row.mechanism.slot for row in planned_rows} == {f"marginals:{BUDGET}", "retraining:1", "retraining:2"}
