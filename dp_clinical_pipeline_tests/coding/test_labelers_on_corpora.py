"""Agreement with people's labels on the half of each open corpus that nobody read while writing the rules."""

import pytest

from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline_tests.benchmarks.labelers import corpora_folder, macro_f1, micro_f1, read, scores


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("format", "labels", "macro", "micro"),
    [
        ("openi", "nih14", 0.90, 0.92),
        ("ct-rate", "ct-rate18", 0.92, 0.92),
        ("cmc", "icd9-chapters", 0.60, 0.85),
        ("cmc", "cmc45", 0.65, 0.85),
        ("codiesp", "icd10-chapters", 0.60, 0.70),
    ],
)
def test_the_unread_half_is_labelled_as_people_did(format: str, labels: str, macro: float, micro: float) -> None:
    folder = corpora_folder()
    if folder is None:
        pytest.skip("the open corpora are absent: set DP_CLINICAL_CORPORA")
    table = scores(read(format, folder)["B"], label_set(labels))
    assert macro_f1(table) >= macro
    assert micro_f1(table) >= micro
