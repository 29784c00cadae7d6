"""Arms that learn from generated notes with the labels that public rules read in them, instead of those asked for."""

import polars as pl

from dp_clinical_pipeline.coding.arm_data import multi_hot
from dp_clinical_pipeline.coding.arms import write_cell_arm
from dp_clinical_pipeline.coding.classifiers import TfidfLogistic
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLONED_REPORTS, SYNTHETIC_REPORTS

RELABELLED = "relabelled"
RELABELLED_CLONE = "relabelled-clone"


def train_relabelled_arm(home: Home, generator: str, budget: str, *, clones: bool = False) -> None:
    """Train on a cell's notes, or its clones, with the labels that they state; test on real reports.

    A note that does not state its record is no bad note: it states another one. Those that were refused for that alone
    are learnt from too.

    Guarantee: for notes, post-processing of the cell's text by public rules, as the cell itself. Clones are no DP arm:
    their prompts were private records.

    Raises:
        UserError: the label set has no rules, or fewer than 2 notes are there.
    """
    labels, store = label_set(home.settings.corpus.label_set), Store(home)
    if clones:
        tried = store.read(CLONED_REPORTS, generator, budget)
    else:
        tried = store.read(SYNTHETIC_REPORTS, generator, budget, budget=budget)
    notes = tried.filter(
        pl.col("accepted") | (pl.col("reason") == "not_its_record"), pl.col("stated").is_not_null()
    ).sort("synthetic_id")
    if notes.height < 2:
        raise UserError(f"{generator}|{budget} has too few notes whose labels the rules of {labels.name} could read")
    model = TfidfLogistic().fit(notes["text"].to_list(), multi_hot(notes["stated"].to_list(), labels))
    write_cell_arm(home, model, RELABELLED_CLONE if clones else RELABELLED, generator, budget)
