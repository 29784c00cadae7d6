"""Each kind of identifier is found whole and under its type; clinical look-alikes stay."""

import re
from pathlib import Path

import pytest

from dp_clinical_pipeline.deid import towns
from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.spans import TYPES

HERE = Path(__file__).parent
_GOLD = re.compile(r"\{\{(.+?)\}\}")


def examples() -> list[tuple[str, str]]:
    lines = (HERE / "identifiers.txt").read_text(encoding="utf-8").splitlines()
    return [(kind, text) for kind, text in (line.split("\t") for line in lines)]


def lookalikes(name: str = "lookalikes") -> list[str]:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()


def letters(text: str, start: int, end: int) -> set[int]:
    return {i for i in range(start, end) if text[i].isalnum()}


@pytest.mark.parametrize(("kind", "marked"), examples(), ids=lambda v: v[:60])
def test_an_identifier_is_found_whole_and_typed(kind: str, marked: str) -> None:
    text = _GOLD.sub(r"\1", marked)
    spans = find_identifiers(text)
    for surface in _GOLD.findall(marked):
        start = text.index(surface)
        gold = letters(text, start, start + len(surface))
        covered = set().union(*(letters(text, s.start, s.end) for s in spans))
        assert gold <= covered
        assert kind in {s.type for s in spans if s.start < start + len(surface) and start < s.end}


def test_every_type_has_examples() -> None:
    assert {kind for kind, _ in examples()} == set(TYPES)


def test_at_most_one_lookalike_in_a_hundred_is_touched() -> None:
    sentences = lookalikes()
    assert len(sentences) >= 300
    touched = [sentence for sentence in sentences if find_identifiers(sentence)]
    assert len(touched) <= len(sentences) // 100, touched


@pytest.mark.parametrize(("before", "towns_found"), [("Walden Clinic, ", ["Tilbury"]), ("Seen, ", [])])
def test_a_dictionary_word_before_a_state_is_a_town_after_an_institution(before: str, towns_found: list[str]) -> None:
    text = f"{before}Tilbury OR\nBearer"
    assert [text[span.start : span.end] for span in towns.vote(text)] == towns_found


@pytest.mark.parametrize(
    "text",
    [
        "PMC 1234567 was cited.",
        "1. AP/PA Chest views were taken.",
        "Rich vascular supply.",
        "Seen by Wound Care",
        "Brought in by Ambulance from Home",
        "Wound Vac in Place",
    ],
)
def test_what_is_any_hospitals_stays(text: str) -> None:
    assert find_identifiers(text) == []


def test_at_most_one_title_in_ten_is_touched() -> None:
    """A line of capitals without a name; 106 of them were touched before the model had read titles."""
    sentences = lookalikes("lookalikes_titled")
    assert len(sentences) > 160
    touched = [sentence for sentence in sentences if find_identifiers(sentence)]
    assert len(touched) <= len(sentences) // 10, touched
