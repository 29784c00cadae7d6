import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.coding.classifiers import AllNegative, Majority, TfidfLogistic

TEXTS = [
    "edema present",
    "clear lungs",
    "edema and effusion",
    "effusion left",
    "clear lungs today",
    "edema again",
]
EDEMA = np.array([["edema" in text] for text in TEXTS])


def test_tfidf_logistic_learns_the_word_that_states_a_label():
    predicted = TfidfLogistic().fit(TEXTS, EDEMA).predict(["new edema", "lungs clear"])
    assert predicted.chosen.tolist() == [[True], [False]]
    assert (predicted.chosen == (predicted.scores >= 0.5)).all()


def test_a_label_with_one_class_in_training_gets_a_constant_score():
    targets = np.hstack([EDEMA, np.zeros_like(EDEMA), np.ones_like(EDEMA)])
    predicted = TfidfLogistic().fit(TEXTS, targets).predict(["new edema", "unseen words"])
    assert predicted.scores[:, 1:].tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert predicted.chosen[:, 1:].tolist() == [[False, True], [False, True]]


@pytest.mark.parametrize("texts", [["", "..."], ["a", ""]])
def test_texts_with_hardly_a_word_can_be_learnt_from(texts):
    predicted = TfidfLogistic().fit(texts, np.array([[True], [False]])).predict(["", "words"])
    assert np.isfinite(predicted.scores).all()


def test_training_twice_gives_the_same_scores():
    first, second = (TfidfLogistic().fit(TEXTS, EDEMA).predict(TEXTS).scores for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("model", [TfidfLogistic, Majority, AllNegative])
def test_no_texts_to_predict_give_no_rows(model):
    predicted = model().fit(TEXTS, np.hstack([EDEMA, ~EDEMA])).predict([])
    assert predicted.scores.shape == predicted.chosen.shape == (0, 2)


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [
        ([[1, 0, 1], [1, 0, 0]], [True, False, True]),  # .5 reaches the threshold
        ([[0, 1, 0], [0, 0, 0], [0, 0, 0]], [False, True, False]),  # none reaches it: the most frequent
        ([[1, 0, 0], [0, 0, 1], [0, 0, 0]], [True, False, False]),  # the first among equals
        ([[0, 0, 0]], [False, False, False]),
    ],
)
def test_majority_chooses_what_most_have_and_never_nothing_without_need(targets, chosen):
    predicted = Majority().fit([""] * len(targets), np.array(targets, dtype=bool)).predict(["any"])
    assert predicted.chosen.tolist() == [chosen]
    assert predicted.scores[0] == pytest.approx(np.mean(targets, axis=0))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=9))
def test_all_negative_never_says_yes(targets):
    predicted = AllNegative().fit([""] * len(targets), np.array(targets)).predict(["a", "b"])
    assert not predicted.chosen.any()
    assert not predicted.scores.any()
