"""A training's mechanism in the ledger: reserved before data is read, or taken up again after an interruption."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from dp_clinical_pipeline.deid.keys import pseudonym, secret
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism, event_from_json
from dp_clinical_pipeline.privacy.attempts import interrupted, running
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import Ledger, day_of, open_ledger
from dp_clinical_pipeline.privacy.plan import classifier_slot, slot_terms, training_slot
from dp_clinical_pipeline.privacy.terms import Kind, schedule, settings_sha256, training_settings


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
    def running(self, noise_source: str) -> Iterator[str | None]:
        """Write the attempt's states into the ledger, where there is one; give the source of all attempts' noise."""
        if self.ledger is None or self.entry is None:
            yield noise_source
            return
        with running(self.ledger, self.entry, noise_source) as entry:
            yield entry.noise_source

    def began_on(self) -> datetime:
        """The day on which it was reserved, and not when it was over: how long it took is nobody's to know."""
        rows = self.ledger.rows() if self.ledger else []
        reserved = next((row for row in rows if row.mechanism.mechanism_id == self.mechanism_id), None)
        return day_of(reserved.recorded_at if reserved else datetime.now(UTC))

    def ledger_head(self) -> tuple[int, str] | None:
        """The chain's head, for the artefact's manifest."""
        return self.ledger.head() if self.ledger else None


def training_mechanism(
    home: Home, kind: Kind, model: str, budget: str, noise_source: str, retraining: str | None = None
) -> TrainingMechanism:
    """Reserve a cell's training, or take up the one that was interrupted with the same settings.

    Raises:
        OverBudget: the ledger refused.
    """
    ledger, count = open_ledger(home), public_count(home)
    generator = kind == "generator"
    slot = training_slot(model, budget, retraining) if generator else classifier_slot(model, budget)
    cell, digest = f"{model}|{budget}", settings_sha256(home.settings, count, kind)
    entry = interrupted(ledger, kind=kind, cell=cell, slot=slot, settings_sha256=digest)
    if entry is None:
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
                noise_source=noise_source,
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


def nonprivate_mechanism(home: Home, kind: Kind, model: str) -> TrainingMechanism:
    """Return a schedule over as many reports without a guarantee, for what stays in the enclave.

    Its sampling rate takes the exact number of patients where no public one is known: nothing of it may leave anyway.
    """
    from dp_clinical_pipeline.privacy.cohort import split_reports

    settings = training_settings(home.settings, kind)
    patients = split_reports(home, "train")["unit_key"].n_unique() or 1
    # The same id for the same settings, so that an interrupted training finds its checkpoint; keyed, because the exact
    # number of patients is in it, and the id is shown.
    digest = pseudonym(secret(home), "nonprivate", model, settings_sha256(home.settings, patients, kind))
    return TrainingMechanism(
        mechanism_id=f"nonprivate-{digest[:12]}",
        epsilon=None,
        delta=None,
        noise_multiplier=None,
        sample_rate=min(1.0, settings.nonprivate_lot_size / patients),
        steps=max(1, settings.steps * settings.lot_size // settings.nonprivate_lot_size),
        patients=patients,
    )
