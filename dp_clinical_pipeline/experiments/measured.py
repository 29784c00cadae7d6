"""A study's tables apart from its home: those that the project measured travel with the package, and print in seconds."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

import polars as pl

import dp_clinical_pipeline
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.experiments.recipe import Recipe
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store, written_aside
from dp_clinical_pipeline.tables import CLONE_METRICS, EXPERIMENT_SCORES, EXPERIMENT_TESTS, FIDELITY_METRICS

_FOLDER = files("dp_clinical_pipeline.experiments") / "measured"
_KINDS = {
    "scores": EXPERIMENT_SCORES,
    "tests": EXPERIMENT_TESTS,
    "fidelity": FIDELITY_METRICS,
    "clones": CLONE_METRICS,
}


@dataclass(frozen=True)
class StudyTables:
    """Aggregates over a corpus' test reports: no text, no row of a report, no label of one."""

    scores: pl.DataFrame = field(default_factory=EXPERIMENT_SCORES.empty)
    tests: pl.DataFrame = field(default_factory=EXPERIMENT_TESTS.empty)
    fidelity: pl.DataFrame = field(default_factory=FIDELITY_METRICS.empty)
    clones: pl.DataFrame = field(default_factory=CLONE_METRICS.empty)
    origin: str | None = None
    """Where they come from, in a sentence; None: from the home at hand."""

    def frames(self) -> dict[str, pl.DataFrame]:
        """Return the frames by name."""
        return {name: getattr(self, name) for name in _KINDS}


def tables_of(recipe: Recipe, home: Home) -> StudyTables | None:
    """Return what a study's home holds of its results, None where it was not run there."""
    store = Store(home)
    if not store.exists(EXPERIMENT_SCORES, recipe.name):
        return None
    return StudyTables(
        scores=store.read(EXPERIMENT_SCORES, recipe.name),
        tests=store.read(EXPERIMENT_TESTS).filter(experiment=recipe.name),
        fidelity=store.read(FIDELITY_METRICS),
        clones=store.read(CLONE_METRICS),
    )


def keep(recipe: Recipe, tables: StudyTables, folder: Path) -> Path:
    """Write a study's tables below `folder`, with the day, the version and the study's declaration; return where.

    For open corpora: the numbers are exact, and no ledger covers them.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    said = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "version": dp_clinical_pipeline.__version__,
        "declaration": _declaration(recipe),
    }
    for name, frame in tables.frames().items():
        with written_aside(folder / recipe.name / f"{name}.parquet") as aside:
            frame.write_parquet(aside, metadata=said)
    return folder / recipe.name


def measured(recipe: Recipe) -> StudyTables | None:
    """Return the tables of a study that the package ships, None where it ships none.

    Raises:
        UserError: a shipped file is damaged.
    """
    with as_file(_FOLDER) as root:
        folder = root / recipe.name
        if not folder.is_dir():
            return None
        try:
            said = pl.read_parquet_metadata(folder / "scores.parquet")
            frames = {
                name: pl.read_parquet(folder / f"{name}.parquet", schema=table.schema, missing_columns="insert")
                for name, table in _KINDS.items()
            }
        except (OSError, pl.exceptions.PolarsError):
            raise UserError(f"the package's tables of {recipe.name} cannot be read: install it anew") from None
    origin = f"Measured on {said['measured_on']} with version {said['version']} and shipped with the package."
    if said["declaration"] != _declaration(recipe):
        origin += " The study's file has changed since."
    return StudyTables(**frames, origin=origin)


def _declaration(recipe: Recipe) -> str:
    """Return a digest of what decides a study's numbers: not of its description, nor of how many seeds were run."""
    return hashlib.sha256(recipe.model_dump_json(exclude={"about", "hours", "seeds"}).encode()).hexdigest()[:16]
