import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.config import Evaluation, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments.markdown import study_markdown
from dp_clinical_pipeline.experiments.measured import StudyTables, tables_of
from dp_clinical_pipeline.experiments.recipe import Question, Recipe
from dp_clinical_pipeline.experiments.results import find_arm, write_results
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLONE_METRICS, EXPERIMENT_SCORES, EXPERIMENT_TESTS, PREDICTIONS

ARMS = {
    ("real", None, None): 0.95,
    ("majority", None, None): 0.3,
    ("synthetic", "tiny", "eps-1"): 0.6,
    ("synthetic", "tiny", "eps-4"): 0.75,
    ("synthetic", "tiny", "eps-16"): 0.93,
}
RECIPE = Recipe(
    name="tiny",
    about="Made-up predictions.",
    hours=0.1,
    corpus="openi",
    questions=(
        Question(arm="synthetic||eps-16", against="majority"),
        Question(arm="synthetic||eps-16", against="real", least=0.9),
        Question(arm="synthetic||eps-1", against="real", least=0.9),
        Question(arm="nothing", against="real"),
    ),
)


def make_homes(folder, seeds: int, patients: int = 150) -> list[Home]:
    """Homes whose arms are right as often as `ARMS` says; the test patients and the truth are the same in all."""
    homes = []
    truth = np.random.default_rng(0).random((patients, 3)) < 0.5
    for seed in range(seeds):
        home = Home(folder / str(seed)).create(Settings(kind="benchmark", evaluation=Evaluation(bootstrap=200)))
        for number, ((arm, generator, budget), share) in enumerate(ARMS.items()):
            right = np.random.default_rng([seed, number]).random(truth.shape) < share
            said = np.where(right, truth, ~truth)
            rows = {
                "arm": arm, "generator": generator, "budget": budget, "classifier": "tfidf-logreg",
                "report_key": np.repeat([f"r{i:04}" for i in range(patients)], 3),
                "patient_key": np.repeat([f"p{i:04}" for i in range(patients)], 3),
                "label": ["a", "b", "c"] * patients, "y_true": truth.ravel(), "y_score": said.ravel(),
                "y_pred": said.ravel(),
            }  # fmt: skip
            frame = pl.DataFrame(rows).cast(PREDICTIONS.schema)
            Store(home).write(PREDICTIONS, frame, f"{arm}-{budget}")
        homes.append(home)
    return homes


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> list[Home]:
    made = make_homes(tmp_path_factory.mktemp("study"), 2)
    write_results(RECIPE, made)
    return made


def test_scores_are_the_mean_over_seeds_and_lie_in_their_intervals(homes):
    from sklearn.metrics import f1_score

    scores = Store(homes[0]).read(EXPERIMENT_SCORES, "tiny")
    by_seed = []
    for home in homes:
        rows = Store(home).read(PREDICTIONS, "real-None")
        truth, said = (rows[name].to_numpy().reshape(-1, 3) for name in ("y_true", "y_pred"))
        by_seed.append(f1_score(truth, said, average="weighted"))
    row = scores.filter(arm="real", metric="f1_weighted").row(0, named=True)
    assert row["value"] == pytest.approx(np.mean(by_seed))
    assert row["ci_low"] < row["value"] < row["ci_high"]
    assert (row["seeds"], row["n"], row["visibility"]) == (2, 150, "restricted")
    wanted = {"f1_weighted", "f1_micro", "f1_macro", "auroc_macro", "auprc_macro", "brier", "accuracy"}
    assert wanted <= set(scores["metric"])
    assert not Store(homes[1]).exists(EXPERIMENT_SCORES, "tiny")


