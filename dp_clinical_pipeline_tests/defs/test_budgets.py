import dagster as dg
import pytest

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs.budgets import register_budgets, registered
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, open_home


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("eps|1", "is not a budget"),
        ("eps-", "is not a budget"),
        ("eps-nan", "is not a budget"),
        ("eps-0", "is not a budget"),
        ("eps-8.0", "write eps-8"),
        ("eps-08", "write eps-8"),
        ("8", "write eps-8"),
        ("eps-1,eps-2", "is not a budget"),
        ("eps/1", "is not a budget"),
        ("eps-10.5", "above the cap"),
    ],
)
def test_a_wrong_budget_is_refused_and_nothing_is_registered(
    key: str, said: str, home: Home, instance: dg.DagsterInstance
) -> None:
    with pytest.raises(UserError, match=said):
        register_budgets(home, instance, ["eps-2", key])
    assert registered(instance) == []
    assert open_home().settings.budgets == Settings().budgets


def test_a_budget_is_registered_once_in_both_places(home: Home, instance: dg.DagsterInstance) -> None:
    assert register_budgets(home, instance, ["eps-2", "eps-2", "eps-0.5"]) == ["eps-2", "eps-0.5"]
    assert register_budgets(home, instance, ["eps-2"]) == []
    assert registered(instance) == ["eps-2", "eps-0.5"]
    assert home.settings.budgets == open_home().settings.budgets == [*Settings().budgets, "eps-2", "eps-0.5"]


def test_the_job_registers_and_launches_nothing(home: Home, instance: dg.DagsterInstance) -> None:
    job = defs.resolve_job_def("add_budget")
    config = {"ops": {"register_budget": {"config": {"key": "eps-2"}}}}
    assert job.execute_in_process(instance=instance, run_config=config).success
    assert registered(instance) == ["eps-2"]
    assert [run.job_name for run in instance.get_runs()] == ["add_budget"]
    assert list(instance.get_backfills()) == []


def test_the_job_refuses_in_one_line(home: Home, instance: dg.DagsterInstance) -> None:
    job = defs.resolve_job_def("add_budget")
    config = {"ops": {"register_budget": {"config": {"key": "eps|2"}}}}
    result = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data is not None
    assert "is not a budget" in (failure.user_failure_data.description or "")
    assert registered(instance) == []
