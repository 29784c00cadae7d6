"""A private home with a trained, attacked and written cell of each kind, made once and copied for each test."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.config import Generation, Models
from dp_clinical_pipeline.evaluation.classifier_privacy import measure_classifier
from dp_clinical_pipeline.evaluation.privacy import measure_cell
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.marginals import release_marginals
from dp_clinical_pipeline.privacy.plan import declare_plan
from dp_clinical_pipeline.release.facts import Cell
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER, SYNTHETIC_REPORTS
from dp_clinical_pipeline.training.classifier_cell import train_classifier
from dp_clinical_pipeline.training.generator import train_generator
from dp_clinical_pipeline_tests.made_up_home import plain_notes
from dp_clinical_pipeline_tests.training.tiny import tiny_classifier_settings, tiny_home

GENERATOR = Cell(kind="generator", model="tiny", budget="eps-8")
CLASSIFIER = Cell(kind="classifier", model="tiny-bert", budget="eps-8")
CELLS = [GENERATOR, CLASSIFIER]


def write_notes(home: Home, count: int = 12, refused: int = 3) -> None:
    """Write notes of the cell's mechanism, the last ones refused."""
    adapter = Store(home).read(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8").row(0, named=True)
    rows = [
        dict.fromkeys(SYNTHETIC_REPORTS.columns)
        | {
            "synthetic_id": f"s{i:03}",
            "generator": "tiny",
            "budget": "eps-8",
            "mechanism_id": adapter["mechanism_id"],
            "targets": labels,
            "stated": labels,
            "text": text,
            "accepted": i < count - refused,
            "reason": None if i < count - refused else "repeats",
        }
        for i, (text, labels) in enumerate(plain_notes(count))
    ]
    frame = pl.DataFrame(rows, schema=SYNTHETIC_REPORTS.schema)
    Store(home).write(SYNTHETIC_REPORTS, frame, "tiny", "eps-8", budget="eps-8")


def attack(home: Home) -> None:
    """Attack both cells with losses that tell nobody apart."""
    measure_cell(home, "tiny", "eps-8", lambda texts, _: (np.ones(len(texts)), _chance(len(texts))))
    measure_classifier(home, "tiny-bert", "eps-8", lambda texts, _: _chance(len(texts)))


def _chance(size: int) -> np.ndarray:
    return np.arange(size) % 2 * 1.0


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_models: dict[str, Path]) -> Home:
    folder = tmp_path_factory.mktemp("release")
    home = tiny_home(folder, tiny_models["llama"], planned=False)
    changed = {
        "models": Models(generators={"tiny": str(tiny_models["llama"])}, encoders={"tiny-bert": str(tiny_models["bert"])}),
        "classifier_training": tiny_classifier_settings(encoder_notes=40),
        "generation": Generation(min_words=3),
    }  # fmt: skip
    home = home.save_settings(home.settings.model_copy(update=changed))
    declare_plan(home, [("tiny", "eps-8")], [("tiny-bert", "eps-8")])
    release_marginals(home, "eps-8")
    train_generator(home, "tiny", "eps-8")
    train_classifier(home, "tiny-bert", "eps-8")
    write_notes(home)
    attack(home)
    return home


@pytest.fixture
def home(made: Home, tmp_path: Path) -> Home:
    """A copy of its own: what lies in a home is relative to it."""
    return Home(Path(shutil.copytree(made.path, tmp_path / "home")))
