"""Parquet rows, a record batch at a time."""

import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from dp_clinical_pipeline.corpora.files import SourceFile
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Row, rejected

_BATCH = 256


def parquet_rows(file: SourceFile, required: tuple[str, ...], optional: tuple[str, ...]) -> Iterator[Row | Rejected]:
    """Yield the rows with their required and, where the file has them, optional columns."""
    number = 0
    try:
        if file.path.stat().st_size == 0:
            yield file.reject(Reason.EMPTY_FILE, "the file is empty")
            return
        with pq.ParquetFile(file.path, pre_buffer=False) as parquet:
            present = parquet.schema_arrow.names
            if missing := [name for name in required if name not in present]:
                yield file.reject(Reason.MISSING_COLUMN, f"no column {', '.join(missing)}")
                return
            columns = [name for name in (*required, *optional) if name in present]
            for batch in parquet.iter_batches(_BATCH, columns=columns, use_threads=False):
                for at in range(batch.num_rows):
                    number += 1
                    yield _row(batch.slice(at, 1), f"{file.name}, row {number}")
    except (pa.ArrowException, OSError):
        place = f"{file.name}, row {number + 1}"
        yield rejected(place, Reason.MALFORMED_PARQUET, "the file cannot be read from here", b"")


def _row(record: pa.RecordBatch, place: str) -> Row | Rejected:
    try:
        values = record.to_pylist()[0]
    except UnicodeDecodeError:
        return rejected(place, Reason.NOT_UTF8, "bytes that are not UTF-8", _bytes(record))
    except (OverflowError, ValueError, KeyError):  # a year past 9999, a time zone that nobody knows
        return rejected(place, Reason.BAD_DATE, "a date or time that cannot be read", _bytes(record))
    return Row(place, values, json.dumps(values, default=str, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _bytes(record: pa.RecordBatch) -> bytes:
    """Return the row's text columns as they lie in the file."""
    text = [c for c in record.columns if pa.types.is_string(c.type) or pa.types.is_large_string(c.type)]
    return b"\n".join(column.cast(pa.large_binary())[0].as_py() or b"" for column in text)
