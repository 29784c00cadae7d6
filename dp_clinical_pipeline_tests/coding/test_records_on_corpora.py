"""Agreement with Open-i's indexers on side, degree and place, on the half that nobody read."""

import pytest

from dp_clinical_pipeline_tests.benchmarks.labelers import corpora_folder
from dp_clinical_pipeline_tests.benchmarks.records import scores


@pytest.mark.corpora
def test_the_unread_half_is_described_as_the_indexers_did() -> None:
    folder = corpora_folder()
    if folder is None:
        pytest.skip("the open corpora are absent: set DP_CLINICAL_CORPORA")
    for kind, (precision, recall, number) in scores(folder)["B"].items():
        assert number > 100, kind
        assert precision > 0.75, kind
        assert recall > 0.75, kind
