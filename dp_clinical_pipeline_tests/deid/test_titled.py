"""Lines in title case: what makes one, and which found spans the model may take back there."""

import random

import pytest

from dp_clinical_pipeline.deid import learnt
from dp_clinical_pipeline.deid.clues import tokens_of
from dp_clinical_pipeline.deid.evaluate import Document
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.deid.titled import capitals_of_lines, is_in_title
from dp_clinical_pipeline_tests.deid.planting import titled

TITLE = "Dual Lead Pacemaker Seen in Westhope"


def judged(text: str, surface: str) -> bool:
    tokens, start = tokens_of(text), text.index(surface)
    inside = [i for i, t in enumerate(tokens) if start <= t.start < start + len(surface)]
    return is_in_title(tokens, capitals_of_lines(tokens), inside[0], inside[-1] + 1)


@pytest.mark.parametrize(
    ("text", "is_title"),
    [
        (TITLE, True),
        (f"the patient was admitted\n{TITLE}\nand then went home", True),
        ("Seen in Westhope", False),
        ("The lead of the pacemaker was checked in Westhope", False),
        ("Lead Seen Pacemaker and then three more small words in Westhope", False),
        ("DUAL LEAD PACEMAKER SEEN IN Westhope", False),
        ("Dual Lead Pacemaker\nseen in Westhope", False),
    ],
)
def test_a_title_is_a_line_of_capitals_beside_the_span(text: str, is_title: bool) -> None:
    assert judged(text, "Westhope") is is_title


def test_the_words_of_the_span_itself_make_no_title() -> None:
    assert not judged("Westhope Grove Hospital Center", "Westhope Grove Hospital")


def test_each_token_has_the_counts_of_its_line() -> None:
    tokens = tokens_of("Chest Clear\n\nthen a small line\n")
    assert capitals_of_lines(tokens) == [(2, 0)] * 3 + [(0, 3)] * 5
    assert capitals_of_lines([]) == []


@pytest.mark.parametrize(
    ("text", "voter", "stands"),
    [
        (TITLE, "towns:in", False),
        (TITLE, "facilities:head", False),
        (TITLE, "people:title", True),
        (TITLE, "addresses:street", True),
        ("Pacemaker seen in Westhope", "towns:in", True),
    ],
)
def test_in_a_title_the_model_doubts_whoever_reads_capitals_and_nobody_firm(
    monkeypatch: pytest.MonkeyPatch, text: str, voter: str, stands: bool
) -> None:
    monkeypatch.setattr(learnt, "_surest", lambda _: 0.005)
    start = text.index("Westhope")
    found = [Span(start, start + 8, "CITY", voter, 0.6)]
    assert learnt.settled(text, found)[0] == (found if stands else [])


def test_a_span_in_which_no_word_begins_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learnt, "_surest", lambda _: 0.0)
    for text in (TITLE, "seen in Westhope"):
        found = [Span(len(text) - 4, len(text), "CITY", "runs:lone", 0.6)]
        assert learnt.settled(text, found)[0] == found


def test_what_is_planted_stays_as_it_was_written_in_a_title() -> None:
    document = Document(id="1", text="seen by dr. okonjo, clinic full, 3pm", spans=((8, 18, "PERSON"),))
    made = titled(document, random.Random(1))
    assert made.text == "Seen by dr. okonjo, Clinic Full, 3pm"
    assert made.spans == document.spans
