"""What is left of an identifier after replacement: nothing, whatever else its words could be."""

import re

import pytest

from dp_clinical_pipeline.deid.detect import find_identifiers
from dp_clinical_pipeline.deid.replace import Surrogates, day_offset, masked

MODES = ("consistent", "random", "markov")


def replaced(text: str, mode: str = "markov", patient: str = "p1") -> str:
    surrogates = Surrogates(key=b"k" * 32, patient=patient, report="r1", mode=mode, year=2021)
    return surrogates.replace(text, find_identifiers(text))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("PATIENT: VAN, LINDA", "VAN"),
        ("Patient: LE, THU HA", "LE"),
        ("Patient: DO, MINH", "DO"),
        ("Patient: JUDGE, AARON", "JUDGE"),
        ("Electronically signed by Kevin Do, MD", "Do"),
        ("Seen by Dr. Tuan Le today.", "Le"),
        ("Dr. John Washington saw the patient.", "Washington"),
        ("Lives at 123 Boxwood Drive, Akron, OH 44301.", r"123|Box\w*"),
        ("Mail to P.O. Box 4471.", "4471"),
    ],
)
def test_no_word_of_a_name_or_street_stays(text: str, gone: str, mode: str) -> None:
    assert not re.search(rf"\b(?:{gone})\b", replaced(text, mode)), replaced(text, mode)


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("Seen by Dr. Vincent van Gogh today.", "van"),
        ("Seen by Maria de la Cruz, RN today.", "de la"),
        ("Patient: John Okafor Jr.", "Jr"),
        ("At 2:15 PM CT angiogram performed.", "At 2:15 PM CT angiogram performed."),
        ("Arrived 11:20 PM ST elevation noted.", "PM ST elevation noted."),
    ],
)
def test_particles_suffixes_and_what_follows_a_clock_stay(text: str, stays: str) -> None:
    assert stays in replaced(text)


def test_both_ends_of_a_stay_over_a_months_end_are_moved() -> None:
    text = "Hospitalized June 30-July 2, 2021."
    assert masked(text, find_identifiers(text)).count("July") == 0
    assert "July 2" not in replaced(text)


def test_days_of_one_month_that_fall_into_two_say_both() -> None:
    for patient in map(str, range(40)):
        told = re.fullmatch(
            r"Treated (?P<m>[A-Z][a-z]+) (?P<a>\d+)-(?:(?P<n>[A-Z][a-z]+) )?(?P<b>\d+)\.|Treated \[DATE\]\.",
            replaced("Treated March 3-20.", patient=patient),
        )
        assert told, replaced("Treated March 3-20.", patient=patient)
        if told["m"]:
            assert (int(told["b"]) < int(told["a"])) == (told["n"] is not None)


def test_a_date_without_a_year_never_stays_where_it_was() -> None:
    offsets = {day_offset(b"k" * 32, str(n)) for n in range(20_000)}
    assert not offsets & {0, 365, -365, 366, -366}
    assert max(offsets) == -min(offsets) == 364
