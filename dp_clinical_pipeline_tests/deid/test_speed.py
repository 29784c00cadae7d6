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
    "piece",
    [
        "a",
        "A",
        "1",
        "-",
        "[",
        "1-",
        "A-",
        "Aa-",
        "Aa'",
        "1/",
        "1.",
        "a@",
        "Aa ",
        "Mary ",
        "Dr. ",
        "id ",
        "1:",
        "4/5, ",
        "5, ",
    ],
)
def test_time_is_linear_on_adversarial_text(piece: str) -> None:
    text = (piece * SIZE)[:SIZE]
    small, large = (min(seconds(text[:size]) for _ in range(2)) for size in (SIZE // 4, SIZE))
    assert large < 0.15 or large < 8 * small


@pytest.mark.long
@pytest.mark.parametrize("piece", ["a", "A", "1", "-", "["])
def test_a_line_of_a_megabyte_takes_linear_time(piece: str) -> None:
    small, large = (min(seconds((piece * size)[:size]) for _ in range(3)) for size in (250_000, 1_000_000))
    # Four times the text; three times that for what else the machine does.
    assert large < 0.5 or large < 12 * small
