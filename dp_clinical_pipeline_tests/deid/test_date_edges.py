"""A time of day and an article written with a date belong to its span, and stay as they are written."""

from itertools import pairwise

import pytest

from dp_clinical_pipeline.deid.date_edges import with_edges
from dp_clinical_pipeline.deid.detect import NOTHING, find_identifiers, with_known
from dp_clinical_pipeline.deid.replace import masked
from dp_clinical_pipeline.deid.spans import Span


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        ("Collected 07/17/2009 9:02 AM EST, then.", "07/17/2009 9:02 AM EST", "Collected [DATE] 9:02 AM EST, then."),
        ("Signed MAR 31, 2013@13:25.", "MAR 31, 2013@13:25", "Signed [DATE]@13:25."),
        ("Received 2014-02-14T06:31:55Z today.", "2014-02-14T06:31:55Z", "Received [DATE]T06:31:55Z today."),
        ("Collected 01/12/2017 14:22:09.123", "01/12/2017 14:22:09.123", "Collected [DATE] 14:22:09.123"),
        ("Seen on March 3 at 9:15 p.m.", "March 3 at 9:15 p.m.", "Seen on [DATE] at 9:15 p.m."),
        ("Removed on 3/4/2019 at 0410.", "3/4/2019 at 0410", "Removed on [DATE] at 0410."),
        ("Scanned 11/10/2016 1:17p: no change.", "11/10/2016 1:17p", "Scanned [DATE] 1:17p: no change."),
        ("Started on the 26th of May 2011.", "the 26th of May 2011", "Started on the [DATE]."),
        ("Seen 09/02'12.", "09/02'12", "Seen [DATE]."),
    ],
)
def test_what_is_written_with_a_date_is_in_its_span_and_stays(text: str, span: str, kept: str) -> None:
    found = find_identifiers(text)
    assert [text[s.start : s.end] for s in found] == [span]
    assert masked(text, found) == kept


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("On 3/4/2019 120/80 was read.", "3/4/2019"),
        ("On 3/4/2019, 14 nodules were counted.", "3/4/2019"),
        ("On 3/4/2019 25:10 was the ratio.", "3/4/2019"),
        ("Moved on 3/4/2019 at 1200 Oak Street for good.", "3/4/2019"),
    ],
)
def test_what_is_no_time_of_day_is_not_in_a_dates_span(text: str, date: str) -> None:
    assert [text[s.start : s.end] for s in find_identifiers(text) if s.type == "DATE"] == [date]


def test_another_look_changes_nothing() -> None:
    text = "Collected 07/17/2009 9:02 AM EST."
    found = find_identifiers(text)
    assert with_known(text, found, NOTHING) == found


def test_spans_stay_apart_where_one_begins_within_a_time_and_ends_after_it() -> None:
    text = "On 3/4/2019 14:22:09 AB-77 was read."
    places = ((3, 11, "DATE"), (12, 14, "OTHER_ID"), (15, 26, "OTHER_ID"))
    found = with_edges(text, [Span(start, end, kind, "t", 1.0) for start, end, kind in places])
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert "AB-77" not in masked(text, found)
    assert text[found[0].start : found[-1].end] == "3/4/2019 14:22:09 AB-77"
