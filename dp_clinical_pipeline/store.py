"""Reading and writing the Parquet tables of a home, and DuckDB views over them."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home, aside_of
from dp_clinical_pipeline.tables import TABLES, Table

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a path to write to, and move it into place only when the block ends without an error.

    Raises:
        UserError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    aside = aside_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        aside.replace(path)
    except (OSError, pl.exceptions.ComputeError) as error:
        raise UserError(f"cannot write the table {path.parent.name}: {_reason(error)}") from None
    finally:
        with suppress(OSError):
            aside.unlink()


def _reason(error: OSError | pl.exceptions.ComputeError) -> str:
    """Polars wraps what the system said into a message of its own."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    number = re.search(r"os error (\d+)", str(error))
    if number is None:
        raise error
    return os.strerror(int(number[1]))


def up_to_date(made: Sequence[Path], made_from: Sequence[Path]) -> bool:
    """Say whether all files are there, and none is older than one that it is made from."""
    if not made or not all(path.exists() for path in made):
        return False
    oldest = min(path.stat().st_mtime_ns for path in made)
    return all(path.stat().st_mtime_ns <= oldest for path in made_from if path.exists())


@dataclass(frozen=True)
class Store:
    """The tables of one home. A partition is a tuple of public keys: batch, generator, budget, arm."""

    home: Home

    def folder(self, table: Table, *, budget: str | None = None) -> Path:
        """Return a table's folder; a `by_cell` table lies in the enclave for the non-private budget."""
        if table.place == "by_cell" and budget is None:
            raise ValueError(f"{table.name} is kept by cell: say which budget")
        private = table.place == "enclave" or (table.place == "by_cell" and budget == NONPRIVATE)
        return (self.home.enclave if private else self.home.lake) / table.name

    def path(self, table: Table, *partition: str, budget: str | None = None) -> Path:
        """Return the file of a partition."""
        for part in partition:
            if not _PART.fullmatch(part):
                raise UserError(f"{part[:40]!r} cannot be part of a table's path")
        folder = self.folder(table, budget=budget)
        return folder.joinpath(*partition[:-1]) / f"{partition[-1] if partition else 'all'}.parquet"

    def write(self, table: Table, frame: pl.DataFrame, *partition: str, budget: str | None = None) -> Path:
        """Write one partition, replacing it; the frame must have the table's schema exactly.

        Raises:
            UserError: the disk is full or the folder cannot be written; the old file stays.
        """
        if frame.schema != table.schema:
            raise TypeError(f"{table.name}: the frame's columns are not the table's")
        path = self.path(table, *partition, budget=budget)
        with written_aside(path) as aside:
            frame.write_parquet(aside)
        return path

    def files(self, table: Table) -> list[Path]:
        """Return all files of a table, enclave first, in a fixed order."""
        roots = {"enclave": [self.home.enclave], "lake": [self.home.lake]}.get(
            table.place, [self.home.enclave, self.home.lake]
        )
        return [file for root in roots for file in sorted((root / table.name).glob("**/[!.]*.parquet"))]

    def scan(self, table: Table) -> pl.LazyFrame:
        """Return all partitions of a table, lazily."""
        files = self.files(table)
        # Columns that a home of before has not are null.
        return pl.scan_parquet(files, schema=table.schema, missing_columns="insert") if files else table.empty().lazy()

    def read(self, table: Table, *partition: str, budget: str | None = None) -> pl.DataFrame:
        """Return one partition, or the whole table where none is named.

        Raises:
            UserError: that partition was never made.
        """
        if not partition and budget is None:
            return self.scan(table).collect()
        path = self.path(table, *partition, budget=budget)
        if not path.exists():
            raise UserError(f"{table.name} has no partition {'|'.join(partition)}: materialize it first")
        return pl.read_parquet(path, schema=table.schema, missing_columns="insert")

    def exists(self, table: Table, *partition: str, budget: str | None = None) -> bool:
        """Say whether a partition was made."""
        return self.path(table, *partition, budget=budget).exists()


def connect(home: Home, *, public: bool = False) -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory with a view for each table.

    With `public`: the lake's tables alone, read into memory, after which the connection reaches no file any more.
    """
    con = duckdb.connect(":memory:")
    store = Store(home)
    for table in TABLES.values():
        files = [f for f in store.files(table) if not public or f.is_relative_to(home.lake)]
        if files:
            listed = ", ".join("'" + str(f).replace("'", "''") + "'" for f in files)
            kind = "TABLE" if public else "VIEW"
            con.sql(f"CREATE {kind} {table.name} AS SELECT * FROM read_parquet([{listed}], union_by_name=true)")
        elif not public or table.place != "enclave":
            con.register(f"_{table.name}", table.empty().to_arrow())
            con.sql(f"CREATE VIEW {table.name} AS SELECT * FROM _{table.name}")
    if public:
        con.sql("SET enable_external_access=false")
        con.sql("SET lock_configuration=true")
    return con


def query(home: Home, sql: str, *, public: bool = False) -> pl.DataFrame:
    """Run one SQL statement over the home's tables. A column of intervals becomes text: polars has no such type.

    Raises:
        UserError: DuckDB refuses the statement; the message is DuckDB's first line.
    """
    with connect(home, public=public) as con:
        try:
            relation = con.sql(sql)
            return _without_intervals(relation).pl() if relation is not None else pl.DataFrame()
        except duckdb.Error as error:
            raise UserError(f"query: {str(error).splitlines()[0]}") from None


def _without_intervals(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    quoted = [
        '"' + name.replace('"', '""') + '"'
        for name, kind in zip(relation.columns, relation.types, strict=True)
        if kind == "INTERVAL"
    ]
    as_text = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in quoted)
    return relation.project(f"* REPLACE ({as_text})") if quoted else relation
