"""The arm that learns from clones: notes written for the records of private notes."""

import polars as pl

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.arms import write_cell_arm
from dp_clinical_pipeline.coding.classifiers import TfidfLogistic
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLONED_REPORTS

CLONE = "clone"


def train_clone_arm(home: Home, generator: str, budget: str) -> None:
    """Train on a cell's accepted clones with the labels of the notes that they were written for; test on real reports.

    Not a DP arm, whatever the cell's budget: clones carry private records, their labels among them.

    Raises:
        UserError: the cell was not cloned, or fewer than 2 of its clones were accepted.
    """
    clones = accepted_clones(home, generator, budget)
    targets = multi_hot(clones["targets"].to_list(), label_set(home.settings.corpus.label_set))
    write_cell_arm(home, TfidfLogistic().fit(clones["text"].to_list(), targets), CLONE, generator, budget)


def accepted_clones(home: Home, generator: str, budget: str) -> pl.DataFrame:
    """Return the accepted clones of a cell in a fixed order, `generation.clones` at most for each note.

    Raises:
        UserError: the cell was not cloned, or fewer than 2 of its clones were accepted.
    """
    clones = Store(home).read(CLONED_REPORTS, generator, budget).filter("accepted").sort("synthetic_id")
    if clones.height < 2:
        raise UserError(
            f"{generator}|{budget} has too few accepted clones to train on: train its generator longer "
            "(training.steps in settings.yaml), or with less noise"
        )
    return clones
