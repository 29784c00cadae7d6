"""Batches of notes that a cell has written so far, so that an interrupted generation goes on where it stopped."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import written_aside
from dp_clinical_pipeline.tables import SYNTHETIC_REPORTS, Table


class Drafts:
    """A folder in the enclave, one Parquet file a batch, for one adapter and one set of generation settings."""

    def __init__(self, home: Home, mechanism_id: str, table: Table = SYNTHETIC_REPORTS) -> None:
        self._table = table
        fixed = home.settings.generation.model_dump() | {
            "mechanism": mechanism_id,
            "labels": home.settings.corpus.label_set,
        }
        digest = hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()[:12]
        self._folder = home.enclave / "checkpoints" / f"notes-{mechanism_id}-{digest}"

    def read(self, batch: int) -> list[dict[str, Any]] | None:
        """Return the rows of a batch, None where it was not finished."""
        path = self._path(batch)
        return pl.read_parquet(path).to_dicts() if path.exists() else None

    def write(self, batch: int, rows: list[dict[str, Any]]) -> None:
        """Keep a finished batch."""
        with written_aside(self._path(batch)) as aside:
            pl.DataFrame(rows, schema=self._table.schema).write_parquet(aside)

    def delete(self) -> None:
        """Forget all of it: the table holds the notes now."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, batch: int) -> Path:
        return self._folder / f"{batch:05d}.parquet"
