"""A process that is killed between what it made and the ledger's last word."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dp_clinical_pipeline.privacy.ledger import Ledger


@contextmanager
def killed_before_done(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Raise KeyboardInterrupt inside when it comes to say that it is done; the caller expects it."""
    record = Ledger.record

    def killed(ledger, mechanism, state):
        if state == "done":
            raise KeyboardInterrupt
        record(ledger, mechanism, state)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "record", killed)
        yield
