"""A small word between two identifiers is of neither, and stays."""

import pytest

from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.replace import masked


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Told to Dr. Ibarra of Maple Hospital.", "Told to Dr. [PERSON] of [FACILITY]."),
        ("Seen at Jordan Hospital on May 3, 2012.", "Seen at [FACILITY] on [DATE]."),
    ],
)
def test_two_identifiers_are_parted_at_a_small_word(text: str, kept: str) -> None:
    assert masked(text, find_identifiers(text)) == kept


@pytest.mark.parametrize("name", ["University of Michigan Hospital", "Heart Institute of Troy"])
def test_the_of_of_an_institutions_name_is_of_it(name: str) -> None:
    text = f"Seen at {name} today."
    assert [text[s.start : s.end] for s in find_identifiers(text)] == [name]
