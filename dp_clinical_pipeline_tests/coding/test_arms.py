from typing import ClassVar

import polars as pl
import pytest

from dp_clinical_pipeline.coding import arms
from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.arms import UNTUNED, train_baselines, train_synthetic_arm
from dp_clinical_pipeline.coding.classifiers import Majority
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, PREDICTIONS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell

ARMS = {"real", "masked", "redacted", "surrogate", "majority", "all-negative", "rules"}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    home = make_home(tmp_path_factory.mktemp("arms"))
    train_baselines(home)
    return home


def test_every_baseline_predicts_every_label_of_the_labelled_test_reports(home):
    store = Store(home)
    labelled = store.read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null())
    expected = labelled.join(store.read(COHORT).filter(split="test"), on="patient_key")
    predictions = store.read(PREDICTIONS)
    assert set(predictions["arm"]) == ARMS
    for _, arm in predictions.group_by("arm"):
        assert arm.height == expected.height * len(CHEXPERT14.labels)
        assert set(arm["report_key"]) == set(expected["report_key"])
        truth = arm.filter(y_true=1).group_by("report_key").agg(pl.col("label").sort())
        stated = expected.filter(pl.col("targets").list.len() > 0)
        assert dict(truth.iter_rows()) == dict(stated.select("report_key", pl.col("targets").list.sort()).iter_rows())


def test_text_arms_learn_what_reports_state_and_the_trivial_ones_do_not(home):
    right = (
        Store(home)
        .read(PREDICTIONS)
        .filter(pl.col("label").is_in(["Edema", "Pneumothorax", "Fracture"]))
        .group_by("arm")
        .agg((pl.col("y_true") == pl.col("y_pred")).mean().alias("right"))
    )
    right = dict(right.iter_rows())
    assert min(right["real"], right["masked"], right["redacted"], right["surrogate"]) > 0.95 > 0.8 > right["majority"]


class Recorder(Majority):
    """Keeps what it was shown."""

    learnt: ClassVar[list[list[str]]] = []
    tested: ClassVar[list[list[str]]] = []

    def fit(self, texts, targets):
        self.learnt.append(list(texts))
        return super().fit(texts, targets)

    def predict(self, texts):
        self.tested.append(list(texts))
        return super().predict(texts)


@pytest.fixture
def recorder(monkeypatch) -> type[Recorder]:
    for shown in (Recorder.learnt, Recorder.tested):
        shown.clear()
    monkeypatch.setattr(arms, "BASELINES", {arm: (column, Recorder) for arm, (column, _) in arms.BASELINES.items()})
    monkeypatch.setattr(arms, "TfidfLogistic", Recorder)
    return Recorder


def test_every_arm_learns_its_own_text_and_is_tested_on_real_text(tmp_path, recorder):
    home = make_home(tmp_path, patients=40)
    write_cell(home, plain_notes(9))
    train_baselines(home)
    train_synthetic_arm(home, "tiny", "eps-8")
    real, masked, redacted, surrogate, *_, synthetic = recorder.learnt
    marks = ((real, "Quarrel"), (masked, "[NAME]"), (redacted, "Patient ___."), (surrogate, "Ann Other"))
    for texts, mark in marks:
        assert all(mark in text for text in texts)
    assert not any("Patient" in text for text in synthetic)
    assert len(recorder.tested) == 7
    assert all("Quarrel" in text for texts in recorder.tested for text in texts)
    assert not {text for texts in recorder.tested for text in texts} & set(real)


def test_a_label_set_without_rules_has_no_rules_arm(tmp_path, monkeypatch):
    monkeypatch.setattr("dp_clinical_pipeline.coding.labelers.stated_labels", lambda text, labels: None)
    home = make_home(tmp_path, patients=20)
    train_baselines(home)
    assert set(Store(home).read(PREDICTIONS)["arm"]) == ARMS - {"rules"}


def test_training_again_writes_the_same_predictions(home):
    before = Store(home).read(PREDICTIONS)
    seen: list[tuple[int, int]] = []
    train_baselines(home, progress=lambda done, arms: seen.append((done, arms)))
    assert Store(home).read(PREDICTIONS).equals(before)
    assert seen == [(done, 7) for done in range(8)]


def test_a_synthetic_arm_learns_from_accepted_notes_alone(tmp_path):
    home = make_home(tmp_path)
    write_cell(home, plain_notes(150))
    train_synthetic_arm(home, "tiny", "eps-8")
    rows = Store(home).read(PREDICTIONS, "synthetic", "tiny", "eps-8")
    assert set(rows.select("arm", "generator", "budget", "classifier").rows()) == {
        ("synthetic", "tiny", "eps-8", "tfidf-logreg")
    }
    assert (rows["y_true"] == rows["y_pred"]).mean() > 0.95
    assert rows.filter(label="Edema")["y_pred"].n_unique() == 2


def test_notes_of_an_untuned_model_are_an_arm_of_their_own(tmp_path):
    home = make_home(tmp_path)
    write_cell(home, plain_notes(150), budget=UNTUNED)
    train_synthetic_arm(home, "tiny", UNTUNED)
    assert not Store(home).exists(PREDICTIONS, "synthetic", "tiny", UNTUNED)
    rows = Store(home).read(PREDICTIONS, UNTUNED, "tiny", UNTUNED)
    assert set(rows.select("arm", "generator", "budget").rows()) == {(UNTUNED, "tiny", UNTUNED)}


@pytest.mark.parametrize(("notes", "accepted"), [(1, True), (0, True), (9, False)])
def test_a_cell_with_too_few_accepted_notes_says_what_to_do(tmp_path, notes, accepted):
    home = make_home(tmp_path, patients=12)
    write_cell(home, plain_notes(notes), accepted=accepted)
    with pytest.raises(UserError, match="max_ratio or training"):
        train_synthetic_arm(home, "tiny", "eps-8")


def test_without_a_cohort_the_next_step_is_named(tmp_path):
    home = make_home(tmp_path, patients=12)
    Store(home).write(COHORT, COHORT.empty())
    with pytest.raises(UserError, match="materialize cohort"):
        train_baselines(home)


def test_targets_off_the_list_are_left_out_of_the_multi_hot_rows():
    rows = multi_hot([["Edema", "unheard of"], []], CHEXPERT14)
    assert rows.shape == (2, 14)
    assert rows.sum(axis=1).tolist() == [1, 0]
    assert multi_hot([], CHEXPERT14).shape == (0, 14)
