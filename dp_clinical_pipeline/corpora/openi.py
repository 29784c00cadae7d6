"""Indiana University's chest X-ray reports from Open-i: `reports.csv` and files of labels."""

from collections.abc import Iterator

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.files import SourceFile
from dp_clinical_pipeline.corpora.lookup import Lookup, lookup
from dp_clinical_pipeline.corpora.reading import Reading, index_findings
from dp_clinical_pipeline.corpora.records import Rejected, Report, Row

_SECTIONS = ("indication", "comparison", "findings", "impression")


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the reports of every `reports.csv`; each report is its own patient, for the file names none.

    The indexers' labels (`labels_nih14.csv`) or the labeler's (`labels_chexpert14.csv`), by the label set.
    """
    with lookup(reading.scratch) as labels:
        for file in reading.files(f"labels_{reading.label_set.name}"):
            yield from _index(labels, file, reading)
        for file in reading.files("reports"):
            for row in CsvRows(file, ("uid", "findings", "impression")):
                yield row if isinstance(row, Rejected) else _report(row, labels)


def _index(labels: Lookup, file: SourceFile, reading: Reading) -> Iterator[Rejected]:
    column = "filename" if reading.label_set.name == "nih14" else "uid"
    yield from index_findings(
        labels,
        file,
        key=lambda values: values[column].strip().removeprefix("CXR"),
        key_columns=(column,),
        label_set=reading.label_set,
    )


def _report(row: Row, labels: Lookup) -> Report:
    uid = row.text("uid")
    sections = tuple((name, text) for name in _SECTIONS if (text := row.text(name)))
    found = labels.get(uid)
    return Report(
        report_id=uid,
        patient_id=uid,
        modality="chest x-ray",
        sections=sections,
        text="\n".join(text for name, text in sections if name in ("findings", "impression")),
        labels=None if found is None else [label for label in found[0].split("|") if label],
        source="openi",
        place=row.place,
        raw=row.raw,
    )
