"""Label files indexed on disk, so that a join needs no memory that grows with them."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRATCH_PREFIX = ".scratch-"


class Lookup:
    """Values by key: `add` all, then `get`. Values of a key keep the order they were added in."""

    def __init__(self, database: Path | None):
        self._db = sqlite3.connect(database or ":memory:", isolation_level=None)
        # Scratch data: lost with the process, so neither a journal nor a flush is worth its time.
        self._db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;")
        self._db.execute("CREATE TABLE item (key TEXT, value TEXT)")
        self._db.execute("BEGIN")
        self._indexed = False

    def add(self, key: str, value: str) -> None:
        self._db.execute("INSERT INTO item VALUES (?, ?)", (key, value))

    def get(self, key: str) -> list[str] | None:
        """Return the values of a key, None where it was never added."""
        if not self._indexed:
            self._db.execute("CREATE INDEX by_key ON item (key)")
            self._indexed = True
        found = [value for (value,) in self._db.execute("SELECT value FROM item WHERE key = ? ORDER BY rowid", (key,))]
        return found or None

    def close(self) -> None:
        self._db.close()


@contextmanager
def lookup(scratch: Path | None) -> Iterator[Lookup]:
    """Open a lookup in a folder below `scratch`, which must lie in the enclave; in memory for None."""
    if scratch is None:
        index = Lookup(None)
        try:
            yield index
        finally:
            index.close()
        return
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=scratch) as folder:
        index = Lookup(Path(folder, "lookup.sqlite"))
        try:
            yield index
        finally:
            index.close()
