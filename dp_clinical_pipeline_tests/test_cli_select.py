"""`dp-clinical select` and its job: what it would cost is said first, and what it did shows in the UI."""

import json
import sys

import dagster as dg
import pytest

from dp_clinical_pipeline.cli import main
from dp_clinical_pipeline.config import Models
from dp_clinical_pipeline.definitions import defs
from dp_clinical_pipeline.defs.partitions import classifier_key
from dp_clinical_pipeline.home import HOME_VARIABLE
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS
from dp_clinical_pipeline_tests.training.tiny import tiny_classifier_settings, tiny_home

RATES = ["--learning-rate", "0.01", "--learning-rate", "0.05"]


@pytest.fixture
def home(tmp_path, tiny_models, monkeypatch):
    made = tiny_home(tmp_path, tiny_models["llama"], planned=False)
    models = Models(generators={"tiny": "/nowhere"}, encoders={"tiny-bert": str(tiny_models["bert"])})
    changed = {"models": models, "classifier_training": tiny_classifier_settings(steps=2)}
    made = made.save_settings(made.settings.model_copy(update=changed))
    monkeypatch.setenv(HOME_VARIABLE, str(made.path))
    monkeypatch.setenv("DAGSTER_HOME", str(made.dagster))
    return made


@pytest.fixture
def select(monkeypatch, capfd):
    """Call the verb in this process; gives its exit code, standard output and standard error."""

    def called(*words):
        monkeypatch.setattr(sys, "argv", ["dp-clinical", "select", *words])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
        return code, *capfd.readouterr()

    return called


def test_the_price_is_told_and_paid_and_the_classifier_shows_in_dagster(home, select):
    code, out, err = select("tiny-bert", "eps-4", *RATES, "--runs", "2", "--dry-run", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert open_ledger(home).rows() == []
    assert told["claim_before"] == 0.0
    assert told["noise_multiplier"] > told["noise_multiplier_alone"]
    assert told["fits"] is True
    code, out, err = select("tiny-bert", "eps-4", *RATES, "--runs", "2", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["noise_multiplier"] == told["noise_multiplier"]
    assert open_ledger(home).cumulative()[0] == pytest.approx(told["claim"])
    assert Store(home).exists(PREDICTIONS, "dp_classifier", "tiny-bert", "eps-4")
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("dp_classifier"))
    assert event.asset_materialization.partition == classifier_key("tiny-bert", "eps-4")
    assert event.asset_materialization.metadata["mechanism_id"].value == found["mechanism_id"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tiny-bert", "eps-4", "--learning-rate", "0.01"], "are not a choice"),
        (["gpt-5", "eps-4", *RATES], "is not an encoder of this home"),
        (["tiny-bert", "nonprivate", *RATES], "nothing to select privately"),
        (["tiny-bert", "eps-4.0", *RATES], "write eps-4"),
    ],
)
def test_what_cannot_be_selected_is_one_line_and_costs_nothing(home, select, words, said):
    code, out, err = select(*words)
    assert (code, out) == (2, "")
    [line] = err.strip().splitlines()
    assert said in line
    assert open_ledger(home).rows() == []


def test_the_job_does_what_the_verb_does(home, stand_in_terms):
    config = {"encoder": "tiny-bert", "budget": "eps-4", "learning_rates": [0.01, 0.05], "runs": 1}
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        done = defs.resolve_job_def("select_classifier_rate").execute_in_process(
            instance=instance, run_config={"ops": {"choose_rate": {"config": config}}}, raise_on_error=False
        )
        assert done.success
        event = instance.get_latest_materialization_event(dg.AssetKey("dp_classifier"))
    (entry,) = open_ledger(home).account().spent
    assert event.asset_materialization.metadata["mechanism_id"].value == entry.mechanism_id
    metadata = set(event.asset_materialization.metadata)
    assert metadata == {
        "mechanism_id", "epsilon", "delta", "sigma", "steps", "sample_rate", "learning_rate", "noisy_score"
    }  # fmt: skip


@pytest.fixture
def stand_in_terms(monkeypatch):
    """Terms need not be found a second time."""
    from dp_clinical_pipeline.privacy.selection import SelectionTerms
    from dp_clinical_pipeline.training import selection

    monkeypatch.setattr(
        selection, "selection_terms", lambda **terms: SelectionTerms(noise_multiplier=2.0, score_noise=9.0, **terms)
    )
