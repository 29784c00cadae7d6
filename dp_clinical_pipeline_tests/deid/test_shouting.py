"""Lines in capitals are read in title case, character by character in place."""

from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.shouting import calmed


@given(st.text(max_size=80))
def test_no_character_moves(text: str) -> None:
    assert len(calmed(text)) == len(text)


def test_an_institution_in_capitals_is_found_whole() -> None:
    text = "JUNIPER HILLS CANCER INSTITUTE\nCHEST FILM"
    assert "JUNIPER HILLS CANCER INSTITUTE" in {text[s.start : s.end] for s in find_identifiers(text)}
