"""Sentences and the headings above them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.coding.sentences import sentences


def split(text: str) -> list[tuple[str, str]]:
    return [(s.section, text[s.start : s.end].strip()) for s in sentences(text) if text[s.start : s.end].strip()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No effusion. Heart normal.", ["No effusion.", "Heart normal."]),
        ("A 1.5 cm nodule. Clear.", ["A 1.5 cm nodule.", "Clear."]),
        ("In the apex.There is a mass.", ["In the apex.", "There is a mass."]),
        ("1. No effusion\n2. Mass", ["No effusion", "Mass"]),
        ("Called to Dr. Ann Lee at 9. Clear.", ["Called to Dr. Ann Lee at 9.", "Clear."]),
        ("Infection? Mass; clear", ["Infection?", "Mass;", "clear"]),
        ("a line that\nruns on", ["a line that\nruns on"]),
        ("one paragraph\n\nanother", ["one paragraph", "another"]),
    ],
)
def test_sentences_end_where_they_do(text: str, expected: list[str]) -> None:
    assert [said for _, said in split(text)] == expected


def test_headings_are_kept_with_what_they_head() -> None:
    text = "INDICATION: Cough.\nFINDINGS:\nClear lungs. No mass.\nImpression: Normal."
    assert split(text) == [
        ("indication", "Cough."),
        ("findings", "Clear lungs."),
        ("findings", "No mass."),
        ("impression", "Normal."),
    ]


@given(st.text(alphabet="Aa1.:;?!\n -", max_size=300))
def test_nothing_but_headings_marks_and_space_is_lost(text: str) -> None:
    places = list(sentences(text))
    assert all(s.start < s.end <= len(text) for s in places)
    assert all(a.end <= b.start for a, b in pairwise(places))


def test_a_text_without_an_end_is_cut() -> None:
    assert max(s.end - s.start for s in sentences("word " * 5000)) <= 1000
