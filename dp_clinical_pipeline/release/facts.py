"""What the gate decides from, gathered from a home: one cell's row, manifest, weights, ledger, attacks and notes."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.models.adapters import adapter_digests, adapter_folder
from dp_clinical_pipeline.privacy.account import COUNT, event_from_json
from dp_clinical_pipeline.privacy.accounting import pld_epsilon
from dp_clinical_pipeline.privacy.ledger import SPENT, Row, open_ledger
from dp_clinical_pipeline.privacy.noise import TEST_SEED
from dp_clinical_pipeline.privacy.selection import one_training
from dp_clinical_pipeline.privacy.terms import Kind
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import Acceptance
from dp_clinical_pipeline.tables import (
    CLASSIFIER_PRIVACY_METRICS,
    DP_CLASSIFIER,
    GENERATOR_ADAPTER,
    LABEL_MARGINALS,
    PRIVACY_METRICS,
    SYNTHETIC_REPORTS,
    Table,
)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A model and a budget: of a generator, with its notes, or of a classifier."""

    kind: Kind
    model: str
    budget: str

    def __str__(self) -> str:
        return f"{self.model}|{self.budget}"

    @property
    def folder(self) -> str:
        """The name of its folder under release/."""
        return f"{self.kind}-{self.model}-{self.budget}"

    @property
    def table(self) -> Table:
        """Where the cell points at its artefact."""
        return GENERATOR_ADAPTER if self.kind == "generator" else DP_CLASSIFIER

    @property
    def metrics(self) -> Table:
        """Where the attacks on it stand."""
        return PRIVACY_METRICS if self.kind == "generator" else CLASSIFIER_PRIVACY_METRICS


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A mechanism as the ledger holds it."""

    state: str
    kind: str
    cell: str | None
    epsilon: float
    delta: float
    noise_source: str | None
    """None where it was bought before the ledger recorded this."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What fixed a training's account."""

    epsilon: float
    delta: float
    noise_multiplier: float
    sample_rate: float
    steps: int


@dataclass(frozen=True, kw_only=True)
class Account:
    """What the verified ledger says of the cell, and of everything together."""

    training: Entry | None
    terms: Terms | None
    counts: Entry | None
    """The label counts that a generator's records were drawn from."""
    cell_epsilon: float | None
    """What the cell's training and label counts cost, from their events in the ledger; None for a selection, whose cost
    its runs do not tell."""
    patients: Entry | None
    """The noisy patient count, where one was bought: sampling rate and delta follow from it."""
    seeded: tuple[str, ...]
    """Every mechanism that was spent with a test seed, whatever it made."""
    home_kinds: tuple[str | None, ...]
    """What kinds of home its rows were written in; None: before that was recorded."""
    head_known: bool
    """The head that the manifest repeats is one of the chain's."""
    epsilon: float
    delta: float
    cap: float
    head: tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Notes:
    """The notes that would leave: those marked as accepted. All three are post-processing."""

    count: int
    refused: int
    """Marked with a reason, or refused by the public rules now."""
    foreign: int
    """Written by another mechanism than the cell's."""
    frame: pl.DataFrame | None = field(default=None, compare=False, repr=False)
    """The notes themselves: what was judged is what leaves."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that the gate knows of a cell. `metrics` is None where it may not look any more."""

    cell: Cell
    home_kind: str
    allowed_epsilon: float | None
    row: dict[str, Any] | None = None
    manifest: dict[str, Any] | None = None
    artefact_digests: tuple[str, ...] = ()
    """The hashes by which the artefact may be known; none where there are no weights."""
    account: Account | None = None
    ledger_fault: str | None = None
    metrics: dict[str, bool | None] | None = None
    """Metric to whether it passed; null where nothing was required of it."""
    metrics_mechanism: str | None = None
    metrics_stale: bool = False
    notes: Notes | None = None
    attempts_allowed: int = 0


def gather(home: Home, cell: Cell, *, look: bool) -> Facts:
    """Return the facts on a cell; without `look` the attacks on it are not read."""
    store = Store(home)
    known = Facts(
        cell=cell,
        home_kind=home.settings.kind,
        allowed_epsilon=budget_epsilon(cell.budget),
        attempts_allowed=home.settings.release.attempts,
    )
    if not store.exists(cell.table, cell.model, cell.budget, budget=cell.budget):
        return known
    row = store.read(cell.table, cell.model, cell.budget, budget=cell.budget).row(0, named=True)
    manifest = _manifest(home, cell, row)
    account, fault = _account(home, cell, row, manifest)
    found = dict(vars(known)) | {
        "row": row,
        "manifest": manifest,
        "artefact_digests": _artefact_digests(home, cell, row),
        "account": account,
        "ledger_fault": fault,
        "notes": _notes(home, cell, row) if cell.kind == "generator" else None,
    }
    return Facts(**found | (_metrics(home, cell) if look else {}))


