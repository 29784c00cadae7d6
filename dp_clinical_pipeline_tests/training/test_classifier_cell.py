"""A classifier's cell end to end on a made-up home: the ledger, its predictions, and what the attack reads."""

import numpy as np
import polars as pl
import pytest
from transformers.models.bert.modeling_bert import BertEmbeddings

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.config import Models, Privacy
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.models.adapters import adapter_sha256, cell_adapter
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.plan import classifier_slot, declare_plan
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, DP_CLASSIFIER, PREDICTIONS
from dp_clinical_pipeline.training import cell
from dp_clinical_pipeline.training.classifier_cell import (
    classifier_text_losses,
    classify,
    predict_practised,
    predict_test,
    train_classifier,
)
from dp_clinical_pipeline_tests.training.tiny import tiny_classifier_settings, tiny_home


@pytest.fixture
def home(tmp_path, tiny_models):
    made = tiny_home(tmp_path, tiny_models["llama"], planned=False)
    models = Models(generators={"tiny": "/nowhere"}, encoders={"tiny-bert": str(tiny_models["bert"])})
    changed = {"models": models, "classifier_training": tiny_classifier_settings()}
    return made.save_settings(made.settings.model_copy(update=changed))


def _row(home, budget="eps-8"):
    return Store(home).read(DP_CLASSIFIER, "tiny-bert", budget, budget=budget).row(0, named=True)


def _states(home):
    return [row.state for row in open_ledger(home).rows() if row.state != "declared"]


def test_a_private_classifier_lies_in_the_lake_and_carries_its_account(home):
    declare_plan(home, [], [("tiny-bert", "eps-8")])
    facts = train_classifier(home, "tiny-bert", "eps-8")
    row, (entry,) = _row(home), open_ledger(home).account().spent
    folder = cell_adapter(home, row)
    assert folder.is_relative_to(home.lake)
    assert row["adapter_sha256"] == adapter_sha256(folder)
    assert (entry.kind, entry.cell) == ("classifier", "tiny-bert|eps-8")
    assert entry.slot == classifier_slot("tiny-bert", "eps-8")  # the plan covers it
    event = event_from_json(entry.events[entry.slot][0])
    assert (facts.epsilon, row["noise_multiplier"]) == (8.0, event.event.event.noise_multiplier)
    assert row["sample_rate"] == event.event.sampling_probability == pytest.approx(6 / 360)
    assert row["steps"] == event.count == 4
    assert open_ledger(home).cumulative()[0] == pytest.approx(8.0, rel=2e-3)  # nothing of it goes to label counts
    assert _states(home) == ["reserved", "running", "done"]
    assert train_classifier(home, "tiny-bert", "eps-8").reused
    assert _states(home) == ["reserved", "running", "done"]


def test_its_head_is_part_of_what_is_hashed(home):
    train_classifier(home, "tiny-bert", "eps-8")
    head = cell_adapter(home, _row(home)) / "head.safetensors"
    head.write_bytes(head.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="is missing or was changed"):
        classify(home, "tiny-bert", "eps-8", ["clear lungs"])


def test_no_report_is_read_when_the_ledger_refuses(home, monkeypatch):
    home = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=0.5)}))
    monkeypatch.setattr(cell, "train_patients", lambda *_: pytest.fail("private data was read"))
    with pytest.raises(OverBudget, match="nothing was spent"):
        train_classifier(home, "tiny-bert", "eps-8")
    assert _states(home) == ["refused"]
    assert list(home.lake.glob("**/*")) == []


def test_an_interrupted_training_goes_on_under_its_mechanism_but_not_under_other_settings(home):
    def fails(seen):
        if seen.step == 3:
            raise RuntimeError("the cable")

    with pytest.raises(RuntimeError, match="the cable"):
        train_classifier(home, "tiny-bert", "eps-8", fails)
    generators = home.settings.training.model_copy(update={"max_grad_norm": 9.0})  # not this training's
    steps = []
    home = home.save_settings(home.settings.model_copy(update={"training": generators}))
    train_classifier(home, "tiny-bert", "eps-8", lambda seen: steps.append(seen.step))
    assert steps == [3, 4]
    assert len(open_ledger(home).account().spent) == 1


@pytest.fixture
def trained(home):
    """Without privacy, many steps: a classifier that says something."""
    return _trained(home)


def _trained(home, **changes):
    settings = {"steps": 30, "nonprivate_lot_size": 6, "nonprivate_learning_rate": 3e-2} | changes
    home = home.save_settings(
        home.settings.model_copy(update={"classifier_training": tiny_classifier_settings(**settings)})
    )
    train_classifier(home, "tiny-bert", "nonprivate")
    return home


