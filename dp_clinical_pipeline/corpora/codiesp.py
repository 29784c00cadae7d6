"""CodiEsp's clinical cases with ICD-10-CM diagnosis codes: `note_id, icd10cm, text`."""

from collections.abc import Iterator

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.reading import Reading
from dp_clinical_pipeline.corpora.records import Rejected, Report, Row


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the cases of every CSV file; each case is its own patient."""
    for file in reading.files():
        for row in CsvRows(file, ("note_id", "icd10cm", "text")):
            yield row if isinstance(row, Rejected) else _report(row)


def _report(row: Row) -> Report:
    codes = [code.strip() for code in row.text("icd10cm").split("|") if code.strip()]
    return Report(
        report_id=row.text("note_id"),
        patient_id=row.text("note_id"),
        modality="clinical case",
        text=row.text("text"),
        codes=codes or None,
        source="codiesp",
        place=row.place,
        raw=row.raw,
    )
