"""The record of attempts at the gate: append-only, in the enclave. What passes is a choice that no mechanism covers."""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.release.facts import Cell


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One line of the record. `begun` is written before the gate looks, so that a killed attempt counts too."""

    at: str
    cell: str
    state: str
    mechanism_id: str
    number: int
    reasons: list[str] = field(default_factory=list)


def record_path(home: Home) -> Path:
    """Return where the record lies."""
    return home.enclave / "release_attempts.jsonl"


def attempts(home: Home, cell: Cell) -> list[Attempt]:
    """Return the lines of a cell, oldest first.

    Raises:
        UserError: the record cannot be read.
    """
    try:
        lines = record_path(home).read_text().splitlines()
        every = [Attempt(**json.loads(line)) for line in lines if line]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError):
        raise UserError("the record of release attempts cannot be read: restore it from a copy of the home") from None
    return [attempt for attempt in every if attempt.cell == cell.folder]


def used(home: Home, cell: Cell) -> int:
    """Return how often the gate has judged a cell."""
    return sum(attempt.state == "begun" for attempt in attempts(home, cell))


def note(home: Home, cell: Cell, state: str, mechanism_id: str, number: int, reasons: list[str]) -> None:
    """Append one line and make sure that it is on the disk."""
    at = datetime.now(UTC).isoformat()
    line = asdict(
        Attempt(at=at, cell=cell.folder, state=state, mechanism_id=mechanism_id, number=number, reasons=reasons)
    )
    try:
        handle = os.open(record_path(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"cannot write the record of release attempts: {error.strerror}") from None
