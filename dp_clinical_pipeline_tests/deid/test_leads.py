"""A search at the words that can begin a pattern finds what a search at every character finds."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.deid import cued, dates, headers, institutions, labels, partial_dates, people, phones, towns
from dp_clinical_pipeline.deid.leads import Led
from dp_clinical_pipeline_tests.deid.test_detect import _GOLD, examples, lookalikes

LED = {
    "labels": labels._LED,
    "headers": headers._LED,
    "dates": dates._LED_NUMBER,
    "partial dates": partial_dates._LED,
    "cued": cued._LED,
    "phones": phones._LED,
    "towns": towns._LED,
    "institutions": institutions._LED,
    **{f"people {rule}": led for led, rule, _ in people._LED_RULES},
}
SENTENCES = [_GOLD.sub(r"\1", marked) for _, marked in examples()] + lookalikes()


@pytest.mark.parametrize("name", LED)
@settings(deadline=None, max_examples=40)
@given(sentences=st.lists(st.sampled_from(SENTENCES), max_size=8), between=st.sampled_from([" ", "\n", "; ", "/"]))
def test_nothing_is_lost(name: str, sentences: list[str], between: str) -> None:
    text, led = between.join(sentences), LED[name]
    assert [m.end() for m in led.matches(text, re.Match.end)] == [m.end() for m in led.pattern.finditer(text)]


def test_words_that_begin_no_match_are_passed_over() -> None:
    led = Led(re.compile(r"\b(?:phone|fax)\s\d"), "phone|fax")
    assert list(led.starts("call phone 1 or fax 2")) == [5, 16]


@pytest.mark.parametrize("text", ["neighbor Ann", "neighbour Ann", "Neighbors Ann", "accompanied Ann"])
def test_a_letter_that_may_be_absent_is_not_asked_for(text: str) -> None:
    pattern = re.compile(r"\b(?:neighbou?rs?|accompan(?:ied|ying))\s\w", re.I)
    assert [m.group() for m in Led(pattern, "neighbou?rs?|accompan(?:ied|ying)").matches(text, re.Match.end)]
