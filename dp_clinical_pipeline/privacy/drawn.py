"""A noisy table is drawn once: what was drawn lies in the enclave until the ledger says that it is done."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import written_aside


def drawn_once(home: Home, mechanism_id: str, draw: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """Return what a mechanism drew: `draw()`, or what it gave an attempt that never ended.

    Guarantee: two tables never leave at one price. Who was killed between a table and the ledger's last word goes on at
    no cost, and finds the same numbers even where that table was taken away meanwhile: other noise on the same counts
    would be another release.

    Raises:
        UserError: the disk is full or the enclave cannot be written; nothing left.
    """
    kept = _kept(home, mechanism_id)
    if not kept.exists():
        frame = draw()
        with written_aside(kept) as aside:
            frame.write_parquet(aside)
    return pl.read_parquet(kept)


def forget_drawn(home: Home, mechanism_id: str) -> None:
    """Remove what `drawn_once` keeps; the ledger holds the mechanism as done, so that nobody goes on with it."""
    _kept(home, mechanism_id).unlink(missing_ok=True)


def _kept(home: Home, mechanism_id: str) -> Path:
    return home.enclave / "checkpoints" / f"{mechanism_id}.drawn.parquet"
