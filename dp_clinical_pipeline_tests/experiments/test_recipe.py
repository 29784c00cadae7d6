import pytest

from dp_clinical_pipeline.demo.settings import demo_settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments.homes import corpus_path, lay_out, study_homes
from dp_clinical_pipeline.experiments.recipe import parsed_recipe, recipe, recipe_names
from dp_clinical_pipeline.home import Home

SMALL = """
about: A study.
hours: 0.1
corpus: openi
folder: openi
generators: [smollm2-135m]
budgets: [nonprivate, eps-8]
seeds: [0, 1]
settings: {privacy: {cap_epsilon: 77.0}}
"""


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_valid_and_says_what_it_costs(name):
    made = recipe(name)
    assert made.hours > 0
    assert made.base_settings.kind == ("demo" if made.corpus is None else "benchmark")
    assert set(dict(made.cells)) <= set(made.base_settings.models.generators)
    assert set(dict(made.classifiers)) <= set(made.base_settings.models.encoders)
    assert made.study == "labelers" or made.questions
    if made.patients_of:
        other = recipe(made.patients_of)
        assert (other.corpus, other.base_settings.splits) == (made.corpus, made.base_settings.splits)


def test_a_recipe_becomes_settings_and_cells():
    made = parsed_recipe("small", SMALL)
    assert made.cells == [("smollm2-135m", "nonprivate"), ("smollm2-135m", "eps-8")]
    assert made.base_settings.corpus.label_set == "nih14"
    assert made.base_settings.privacy.cap_epsilon == 77
    assert made.base_settings.compute.precision == "fp32"
    without = parsed_recipe("small", "about: x\nhours: 1\ncorpus: openi\nfolder: openi")
    assert without.base_settings.models.generators == {}
    assert without.base_settings.budgets == ["nonprivate"]


def test_a_study_goes_on_where_a_run_added_the_budgets_of_its_classifiers(tmp_path):
    made = parsed_recipe("small", SMALL)
    home = lay_out(made, study_homes(made, tmp_path / "study")[0], 0)
    home.save_settings(home.settings.model_copy(update={"budgets": [*home.settings.budgets, "eps-1"]}))
    begun = Home(home.path)
    assert lay_out(made, begun, 0).settings.budgets == ["nonprivate", "eps-8", "eps-1"]
    begun.save_settings(begun.settings.model_copy(update={"budgets": ["eps-8", "nonprivate"]}))
    with pytest.raises(UserError, match="other settings"):
        lay_out(made, Home(home.path), 0)


def test_another_precision_is_another_home(tmp_path):
    usual = parsed_recipe("small", SMALL)
    fast = usual.computed_in("bf16")
    assert fast.base_settings.compute.precision == "bf16"
    same = {"compute": usual.base_settings.compute}
    assert fast.base_settings.model_copy(update=same) == usual.base_settings
    assert usual.base_settings.compute.precision == "fp32"
    home = study_homes(usual, tmp_path / "study")[0]
    lay_out(usual, home, 0)
    with pytest.raises(UserError, match="other settings"):
        lay_out(fast, home, 0)


def test_a_study_of_the_made_up_hospital_changes_its_settings_field_by_field():
    usual = parsed_recipe("small", "about: x\nhours: 1").base_settings
    made = parsed_recipe("small", "about: x\nhours: 1\nsettings: {training: {steps: 7}}").base_settings
    assert usual == demo_settings()
    training = usual.training.model_copy(update={"steps": 7})
    assert made == usual.model_copy(update={"training": training})
    with pytest.raises(UserError, match="training"):
        parsed_recipe("small", "about: x\nhours: 1\nsettings: {training: 7}")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("budgets: [eps-8.0]", "write eps-8"),
        ("features: [hashed-ngrams]\nlinear_budgets: [eps-08]", "write eps-8"),
        ("corpus: nothing", "'nothing' is not a format"),
        ("generators: []", "give both or neither"),
        ("hours: 0", "hours"),
        ("linear_budgets: [eps-1]", "need features"),
        ("encoders: [minilm-l6]", "give both or neither"),
        ("encoders: [minilm-l6]\nclassifier_budgets: [eps-1]\ndistilled: true", "generators and encoders share"),
        ("settings: {privacy: {cap: 3}}", "privacy.cap"),
        ("unheard: 1", "unheard"),
        ("seeds: []", "seeds"),
    ],
)
def test_a_wrong_recipe_names_the_field(changed, said):
    with pytest.raises(UserError, match=said):
        parsed_recipe("small", f"{SMALL}\n{changed}")


def test_an_unknown_study_lists_those_there_are():
    with pytest.raises(UserError, match="ct-rate-labelers"):
        recipe("nothing/../like it")


def test_each_seed_has_a_home_with_the_same_splits(tmp_path, monkeypatch):
    monkeypatch.delenv("DP_CLINICAL_KEY", raising=False)
    from dp_clinical_pipeline.deid.keys import secret

    made = parsed_recipe("small", SMALL)
    homes = [
        lay_out(made, home, seed) for home, seed in zip(study_homes(made, tmp_path / "s"), made.seeds, strict=True)
    ]
    assert [home.path.name for home in homes] == ["s", "s-seed-1"]
    assert [home.settings.generation.seed for home in homes] == [0, 1]
    assert secret(homes[0]) == secret(homes[1])
    assert oct((homes[0].enclave / "keys" / "pseudonym.key").stat().st_mode)[-3:] == "600"
    other = made.model_copy(update={"name": "other"})
    assert secret(lay_out(other, study_homes(other, tmp_path / "o")[0], 0)) != secret(homes[0])
    same = made.model_copy(update={"name": "another", "patients_of": made.name})
    assert secret(lay_out(same, study_homes(same, tmp_path / "p")[0], 0)) == secret(homes[0])
    assert lay_out(made, homes[0], 0).settings == homes[0].settings


def test_a_home_of_something_else_is_left_alone(tmp_path):
    made = parsed_recipe("small", SMALL)
    lay_out(made, study_homes(made, tmp_path / "s")[0], 0)
    changed = parsed_recipe("small", SMALL.replace("77", "78"))
    with pytest.raises(UserError, match="other settings"):
        lay_out(changed, study_homes(changed, tmp_path / "s")[0], 0)


def test_the_corpus_is_the_argument_else_below_the_variable_else_asked_for(tmp_path, monkeypatch):
    made = parsed_recipe("small", SMALL)
    monkeypatch.delenv("DP_CLINICAL_CORPORA", raising=False)
    with pytest.raises(UserError, match=r"--corpus, or the folder that holds openi/"):
        corpus_path(made, None)
    (tmp_path / "openi").mkdir()
    monkeypatch.setenv("DP_CLINICAL_CORPORA", str(tmp_path))
    assert corpus_path(made, None) == tmp_path / "openi"
    assert corpus_path(made, tmp_path) == tmp_path
