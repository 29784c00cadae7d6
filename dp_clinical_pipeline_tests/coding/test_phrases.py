"""The language of the rule files against Python's own regular expressions, and its speed on hostile text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.coding.phrases import is_skip, whole_words


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("pleural fluid", "pleural-fluid", True),
        ("pleural fluid", "pleural\nfluid", True),
        ("pleural fluid", "pleurals fluid", False),
        ("(left|right) lung", "right lung", True),
        ("heart ... enlarged", "heart silhouette is a little enlarged", True),
        ("heart ... enlarged", "heart is normal. liver is enlarged", False),
        ("heart ... enlarged", "heart " + "very " * 10 + "enlarged", False),
        ("heart ...... enlarged", "heart " + "very " * 10 + "enlarged", True),
        ("mass(es)?", "masses", True),
        ("mass", "massive", False),
    ],
)
def test_a_phrase_matches(phrase: str, text: str, matches: bool) -> None:
    assert bool(whole_words(phrase).search(text)) is matches


@given(
    st.lists(
        st.from_regex(r"(\([ab]{1,2}\|[a-c]\)\??)?[a-c]{1,3}( [a-c]{1,3})?", fullmatch=True), min_size=1, max_size=8
    ),
    st.text("abc ", max_size=30),
)
def test_grouping_by_first_letter_changes_no_match(phrases: list[str], text: str) -> None:
    plain = "|".join(phrase.replace(" ", r"[\s-]+") for phrase in phrases)
    ours = whole_words("\n".join(phrases))
    assert bool(ours.search(text)) == bool(re.search(rf"\b(?:{plain})\b", text))


def test_a_skip_wins_over_a_phrase() -> None:
    pattern = whole_words("effusions?", skips="pericardial effusions?")
    found = [match[0] for match in pattern.finditer("pericardial effusion and pleural effusion") if is_skip(match)]
    assert found == ["pericardial effusion"]


def test_no_phrases_match_nothing() -> None:
    assert whole_words("").search("anything") is None


@pytest.mark.parametrize("unit", ["heart ", "a", "no ", "heart.", "\n", "1. ", "Aaa ", "effusion, "])
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    from dp_clinical_pipeline.coding.labelers import stated_labels
    from dp_clinical_pipeline.labelsets import CHEXPERT14

    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        started = time.process_time()
        stated_labels(text, CHEXPERT14)
        return time.process_time() - started

    seconds(100)
    assert seconds(80_000) < 12 * max(seconds(20_000), 0.01)
