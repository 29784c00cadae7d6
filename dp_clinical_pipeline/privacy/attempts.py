"""One attempt at a mechanism: its states in the ledger, and taking it up again after an interruption."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dp_clinical_pipeline.privacy.account import Mechanism
from dp_clinical_pipeline.privacy.ledger import Ledger
from dp_clinical_pipeline.privacy.noise import source_of_all

# An aborted attempt may go on too: nothing of it left the process, and it was never refunded.
_OPEN = ("reserved", "running", "aborted")


def interrupted(ledger: Ledger, *, kind: str, cell: str, slot: str, settings_sha256: str) -> Mechanism | None:
    """Return the latest attempt at the same thing that never ended; the caller holds the lock that says it is alone.

    Guarantee: going on under its id costs nothing more, because its output was never written, and what it reads now is
    bounded as it was then: an attempt for another privacy unit is not taken up.
    """
    same = [
        row.mechanism
        for row in ledger.mechanisms().values()
        if row.state in _OPEN
        and row.mechanism.privacy_unit == ledger.unit
        and (row.mechanism.kind, row.mechanism.cell, row.mechanism.settings_sha256) == (kind, cell, settings_sha256)
        and slot in row.mechanism.events
    ]
    return same[-1] if same else None


@contextmanager
def running(ledger: Ledger, entry: Mechanism, noise_source: str) -> Iterator[Mechanism]:
    """Write running before, done after, and aborted on an error. A killed process leaves `running`, which counts.

    Gives the mechanism as the ledger holds it from then on: a test seed of an earlier attempt still marks it, since what
    that one made may be gone on from.
    """
    entry = replace(entry, noise_source=source_of_all(entry.noise_source, noise_source))
    ledger.record(entry, "running")
    try:
        yield entry
    except Exception:
        ledger.record(entry, "aborted")
        raise
    ledger.record(entry, "done")


def settle(ledger: Ledger, mechanism_id: str) -> None:
    """Write done for a mechanism that was killed, or failed, between its output and the ledger's last word: all was made.

    The caller found the output in its place, and holds the lock that says it is alone.
    """
    last = ledger.mechanisms().get(mechanism_id)
    if last and last.state in ("running", "aborted"):
        ledger.record(last.mechanism, "done")
