"""Label lists, and the chapters that codes lie in."""

import pytest

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import (
    CHEXPERT14,
    CMC45,
    ICD9_CHAPTERS,
    ICD10_CATEGORIES,
    ICD10_CHAPTERS,
    LABEL_SETS,
    label_set,
)


@pytest.mark.parametrize(
    ("code", "chapter"),
    [
        ("A00", "Infectious and parasitic diseases"),
        ("B99.9", "Infectious and parasitic diseases"),
        ("C34.90", "Neoplasms"),
        ("D49", "Neoplasms"),
        ("D50.0", "Blood and immune disorders"),
        ("e11.9", "Endocrine, nutritional and metabolic diseases"),
        ("H59", "Eye diseases"),
        ("H60", "Ear diseases"),
        ("I50.9", "Circulatory diseases"),
        ("J189", "Respiratory diseases"),
        ("O9A.1", None),
        ("S00.0XXA", "Injury and poisoning"),
        ("T88", "Injury and poisoning"),
        ("W19", "External causes"),
        ("Z95.0", "Health status and contact with services"),
        ("", None),
        ("123", None),
    ],
)
def test_an_icd10_code_lies_in_its_chapter(code, chapter):
    if code == "O9A.1":
        chapter = "Pregnancy and childbirth"
    assert ICD10_CHAPTERS.chapter(code) == chapter


@pytest.mark.parametrize(
    ("code", "chapter"),
    [
        ("001", "Infectious and parasitic diseases"),
        ("139.8", "Infectious and parasitic diseases"),
        ("140", "Neoplasms"),
        ("486", "Respiratory diseases"),
        ("599.0", "Genitourinary diseases"),
        ("786.2", "Symptoms and ill-defined conditions"),
        ("78079", "Symptoms and ill-defined conditions"),
        ("999.9", "Injury and poisoning"),
        ("E885.9", "External causes"),
        ("v13.02", "Health status and contact with services"),
        ("000", None),
    ],
)
def test_an_icd9_code_lies_in_its_chapter(code, chapter):
    assert ICD9_CHAPTERS.chapter(code) == chapter


@pytest.mark.parametrize("name", ["icd9-chapters", "icd10-chapters"])
def test_every_chapter_is_reached_and_none_overlaps(name):
    labels = label_set(name)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if name == "icd10-chapters" else "EV"
    codes = [f"{letter}{n:02}" for letter in letters for n in range(100)]
    codes += [] if name == "icd10-chapters" else [f"{n:03}" for n in range(1000)]
    assert {labels.chapter(code) for code in codes} - {None} == set(labels.labels)


@pytest.mark.parametrize(
    ("code", "known"), [("J18.9", True), ("J189", True), ("j18", True), ("486", False), ("J", False)]
)
def test_a_codes_form_is_known(code, known):
    assert ICD10_CHAPTERS.known_code(code) is known
    assert ICD9_CHAPTERS.known_code("486")
    assert ICD9_CHAPTERS.known_code("v72.1")
    assert not ICD9_CHAPTERS.known_code("J18.9")


def test_targets_stand_in_the_lists_order_once_and_leave_out_what_is_not_listed():
    assert CHEXPERT14.targets(["Edema", "Cardiomegaly", "Edema", "Gout"], None) == ["Cardiomegaly", "Edema"]
    assert ICD10_CHAPTERS.targets(None, ["J18.9", "I50", "J44"]) == ["Circulatory diseases", "Respiratory diseases"]


def test_an_unlabelled_report_has_no_targets_and_a_labelled_one_may_have_an_empty_list():
    assert CHEXPERT14.targets(None, ["J18"]) is None
    assert CHEXPERT14.targets([], None) == []
    assert ICD10_CHAPTERS.targets(["Edema"], None) is None


@pytest.mark.parametrize("code", ["786.2", "7862"])
def test_a_code_is_its_label_with_or_without_a_dot_and_only_itself(code):
    assert CMC45.targets(None, [code, "v13.02"]) == [
        "786.2 Cough",
        "V13.02 Personal history of urinary tract infection",
    ]
    assert CMC45.targets(None, ["786", "786.20", "204.0", ""]) == []


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("J18.9", "J18 Pneumonia, unspecified organism"),
        ("j189", "J18 Pneumonia, unspecified organism"),
        ("O9A.11", "O9A Maternal malignant neoplasms, traumatic injuries and abuse classifiable elsewhere but complicating"
         " pregnancy, childbirth and the puerperium"),
        ("A10", None),
    ],
)  # fmt: skip
def test_an_icd10_code_is_counted_in_its_category(code, label):
    assert ICD10_CATEGORIES.label_of(code) == label


def test_the_code_lists_are_whole_in_order_and_of_their_system():
    assert (len(CMC45.labels), len(ICD10_CATEGORIES.labels)) == (45, 1918)
    for labels, chapters in ((CMC45, ICD9_CHAPTERS), (ICD10_CATEGORIES, ICD10_CHAPTERS)):
        codes = [label.split(" ", 1)[0] for label in labels.labels]
        assert codes == sorted(codes)
        assert all(labels.known_code(code) and chapters.chapter(code) for code in codes)
        assert all(len(label.split(" ", 1)[1]) > 3 for label in labels.labels)
    assert {ICD10_CHAPTERS.chapter(label) for label in ICD10_CATEGORIES.labels} == set(ICD10_CHAPTERS.labels)


@pytest.mark.parametrize(
    ("labels", "said", "meant"),
    [
        (CMC45, "7862", "786.2 Cough"),
        (CMC45, "V13.02", "V13.02 Personal history of urinary tract infection"),
        (ICD10_CATEGORIES, "i10", "I10 Essential (primary) hypertension"),
        (CHEXPERT14, "Edema", "Edema"),
        (ICD10_CHAPTERS, "Neoplasms", "Neoplasms"),
    ],
)
def test_a_person_may_name_a_label_by_its_code(labels, said, meant):
    assert labels.named(said) == meant


@pytest.mark.parametrize(("labels", "said"), [(CHEXPERT14, "J18"), (ICD10_CHAPTERS, "J18"), (ICD10_CATEGORIES, "Flu")])
def test_a_label_that_is_not_there_is_refused_in_a_line_that_can_be_read(labels, said):
    with pytest.raises(UserError, match=f"unknown label '{said}': {labels.name} has") as refusal:
        labels.named(said)
    assert len(str(refusal.value)) < 1200


@pytest.mark.parametrize("labels", LABEL_SETS.values(), ids=lambda s: s.name)
def test_a_list_has_no_label_twice_and_its_normal_is_in_it(labels):
    assert len(set(labels.labels)) == len(labels.labels)
    assert labels.normal is None or labels.normal in labels.labels
    assert label_set(labels.name) is labels


@pytest.mark.parametrize(
    ("name", "message"), [("icd11", "unknown label set 'icd11': one of chexpert14"), (None, "no label set yet")]
)
def test_a_set_that_is_not_there_is_refused(name, message):
    with pytest.raises(UserError, match=message):
        label_set(name)