def test_without_privacy_it_learns_and_stays_in_the_enclave_and_out_of_the_ledger(trained):
    assert cell_adapter(trained, _row(trained, "nonprivate")).is_relative_to(trained.enclave)
    assert open_ledger(trained).rows() == []
    assert list(trained.lake.glob("**/*")) == []
    predict_test(trained, "tiny-bert", "nonprivate")
    frame = Store(trained).read(PREDICTIONS, "dp_classifier", "tiny-bert", "nonprivate")
    assert set(frame["arm"]) == {"dp_classifier"}
    assert set(frame["classifier"]) == {"tiny-bert-lora+rules"}
    assert set(frame["budget"]) == {"nonprivate"}
    tested = Store(trained).read(COHORT).filter(split="test")["patient_key"]
    assert set(frame["patient_key"]) <= set(tested)
    labelled = Store(trained).read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null())
    assert set(frame["report_key"]) == set(labelled.filter(pl.col("patient_key").is_in(tested.implode()))["report_key"])
    assert frame.height == frame["report_key"].n_unique() * len(CHEXPERT14.labels)
    positive, negative = (frame.filter(y_true=truth)["y_score"].mean() for truth in (1, 0))
    assert positive > negative + 0.1  # it learnt at all: an untrained head gives one half to everything


def test_what_is_there_before_any_private_step_is_an_arm_of_its_own(home):
    """It needs no trained cell, and says what a cell says whose steps move nothing."""
    home = home.save_settings(
        home.settings.model_copy(update={"classifier_training": tiny_classifier_settings(practice_notes=40)})
    )
    predict_practised(home, "tiny-bert")
    frame = Store(home).read(PREDICTIONS, "practised", "tiny-bert")
    assert set(frame["arm"]) == {"practised"}
    assert set(frame["classifier"]) == {"tiny-bert-lora+rules"}
    assert frame["budget"].null_count() == frame.height
    assert frame["y_score"].n_unique() > 10  # the head that practice gave, and not a zero one
    still = {"steps": 1, "nonprivate_learning_rate": 1e-9, "practice_notes": 40}
    predict_test(_trained(home, **still), "tiny-bert", "nonprivate")
    trained = Store(home).read(PREDICTIONS, "dp_classifier", "tiny-bert", "nonprivate")
    assert np.abs(trained["y_score"].to_numpy() - frame["y_score"].to_numpy()).max() < 1e-4


FILLER = "the lungs are clear . " * 60  # far past what the encoder reads
TOLD = [FILLER, f"{FILLER} There is a large pleural effusion."]


def test_it_reads_what_rules_say_of_the_whole_text(trained):
    plain, told = classify(trained, "tiny-bert", "nonprivate", TOLD).scores
    assert np.abs(plain - told).max() > 1e-6


def test_it_reads_the_encoders_tokens_alone_where_the_settings_say_so(home):
    alone = _trained(home, rule_labels=False)
    plain, told = classify(alone, "tiny-bert", "nonprivate", TOLD).scores
    assert np.array_equal(plain, told)
    asked_later = alone.settings.classifier_training.model_copy(update={"rule_labels": True, "adapted": "full"})
    alone = alone.save_settings(alone.settings.model_copy(update={"classifier_training": asked_later}))
    predict_test(alone, "tiny-bert", "nonprivate")
    frame = Store(alone).read(PREDICTIONS, "dp_classifier", "tiny-bert", "nonprivate")
    assert set(frame["classifier"]) == {"tiny-bert-lora"}  # as it was trained, whatever the settings say now


def test_the_attack_reads_the_loss_of_the_scores_that_are_given(trained):
    reports = Store(trained).read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null()).head(9)
    texts, targets = reports["text"].to_list(), reports["targets"].to_list()
    scores = classify(trained, "tiny-bert", "nonprivate", texts).scores
    truth = multi_hot(targets, CHEXPERT14)
    expected = -np.where(truth, np.log(scores), np.log1p(-scores)).sum(1)
    losses = classifier_text_losses(trained, "tiny-bert", "nonprivate", texts, targets)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    assert losses.std() > 0


def test_examples_that_see_one_another_below_the_adapted_layers_are_found(home, monkeypatch):
    def coupled(*args, **kwargs):
        states = embed(*args, **kwargs)
        return states + states.mean(0, keepdim=True)

    embed = BertEmbeddings.forward
    monkeypatch.setattr(BertEmbeddings, "forward", coupled)
    training = home.settings.classifier_training.model_copy(update={"left_out_layers": 0})  # so that one lies below
    home = home.save_settings(home.settings.model_copy(update={"classifier_training": training}))
    declare_plan(home, [], [("tiny-bert", "eps-8")])
    with pytest.raises(UserError, match="changes with its neighbours"):
        train_classifier(home, "tiny-bert", "eps-8")
    assert _states(home) == []
