import time

import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.arms import UNTUNED
from dp_clinical_pipeline.coding.classifiers import Prediction
from dp_clinical_pipeline.coding.clone_arm import CLONE
from dp_clinical_pipeline.coding.mixed_arms import DISTILLED
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments import extra_arms
from dp_clinical_pipeline.experiments.extra_arms import train_extra_arms
from dp_clinical_pipeline.experiments.recipe import HASHED, Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.generate import GenerationFacts
from dp_clinical_pipeline.tables import (
    CLONE_METRICS,
    CLONED_REPORTS,
    DP_CLASSIFIER,
    FIDELITY_METRICS,
    GENERATOR_ADAPTER,
    PREDICTIONS,
    SYNTHETIC_REPORTS,
)
from dp_clinical_pipeline.training.clone import BARRED
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, report_body, write_cell, write_clones

RECIPE = Recipe(
    name="tiny",
    about="Made up.",
    hours=0.1,
    generators=("tiny",),
    budgets=("nonprivate",),
    features=(HASHED,),
    linear_budgets=("nonprivate",),
    mixed=True,
    untuned=True,
    fidelity=HASHED,
)


def a_tick_later() -> None:
    """Files that are written within one tick of the system's clock have the same time: none is older."""
    time.sleep(0.05)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    home = make_home(tmp_path, patients=60)
    write_cell(home, plain_notes(40), budget="nonprivate")
    write_cell(made_elsewhere := make_home(tmp_path / "other", patients=2), plain_notes(30, seed=5), budget=UNTUNED)
    rows = Store(made_elsewhere).read(SYNTHETIC_REPORTS, "tiny", UNTUNED, budget=UNTUNED).to_dicts()
    monkeypatch.setattr(extra_arms, "write_untuned", lambda *_: rows)
    return home.save_settings(
        home.settings.model_copy(update={"patients": home.settings.patients.model_copy(update={"count": 60})})
    )


def test_every_arm_of_a_recipe_is_made_once(home):
    said: list[str] = []
    train_extra_arms(home, RECIPE, said.append)
    assert len(said) == 5
    arms = Store(home).read(PREDICTIONS).select("arm", "budget", "classifier").unique().sort("arm", "classifier").rows()
    assert arms == [
        ("dp-linear", "nonprivate", HASHED),
        ("real", None, f"{HASHED}-logreg"),
        ("synthetic-and-surrogate", "nonprivate", "tfidf-logreg"),
        ("untuned", "untuned", "tfidf-logreg"),
    ]
    assert Store(home).exists(FIDELITY_METRICS, "tiny", "nonprivate")
    train_extra_arms(home, RECIPE, lambda what: pytest.fail(f"{what} was done again"))


def test_what_a_generator_came_from_may_be_an_arm_too(home):
    said: list[str] = []
    train_extra_arms(home, RECIPE.model_copy(update={"untuned_too": ("elsewhere",)}), said.append)
    assert [what for what in said if "untuned" in what] == [
        "notes of the untuned tiny",
        "notes of the untuned elsewhere",
    ]
    for generator in ("tiny", "elsewhere"):
        assert Store(home).exists(PREDICTIONS, UNTUNED, generator, UNTUNED)


def test_notes_that_were_written_again_are_measured_again(home):
    train_extra_arms(home, RECIPE, lambda _: None)
    a_tick_later()
    write_cell(home, plain_notes(30, seed=3), budget="nonprivate")
    said: list[str] = []
    train_extra_arms(home, RECIPE, said.append)
    assert said == ["synthetic and surrogate text, tiny nonprivate", "fidelity, tiny nonprivate"]
    fidelity = Store(home).read(FIDELITY_METRICS, "tiny", "nonprivate")
    assert fidelity.filter(arm="synthetic", metric="mauve")["n"].to_list() == [30]


def test_writing_notes_of_the_untuned_model_tells_how_far_it_is(home, monkeypatch):
    rows = extra_arms.write_untuned(home, "tiny", 9)

    def write_untuned(home, generator, wanted, on_progress):
        on_progress(GenerationFacts(tried=40, accepted=30))
        return rows

    monkeypatch.setattr(extra_arms, "write_untuned", write_untuned)
    said: list[str] = []
    train_extra_arms(home, RECIPE, said.append)
    assert f"notes of the untuned tiny: 30 of {home.settings.generation.accepted}, 40 tried" in said


def test_an_untuned_model_that_writes_nothing_of_use_has_no_arm(home, monkeypatch):
    refused = [row | {"accepted": False} for row in extra_arms.write_untuned(home, "tiny", 9)]
    monkeypatch.setattr(extra_arms, "write_untuned", lambda *_: refused)
    said: list[str] = []
    train_extra_arms(home, RECIPE, said.append)
    assert "it has no arm" in "".join(said)
    assert not Store(home).exists(PREDICTIONS, UNTUNED, "tiny", UNTUNED)


def test_a_cell_without_notes_is_a_failure(home):
    with pytest.raises(UserError, match="materialize it first"):
        train_extra_arms(home, RECIPE.model_copy(update={"budgets": ("eps-8",)}), lambda _: None)


CLONING = Recipe(name="tiny", about="Made up.", hours=0.1, generators=("tiny",), budgets=("eps-8",), clone=True)


