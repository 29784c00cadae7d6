"""MIMIC-IV-Note's discharge summaries with the diagnoses of their admission, as PhysioNet lays them out."""

from collections.abc import Iterator

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.lookup import Lookup, lookup
from dp_clinical_pipeline.corpora.reading import Reading
from dp_clinical_pipeline.corpora.records import Rejected, Report, Row

_NOTE = ("note_id", "subject_id", "hadm_id", "charttime", "text")
_DIAGNOSIS = ("hadm_id", "icd_code", "icd_version")


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the notes of every `discharge.csv`, with the codes of `diagnoses_icd.csv` by admission.

    Only codes of the label set's own version are taken: an admission coded in the other one is unlabelled.
    """
    version = reading.label_set.system.removeprefix("icd")
    with lookup(reading.scratch) as diagnoses:
        for file in reading.files("diagnoses_icd"):
            for row in CsvRows(file, _DIAGNOSIS):
                if isinstance(row, Rejected):
                    yield row
                elif row.text("icd_version") == version:
                    diagnoses.add(row.text("hadm_id"), row.text("icd_code"))
        for file in reading.files("discharge"):
            for row in CsvRows(file, _NOTE):
                yield row if isinstance(row, Rejected) else _report(row, diagnoses)


def _report(row: Row, diagnoses: Lookup) -> Report:
    admission = row.text("hadm_id")
    return Report(
        report_id=row.text("note_id"),
        patient_id=row.text("subject_id"),
        authored_on=row.text("charttime"),
        modality="discharge summary",
        text=row.values["text"],
        codes=diagnoses.get(admission) if admission else None,
        source="mimic-iv-note",
        place=row.place,
        raw=row.raw,
    )
