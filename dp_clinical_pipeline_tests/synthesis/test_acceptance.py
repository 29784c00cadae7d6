"""Each reason for which a note is refused."""

import pytest

from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.synthesis.acceptance import Acceptance, states, whole_sentences

GOOD = "The heart is mildly enlarged without any effusion."


def _rules(**changes):
    return Acceptance(Generation(**({"require_record": True} | changes)), CHEXPERT14)


@pytest.mark.parametrize(
    ("text", "stated", "reason"),
    [
        (GOOD, ["Cardiomegaly"], None),
        ("", [], "empty"),
        (" .,;\n", [], "empty"),
        ("Big heart.", ["Cardiomegaly"], "short"),
        ("the heart is large " * 5, ["Cardiomegaly"], "repeats"),
        (f"{GOOD} Call (617) 555-0199 with questions.", ["Cardiomegaly"], "identifier"),
        (f"{GOOD} MRN: 4471923.", ["Cardiomegaly"], "identifier"),
        (f"{GOOD} Write to ada.example@hospital.org.", ["Cardiomegaly"], "identifier"),
        (GOOD, ["Edema"], "not_its_record"),
        (GOOD, [], "not_its_record"),
        (GOOD, ["Cardiomegaly", "Edema"], "not_its_record"),
        (GOOD, ["Cardiomegaly", "No Finding"], None),
    ],
)
def test_a_note_is_refused_for_its_reason(text, stated, reason):
    assert _rules().refuse(text, ["Cardiomegaly"], stated) == reason


def test_the_second_of_two_equal_notes_is_a_duplicate():
    rules = _rules()
    assert rules.refuse(GOOD, ["Cardiomegaly"], ["Cardiomegaly"]) is None
    assert rules.refuse(GOOD.upper().replace(".", " !"), ["Cardiomegaly"], ["Cardiomegaly"]) == "duplicate"


def test_a_refused_note_is_not_remembered():
    rules = _rules()
    assert rules.refuse(GOOD, ["Edema"], ["Cardiomegaly"]) == "not_its_record"
    assert rules.refuse(GOOD, ["Cardiomegaly"], ["Cardiomegaly"]) is None


def test_the_record_is_not_asked_for_where_there_are_no_rules_or_no_wish():
    assert _rules().refuse(GOOD, ["Edema"], None) is None
    assert _rules(require_record=False).refuse(GOOD, ["Edema"], ["Cardiomegaly"]) is None
    assert _rules(min_words=9).refuse(GOOD, ["Cardiomegaly"], ["Cardiomegaly"]) == "short"


@pytest.mark.parametrize(
    ("asked", "stated", "kept"),
    [
        (["Edema"], ["Edema"], True),
        (["Edema"], ["Edema", "Fracture"], True),
        (["Edema", "Fracture"], ["Edema"], False),
        (["No Finding"], ["No Finding"], True),
        (["No Finding"], [], True),
        (["No Finding"], ["Edema"], False),
        ([], ["Edema"], False),
        ([], [], True),
    ],
)
def test_a_note_states_its_record(asked, stated, kept):
    assert states(asked, stated, CHEXPERT14) is kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [("One. Two. Thr", "One. Two."), ("No stop", "No stop"), ("Why? Bec", "Why?"), ("", ""), (" a. ", "a.")],
)
def test_a_cut_text_ends_with_its_last_sentence(text, kept):
    assert whole_sentences(text) == kept
