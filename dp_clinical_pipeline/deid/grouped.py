"""Parquet written as it comes, in row groups of many blocks: what a file keeps of each group grows with their number."""

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 10_000


class GroupedWriter:
    """A Parquet file whose row groups hold at least `ROWS` rows each, but for the last.

    A writer remembers statistics of every column of every row group until it closes, texts among them.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open the file; use it in a `with`, whose end writes what is left."""
        self._writer = pq.ParquetWriter(path, schema)
        self._waiting: list[pa.Table] = []

    def write(self, table: pa.Table) -> None:
        """Take up a table of the file's schema."""
        self._waiting.append(table)
        if sum(waiting.num_rows for waiting in self._waiting) >= ROWS:
            self._flush()

    def _flush(self) -> None:
        table, self._waiting = pa.concat_tables(self._waiting), []
        self._writer.write_table(table)

    def __enter__(self) -> "GroupedWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._waiting:
            self._flush()
        self._writer.close()
