"""From incoming/ to one batch of all that arrived; a crash at any point loses no file."""

import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from dp_clinical_pipeline.config import read_settings
from dp_clinical_pipeline.corpora.readers import Reader, get_reader
from dp_clinical_pipeline.corpora.registration import (
    Batch,
    batch_id,
    content_digest,
    fix_settings,
    known_batch,
    now,
)
from dp_clinical_pipeline.corpora.registry import registry, transaction
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home

SETTLE_SECONDS = 10.0
"""A file that changed this recently may still be arriving."""
_PATIENCE = 120.0


def collect_settled(home: Home, say: Callable[[str], None] | None = None) -> Batch | None:
    """Wait until nothing in incoming/ is young any more, and collect it; `say` is told once that it waits.

    A file that is moved while somebody writes to it is read as far as it was, and what comes after is lost.

    Raises:
        UserError: files are still written to after two minutes; and as `collect_incoming`.
    """
    began = time.monotonic()
    while not _is_settled(home.incoming, SETTLE_SECONDS):
        if time.monotonic() - began > _PATIENCE:
            raise UserError("files in incoming/ are still being written: run again when they are whole")
        if say:
            say(f"files in incoming/ may still be arriving: waiting until none changed for {SETTLE_SECONDS:g} seconds")
        say = None
        time.sleep(1)
    return collect_incoming(home, SETTLE_SECONDS)


def collect_incoming(home: Home, settle_seconds: float = 0.0) -> Batch | None:
    """Move all files in incoming/ to the enclave and register them as one batch in the settings' format.

    Returns None where nothing arrived, where a file changed in the last `settle_seconds` (it may still be
    arriving, and all that arrives together is one batch), or where another process is collecting. Known
    content is put aside in enclave/batches/duplicates/ and its old batch returned.

    Raises:
        UserError: the settings name no format, or the files cannot be moved.
    """
    try:
        with FileLock(home.enclave / "incoming.lock", timeout=0), registry(home) as con:
            return _collect(home, con, settle_seconds)
    except Timeout:
        return None
    except OSError as error:
        raise UserError(f"cannot move what arrived in incoming/ to the enclave: {error.strerror}") from None


def _collect(home: Home, con: sqlite3.Connection, settle_seconds: float) -> Batch | None:
    # A batch without a digest was being moved when a process died: its files are already in its folder.
    begun = con.execute("SELECT number FROM batch WHERE digest IS NULL").fetchone()
    arrived = _arrived(home.incoming, settle_seconds)
    if not (arrived or begun):
        return None
    format = read_settings(home.settings_file).corpus.format
    if format is None:
        raise UserError(
            "files arrived in incoming/ and nothing says how to read them: set corpus.format in settings.yaml"
        )
    reader = get_reader(format)
    number = begun[0] if begun else _begin(home, con, reader)
    folder = home.enclave / "batches" / batch_id(number)
    folder.mkdir(parents=True, exist_ok=True)
    for entry in arrived:
        _move(entry, folder / entry.name)
    return _register(home, con, number, folder, reader)


def _begin(home: Home, con: sqlite3.Connection, reader: Reader) -> int:
    """Take the next id before the first file moves, so that a crash leaves a trace to go on from."""
    with transaction(con):
        fixed = fix_settings(home, reader)
        row = (reader.name, "", fixed, now())
        done = con.execute("INSERT INTO batch (format, path, settings_fixed, registered_at) VALUES (?, ?, ?, ?)", row)
    return done.lastrowid or 0


def _register(home: Home, con: sqlite3.Connection, number: int, folder: Path, reader: Reader) -> Batch | None:
    digest = content_digest(folder)
    with transaction(con):
        known = known_batch(con, digest, reader.name) if digest else None
        if digest is None or known:
            con.execute("DELETE FROM batch WHERE number = ?", (number,))
        else:
            done = (digest, reader.name, str(folder), number)
            con.execute("UPDATE batch SET digest = ?, format = ?, path = ? WHERE number = ?", done)
            return Batch(id=batch_id(number), format=reader.name, path=folder, is_new=True)
        if known:
            aside = home.enclave / "batches" / "duplicates" / folder.name
            aside.parent.mkdir(exist_ok=True)
            folder.replace(aside)
    return known


def _arrived(incoming: Path, settle_seconds: float) -> list[Path]:
    """Return what lies at the top of incoming/ and holds a file, or nothing while a file is still young."""
    if settle_seconds and not _is_settled(incoming, settle_seconds):
        return []
    return [entry for entry in _entries(incoming) if next(_files(entry), None)]


def _is_settled(incoming: Path, seconds: float) -> bool:
    young = time.time() - seconds
    return not any(file.stat().st_mtime > young for entry in _entries(incoming) for file in _files(entry))


def _entries(incoming: Path) -> list[Path]:
    if not incoming.is_dir():
        return []
    return [entry for entry in sorted(incoming.iterdir()) if not entry.name.startswith(".")]


def _files(entry: Path) -> Iterator[Path]:
    if entry.is_file():
        yield entry
    for folder, _, names in os.walk(entry):
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _move(entry: Path, target: Path) -> None:
    """Move a file or folder so that the target is whole or absent; a taken name stays for the next batch."""
    if target.exists():
        return
    try:
        entry.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # Another filesystem: copy under a name that readers pass over, then rename, then remove.
        aside = target.with_name(f".moving-{os.getpid()}")
        shutil.copytree(entry, aside) if entry.is_dir() else shutil.copy2(entry, aside)
        aside.rename(target)
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
