"""What is left of an identifier after replacement: nothing, whatever else its words could be."""

import re
from datetime import date
from itertools import pairwise

import pytest

from dp_clinical_pipeline.deid.dates import MONTHS
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


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Seen on March 2, 9 and 16, 2021.", ["March 2, 9 and 16, 2021"]),
        ("Treated January 5, 12, 19, and 26.", ["January 5, 12, 19, and 26"]),
        ("Chemo on 4/5, 4/12, 4/19.", ["4/5", "4/12", "4/19"]),
        ("Chemo given 4/5, 4/12 and 4/19/2021.", ["4/5", "4/12", "4/19/2021"]),
        ("CT on March 2, 9 mm nodule.", ["March 2"]),
        ("March 2 and 9 weeks later", ["March 2"]),
        ("Strength 4/5, 5/5 and 3/5.", []),
        ("Apgars 8/9, 9/10.", []),
        ("Pain was 6/10, 7/10.", []),
        ("BP 120/80, 110/70 on 4/5, 4/12 and 5/3", ["4/5", "4/12", "5/3"]),
    ],
)
def test_every_day_of_a_list_is_found_and_no_reading(text: str, dates: list[str]) -> None:
    assert [text[span.start : span.end] for span in find_identifiers(text)] == dates


def test_days_of_a_list_keep_their_distance() -> None:
    for patient in map(str, range(40)):
        told = replaced("Treated July 4, 11 and 18.", patient=patient)
        month, days = 0, []
        for name, day in re.findall(r"([A-Z][a-z]{2,8} )?(\d+)", told):
            month = MONTHS.index(name.strip().lower()) + 1 if name else month
            days.append(date(2021, month, int(day)))
        assert [(later - day).days for day, later in pairwise(days)] == [7, 7] or told == "Treated [DATE].", told
    told = replaced("Chemo on 4/5, 4/12, 4/19.", patient="p2")
    days = [date(2021, *map(int, one.split("/"))) for one in re.findall(r"\d+/\d+", told)]
    assert [(later - day).days % 365 for day, later in pairwise(days)] == [7, 7]


@pytest.mark.parametrize(
    "text",
    [
        "Admitted 3/2/2021-3/9/2021 for pneumonia.",
        "Exam time 2021-03-14T09:15:00Z.",
        "2021-03-14T09:15:00.123Z",
        "Printed 2021-03-14T09:15:40-05:00 by hand",
        "Exam 2021-03-14 09:15:33.",
        "Acquired 20210314T091500",
        "Signed 3/14/21 09:15 PM",
    ],
)
def test_ranges_and_stamps_are_moved_in_their_own_format(text: str) -> None:
    told = replaced(text)
    assert re.sub(r"\d", "0", told) == re.sub(r"\d", "0", text) or re.sub(r"\d+", "0", told) == re.sub(
        r"\d+", "0", text
    )
    assert told != text
    assert re.findall(r"09:?15(?::?\d\d)?", told) == re.findall(r"09:?15(?::?\d\d)?", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("DOB 4/5/1931, seen in 2021", "DOB 1932 or earlier, seen in 2021"),
        ("DOB: 4/5/31", "DOB: 1932 or earlier"),
        ("Born in 1931. Well.", "Born in 1932 or earlier. Well."),
        ("YOB 1929", "YOB 1932 or earlier"),
        ("Operated in May 1928.", "Operated in 1932 or earlier."),
        ("Date of birth: 1932", "Date of birth: 1932"),
        ("Born in 1950.", "Born in 1950."),
    ],
)
def test_no_year_shows_an_age_over_89(text: str, told: str) -> None:
    assert replaced(text) == told


def test_a_report_of_no_known_year_keeps_its_dates() -> None:
    surrogates = Surrogates(key=b"k" * 32, patient="p1", report="r1")
    text = "Exam 3/2/09, compared to 4/5/11 and 1/1/1985."
    assert "earlier" not in surrogates.replace(text, find_identifiers(text))


@pytest.mark.parametrize(
    "text", ["Codeine allergy. AF with RVR.", "Siemens Somatom scanner used.", "Philips Brilliance 64 CT"]
)
def test_medicines_rhythms_and_makers_of_scanners_are_nobodys_names(text: str) -> None:
    assert replaced(text) == text