def _manifest(home: Home, cell: Cell, row: dict[str, Any]) -> dict[str, Any] | None:
    try:
        found = json.loads((artefact_folder(home, cell, row) / "manifest.json").read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def artefact_folder(home: Home, cell: Cell, row: dict[str, Any]) -> Path:
    """Return where a cell's mechanism keeps its artefact, whatever path the row states."""
    return adapter_folder(home, cell.budget, str(row["mechanism_id"]))


def _artefact_digests(home: Home, cell: Cell, row: dict[str, Any]) -> tuple[str, ...]:
    folder = artefact_folder(home, cell, row)
    # A link leads to files that nobody looked at when they were copied, or to another mechanism's.
    linked = any(path.is_symlink() for path in (folder, *folder.glob("*")))
    return () if linked or not any(folder.glob("*.safetensors")) else adapter_digests(folder)


def _account(
    home: Home, cell: Cell, row: dict[str, Any], manifest: dict[str, Any] | None
) -> tuple[Account | None, str | None]:
    try:
        ledger = open_ledger(home)
        rows = ledger.rows()
    except UserError as error:
        return None, str(error)
    latest = {r.mechanism.mechanism_id: r for r in rows if r.state != "declared"}
    training = latest.get(row["mechanism_id"])
    epsilon, delta = ledger.cumulative()
    head = (rows[-1].seq, rows[-1].row_sha256) if rows else (0, "")
    repeated = tuple((manifest or {}).get("ledger_head") or ())
    counts = latest.get(_counts_mechanism(home, cell))
    account = Account(
        training=_entry(training),
        terms=_terms(training),
        counts=_entry(counts),
        cell_epsilon=_cell_epsilon(training, counts),
        patients=_entry(next((r for r in latest.values() if r.mechanism.kind == COUNT and r.state in SPENT), None)),
        seeded=tuple(
            dict.fromkeys(_name(r) for r in rows if r.state in SPENT and r.mechanism.noise_source == TEST_SEED)
        ),
        home_kinds=tuple(dict.fromkeys(r.home_kind for r in rows)),
        head_known=repeated in {(r.seq, r.row_sha256) for r in rows},
        epsilon=epsilon,
        delta=delta,
        cap=ledger.cap_epsilon,
        head=head,
    )
    return account, None


def _counts_mechanism(home: Home, cell: Cell) -> str:
    store = Store(home)
    if cell.kind != "generator" or not store.exists(LABEL_MARGINALS, cell.budget, budget=cell.budget):
        return ""
    return str(store.read(LABEL_MARGINALS, cell.budget, budget=cell.budget)["mechanism_id"][0])


def _entry(row: Row | None) -> Entry | None:
    if row is None:
        return None
    m = row.mechanism
    return Entry(
        state=row.state, kind=m.kind, cell=m.cell, epsilon=m.epsilon, delta=m.delta, noise_source=m.noise_source
    )


def _cell_epsilon(training: Row | None, counts: Row | None) -> float | None:
    if training is None or training.mechanism.kind == "selection":
        return None
    held = [row.mechanism for row in (training, counts) if row]
    return pld_epsilon([event for mechanism in held for event in mechanism.dp_events()], training.mechanism.delta)


def _name(row: Row) -> str:
    return f"{row.mechanism.kind} {row.mechanism.cell or ''}".rstrip()


def _terms(row: Row | None) -> Terms | None:
    """The subsampled Gaussian of a training, or of a selection's runs; None where the mechanism is something else."""
    if row is None:
        return None
    event = one_training(event_from_json(next(iter(row.mechanism.events.values()))[0]))
    try:
        return Terms(
            epsilon=row.mechanism.epsilon,
            delta=row.mechanism.delta,
            noise_multiplier=event.event.event.noise_multiplier,
            sample_rate=event.event.sampling_probability,
            steps=event.count,
        )
    except AttributeError:
        return None


def _metrics(home: Home, cell: Cell) -> dict[str, Any]:
    store = Store(home)
    path = store.path(cell.metrics, cell.model, cell.budget)
    if not path.exists():
        return {"metrics": {}}
    frame = store.read(cell.metrics, cell.model, cell.budget)
    made_from = [store.path(cell.table, cell.model, cell.budget, budget=cell.budget)]
    if cell.kind == "generator":
        made_from.append(store.path(SYNTHETIC_REPORTS, cell.model, cell.budget, budget=cell.budget))
    at = path.stat().st_mtime_ns
    ids = frame["mechanism_id"].unique().to_list()
    return {
        "metrics": dict(frame.select("metric", "passed").iter_rows()),
        "metrics_mechanism": ids[0] if len(ids) == 1 else None,
        "metrics_stale": any(source.exists() and source.stat().st_mtime_ns > at for source in made_from),
    }


def _accepted_notes(home: Home, cell: Cell) -> pl.DataFrame:
    """Return the notes of a generator's cell that would leave: those marked as accepted; none where none were made."""
    store = Store(home)
    if not store.exists(SYNTHETIC_REPORTS, cell.model, cell.budget, budget=cell.budget):
        return SYNTHETIC_REPORTS.empty()
    return store.read(SYNTHETIC_REPORTS, cell.model, cell.budget, budget=cell.budget).filter("accepted")


def _notes(home: Home, cell: Cell, row: dict[str, Any]) -> Notes:
    notes = _accepted_notes(home, cell)
    rules = Acceptance(home.settings.generation, label_set(home.settings.corpus.label_set))
    columns = notes.select("text", "targets", "stated", "reason").iter_rows()
    refused = [reason or rules.refuse(text, targets or (), stated) for text, targets, stated, reason in columns]
    return Notes(
        count=notes.height,
        refused=sum(reason is not None for reason in refused),
        foreign=int((notes["mechanism_id"] != row["mechanism_id"]).sum()),
        frame=notes,
    )
