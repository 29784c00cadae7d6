"""Institutions in small letters are found after a word of going or staying, and kinds of institutions are left."""

import pytest

from dp_clinical_pipeline.deid.detect import find_identifiers


@pytest.mark.parametrize(
    "text",
    [
        "transferred from [akron general] with sepsis",
        "transfer from [st joes] for NSTEMI",
        "pt seen at [st mary's] last week",
        "sent to [springfield general hospital] by ems",
        "followed at [duluth medical center]",
        "dialysis at [davita] on monday",
        "pt resides at [brookdale], walks with a cane",
        "sent over to [mercy general hospital] for cath",
    ],
)
def test_an_institution_without_a_capital_is_found_whole(text):
    start, end = text.index("["), text.index("]") - 1
    found = [span for span in find_identifiers(text.replace("[", "").replace("]", "")) if span.type == "FACILITY"]
    assert [(span.start, span.end) for span in found] == [(start, end)]


@pytest.mark.parametrize(
    "text",
    [
        "pt sent to outside hospital",
        "transferred to our hospital from local nursing home",
        "discharged to skilled nursing home",
        "lives in assisted living, admitted to the hospital",
        "changes seen in st depression, returned to st elevation",
        "seen at coumadin clinic, back to baseline mental status",
        "sent to regional hospital for a higher level of care",
        "admitted to inpatient psychiatric hospital",
        "referred to general surgery, followed in sleep clinic",
        "referred to select specialty services, seen in quest diagnostics class",
    ],
)
def test_a_kind_of_institution_stays(text):
    assert find_identifiers(text) == []
