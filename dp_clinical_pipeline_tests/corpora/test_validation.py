"""Dates and the rules for one report."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.corpora.records import Rejected, Report
from dp_clinical_pipeline.corpora.validation import parsed_date, validated
from dp_clinical_pipeline.labelsets import CHEXPERT14, ICD9_CHAPTERS


@given(day=st.datetimes(datetime(1000, 1, 1)))
def test_every_accepted_form_of_a_date_is_its_day(day: datetime):
    forms = (
        day.date(),
        day,
        day.isoformat(),
        day.isoformat(" "),
        f" {day:%Y%m%d} ".zfill(8),
        day.date().isoformat(),
    )
    assert {parsed_date(form) for form in forms} == {day.date()}


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_date_is_null(empty: str | None):
    assert parsed_date(empty) is None


@pytest.mark.parametrize(
    "text",
    [
        "05/04/2031",
        "2031-13-01",
        "20310230",
        "2031",
        "2031-W01-1",
        "2031-04-05x",
        "2031-04-05T25:00",
        "٢٠٣١٠٤٠٥",
    ],
)
def test_what_is_no_date_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011
        parsed_date(text)


def test_a_date_with_a_zone_is_its_own_day():
    assert parsed_date("2031-04-05T23:30:00+02:00") == date(2031, 4, 5)
    assert parsed_date("2031-04-05T23:30:00Z") == date(2031, 4, 5)


def test_codes_are_checked_against_the_sets_own_system_and_raised():
    report = Report(report_id="1", patient_id="1", text="x", source="table", codes=["v45.81", "e878.8", "486"])
    found = validated(report, ICD9_CHAPTERS)
    assert isinstance(found, Report)
    assert found.codes == ["V45.81", "E878.8", "486"]
    assert isinstance(validated(report, CHEXPERT14), Rejected)
