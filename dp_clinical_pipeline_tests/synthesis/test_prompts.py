"""Prompts hold public words, and the note to learn is findings and impression."""

import pytest

from dp_clinical_pipeline.labelsets import LABEL_SETS, label_set
from dp_clinical_pipeline.synthesis.fields import Fields
from dp_clinical_pipeline.synthesis.prompts import (
    kind_of_note,
    note_body,
    note_to_learn,
    nothing_found,
    prompt,
    prompt_of,
    record_line,
)

REPORT = """\
NAME: Ada Example   MRN: 123456
EXAM: chest radiograph

FINDINGS: The heart is enlarged.
There is no effusion.

IMPRESSION: Cardiomegaly.


Dictated by Dr. Nobody, 555-0100
"""


@pytest.mark.parametrize("name", LABEL_SETS)
def test_a_prompt_says_the_kind_of_note_and_every_label(name):
    labels = label_set(name)
    chosen = labels.labels[:3]
    text = prompt(chosen, labels)
    assert kind_of_note(labels) in text
    assert all(labels.words(label) in text for label in chosen)
    assert text.endswith("Report:")
    assert "_" not in text


def test_a_record_without_labels_says_so():
    assert "none of the listed findings" in prompt([], label_set("chexpert14"))


def test_a_record_names_details_and_denials():
    fields = Fields(details={"Pleural_Thickening": "mild left"}, denied=("Effusion", "Pneumothorax"))
    line = record_line(["Mass", "Pleural_Thickening"], label_set("nih14"), fields)
    assert line == "mass; mild left pleural thickening; no effusion; no pneumothorax"
    assert line in prompt(["Mass", "Pleural_Thickening"], label_set("nih14"), fields)


def test_a_note_is_the_answer_to_its_own_record():
    asked = prompt_of("Small right effusion. No pneumothorax.", ["Effusion"], label_set("nih14"))
    assert "Findings: mild right effusion; no pneumothorax." in asked


def test_a_record_names_what_has_no_label_instead_of_nothing():
    labels = label_set("nih14")
    assert record_line([], labels, Fields(others=("scoliosis",), denied=("Mass",))) == "scoliosis; no mass"
    assert record_line(["Mass"], labels, Fields(others=("scoliosis",))) == "mass; scoliosis"
    assert record_line([], labels) == "none of the listed findings"


@pytest.mark.parametrize(
    ("name", "says"), [("nih14", "normal; no mass"), ("ct-rate18", "none of the listed findings; no mass")]
)
def test_nothing_found_keeps_the_denials(name, says):
    fields = Fields(details={"Effusion": "left"}, denied=("Mass",))
    assert f"Findings: {says}." in nothing_found(label_set(name), fields)


def test_the_body_is_findings_and_impression_without_header_or_signature():
    assert note_body(REPORT) == "FINDINGS: The heart is enlarged. There is no effusion. IMPRESSION: Cardiomegaly."


def test_a_section_ends_at_the_next_heading():
    text = "Findings: clear lungs.\nTechnique: two views.\nIMPRESSION: normal."
    assert note_body(text) == "Findings: clear lungs. IMPRESSION: normal."


def test_a_text_without_headings_is_returned_whole():
    assert note_body("  The lungs\nare clear. ") == "The lungs are clear."


def test_what_is_learnt_names_nobody_and_keeps_every_finding():
    text = (
        "FINDINGS: Small left effusion, seen on 3/4/2012. The heart is large.\n"
        "IMPRESSION: 1. Effusion.\nDiscussed with Dr. Dana Fields at 555-123-4567 at 10:30.\n"
        "I, Dana Fields, MD, have reviewed the images."
    )
    wanted = "FINDINGS: Small left effusion, seen on 3/4/2012. The heart is large. IMPRESSION: 1. Effusion."
    labels = label_set("nih14")
    assert note_to_learn(text, ["Effusion", "Cardiomegaly"], labels) == wanted
    assert note_to_learn(REPORT, ["Cardiomegaly"], labels) == note_body(REPORT)
    told = (
        "FINDINGS: Large left effusion, discussed with Dr. Dana Fields at 3 pm. Heart normal. IMPRESSION: Dana Fields."
    )
    assert note_to_learn(told, ["Effusion"], labels) == told.removesuffix(" IMPRESSION: Dana Fields.")
    assert note_to_learn(told, [], labels) == "FINDINGS: Heart normal."


@pytest.mark.parametrize("heading", ["", "FINDINGS: ", "FINDINGS: Dana Fields, MD. IMPRESSION: "])
def test_a_report_that_says_nothing_else_is_learnt_whole(heading):
    signed = f"{heading}Signed by Dr. Dana Fields at 555-123-4567."
    assert note_to_learn(signed, [], label_set("nih14")) == signed
