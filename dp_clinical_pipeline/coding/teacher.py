"""Labels by a language model that is asked, label by label, what a report says: the teacher of the second paper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from dp_clinical_pipeline.coding.arm_data import labelled_reports, multi_hot, prediction_rows
from dp_clinical_pipeline.coding.classifiers import THRESHOLD, Prediction, Scores, TfidfLogistic
from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS, TEACHER_LABELS

TEACHER = "teacher"
"""The arm of the teacher's own answers on the test reports."""
TAUGHT = "taught"
"""The arm of a classifier that learnt from a teacher's labels; of the rules' labels where its teacher is `rules`."""
RULES = "rules"
_NOTHING = "N/A."
_AT_ONCE = 64


def label_by_teacher(home: Home, teacher: str, split: str) -> None:
    """Ask a generator's base model for every label of a split's labelled reports, and replace that partition.

    Guarantee: none is needed and none is given. An answer is a function of one report, the public model and the public
    list, so that a DP training on these labels is as private as on people's. They stay in the enclave.

    Raises:
        UserError: the model's weights are absent, or the split has no labelled reports.
    """
    from dp_clinical_pipeline.models.base import base_model
    from dp_clinical_pipeline.models.device import choose_device
    from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer

    labels, reports = label_set(home.settings.corpus.label_set), labelled_reports(home, split)
    base = base_model(home, "generators", teacher)
    model = load_causal(base, choose_device(home.settings.compute))
    tokenizer = load_tokenizer(base, padding_side="right")
    scores = ask(model, tokenizer, reports["raw"].to_list(), labels, max_tokens=home.settings.training.max_tokens)
    columns: dict[str, Any] = {
        "teacher": [teacher] * scores.size,
        "report_key": [key for key in reports["report_key"] for _ in labels.labels],
        "label": list(labels.labels) * len(scores),
        "score": scores.ravel(),
    }
    Store(home).write(TEACHER_LABELS, pl.DataFrame(columns, schema=TEACHER_LABELS.schema), teacher, split)


def ask(model: Any, tokenizer: Any, texts: Sequence[str], labels: LabelSet, *, max_tokens: int) -> Scores:
    """Return how sure a causal model is that each text says each label, (n, L) between 0 and 1.

    A score is the share of `yes` in what the model gives to `yes` and `no`, after the odds that it gives when asked of
    a report that says nothing: that takes out a preference for one of the words, and is public.
    """
    questions = [tokenizer.encode(question(label, labels), add_special_tokens=False) for label in labels.labels]
    yes, no = (tokenizer.encode(answer, add_special_tokens=False) for answer in (" yes", " no"))
    differ = next(i for i, pair in enumerate(zip(yes, no, strict=False)) if pair[0] != pair[1])
    questions = [[*tokens, *yes[:differ]] for tokens in questions]
    answers = yes[differ], no[differ]
    prefixes = [
        tokenizer.encode(f"Report: {text}", truncation=True, max_length=max_tokens) for text in (_NOTHING, *texts)
    ]
    odds = np.stack([_odds(model, prefix, questions, answers, tokenizer.pad_token_id) for prefix in prefixes])
    return np.asarray(1 / (1 + np.exp(odds[0] - odds[1:])))


def question(label: str, labels: LabelSet) -> str:
    """Return what is asked after the report."""
    if label == labels.normal:
        asked = "Is everything in the report normal?"
    else:
        asked = f"Does the report say that the patient has {labels.words(label)}?"
    return f"\nQuestion: {asked} Answer yes or no.\nAnswer:"


def _odds(
    model: Any, prefix: Sequence[int], questions: Sequence[Sequence[int]], answers: tuple[int, int], pad: int
) -> Scores:
    """Return the log odds of the first answer against the second, one for each question after one prefix.

    The prefix is computed once: its keys and values are shared by all questions.
    """
    import copy

    import torch

    found = []
    with torch.inference_mode():
        start = torch.tensor([list(prefix)], device=model.device)
        read = model(input_ids=start, use_cache=True, logits_to_keep=1).past_key_values
        for at in range(0, len(questions), _AT_ONCE):
            rows = questions[at : at + _AT_ONCE]
            width = max(map(len, rows))
            ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows], device=model.device)
            seen = torch.tensor([[1] * (len(prefix) + len(r)) + [0] * (width - len(r)) for r in rows]).to(model.device)
            cache = copy.deepcopy(read)
            cache.batch_repeat_interleave(len(rows))
            logits = model(input_ids=ids, attention_mask=seen, past_key_values=cache, use_cache=True).logits
            last = logits[torch.arange(len(rows)), [len(row) - 1 for row in rows]].double()
            found.append((last[:, answers[0]] - last[:, answers[1]]).cpu().numpy())
    return np.concatenate(found)


def train_taught_arms(home: Home, teacher: str) -> None:
    """Test the teacher's answers as they are, and classifiers that learnt from its labels and from the rules'.

    Both classifiers read the train patients' real reports, as the arm `real` does with people's labels: what differs
    is who labelled. Not DP arms.

    Raises:
        UserError: the teacher was not asked about both splits, or not about every label.
    """
    store, labels = Store(home), label_set(home.settings.corpus.label_set)
    train, test = labelled_reports(home, "train"), labelled_reports(home, "test")
    answers = _answers(home, teacher, test, "test", labels)
    frame = prediction_rows(test, Prediction(answers, answers >= THRESHOLD), labels, arm=TEACHER, classifier=teacher)
    store.write(PREDICTIONS, frame, TEACHER, teacher)
    taught = {teacher: _answers(home, teacher, train, "train", labels) >= THRESHOLD}
    stated = [stated_labels(text, labels) for text in train["raw"]]
    if all(found is not None for found in stated):
        taught[RULES] = multi_hot([found or [] for found in stated], labels)
    for name, targets in taught.items():
        model = TfidfLogistic().fit(train["raw"].to_list(), targets)
        predicted = model.predict(test["raw"].to_list())
        frame = prediction_rows(test, predicted, labels, arm=TAUGHT, classifier=f"{model.name} of {name}")
        store.write(PREDICTIONS, frame, TAUGHT, name)


def _answers(home: Home, teacher: str, reports: pl.DataFrame, split: str, labels: LabelSet) -> Scores:
    """Return what the teacher said of these reports, (n, L)."""
    said = Store(home).read(TEACHER_LABELS, teacher, split)
    by_report = {key: frame for (key,), frame in said.group_by(["report_key"], maintain_order=True)}
    found = [by_report.get(key) for key in reports["report_key"]]
    if any(frame is None or tuple(frame["label"]) != labels.labels for frame in found):
        raise UserError(f"{teacher} was not asked about all of the {split} reports: ask it again")
    return np.stack([frame["score"].to_numpy() for frame in found if frame is not None])
