"""`dp-clinical plan` for a corpus that is not there, and the words that `plan` and `ledger` use of a home."""

import json
import sys
from pathlib import Path

import pytest

from dp_clinical_pipeline.cli import main
from dp_clinical_pipeline.config import Models, Patients, Privacy, Retraining, Settings, Training
from dp_clinical_pipeline.home import HOME_VARIABLE, Home
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.plan import declare_plan

FACTS = ["--delta", "1e-5", "--sample-rate", "0.008", "--steps", "500"]


@pytest.fixture
def run(monkeypatch, capfd, tmp_path):
    """Call the command line in this process; gives its exit code, standard output and standard error."""

    def called(*words, home=None):
        monkeypatch.setenv(HOME_VARIABLE, str(home or tmp_path / "nowhere"))
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        monkeypatch.setattr(sys, "argv", ["dp-clinical", *map(str, words)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
        return code, *capfd.readouterr()

    return called


def test_noise_for_an_epsilon_and_back_without_a_home(run, tmp_path):
    code, out, err = run("plan", "--epsilon", "1", *FACTS, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert set(told) == {
        "noise_multiplier", "sample_rate", "steps", "delta", "epsilon_pld", "epsilon_prv", "epsilon_rdp"
    }  # fmt: skip
    assert told["noise_multiplier"] == pytest.approx(1.0197, rel=2e-3)  # dp-accounting's
    assert 0.995 <= told["epsilon_pld"] <= 1
    assert told["epsilon_prv"] == pytest.approx(told["epsilon_pld"], rel=0.02)
    assert told["epsilon_rdp"] == pytest.approx(1.336, rel=5e-3)
    assert not (tmp_path / "nowhere").exists()
    code, out, _ = run("plan", "--noise-multiplier", told["noise_multiplier"], *FACTS, "--json")
    assert (code, json.loads(out)) == (0, told)
    code, out, _ = run("plan", "--noise-multiplier", "1.02", *FACTS)
    assert code == 0
    assert "epsilon_pld" in out
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--epsilon", "1"], "--delta, --sample-rate, --steps must be given too"),
        (["--epsilon", "1", "--delta", "1e-5", "--steps", "5"], "--sample-rate must be given too"),
        (FACTS, "one of them, and not both"),
        (["--epsilon", "1", "--noise-multiplier", "1", *FACTS], "one of them, and not both"),
        (["--epsilon", "0", *FACTS], "epsilon 0 is out of range"),
        (["--epsilon", "-1", *FACTS], "epsilon -1 is out of range"),
        (["--epsilon", "nan", *FACTS], "epsilon nan is out of range"),
        (["--epsilon", "inf", *FACTS], "epsilon inf is out of range"),
        (["--noise-multiplier", "0", *FACTS], "noise multiplier 0 is not a positive number"),
        (["--noise-multiplier", "nan", *FACTS], "noise multiplier nan is not a positive number"),
        (["--epsilon", "1", *FACTS[:4], "--steps", "0"], "steps 0 is not"),
        (["--epsilon", "1", *FACTS[2:], "--delta", "1"], "delta 1 is not in (0, 1)"),
        (["--epsilon", "1", *FACTS[2:], "--delta", "nan"], "delta nan is not in (0, 1)"),
        (["--epsilon", "1", *FACTS[:2], *FACTS[4:], "--sample-rate", "1.5"], "sample rate 1.5 is not in (0, 1]"),
        (["--epsilon", "1", *FACTS, "--budget", "eps-1"], "are a home's: leave them out"),
    ],
)
def test_what_makes_no_sense_is_one_line(run, words, said):
    code, out, err = run("plan", *words)
    assert (code, out) == (2, "")
    [line] = err.splitlines()
    assert line.startswith("error: ")
    assert said in line


def _planned_home(folder: Path) -> Home:
    settings = Settings(
        patients=Patients(count=600),
        budgets=["nonprivate", "eps-2"],
        privacy=Privacy(cap_epsilon=6, retraining=Retraining(generator="tiny", budget="eps-1", runs=2)),
        models=Models(generators={"tiny": "/none"}),
        training=Training(steps=5),
    )
    return Home(folder / "home").create(settings)


def test_plan_and_ledger_say_the_same_of_the_claim(run, tmp_path):
    home = _planned_home(tmp_path)
    code, out, err = run("plan", home=home.path)
    assert code == 0, err
    assert "no plan is declared yet" in err
    assert "retrainings at eps-1: 2 planned" in err
    before = json.loads(run("plan", "--json", home=home.path)[1])
    assert [part["kind"] for part in before["parts"]] == ["generator", "retraining"]
    declare_plan(home, [("tiny", "eps-2")])
    after = json.loads(run("plan", "--json", home=home.path)[1])
    assert (before["declared"], after["declared"]) == (False, True)
    told = json.loads(run("ledger", "--json", home=home.path)[1])
    assert told["claim_epsilon"] == told["cumulative_epsilon"] == open_ledger(home).cumulative()[0]
    assert before["claim_epsilon"] == pytest.approx(told["claim_epsilon"])
    assert after["claim_epsilon"] == pytest.approx(told["claim_epsilon"])
    assert told["so_far_epsilon"] == 0
    assert told["mechanisms"][0]["so_far_epsilon"] == 0
    assert told["remaining_epsilon"] == pytest.approx(6 - told["claim_epsilon"])
    _, out, err = run("ledger", home=home.path)
    assert "so_far" in out
    assert "claim: ε" in err
    assert "so far: ε 0;" in err


def test_a_cap_below_a_budget_is_warned_of(run, tmp_path):
    home = _planned_home(tmp_path)
    small = home.settings.privacy.model_copy(update={"cap_epsilon": 2.0})
    home.save_settings(home.settings.model_copy(update={"privacy": small}))
    _, _, err = run("plan", home=home.path)
    assert "warning: the cap, 2, is not above the largest budget" in err
    assert "it would be refused" in err
