"""The de-identification stage: one batch of raw reports to surrogates, masked text and spans."""

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from dp_clinical_pipeline.deid.blocks import in_order, workers
from dp_clinical_pipeline.deid.grouped import GroupedWriter
from dp_clinical_pipeline.deid.keys import secret
from dp_clinical_pipeline.deid.offline import refused_network
from dp_clinical_pipeline.deid.rows import FoundRow, Row, deidentified, detected, whose
from dp_clinical_pipeline.deid.site import Site
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store, written_aside
from dp_clinical_pipeline.tables import DEIDENTIFIED_FOR, DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, RAW_REPORTS

ROWS_AT_ONCE = 1_000
_NAMES = pa.schema([("whose", pa.string()), ("name", pa.string())])
_SPAN = pa.struct(
    [
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("type", pa.string()),
        ("voter", pa.string()),
        ("score", pa.float64()),
    ]
)
_FOUND = pa.schema([("spans", pa.list_(_SPAN))])

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class _Files:
    """The batch, and what is noted of it in a scratch folder of the enclave."""

    raw: Path
    names: Path
    found: Path


def deidentify_batch(home: Home, batch_id: str, progress: Progress | None = None) -> None:
    """De-identify one batch of `raw_reports`; `progress` is told (reports done, reports in the batch).

    Writes `deidentified_reports/<batch>` and `identifier_spans/<batch>`, rows in the order of the raw ones. Each row
    depends on its patient's rows of this batch (on itself, where a report is the privacy unit), the settings and the key
    alone. Memory does not grow with the batch:
    a first look notes spans and names to scratch files in the enclave, a second reads them block by block, each with
    the names of its own patients. No socket can be opened meanwhile.

    Raises:
        UserError: there is no such batch, no label set, or no usable key; or a table cannot be written.
        RuntimeError: a voter failed; the message names the report by its pseudonym alone.
    """
    store = Store(home)
    raw = store.path(RAW_REPORTS, batch_id)
    if not raw.exists():
        raise UserError(f"raw_reports has no batch {batch_id}: ingest it first")
    labels = label_set(home.settings.corpus.label_set)
    key = secret(home)
    with pq.ParquetFile(raw) as file:
        total = file.metadata.num_rows
    with (
        refused_network(),
        workers(total) as pool,
        tempfile.TemporaryDirectory(dir=home.enclave, prefix=".deid-") as scratch,
        written_aside(store.path(DEIDENTIFIED_REPORTS, batch_id)) as reports,
        written_aside(store.path(IDENTIFIER_SPANS, batch_id)) as spans,
    ):
        files = _Files(raw=raw, names=Path(scratch) / "names.parquet", found=Path(scratch) / "found.parquet")
        unit = home.settings.privacy.unit
        _look(files, pool, partial(detected, key=key, site=Site(home.settings.deid), unit=unit))
        work = partial(deidentified, labels=labels, key=key, mode=home.settings.deid.replacement)
        _write(_second_look(files, unit), pool, work, reports, spans, total, unit, progress)


def _rows(path: Path) -> Iterator[list[Row]]:
    with pq.ParquetFile(path) as file:
        for block in file.iter_batches(batch_size=ROWS_AT_ONCE):
            yield block.to_pylist()


def _look(
    files: _Files, pool: Executor | None, work: Callable[[list[Row]], tuple[list[list[Row]], list[tuple[str, str]]]]
) -> None:
    """Note each report's spans, and the words of the names found in each patient's documents."""
    with GroupedWriter(files.names, _NAMES) as names, GroupedWriter(files.found, _FOUND) as found:
        for spans, noted in in_order(pool, work, _rows(files.raw)):
            found.write(pa.Table.from_pylist([{"spans": row} for row in spans], _FOUND))
            names.write(pa.Table.from_pylist([{"whose": w, "name": n} for w, n in noted], _NAMES))


def _second_look(files: _Files, unit: str) -> Iterator[list[FoundRow]]:
    """Yield blocks of (raw row, spans of the first look, names of that row's unit)."""
    for rows, found in zip(_rows(files.raw), _rows(files.found), strict=True):
        names = _names_of(files.names, sorted({whose(row, unit) for row in rows}))
        yield [
            (row, spans["spans"], names.get(whose(row, unit), frozenset()))
            for row, spans in zip(rows, found, strict=True)
        ]


def _names_of(names: Path, units: list[str]) -> dict[str, frozenset[str]]:
    wanted = pa.table({"whose": pa.array(units, pa.string())})
    with duckdb.connect(":memory:") as con:
        con.register("wanted", wanted)
        rows = con.execute(
            "SELECT whose, list(DISTINCT name) FROM read_parquet(?) SEMI JOIN wanted USING (whose) GROUP BY 1",
            [str(names)],
        ).fetchall()
    return {unit: frozenset(found) for unit, found in rows}


def _write(
    blocks: Iterator[list[FoundRow]],
    pool: Executor | None,
    work: Callable[[list[FoundRow]], tuple[list[Row], list[Row]]],
    reports: Path,
    spans: Path,
    total: int,
    unit: str,
    progress: Progress | None,
) -> None:
    done = 0
    report_schema = DEIDENTIFIED_REPORTS.empty().to_arrow().schema.with_metadata({DEIDENTIFIED_FOR: unit})
    span_schema = IDENTIFIER_SPANS.empty().to_arrow().schema
    with GroupedWriter(reports, report_schema) as report_file, GroupedWriter(spans, span_schema) as span_file:
        for report_rows, span_rows in in_order(pool, work, blocks):
            report_frame = pl.DataFrame(report_rows, schema=DEIDENTIFIED_REPORTS.schema)
            span_frame = pl.DataFrame(span_rows, schema=IDENTIFIER_SPANS.schema)
            report_file.write(report_frame.to_arrow().cast(report_schema))
            span_file.write(span_frame.to_arrow().cast(span_schema))
            done += len(report_rows)
            if progress:
                progress(done, total)
