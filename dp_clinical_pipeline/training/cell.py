"""One cell's training under the ledger, whatever it trains: lock, account, checkpoint, artefact, manifest, row."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import BaseFileLock, FileLock, Timeout

from dp_clinical_pipeline.config import NONPRIVATE
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.models.adapters import adapter_folder
from dp_clinical_pipeline.models.base import BaseModel, Role, base_model
from dp_clinical_pipeline.models.device import Device, choose_device
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.privacy.attempts import settle
from dp_clinical_pipeline.privacy.cohort import split_reports
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.terms import Kind, training_settings
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import Table
from dp_clinical_pipeline.training.checkpoint import Checkpoint, write_manifest
from dp_clinical_pipeline.training.clipping import Quantile
from dp_clinical_pipeline.training.distributed import World
from dp_clinical_pipeline.training.examples import Drawn, Example
from dp_clinical_pipeline.training.loop import Progress, Randomness, TrainSpec, train
from dp_clinical_pipeline.training.mechanism import TrainingMechanism, nonprivate_mechanism, training_mechanism
from dp_clinical_pipeline.training.refusals import made_up_examples, refuse_what_cannot_be_private

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What generators and classifiers do not share."""

    kind: Kind
    role: Role
    table: Table
    key: str
    """The table's column that names the model: generator or encoder."""
    build: Callable[[BaseModel, Device], Any]
    """The model to train, freshly adapted."""
    example: Callable[[Any, str, list[str]], Example]
    """(tokenizer, text, targets) to an example."""
    losses: Callable[[Any, Sequence[Drawn], int], Any]
    """(model, batch, padding token) to per-example losses of shape (B,). Nothing is kept between calls: the check before
    training takes these, since what is kept would hide that examples see one another."""
    save: Callable[[Any, Path], str]
    """Writes the artefact into a folder and returns its SHA-256."""
    kept_losses: Callable[[Any, Sequence[Drawn], int], Any] | None = None
    """The same from what earlier steps kept, where there is something to keep: what training takes."""
    targets: int = 0
    """How many targets an example carries."""
    features: int = 0
    """How many features of its text an example carries."""
    started_from: Callable[[Any], dict[str, Any]] = lambda model: {}
    """What the manifest says of the weights that training started from."""


@dataclass(frozen=True, kw_only=True)
class AdapterFacts:
    """What may be shown of a training: its account, and nothing of what it saw."""

    mechanism_id: str
    epsilon: float | None
    delta: float | None
    noise_multiplier: float | None
    sample_rate: float
    steps: int
    seconds: float
    reused: bool = False


def train_cell(
    home: Home,
    recipe: Recipe,
    name: str,
    budget: str,
    on_progress: OnProgress | None = None,
    retraining: str | None = None,
    randomness: Randomness | None = None,
    world: World | None = None,
) -> AdapterFacts:
    """Train a cell's model on the train patients' de-identified notes and point the cell at what came out.

    A cell that has an artefact keeps it: training again is a mechanism of its own, which only a planned retraining
    asks for. An interrupted training goes on from its checkpoint under its own mechanism.

    Raises:
        OverBudget: the ledger refused; no data was read.
        UserError: another process trains this cell, or there is nothing to train on.
    """
    world = world or World()
    if retraining is None and (row := _row(home, recipe, name, budget)):
        world.shared(None)
        return _kept(home, recipe.key, row)
    base = base_model(home, recipe.role, name)
    try:
        with cell_lock(home, name, budget):
            return _train(home, recipe, base, budget, on_progress, retraining, randomness or Randomness(), world)
    except Timeout:
        raise UserError(f"the cell {name}|{budget} is being trained by another process: wait for it") from None


