"""The jobs that buy noisy counts do what the verbs do, and refuse in one line."""

import dagster as dg
import pytest

from dp_clinical_pipeline.config import Corpus, Patients, Settings
from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, LABEL_MARGINALS


@pytest.fixture
def counted(home: Home) -> Home:
    home = home.save_settings(Settings(kind="demo", corpus=Corpus(label_set="chexpert14"), patients=Patients(count=50)))
    store = Store(home)
    store.write(COHORT, COHORT.empty())
    store.write(DEIDENTIFIED_REPORTS, DEIDENTIFIED_REPORTS.empty(), "batch-0001")
    return home


def _run(job: str, op: str, instance: dg.DagsterInstance, **config: object) -> dg.ExecuteInProcessResult:
    wanted = {"ops": {op: {"config": config}}}
    return defs.resolve_job_def(job).execute_in_process(instance=instance, run_config=wanted, raise_on_error=False)


def test_lengths_are_bought_from_the_launchpad(counted: Home, instance: dg.DagsterInstance) -> None:
    assert _run("buy_lengths", "count_lengths", instance, epsilon=0.5, edges=[10, 20]).success
    bought = Store(counted).read(LABEL_MARGINALS, "lengths", budget="lengths")
    assert bought["kind"].to_list() == ["length"] * 3
    assert [row.state for row in open_ledger(counted).rows()] == ["reserved", "running", "done"]


@pytest.mark.parametrize(
    ("job", "op", "config", "said"),
    [
        ("buy_lengths", "count_lengths", {"epsilon": 0.5, "edges": [20, 10]}, "not ascending"),
        ("buy_scores", "count_scores",
         {"epsilon": 0.5, "arm": "synthetic", "classifier": "tfidf-logreg", "budget": "eps-8"}, "train and test it first"),
        ("buy_scores", "count_scores",
         {"epsilon": 0.5, "arm": "real", "classifier": "tfidf-logreg", "budget": "eps-8"}, "without privacy"),
    ],
)  # fmt: skip
def test_what_cannot_be_bought_is_one_line_and_costs_nothing(
    counted: Home, instance: dg.DagsterInstance, job: str, op: str, config: dict[str, object], said: str
) -> None:
    result = _run(job, op, instance, **config)
    failure = next(event for event in result.all_events if event.is_step_failure).step_failure_data
    assert failure.user_failure_data is not None
    assert said in (failure.user_failure_data.description or "")
    assert open_ledger(counted).rows() == []