@pytest.fixture
def cloning(tmp_path, monkeypatch) -> Home:
    home, rng = make_home(tmp_path, patients=60), np.random.default_rng(4)
    write_cell(home, plain_notes(40))

    def write_clone(home, generator, budget, on_progress):
        for tenth in (0.3, 0.3, 1.0):
            on_progress(tenth)
        write_clones(home, lambda source: report_body(source["targets"], rng), budget)

    monkeypatch.setattr(extra_arms, "write_clone", write_clone)
    return home


def test_a_recipe_that_clones_trains_on_the_clones_and_measures_them_once(cloning):
    said: list[str] = []
    train_extra_arms(cloning, CLONING, said.append)
    rounds = [f"clones, tiny eps-8: {share} % of this round of tries" for share in (30, 100)]
    assert said == [f"clones, tiny eps-8: {BARRED}", *rounds, "attacks on clones, tiny eps-8"]
    rows = Store(cloning).read(PREDICTIONS, CLONE, "tiny", "eps-8").filter(label="Edema")
    assert (rows["y_true"] == rows["y_pred"]).mean() > 0.9
    assert set(Store(cloning).read(CLONE_METRICS)["arm"]) == {"clone", "synthetic"}
    train_extra_arms(cloning, CLONING, lambda what: pytest.fail(f"{what} was done again"))


def test_a_recipe_that_relabels_has_an_arm_of_notes_and_one_of_clones_once(cloning):
    recipe, said = CLONING.model_copy(update={"relabelled": True}), list[str]()
    train_extra_arms(cloning, recipe, said.append)
    assert [what for what in said if "state" in what] == [
        f"{what} with the labels that they state, tiny eps-8" for what in ("notes", "clones")
    ]
    assert {"relabelled", "relabelled-clone"} <= set(Store(cloning).read(PREDICTIONS)["arm"])
    train_extra_arms(cloning, recipe, lambda what: pytest.fail(f"{what} was done again"))


def test_a_generator_that_was_trained_again_clones_again(cloning):
    train_extra_arms(cloning, CLONING, lambda _: None)
    a_tick_later()
    store, before = Store(cloning), Store(cloning).read(CLONED_REPORTS, "tiny", "eps-8")
    adapter = store.read(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8")
    store.write(GENERATOR_ADAPTER, adapter, "tiny", "eps-8", budget="eps-8")
    said: list[str] = []
    train_extra_arms(cloning, CLONING, said.append)
    assert said[-1] == "attacks on clones, tiny eps-8"
    assert not store.read(CLONED_REPORTS, "tiny", "eps-8").equals(before)


def test_a_recipe_that_distils_trains_on_each_teacher_of_the_same_budget(cloning, monkeypatch):
    notes = Store(cloning).read(SYNTHETIC_REPORTS, "tiny", "eps-8", budget="eps-8")
    truth = multi_hot(notes["targets"].to_list(), CHEXPERT14)
    # The records say nothing: what is learnt is a teacher's.
    write_cell(cloning, [(text, []) for text in notes["text"]])
    adapter = pl.DataFrame([{"encoder": "x"}], schema=DP_CLASSIFIER.schema)
    for encoder in ("wise", "fool"):
        Store(cloning).write(DP_CLASSIFIER, adapter, encoder, "eps-8", budget="eps-8")

    def classify(home, encoder, budget, texts):
        assert (budget, texts) == ("eps-8", notes["text"].to_list())
        chosen = truth if encoder == "wise" else ~truth
        return Prediction(chosen * 1.0, chosen)

    def predict_practised(home, encoder):
        Store(home).write(PREDICTIONS, PREDICTIONS.empty(), "practised", encoder)

    monkeypatch.setattr(extra_arms, "classify", classify)
    monkeypatch.setattr(extra_arms, "predict_practised", predict_practised)
    write_cell(cloning, plain_notes(9), budget="nonprivate")  # no teacher was trained without privacy
    budgets = {"budgets": ("eps-8", "nonprivate"), "classifier_budgets": ("eps-8", "eps-1")}
    changed = {"encoders": ("wise", "fool"), "distilled": True, "clone": False}
    recipe, said = CLONING.model_copy(update=budgets | changed), list[str]()
    train_extra_arms(cloning, recipe, said.append)
    untrained = [f"{encoder} before any private step" for encoder in ("wise", "fool")]
    assert said == untrained + [f"notes of tiny with the labels of {encoder}, eps-8" for encoder in ("wise", "fool")]
    for encoder, right in (("wise", True), ("fool", False)):
        rows = Store(cloning).read(PREDICTIONS, DISTILLED, "tiny", "eps-8", encoder).filter(label="Edema")
        assert set(rows["classifier"]) == {f"tfidf-logreg of {encoder}"}
        assert ((rows["y_true"] == rows["y_pred"]).mean() > 0.8) == right
    train_extra_arms(cloning, recipe, lambda what: pytest.fail(f"{what} was done again"))
    a_tick_later()
    Store(cloning).write(DP_CLASSIFIER, adapter, "fool", "eps-8", budget="eps-8")
    train_extra_arms(cloning, recipe, said.append)
    assert said[4:] == ["notes of tiny with the labels of fool, eps-8"]
