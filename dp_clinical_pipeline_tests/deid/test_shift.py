"""Dates move by the same number of days and keep the format in which they were written."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.deid.dates import MONTHS
from dp_clinical_pipeline.deid.replace import day_offset, shift_date
from dp_clinical_pipeline.deid.shift import shift_written, written_day_first

days = st.dates(date(1905, 1, 1), date(2095, 12, 31))
offsets = st.integers(-365, 365).filter(bool)


def suffix(n: int) -> str:
    return "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")


FORMATS = {
    "slashes": lambda d: f"{d.month}/{d.day}/{d.year}",
    "padded": lambda d: f"{d.month:02d}/{d.day:02d}/{d.year}",
    "iso": lambda d: d.isoformat(),
    "compact": lambda d: f"{d:%Y%m%d}",
    "long": lambda d: f"{MONTHS[d.month - 1].capitalize()} {d.day}, {d.year}",
    "ordinal": lambda d: f"{MONTHS[d.month - 1].capitalize()} {d.day}{suffix(d.day)}, {d.year}",
    "day first": lambda d: f"{d.day} {MONTHS[d.month - 1].capitalize()} {d.year}",
    "shouting": lambda d: f"{d.day:02d}-{MONTHS[d.month - 1][:3].upper()}-{d.year}",
}


AMBIGUOUS = ("slashes", "shouting")
"""Styles whose padding cannot be told from a date with two digits: compared without leading zeros."""


@pytest.mark.parametrize("style", FORMATS)
@given(day=days, by=offsets)
def test_a_written_date_moves_in_its_format(style: str, day: date, by: int) -> None:
    moved, expected = shift_written(FORMATS[style](day), by), FORMATS[style](day + timedelta(days=by))
    if style in AMBIGUOUS:
        assert moved is not None
        moved, expected = re.sub(r"\b0", "", moved), re.sub(r"\b0", "", expected)
    assert moved == expected


@given(day=days, by=offsets)
def test_day_first_numbers_move_as_such(day: date, by: int) -> None:
    def write(d: date) -> str:
        return f"{d.day:02d}.{d.month:02d}.{d.year}"

    assert shift_written(write(day), by, day_first=True) == write(day + timedelta(days=by))


def test_a_number_above_twelve_in_front_shows_day_first() -> None:
    assert written_day_first(["03.04.2020", "27.05.2020"])
    assert not written_day_first(["03/04/2020", "05/27/2020", "May 27, 2020"])


@pytest.mark.parametrize(
    ("written", "by", "moved"),
    [
        ("Friday", 3, "Monday"),
        ("last Friday", 3, "last Monday"),
        ("Mondays", -1, "Sundays"),
        ("Tues", 1, "Wed"),
        ("SAT", 2, "MON"),
        ("June", 31, "July"),
        ("June 2018", 365, "June 2019"),
        ("Sept. 30, 2015", 1, "Oct. 1, 2015"),
        ("3/14", 20, "4/3"),
        ("twenty-first of June, 2020", 1, "twenty-second of June, 2020"),
        ("March 3-5, 2020", 10, "March 13-15, 2020"),
        ("Jan 9th '23", -10, "Dec 30th '22"),
        ("12/31/99", 1, "01/01/00"),
        ("02/30/2021", 1, "03/01/2021"),
        ("04/2019", 30, "05/2019"),
    ],
)
def test_partial_and_odd_dates_follow(written: str, by: int, moved: str) -> None:
    assert shift_written(written, by) == moved


@given(st.text(max_size=20), offsets)
def test_what_is_no_date_is_not_read_as_one_or_at_least_survives(text: str, by: int) -> None:
    assert shift_written(text, by) is None or isinstance(shift_written(text, by), str)


@given(st.text(min_size=1, max_size=8))
def test_a_patient_never_stays_in_place(patient: str) -> None:
    by = day_offset(bytes(range(32)), patient)
    assert by != 0
    assert -365 <= by <= 365
    assert shift_date(date(2020, 2, 29), by) == date(2020, 2, 29) + timedelta(days=by)
    assert shift_date(None, by) is None
    assert shift_date(date.max, 400) is None