def _train(
    home: Home,
    recipe: Recipe,
    base: BaseModel,
    budget: str,
    on_progress: OnProgress | None,
    retraining: str | None,
    randomness: Randomness,
    world: World,
) -> AdapterFacts:
    device = world.own(choose_device(home.settings.compute))
    model, tokenizer = recipe.build(base, device), load_tokenizer(base, padding_side="right")

    def losses(m: Any, batch: Sequence[Drawn]) -> Any:
        return (recipe.kept_losses or recipe.losses)(m, batch, tokenizer.pad_token_id)

    if budget == NONPRIVATE:
        account = nonprivate_mechanism(home, recipe.kind, base.name)
    else:
        refuse_unfit(model, recipe, tokenizer)
        account = training_mechanism(home, recipe.kind, base.name, budget, randomness.name, retraining)
        if _was_published(home, budget, account.mechanism_id):
            settle(open_ledger(home), account.mechanism_id)
            if (row := _row(home, recipe, base.name, budget)) and row["mechanism_id"] == account.mechanism_id:
                world.shared(None)
                return _kept(home, recipe.key, row)
            # Its row was taken away: training again is another mechanism, which costs what it costs.
            account = training_mechanism(home, recipe.kind, base.name, budget, randomness.name, retraining)
    began = datetime.now(UTC)
    with account.running(randomness.name) as noise_source:
        patients = train_patients(home, lambda text, targets: recipe.example(tokenizer, text, targets))
        spec = train_spec(home, recipe.kind, account)
        checkpoint = cell_checkpoint(home, account.mechanism_id)
        world.shared((spec, account.mechanism_id))
        train(
            model,
            patients,
            spec,
            losses,
            checkpoint=checkpoint,
            randomness=randomness,
            on_progress=on_progress,
            world=world,
        )
        keep_artefact(home, recipe, base, budget, account, device, model, noise_source, {"retraining": retraining})
        checkpoint.delete()
    return AdapterFacts(
        mechanism_id=account.mechanism_id,
        epsilon=account.epsilon,
        delta=account.delta,
        noise_multiplier=account.noise_multiplier,
        sample_rate=account.sample_rate,
        steps=account.steps,
        seconds=(datetime.now(UTC) - began).total_seconds(),
    )


def _was_published(home: Home, budget: str, mechanism_id: str) -> bool:
    """Say whether an attempt that the ledger does not hold as done had made all that it makes.

    Its checkpoint goes after its row is in place, and not before: without one, and with a manifest, it was over. Training
    it once more would release two adapters for one price.
    """
    made = (adapter_folder(home, budget, mechanism_id) / "manifest.json").exists()
    return made and not cell_checkpoint(home, mechanism_id).path.exists()


def refuse_unfit(model: Any, recipe: Recipe, tokenizer: Any) -> None:
    """Refuse, before any data is read, a model or losses that cannot be made private.

    Raises:
        UserError: names what cannot.
    """
    made_up = made_up_examples(len(tokenizer), recipe.targets, recipe.features)
    refuse_what_cannot_be_private(model, lambda m, batch: recipe.losses(m, batch, tokenizer.pad_token_id), made_up)


def train_spec(home: Home, kind: Kind, account: TrainingMechanism) -> TrainSpec:
    """Return what a training does: its account, and the settings."""
    settings = training_settings(home.settings, kind)
    return TrainSpec(
        noise_multiplier=account.noise_multiplier,
        sample_rate=account.sample_rate,
        steps=account.steps,
        max_grad_norm=settings.max_grad_norm,
        expected_lot=account.sample_rate * account.patients,
        max_reports=home.settings.patients.max_reports,
        learning_rate=settings.learning_rate if account.noise_multiplier else settings.nonprivate_learning_rate,
        microbatch_tokens=settings.microbatch_tokens,
        checkpoint_every=settings.checkpoint_every,
        epsilon=account.epsilon,
        clipping=settings.clipping,
        momentum=settings.momentum,
        adapter_rate=settings.adapter_rate,
        quantile=Quantile(quantile=settings.clipping_quantile, share=settings.clipping_share),
    )