def test_the_questions_are_answered_and_corrected_together(homes):
    tests = Store(homes[0]).read(EXPERIMENT_TESTS, "tiny")
    assert tests["test"].to_list() == ["difference"] * 2 + ["ratio", "difference", "ratio", "trend over epsilon"]
    assert tests.filter(test="ratio")["passed"].to_list() == [True, False]
    assert tests.filter(test="ratio")["p_value"].to_list() == pytest.approx([0.005, 1.0], abs=0.03)
    assert (tests["p_holm"] >= tests["p_value"]).all()
    beaten = tests.filter(against="majority tfidf-logreg").row(0, named=True)
    assert beaten["value"] > 0.4
    assert beaten["p_holm"] < 0.002  # of six answers: a thousand resamples could not show it
    assert tests.row(-1, named=True)["p_value"] < 1e-6


def test_seeds_that_differ_widen_the_interval(tmp_path, homes):
    write_results(RECIPE, one := make_homes(tmp_path, 1))
    alike = Store(one[0]).read(EXPERIMENT_SCORES, "tiny").filter(arm="real", metric="f1_weighted").row(0, named=True)
    worse = Store(homes[1]).read(PREDICTIONS, "real-None")
    other = make_homes(tmp_path / "two", 2)
    said = pl.when(pl.col("report_key") < "r0075").then(1 - pl.col("y_true")).otherwise("y_true").cast(pl.Int8)
    Store(other[1]).write(PREDICTIONS, worse.with_columns(y_pred=said), "real-None")
    write_results(RECIPE, other)
    apart = Store(other[0]).read(EXPERIMENT_SCORES, "tiny").filter(arm="real", metric="f1_weighted").row(0, named=True)
    assert apart["ci_high"] - apart["ci_low"] > 3 * (alike["ci_high"] - alike["ci_low"])


def test_homes_that_test_on_other_patients_are_refused(tmp_path):
    homes = [*make_homes(tmp_path / "one", 1), *make_homes(tmp_path / "two", 1, patients=140)]
    with pytest.raises(UserError, match="same patients"):
        write_results(RECIPE, homes)


def test_arms_that_were_tested_on_other_reports_are_not_compared(tmp_path):
    [home] = make_homes(tmp_path, 1)
    real = Store(home).read(PREDICTIONS, "real-None")
    Store(home).write(PREDICTIONS, real.filter(pl.col("report_key") < "r0100"), "real-None")
    with pytest.raises(UserError, match="because reports came in between"):
        write_results(RECIPE, [home])


def test_an_arm_is_found_by_the_parts_that_are_given():
    keys = [("real", None, None, "a"), ("real", None, None, "b"), ("synthetic", "g", "eps-8", "a")]
    assert find_arm(keys, "real|||b") == keys[1]
    assert find_arm(keys, "synthetic||eps-8") == keys[2]
    assert find_arm(keys, "synthetic||eps-1") is None
    assert find_arm(keys, "real|g") is None


def test_the_markdown_shows_every_arm_and_answer(homes):
    text = study_markdown(RECIPE, tables_of(RECIPE, homes[0]))
    for arm in ("real tfidf-logreg", "synthetic tiny eps-16 tfidf-logreg", "majority tfidf-logreg"):
        assert f"| {arm} |" in text
    assert "not above 0.9" in text
    assert "about 0.1 h" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in tables[:7]}) == 1


def test_the_markdown_shows_what_clones_give_away_beside_their_cell_s_notes():
    shared = {"generator": "tiny", "budget": "eps-8", "mechanism_id": "m", "visibility": "restricted"}
    rows = [{"arm": "clone", "metric": "record_linkage", "value": 0.61}, {"arm": "clone", "metric": "x", "value": 1.0}]
    rows.append({"arm": "synthetic", "metric": "record_linkage", "value": 0.002})
    clones = pl.DataFrame([shared | row for row in rows], schema=CLONE_METRICS.schema)
    told = study_markdown(RECIPE, StudyTables(clones=clones)).splitlines()
    assert told[-5:-1] == [
        "| what notes give away | clone tiny eps-8 | synthetic tiny eps-8 |",
        "| --- | --- | --- |",
        "| record_linkage | 0.610 | 0.002 |",
        "| x | 1.000 | — |",
    ]
    without = study_markdown(RECIPE, StudyTables())
    assert "give away" not in without
