"""The de-identification stage: one batch of raw reports to surrogates, masked text and spans."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dp_clinical_pipeline.deid.detect import Context, find_identifiers
from dp_clinical_pipeline.deid.keys import pseudonym, secret
from dp_clinical_pipeline.deid.known import names_in
from dp_clinical_pipeline.deid.offline import refused_network
from dp_clinical_pipeline.deid.replace import Surrogates, day_offset, masked, shift_date
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.store import Store, written_aside
from dp_clinical_pipeline.tables import DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, RAW_REPORTS

ROWS_AT_ONCE = 2_000
_NAMES = pa.schema([("patient_id", pa.string()), ("name", pa.string())])

Row = dict[str, Any]
Progress = Callable[[int, int], None]


def deidentify_batch(home: Home, batch_id: str, progress: Progress | None = None) -> None:
    """De-identify one batch of `raw_reports`; `progress` is told (reports done, reports in the batch).

    Writes `deidentified_reports/<batch>` and `identifier_spans/<batch>`, rows in the order of the raw ones. Each row
    depends on its patient's rows of this batch, the settings and the key alone. Memory does not grow with the batch:
    names are first noted to a scratch file in the enclave, then each block of rows reads its own patients' names.

    Raises:
        UserError: there is no such batch, no label set, or no usable key; or a table cannot be written.
    """
    store = Store(home)
    raw = store.path(RAW_REPORTS, batch_id)
    if not raw.exists():
        raise UserError(f"raw_reports has no batch {batch_id}: ingest it first")
    labels = label_set(home.settings.corpus.label_set)
    key = secret(home)
    reports = store.path(DEIDENTIFIED_REPORTS, batch_id)
    spans = store.path(IDENTIFIER_SPANS, batch_id)
    with (
        refused_network(),
        tempfile.TemporaryDirectory(dir=home.enclave, prefix=".names-") as scratch,
        written_aside(reports) as reports_aside,
        written_aside(spans) as spans_aside,
    ):
        names = Path(scratch) / "names.parquet"
        _note_names(raw, names, key)
        _write_tables(raw, names, reports_aside, spans_aside, labels, key, progress)


def deidentify_row(row: Row, names: frozenset[str], labels: LabelSet, key: bytes) -> tuple[Row, list[Row]]:
    """Return a raw report's de-identified row and its span rows.

    Raises:
        RuntimeError: a voter failed; the message holds the report's pseudonym and the error's type, and no text.
    """
    patient_key = pseudonym(key, "patient", row["patient_id"])
    report_key = pseudonym(key, "report", row["patient_id"], row["report_id"])
    day = row["authored_on"]
    text = row["text"] or ""
    try:
        spans = find_identifiers(text, Context(names=names, values=own_values(row)))
        surrogates = Surrogates(key=key, patient=patient_key, report=report_key, year=day.year if day else 2000)
        replaced, hidden = surrogates.replace(text, spans), masked(text, spans)
    except Exception as error:
        raise RuntimeError(f"de-identification failed on report {report_key} ({type(error).__name__})") from None
    shared = {"report_key": report_key, "patient_key": patient_key, "batch": row["batch"]}
    report = shared | {
        "authored_on": shift_date(day, day_offset(key, patient_key)),
        "modality": row["modality"],
        "text": replaced,
        "masked": hidden,
        "labels": row["labels"],
        "codes": row["codes"],
        "targets": labels.targets(row["labels"], row["codes"]),
    }
    return report, [shared | _span_row(span) for span in spans]


def own_values(row: Row) -> tuple[tuple[str, str], ...]:
    """Return the identifiers that the corpus's own fields hold of this patient, with their types."""
    return ((row["patient_id"] or "", "MRN"), (row["report_id"] or "", "ACCESSION"))


def _span_row(span: Span) -> Row:
    return {"start": span.start, "end": span.end, "type": span.type, "voter": span.voter, "score": span.score}


def _rows(path: Path) -> Iterator[list[Row]]:
    with pq.ParquetFile(path) as file:
        for block in file.iter_batches(batch_size=ROWS_AT_ONCE):
            yield block.to_pylist()


def _note_names(raw: Path, names: Path, key: bytes) -> None:
    """Write the words of the names found in each patient's documents, with the patient."""
    with pq.ParquetWriter(names, _NAMES) as writer:
        for rows in _rows(raw):
            found = {(row["patient_id"], name) for row in rows for name in _names_of(row, key)}
            writer.write_table(pa.Table.from_pylist([{"patient_id": p, "name": n} for p, n in sorted(found)], _NAMES))


def _names_of(row: Row, key: bytes) -> set[str]:
    text = row["text"] or ""
    try:
        return names_in(text, find_identifiers(text))
    except Exception as error:
        report_key = pseudonym(key, "report", row["patient_id"], row["report_id"])
        raise RuntimeError(f"de-identification failed on report {report_key} ({type(error).__name__})") from None


def _names_by_patient(names: Path, patients: list[str]) -> dict[str, frozenset[str]]:
    with duckdb.connect(":memory:") as con:
        rows = con.execute(
            "SELECT patient_id, list(DISTINCT name) FROM read_parquet(?) WHERE list_contains(?, patient_id) GROUP BY 1",
            [str(names), patients],
        ).fetchall()
    return {patient: frozenset(found) for patient, found in rows}


def _write_tables(
    raw: Path, names: Path, reports: Path, spans: Path, labels: LabelSet, key: bytes, progress: Progress | None
) -> None:
    with pq.ParquetFile(raw) as file:
        total = file.metadata.num_rows
    done = 0
    report_schema = DEIDENTIFIED_REPORTS.empty().to_arrow().schema
    span_schema = IDENTIFIER_SPANS.empty().to_arrow().schema
    with pq.ParquetWriter(reports, report_schema) as report_file, pq.ParquetWriter(spans, span_schema) as span_file:
        for rows in _rows(raw):
            known = _names_by_patient(names, sorted({row["patient_id"] for row in rows}))
            made = [deidentify_row(row, known.get(row["patient_id"], frozenset()), labels, key) for row in rows]
            report_rows = pl.DataFrame([m[0] for m in made], schema=DEIDENTIFIED_REPORTS.schema)
            span_rows = pl.DataFrame([s for m in made for s in m[1]], schema=IDENTIFIER_SPANS.schema)
            report_file.write_table(report_rows.to_arrow().cast(report_schema))
            span_file.write_table(span_rows.to_arrow().cast(span_schema))
            done += len(rows)
            if progress:
                progress(done, total)
