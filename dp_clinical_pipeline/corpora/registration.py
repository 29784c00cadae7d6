"""Registering batches: recognised by content, under opaque sequential ids."""

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dp_clinical_pipeline.config import Settings, read_settings
from dp_clinical_pipeline.corpora.files import corpus_files
from dp_clinical_pipeline.corpora.readers import Reader, get_reader
from dp_clinical_pipeline.corpora.registry import registry, transaction
from dp_clinical_pipeline.corpora.table import OPTIONAL, REQUIRED
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One ingest. `path` may name a patient: keep it in the enclave. `is_new`: not known before."""

    id: str
    format: str
    path: Path
    is_new: bool = False


def batch_id(number: int) -> str:
    """Return the id of a batch: its number and nothing else."""
    return f"batch-{number:04d}"


def register(home: Home, path: Path, format: str) -> Batch:
    """Record a file or folder as a batch, or return the one that had the same names and content.

    The first batch of a home fixes the settings' format and label set where they are empty.

    Raises:
        UserError: no such format or path, nothing in it, or labels that are not this home's.
    """
    reader = get_reader(format)
    path = path.expanduser().resolve()
    if not path.exists():
        raise UserError("the path to ingest does not exist: give a file or a folder")
    digest = content_digest(path)
    if digest is None:
        raise UserError(f"nothing usable: the folder holds no files; format {format} expects {reader.about}")
    with registry(home) as con, transaction(con):
        if known := known_batch(con, digest, format):
            if not known.path.exists():  # the same content, moved since
                con.execute("UPDATE batch SET path = ? WHERE number = ?", (str(path), _number(known.id)))
                return replace(known, path=path)
            return known
        fixed = fix_settings(home, reader)
        number = con.execute(
            "INSERT INTO batch (format, path, digest, settings_fixed, registered_at) VALUES (?, ?, ?, ?, ?)",
            (format, str(path), digest, fixed, now()),
        ).lastrowid
    return Batch(id=batch_id(number or 0), format=format, path=path, is_new=True)


def batch(home: Home, id: str) -> Batch:
    """Return a registered batch.

    Raises:
        UserError: there is none of this id.
    """
    found = next((one for one in batches(home) if one.id == id), None)
    if found is None:
        raise UserError("no such batch is registered: ingest its files (again), or look at what `batches` lists")
    return found


def batches(home: Home) -> list[Batch]:
    """Return all registered batches in the order of their ids."""
    with registry(home) as con:
        found = con.execute(
            "SELECT number, format, path FROM batch WHERE digest IS NOT NULL ORDER BY number"
        ).fetchall()
    return [Batch(id=batch_id(number), format=format, path=Path(path)) for number, format, path in found]


def unregister(home: Home, batch: Batch) -> None:
    """Forget a batch of which nothing could be used, and the settings that it alone had fixed.

    Files that had come through incoming/ go to enclave/batches/refused/.
    """
    with registry(home) as con, transaction(con):
        row = con.execute("SELECT settings_fixed FROM batch WHERE number = ?", (_number(batch.id),)).fetchone()
        con.execute("DELETE FROM batch WHERE number = ?", (_number(batch.id),))
        if row and row[0] and con.execute("SELECT count(*) FROM batch").fetchone() == (0,):
            _change_corpus(home, dict.fromkeys(row[0].split(",")))
    received = home.enclave / "batches" / batch.id
    if batch.path == received and received.exists():
        refused = home.enclave / "batches" / "refused" / batch.id
        refused.parent.mkdir(parents=True, exist_ok=True)
        received.replace(refused)


def content_digest(path: Path) -> str | None:
    """Return a SHA-256 over the relative names and contents of all files, None where there are none.

    Raises:
        UserError: a file cannot be read.
    """
    total, files = hashlib.sha256(), 0
    try:
        for file in corpus_files(path):
            files += 1
            with file.path.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").digest()
            name = file.name.encode()
            total.update(len(name).to_bytes(8, "big") + name + content)
    except OSError as error:
        raise UserError(f"a file to ingest cannot be read ({error.strerror}): allow reading it") from None
    return total.hexdigest() if files else None


def known_batch(con: sqlite3.Connection, digest: str, format: str) -> Batch | None:
    """Return the batch that already has this content.

    Raises:
        UserError: it was read in another format.
    """
    row = con.execute("SELECT number, format, path FROM batch WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        return None
    if row[1] != format:
        raise UserError(f"the same files are {batch_id(row[0])}, read as {row[1]}: they cannot be {format} too")
    return Batch(id=batch_id(row[0]), format=format, path=Path(row[2]))


def fix_settings(home: Home, reader: Reader) -> str:
    """Fill in the format and label set where the settings leave them empty; return the names of those filled.

    Raises:
        UserError: the home's label set is not one of the format's, or a column mapping is wrong.
    """
    corpus = read_settings(home.settings_file).corpus
    if corpus.label_set and label_set(corpus.label_set).name not in reader.label_sets:
        raise UserError(
            f"this home is labelled with {corpus.label_set} and format {reader.name} with "
            f"{' or '.join(reader.label_sets)}: a home is one population; make another home"
        )
    columns = (*REQUIRED, *OPTIONAL)
    if wrong := [name for name in corpus.columns if name not in columns]:
        raise UserError(f"corpus.columns in settings.yaml has {wrong[0]!r}: its keys may be {', '.join(columns)}")
    new = {"format": reader.name, "label_set": reader.label_set}
    empty = {name: value for name, value in new.items() if getattr(corpus, name) is None}
    if empty:
        _change_corpus(home, empty)
    return ",".join(empty)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _change_corpus(home: Home, values: Mapping[str, str | None]) -> None:
    settings = read_settings(home.settings_file)
    changed = settings.corpus.model_copy(update=values)
    home.save_settings(Settings.model_validate(settings.model_dump() | {"corpus": changed.model_dump()}))
    # A Home reads its settings once: the caller's own must not go on with the old ones.
    vars(home).pop("settings", None)


def _number(id: str) -> int:
    return int(id.removeprefix("batch-"))
