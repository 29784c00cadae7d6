"""Writing a table in row groups, so that memory does not grow with it."""

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from dp_clinical_pipeline.tables import Table

_ROWS = 1_000
_TEXT = 8 * 2**20


class TableWriter:
    """A context in which rows are added one at a time; the file is whole when it ends without an error."""

    def __init__(self, table: Table, path: Path):
        self._schema = table.empty().to_arrow().schema
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[dict[str, object]] = []
        self._size = 0

    def __enter__(self) -> "TableWriter":
        return self

    def add(self, row: dict[str, object]) -> None:
        """Add a row of the table's columns.

        Raises:
            OSError: the disk is full.
        """
        self._rows.append(row)
        self._size += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(self._rows) >= _ROWS or self._size >= _TEXT:
            self._flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, schema=self._schema))
        self._rows, self._size = [], 0
