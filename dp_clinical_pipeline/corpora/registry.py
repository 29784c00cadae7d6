"""The record of batches and of the reports seen, in one SQLite file in the enclave."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    number INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used twice: an old id means no other batch
    format TEXT NOT NULL,
    path TEXT NOT NULL,
    digest TEXT UNIQUE,                         -- empty while files are still being moved in
    settings_fixed TEXT NOT NULL DEFAULT '',    -- which settings this registration filled in
    registered_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS seen (
    patient_report_hash BLOB PRIMARY KEY,
    batch TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seen_by_batch ON seen (batch);
"""


def database(home: Home) -> Path:
    """Return where the record lies."""
    return home.enclave / "ingest.sqlite"


@contextmanager
def registry(home: Home) -> Iterator[sqlite3.Connection]:
    """Open the record; the caller begins its own transactions, and what it did not commit is undone.

    Raises:
        UserError: it cannot be opened or written, or another process keeps it.
    """
    try:
        with closing(sqlite3.connect(database(home), timeout=60, isolation_level=None)) as con:
            con.executescript(_SCHEMA)
            yield con
    except sqlite3.OperationalError as error:
        raise UserError(f"cannot write the record of batches in the enclave: {error.sqlite_errorname}") from None


@contextmanager
def transaction(con: sqlite3.Connection) -> Iterator[None]:
    """Do all of a block or nothing of it, with no other writer between."""
    con.execute("BEGIN IMMEDIATE")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        if con.in_transaction:
            con.execute("ROLLBACK")
        raise
