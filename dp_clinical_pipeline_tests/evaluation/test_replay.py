import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.evaluation.replay import distinctive, replayed, words

PHRASE = st.lists(st.sampled_from(["ab", "b", "c1", "Ä"]), max_size=5).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(PHRASE, max_size=6), st.lists(PHRASE, max_size=6))
def test_replayed_equals_a_plain_search(texts, surfaces):
    padded = [f" {' '.join(words(text))} " for text in texts]
    expected = {
        index
        for index, surface in enumerate(surfaces)
        if words(surface) and any(f" {' '.join(words(surface))} " in text for text in padded)
    }
    assert replayed(texts, surfaces) == expected


@pytest.mark.parametrize(
    ("surface", "text", "found"),
    [
        ("Zebulon Quarrel", "seen by ZEBULON QUARREL's team", True),
        ("Zebulon Quarrel", "Quarrel, Zebulon", False),
        ("123-45-6789", "ssn 123 45 6789.", True),
        ("zq@mail.org", "write to <zq@mail.org>", True),
        ("MRN0012345", "MRN00123456", False),
        ("--", "-- --", False),
    ],
)
def test_case_and_punctuation_do_not_hide_an_identifier(surface, text, found):
    assert replayed([text], [surface]) == ({0} if found else set())


@pytest.mark.parametrize(
    "surface",
    ["Zebulon Quarrel", "MRN0012345", "555-123-4567", "123-45-6789", "zq@mail.org", "00012345"],
)
def test_what_points_at_a_person_is_distinctive(surface):
    assert distinctive(surface)


@pytest.mark.parametrize(
    "surface",
    ["Smith", "Quarrel", "Dr. Quarrel", "effusion", "pleural effusion", "12/03/2019", "March 2019", "3rd of April, 1987",
     "Tuesday",
     "2019-03-12 10:45:30", "87 years old", "87-year-old", "      ", "------"],
)  # fmt: skip
def test_common_words_dates_and_ages_are_not_distinctive(surface):
    assert not distinctive(surface)


def test_time_is_linear_in_the_text():
    surfaces = [f"Doctor Name{i} Surname{i}" for i in range(20_000)]
    texts = [f"doctor doctor name{i} surname{i} " + "doctor of the chest " * 20 for i in range(2_000)]
    start = time.process_time()
    assert len(replayed(texts, surfaces)) == 2_000
    assert time.process_time() - start < 10
