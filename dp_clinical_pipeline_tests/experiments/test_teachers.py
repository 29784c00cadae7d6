"""A study's teacher is asked once, and its arms are made again when it was asked again."""

import pytest

from dp_clinical_pipeline.config import Models
from dp_clinical_pipeline.experiments.extra_arms import train_extra_arms
from dp_clinical_pipeline.experiments.recipe import Recipe, recipe
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS, TEACHER_LABELS
from dp_clinical_pipeline_tests.made_up_home import make_home

RECIPE = Recipe(name="tiny", about="Made up.", hours=0.1, corpus="openi", teachers=("tiny",))


@pytest.fixture
def home(tmp_path, tiny_models):
    home = make_home(tmp_path, patients=30)
    models = Models(generators={"tiny": str(tiny_models["gpt2"])})
    return home.save_settings(home.settings.model_copy(update={"models": models}))


def test_a_teacher_is_asked_once_and_its_arms_follow(home):
    said: list[str] = []
    train_extra_arms(home, RECIPE, said.append)
    assert said == [
        "tiny is asked what each train report says",
        "tiny is asked what each test report says",
        "classifiers with the labels of tiny and of the rules",
    ]
    arms = Store(home).read(PREDICTIONS).select("arm", "classifier").unique().sort("arm", "classifier").rows()
    assert arms == [("taught", "tfidf-logreg of rules"), ("taught", "tfidf-logreg of tiny"), ("teacher", "tiny")]
    said.clear()
    train_extra_arms(home, RECIPE, said.append)
    assert said == []
    Store(home).path(TEACHER_LABELS, "tiny", "train").unlink()
    train_extra_arms(home, RECIPE, said.append)
    assert said == [
        "tiny is asked what each train report says",
        "classifiers with the labels of tiny and of the rules",
    ]


def test_the_teachers_study_knows_its_teacher():
    made = recipe("openi-teacher")
    assert set(made.teachers) <= set(made.base_settings.models.generators)
