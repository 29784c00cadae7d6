"""Prompts hold public words, and the note to learn is findings and impression."""

import pytest

from dp_clinical_pipeline.labelsets import LABEL_SETS, label_set
from dp_clinical_pipeline.synthesis.prompts import kind_of_note, note_body, prompt

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
    assert all(label.replace("_", " ").lower() in text for label in chosen)
    assert text.endswith("Report:")
    assert "_" not in text


def test_a_record_without_labels_says_so():
    assert "none of the listed findings" in prompt([], label_set("chexpert14"))


def test_the_body_is_findings_and_impression_without_header_or_signature():
    assert note_body(REPORT) == "FINDINGS: The heart is enlarged. There is no effusion. IMPRESSION: Cardiomegaly."


def test_a_section_ends_at_the_next_heading():
    text = "Findings: clear lungs.\nTechnique: two views.\nIMPRESSION: normal."
    assert note_body(text) == "Findings: clear lungs. IMPRESSION: normal."


def test_a_text_without_headings_is_returned_whole():
    assert note_body("  The lungs\nare clear. ") == "The lungs are clear."
