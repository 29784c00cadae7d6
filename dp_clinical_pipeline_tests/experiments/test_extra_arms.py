import pytest

from dp_clinical_pipeline.coding.arms import UNTUNED
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments import extra_arms
from dp_clinical_pipeline.experiments.extra_arms import train_extra_arms
from dp_clinical_pipeline.experiments.recipe import HASHED, Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import FIDELITY_METRICS, PREDICTIONS, SYNTHETIC_REPORTS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell

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


def test_notes_that_were_written_again_are_measured_again(home):
    train_extra_arms(home, RECIPE, lambda _: None)
    write_cell(home, plain_notes(30, seed=3), budget="nonprivate")
    said: list[str] = []
    train_extra_arms(home, RECIPE, said.append)
    assert said == ["synthetic and surrogate text, tiny nonprivate", "fidelity, tiny nonprivate"]
    fidelity = Store(home).read(FIDELITY_METRICS, "tiny", "nonprivate")
    assert fidelity.filter(arm="synthetic", metric="mauve")["n"].to_list() == [30]


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
