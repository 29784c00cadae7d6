"""CT-RATE's chest CT reports with the labels that people annotated, one 0/1 column each."""

from collections.abc import Iterator

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.reading import Reading, positive_labels
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Report, Row, rejected
from dp_clinical_pipeline.labelsets import LabelSet


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the reports of every CSV file; each report is its own patient, for the file names none."""
    for file in reading.files():
        for row in CsvRows(file, ("AccessionNo", "report_text", *reading.label_set.labels)):
            yield row if isinstance(row, Rejected) else _report(row, reading.label_set)


def _report(row: Row, label_set: LabelSet) -> Report | Rejected:
    labels = positive_labels(row.values, label_set)
    if isinstance(labels, str):
        return rejected(row.place, Reason.UNKNOWN_LABEL, f"{labels!r} is neither present nor absent", row.raw)
    # A row whose label cells are all empty was not annotated; one of zeros was, and nothing was found.
    annotated = any(row.text(label) for label in label_set.labels)
    return Report(
        report_id=row.text("AccessionNo"),
        patient_id=row.text("AccessionNo"),
        modality="chest CT",
        text=row.text("report_text"),
        labels=labels if annotated else None,
        source="ct-rate",
        place=row.place,
        raw=row.raw,
    )
