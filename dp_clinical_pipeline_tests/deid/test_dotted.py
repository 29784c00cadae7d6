"""Two letters with stops are somebody's initials; what is written with stops and names nobody stays."""

import pytest

from dp_clinical_pipeline.deid.detect import find_identifiers


@pytest.mark.parametrize(
    "text",
    [
        "Reviewed w/ [T.R.] at bedside.",
        "Seen with [J.K.] this morning.",
        "[S.B.] will call the family.",
        "Handoff to [K.L.] at 1900.",
        "Mother ([D.K.]) at bedside.",
        "Plan agreed by [T.W.], who will sign.",
    ],
)
def test_initials_with_stops_are_found(text):
    start, end = text.index("["), text.index("]") - 1
    (found,) = find_identifiers(text.replace("[", "").replace("]", ""))
    assert (found.start, found.end, found.type) == (start, end, "PERSON")


@pytest.mark.parametrize(
    "text",
    [
        "Started I.V. fluids, nothing P.O. after supper.",
        "The R.N. and the P.A. agree with the plan.",
        "B.P. stable, clear to the L.A. and R.A. on echo.",
        "Drops O.U. twice daily, more in the O.D. than in the O.S.",
        "The tube came from the U.S. in a sealed box.",
        "Sent to the E.R. and then to the O.R. for repair.",
        "Moved back to upstate, N.Y. last year.",
    ],
)
def test_what_is_written_with_stops_stays(text):
    assert find_identifiers(text) == []
