"""A training's mechanism in the ledger: reserved before data is read, or taken up again after an interruption."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism, event_from_json
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import Ledger, open_ledger
from dp_clinical_pipeline.privacy.plan import slot_terms, training_slot
from dp_clinical_pipeline.privacy.terms import schedule, settings_sha256

# An aborted training may go on too: nothing of its lost steps left the process, and it was never refunded.
_OPEN = ("reserved", "running", "aborted")


@dataclass(frozen=True, kw_only=True)
class TrainingMechanism:
    """The account of one training, with the ledger that holds it; without one for a non-private training."""

    mechanism_id: str
    epsilon: float | None
    delta: float | None
    noise_multiplier: float | None
    sample_rate: float
    steps: int
    patients: float
    ledger: Ledger | None = None
    entry: Mechanism | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Write running before, done after, and aborted on an error. A killed process leaves `running`, which counts."""
        if self.ledger is None or self.entry is None:
            yield
            return
        self.ledger.record(self.entry, "running")
        try:
            yield
        except Exception:
            self.ledger.record(self.entry, "aborted")
            raise
        self.ledger.record(self.entry, "done")

    def ledger_head(self) -> tuple[int, str] | None:
        """The chain's head, for the artefact's manifest."""
        return self.ledger.head() if self.ledger else None


def training_mechanism(
    home: Home, kind: str, model: str, budget: str, retraining: str | None = None
) -> TrainingMechanism:
    """Reserve a cell's training, or take up the one that was interrupted with the same settings.

    Raises:
        OverBudget: the ledger refused.
    """
    ledger, count = open_ledger(home), public_count(home)
    slot, cell, digest = (
        training_slot(model, budget, retraining),
        f"{model}|{budget}",
        settings_sha256(home.settings, count),
    )
    interrupted = [
        row.mechanism
        for row in ledger.mechanisms().values()
        if row.state in _OPEN
        and (row.mechanism.kind, row.mechanism.cell, row.mechanism.settings_sha256) == (kind, cell, digest)
        and slot in row.mechanism.events
    ]
    if interrupted:
        entry = interrupted[-1]
    else:
        events, epsilon, delta = slot_terms(home, ledger, budget, slot)
        entry = ledger.reserve(
            Mechanism(
                kind=kind,
                cell=cell,
                slot=slot,
                events={slot: events},
                epsilon=epsilon,
                delta=delta,
                settings_sha256=digest,
            )
        )
    event = event_from_json(entry.events[slot][0])
    return TrainingMechanism(
        mechanism_id=entry.mechanism_id,
        epsilon=entry.epsilon,
        delta=entry.delta,
        noise_multiplier=event.event.event.noise_multiplier,
        sample_rate=event.event.sampling_probability,
        steps=event.count,
        patients=schedule(home.settings, count).patients,
        ledger=ledger,
        entry=entry,
    )


def nonprivate_mechanism(home: Home) -> TrainingMechanism:
    """Return the same schedule without a guarantee, for what stays in the enclave.

    Its sampling rate takes the exact number of patients where no public one is known: nothing of it may leave anyway.
    """
    from dp_clinical_pipeline.privacy.cohort import split_reports

    settings = home.settings.training
    patients = split_reports(home, "train")["patient_key"].n_unique() or 1
    return TrainingMechanism(
        mechanism_id=f"nonprivate-{secrets.token_hex(6)}",
        epsilon=None,
        delta=None,
        noise_multiplier=None,
        sample_rate=min(1.0, settings.lot_size / patients),
        steps=settings.steps,
        patients=patients,
    )
