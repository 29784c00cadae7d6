"""The files that the made-up hospital's rows are written to, broken ones among the sound ones."""

import gzip
from datetime import date
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from dp_clinical_pipeline.demo.broken import COLUMNS, Row, csv_line, csv_values, json_line

_ROW_GROUP = 2000
_ARROW = pa.schema(
    [pa.field(name, pa.date32() if name == "authored_on" else pa.string()) for name in COLUMNS[:5]]
    + [pa.field(name, pa.list_(pa.string())) for name in COLUMNS[5:]]
)


class TextFile:
    """A JSONL or CSV file, gzipped or not, with half of its broken rows before the sound ones and half after."""

    def __init__(self, path: Path, broken: list[bytes]) -> None:
        self._raw = path.open("wb")
        self._stream: IO[bytes] = self._raw
        if path.suffix == ".gz":
            # No name and no time in the header: the same rows give the same bytes.
            self._stream = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0, compresslevel=1)  # type: ignore[assignment]
        self._is_csv = ".csv" in path.name
        self._last = broken[len(broken) // 2 :]
        if self._is_csv:
            self._stream.write(csv_line(list(COLUMNS)))
        self._stream.writelines(broken[: len(broken) // 2])

    def write(self, rows: list[Row]) -> None:
        self._stream.write(b"".join(csv_line(csv_values(row)) if self._is_csv else json_line(row) for row in rows))

    def close(self) -> None:
        self._stream.writelines(self._last)
        self._stream.close()
        self._raw.close()


class ParquetFile:
    """A Parquet file in row groups, its broken rows at the end."""

    def __init__(self, path: Path, broken: list[Row]) -> None:
        self._writer = pq.ParquetWriter(path, _ARROW)
        self._waiting: list[Row] = []
        self._last = broken

    def write(self, rows: list[Row]) -> None:
        self._waiting += rows
        if len(self._waiting) >= _ROW_GROUP:
            self._flush()

    def close(self) -> None:
        self.write(self._last)
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            typed = [row | {"authored_on": date.fromisoformat(str(row["authored_on"]))} for row in self._waiting]
            self._writer.write_table(pa.Table.from_pylist(typed, schema=_ARROW))
        self._waiting = []
