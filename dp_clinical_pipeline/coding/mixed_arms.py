"""Arms that learn from synthetic notes together with something else: surrogate reports, or a teacher's labels."""

from collections.abc import Mapping, Sequence

from dp_clinical_pipeline.coding.arm_data import accepted_notes, labelled_reports, multi_hot
from dp_clinical_pipeline.coding.arms import write_cell_arm
from dp_clinical_pipeline.coding.classifiers import TfidfLogistic
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set

MIXED = "synthetic-and-surrogate"
DISTILLED = "distilled"


def train_mixed_arm(home: Home, generator: str, budget: str) -> None:
    """Train on a cell's accepted notes and the train patients' surrogate reports together; test on real reports.

    Not a DP arm, whatever the cell's budget: it reads private reports outside any mechanism.

    Raises:
        UserError: the cell has too few accepted notes, or there are no labelled reports.
    """
    labels = label_set(home.settings.corpus.label_set)
    notes, reports = accepted_notes(home, generator, budget), labelled_reports(home, "train")
    targets = multi_hot([*notes["targets"], *reports["targets"]], labels)
    model = TfidfLogistic().fit([*notes["text"], *reports["surrogate"]], targets)
    write_cell_arm(home, model, MIXED, generator, budget)


def train_distilled_arm(
    home: Home, generator: str, budget: str, teacher: str, predicted: Mapping[str, Sequence[str]]
) -> None:
    """Train on a cell's accepted notes with the labels that a teacher gave them; test on real reports.

    Guarantee: post-processing of the cell's text and of the teacher. It is a DP arm if both are, at what the two cost
    together.

    Args:
        teacher: the name of the classifier that labelled; it becomes part of the arm's classifier.
        predicted: synthetic_id to the labels that the teacher chose, for every accepted note of the cell.

    Raises:
        UserError: the cell has too few accepted notes, or the teacher left some of them out.
    """
    labels = label_set(home.settings.corpus.label_set)
    notes = accepted_notes(home, generator, budget)
    missing = sum(key not in predicted for key in notes["synthetic_id"])
    if missing:
        raise UserError(f"{teacher} labelled all but {missing} of the accepted notes of {generator}|{budget}")
    targets = multi_hot([predicted[key] for key in notes["synthetic_id"]], labels)
    model = TfidfLogistic().fit(notes["text"].to_list(), targets)
    write_cell_arm(home, model, DISTILLED, generator, budget, teacher)
