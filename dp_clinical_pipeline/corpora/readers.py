"""The formats that can be read, each by a file of its own, to one schema."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dp_clinical_pipeline.config import Corpus
from dp_clinical_pipeline.corpora import cmc, codiesp, ct_rate, mimic_cxr, mimic_iv_note, openi, table, text
from dp_clinical_pipeline.corpora.reading import Reading
from dp_clinical_pipeline.corpora.records import Rejected, Report
from dp_clinical_pipeline.corpora.validation import validated
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import LABEL_SETS, LabelSet


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A format: what it looks like, the label set it brings, and the other sets it can be read with."""

    name: str
    about: str
    label_set: str
    rows: Callable[[Reading], Iterator[Report | Rejected]]
    other_sets: tuple[str, ...] = ()

    @property
    def label_sets(self) -> tuple[str, ...]:
        return (self.label_set, *self.other_sets)

    def read(
        self, path: Path, corpus: Corpus, label_set: LabelSet, *, scratch: Path | None = None
    ) -> Iterator[Report | Rejected]:
        """Yield every row of a corpus as a valid report or as refused, in the order of files and rows.

        `scratch` is a folder in the enclave for the index of a label file; without it the index is in memory.
        """
        for row in self.rows(Reading(path=path, label_set=label_set, columns=corpus.columns, scratch=scratch)):
            yield row if isinstance(row, Rejected) else validated(row, label_set)


FORMATS: dict[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader(
            name="openi",
            about="a folder with reports.csv and labels_nih14.csv or labels_chexpert14.csv",
            label_set="nih14",
            other_sets=("chexpert14",),
            rows=openi.rows,
        ),
        Reader(
            name="ct-rate",
            about="CSV with AccessionNo, report_text and a column for each label",
            label_set="ct-rate18",
            rows=ct_rate.rows,
        ),
        Reader(
            name="cmc",
            about="XML of <doc> with ICD-9-CM <code origin='CMC_MAJORITY'> and <text>",
            label_set="icd9-chapters",
            other_sets=("cmc45",),
            rows=cmc.rows,
        ),
        Reader(
            name="codiesp",
            about="CSV with note_id, text and icd10cm (codes joined by |)",
            label_set="icd10-chapters",
            other_sets=("icd10-categories",),
            rows=codiesp.rows,
        ),
        Reader(
            name="mimic-cxr",
            about="files/p10/p10000032/s50414267.txt and mimic-cxr-2.0.0-chexpert.csv, gzipped or not",
            label_set="chexpert14",
            rows=mimic_cxr.rows,
        ),
        Reader(
            name="mimic-iv-note",
            about="discharge.csv and diagnoses_icd.csv, gzipped or not, at the top or in note/ and hosp/",
            label_set="icd10-chapters",
            other_sets=("icd10-categories", "icd9-chapters"),
            rows=mimic_iv_note.rows,
        ),
        Reader(
            name="table",
            about="Parquet, CSV or JSONL with report_id, patient_id, text; other names: corpus.columns",
            label_set="chexpert14",
            other_sets=tuple(name for name in LABEL_SETS if name != "chexpert14"),
            rows=table.rows,
        ),
        Reader(
            name="text",
            about="a folder of .txt files; the first folder below the top is the patient",
            label_set="chexpert14",
            other_sets=tuple(name for name in LABEL_SETS if name != "chexpert14"),
            rows=text.rows,
        ),
    )
}


def get_reader(format: str) -> Reader:
    """Return the reader of a format.

    Raises:
        UserError: there is no such format; the message lists those there are.
    """
    if format not in FORMATS:
        shown = "".join(c if c.isalnum() or c in "-_." else "?" for c in format)[:40]
        raise UserError(f"unknown format {shown!r}: one of {', '.join(FORMATS)}")
    return FORMATS[format]
