"""Which reports of which patients were taken already: on disk, so that memory does not grow."""

import hashlib
import sqlite3
from pathlib import Path

from dp_clinical_pipeline.corpora.registry import transaction


class Seen:
    """The reports of this batch so far and of all other batches. Nothing is kept before `keep`."""

    def __init__(self, con: sqlite3.Connection, scratch: Path, batch: str):
        self._con, self._batch = con, batch
        self._own = sqlite3.connect(scratch / "seen.sqlite", isolation_level=None)
        self._own.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        self._own.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        self._own.execute("BEGIN")

    def is_first(self, patient_id: str, report_id: str) -> bool:
        """Say whether this report of this patient was in no batch so far, and note it."""
        parts = (part.encode() for part in (patient_id, report_id))
        hashed = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
        other = self._con.execute(
            "SELECT 1 FROM seen WHERE patient_report_hash = ? AND batch <> ?", (hashed, self._batch)
        ).fetchone()
        if other:
            return False
        return self._own.execute("INSERT OR IGNORE INTO seen VALUES (?)", (hashed,)).rowcount == 1

    def keep(self) -> None:
        """Replace what was kept of this batch, in one transaction."""
        own = self._own.execute("SELECT hash FROM seen")
        with transaction(self._con):
            self._con.execute("DELETE FROM seen WHERE batch = ?", (self._batch,))
            self._con.executemany("INSERT INTO seen VALUES (?, ?)", ((hashed, self._batch) for (hashed,) in own))

    def close(self) -> None:
        self._own.close()
