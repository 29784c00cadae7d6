"""A teacher is asked about each report alone, as one prompt at a time would ask; what it says is what is learnt."""

import numpy as np
import polars as pl
import pytest
import torch

from dp_clinical_pipeline.coding import teacher
from dp_clinical_pipeline.coding.teacher import (
    TAUGHT,
    TEACHER,
    ask,
    label_by_teacher,
    question,
    train_taught_arms,
)
from dp_clinical_pipeline.config import Models
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, CMC45, NIH14
from dp_clinical_pipeline.models.base import BaseModel
from dp_clinical_pipeline.models.device import Device
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS, TEACHER_LABELS
from dp_clinical_pipeline_tests.made_up_home import make_home

TEXTS = ["No pleural effusion.", "Small left pleural effusion with adjacent atelectasis. Mild cardiomegaly.", ""]


@pytest.fixture(params=["gpt2", "llama", "opt"])
def loaded(request, tiny_models):
    base = BaseModel(name="tiny", path=tiny_models[request.param], sha256="")
    device = Device(kind="cpu", index=None, precision="fp32", reason="test")
    return load_causal(base, device), load_tokenizer(base, padding_side="right")


def _one_at_a_time(model, tokenizer, text, label):
    """The log odds of the answers after one prompt, without a cache, padding or a batch."""
    tokens = [*tokenizer.encode(f"Report: {text}"), *tokenizer.encode(question(label, CHEXPERT14))]
    yes, no = tokenizer.encode(" yes"), tokenizer.encode(" no")
    while yes[0] == no[0]:
        tokens, yes, no = [*tokens, yes[0]], yes[1:], no[1:]
    with torch.no_grad():
        last = torch.log_softmax(model(input_ids=torch.tensor([tokens])).logits[0, -1].double(), dim=-1)
    return float(last[yes[0]] - last[no[0]])


def test_many_questions_after_one_report_are_answered_as_one_prompt_at_a_time(loaded, monkeypatch):
    monkeypatch.setattr(teacher, "_AT_ONCE", 5)  # 14 labels: three batches of unlike lengths
    scores = ask(*loaded, TEXTS, CHEXPERT14, max_tokens=200)
    for i, text in enumerate(TEXTS):
        for j, label in enumerate(CHEXPERT14.labels):
            odds = _one_at_a_time(*loaded, text, label) - _one_at_a_time(*loaded, "N/A.", label)
            assert scores[i, j] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-4)
    assert np.ptp(scores) > 1e-4


def test_a_report_that_says_nothing_is_answered_by_a_half(loaded):
    assert ask(*loaded, ["N/A."], CHEXPERT14, max_tokens=200) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("label", "labels", "asked"),
    [
        ("Pleural_Thickening", NIH14, "Does the report say that the patient has pleural thickening?"),
        ("normal", NIH14, "Is everything in the report normal?"),
        ("786.2 Cough", CMC45, "Does the report say that the patient has cough?"),
    ],
)
def test_a_question_is_in_words(label, labels, asked):
    assert asked in question(label, labels)


@pytest.fixture
def home(tmp_path, tiny_models):
    home = make_home(tmp_path)
    models = Models(generators={"tiny": str(tiny_models["gpt2"])})
    return home.save_settings(home.settings.model_copy(update={"models": models}))


def test_each_labelled_report_of_a_split_is_asked_about_alone(home):
    label_by_teacher(home, "tiny", "test")
    rows = Store(home).read(TEACHER_LABELS, "tiny", "test")
    from dp_clinical_pipeline.coding.arm_data import labelled_reports

    test = labelled_reports(home, "test")
    assert rows["report_key"].unique(maintain_order=True).to_list() == test["report_key"].to_list()
    assert rows["label"].to_list() == list(CHEXPERT14.labels) * test.height
    assert rows["score"].is_between(0, 1).all()
    assert not (home.lake / "teacher_labels").exists()


def _says(home, split, of):
    """Put down a teacher that says `of` of each report's true labels."""
    from dp_clinical_pipeline.coding.arm_data import labelled_reports

    rows = [
        {"teacher": "tiny", "report_key": row["report_key"], "label": label, "score": of(label, row["targets"])}
        for row in labelled_reports(home, split).iter_rows(named=True)
        for label in CHEXPERT14.labels
    ]
    Store(home).write(TEACHER_LABELS, pl.DataFrame(rows, schema=TEACHER_LABELS.schema), "tiny", split)


def _right(home, *partition):
    rows = Store(home).read(PREDICTIONS, *partition).filter(pl.col("label").is_in(["Edema", "Fracture"]))
    return (rows["y_true"] == rows["y_pred"]).mean()


def test_a_classifier_learns_what_its_teacher_says_right_or_wrong(home):
    _says(home, "test", lambda label, targets: 0.9 if label in targets else 0.1)
    _says(home, "train", lambda label, targets: 0.1 if label in targets else 0.9)
    train_taught_arms(home, "tiny")
    assert _right(home, TEACHER, "tiny") == 1
    assert _right(home, TAUGHT, "tiny") < 0.1
    assert _right(home, TAUGHT, "rules") > 0.9
    assert set(Store(home).read(PREDICTIONS, TAUGHT, "tiny")["classifier"]) == {"tfidf-logreg of tiny"}


def test_a_teacher_that_was_not_asked_about_a_report_is_asked_again(home):
    for split in ("train", "test"):
        _says(home, split, lambda label, targets: 0.5)
    path = Store(home).path(TEACHER_LABELS, "tiny", "train")
    pl.read_parquet(path).slice(len(CHEXPERT14.labels)).write_parquet(path)
    with pytest.raises(UserError, match="tiny was not asked about all of the train reports: ask it again"):
        train_taught_arms(home, "tiny")