def keep_artefact(
    home: Home,
    recipe: Recipe,
    base: BaseModel,
    budget: str,
    account: TrainingMechanism,
    device: Device,
    model: Any,
    noise_source: str | None,
    told: dict[str, Any],
) -> None:
    """Save a trained model under its mechanism's id, with its manifest, and point the cell at it."""
    settings = training_settings(home.settings, recipe.kind)
    folder = adapter_folder(home, budget, account.mechanism_id)
    row = {
        recipe.key: base.name, "budget": budget, "mechanism_id": account.mechanism_id,
        "path": str(folder.relative_to(home.path)), "base_sha256": base.sha256,
        "adapter_sha256": recipe.save(model, folder), "epsilon": account.epsilon, "delta": account.delta,
        "noise_multiplier": account.noise_multiplier, "sample_rate": account.sample_rate, "steps": account.steps,
        "max_grad_norm": settings.max_grad_norm,
        "trainable_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "privacy_unit": home.settings.privacy.unit, "noise_source": noise_source, "precision": device.precision,
        "made_at": account.began_on(),
    }  # fmt: skip
    clipped = {"clipping": settings.clipping, "quantile": settings.clipping_quantile, "share": settings.clipping_share}
    told = {"ledger_head": account.ledger_head()} | clipped | told
    write_manifest(folder, row | told | recipe.started_from(model))
    Store(home).write(recipe.table, pl.DataFrame([row], schema=recipe.table.schema), base.name, budget, budget=budget)


def assist_cell(home: Home, recipe: Recipe, name: str, world: World) -> None:
    """Lend this process to the first one's training of the same cell. Reads patients once that one reserved its mechanism.

    Raises:
        UserError: the processes do not see the same home.
    """
    device = world.own(choose_device(home.settings.compute))
    base = base_model(home, recipe.role, name)
    model, tokenizer = recipe.build(base, device), load_tokenizer(base, padding_side="right")
    work = world.shared(None)
    if work is None:
        return
    spec, mechanism_id = work
    train(
        model,
        train_patients(home, lambda text, targets: recipe.example(tokenizer, text, targets)),
        spec,
        lambda m, batch: (recipe.kept_losses or recipe.losses)(m, batch, tokenizer.pad_token_id),
        checkpoint=cell_checkpoint(home, mechanism_id),
        world=world,
    )


def cell_lock(home: Home, name: str, budget: str) -> BaseFileLock:
    """Return the lock that says that nobody else trains this cell."""
    return FileLock(home.enclave / f".training.{name}.{budget}.lock", timeout=1)


def cell_checkpoint(home: Home, key: str) -> Checkpoint:
    """Return where a training goes on from, by its mechanism's id, or by its key among a selection's runs."""
    return Checkpoint(home.enclave / "checkpoints" / f"{key}.safetensors", key)


def forget_checkpoints(home: Home, mechanism_id: str) -> None:
    """Remove everything that a mechanism that is over left to go on from: it is secret."""
    for left in (home.enclave / "checkpoints").glob(f"*{mechanism_id}*"):
        left.unlink(missing_ok=True)


def train_patients(home: Home, example: Callable[[str, list[str]], Example]) -> list[list[Example]]:
    """Return the train patients' labelled notes as examples, a list for each patient (each report, where that is the unit).

    Raises:
        UserError: no train patient has a labelled report.
    """
    reports = split_reports(home, "train").filter(pl.col("targets").is_not_null())
    by_patient: dict[str, list[Example]] = {}
    for unit, text, targets in reports.select("unit_key", "text", "targets").iter_rows():
        by_patient.setdefault(unit, []).append(example(text, targets))
    if not by_patient:
        raise UserError("no train patient has a labelled report: ingest a labelled corpus, or check the label set")
    return list(by_patient.values())


def _row(home: Home, recipe: Recipe, name: str, budget: str) -> dict[str, Any] | None:
    """Return what a cell points at, None where it was not trained."""
    store = Store(home)
    if not store.exists(recipe.table, name, budget, budget=budget):
        return None
    return store.read(recipe.table, name, budget, budget=budget).row(0, named=True)


def _kept(home: Home, key: str, row: dict[str, Any]) -> AdapterFacts:
    keys = ("mechanism_id", "epsilon", "delta", "noise_multiplier", "sample_rate", "steps")
    with suppress(Timeout), cell_lock(home, row[key], row["budget"]):
        forget_checkpoints(home, row["mechanism_id"])
        if row["epsilon"] is not None:
            settle(open_ledger(home), row["mechanism_id"])
    return AdapterFacts(**{key: row[key] for key in keys}, seconds=0.0, reused=True)
