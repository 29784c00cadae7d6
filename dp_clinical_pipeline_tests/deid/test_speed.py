"""Time grows with the length of a text and no faster, whatever the text is made of."""

import time

import pytest

from dp_clinical_pipeline.deid.detect import find_identifiers

SIZE = 20_000


def seconds(text: str) -> float:
    began = time.process_time()
    find_identifiers(text)
    return time.process_time() - began


@pytest.mark.parametrize(
    "piece", ["a", "A", "1", "-", "[", "1-", "A-", "Aa-", "Aa'", "1/", "1.", "a@", "Aa ", "Mary ", "Dr. ", "id ", "1:"]
)
def test_time_is_linear_on_adversarial_text(piece: str) -> None:
    text = (piece * SIZE)[:SIZE]
    small, large = seconds(text[: SIZE // 4]), seconds(text)
    assert large < 0.15 or large < 8 * small
