import pytest

from dp_clinical_pipeline.coding.mixed_arms import DISTILLED, MIXED, train_distilled_arm, train_mixed_arm
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell


def right(home, arm: str, *teacher: str) -> float:
    rows = Store(home).read(PREDICTIONS, arm, "tiny", "eps-8", *teacher).filter(label="Edema")
    return (rows["y_true"] == rows["y_pred"]).mean()


def test_surrogate_reports_make_up_for_notes_that_say_nothing(tmp_path):
    home = make_home(tmp_path)
    write_cell(home, [("nothing to see", []), ("nothing at all", ["Edema"])])
    train_mixed_arm(home, "tiny", "eps-8")
    assert right(home, MIXED) > 0.95


def test_the_notes_are_part_of_what_a_mixed_arm_learns(tmp_path):
    home = make_home(tmp_path, patients=24)
    # The notes speak against the reports, and there are many more of them.
    write_cell(home, [("no edema", ["Edema"]), ("interstitial edema", [])] * 200)
    train_mixed_arm(home, "tiny", "eps-8")
    assert right(home, MIXED) < 0.5


def test_a_distilled_arm_learns_the_teachers_labels_and_not_the_records(tmp_path):
    home = make_home(tmp_path)
    notes = plain_notes(150)
    write_cell(home, [(text, []) for text, _ in notes])
    predicted = {f"s{i:05}": labels for i, (_, labels) in enumerate(notes)}
    train_distilled_arm(home, "tiny", "eps-8", "minilm-l6", predicted)
    rows = Store(home).read(PREDICTIONS, DISTILLED, "tiny", "eps-8", "minilm-l6")
    assert set(rows["classifier"]) == {"tfidf-logreg of minilm-l6"}
    assert right(home, DISTILLED, "minilm-l6") > 0.95
    train_distilled_arm(home, "tiny", "eps-8", "other", dict.fromkeys(predicted, ()))
    assert right(home, DISTILLED, "minilm-l6") > 0.95 > right(home, DISTILLED, "other")
    del predicted["s00003"]
    with pytest.raises(UserError, match="all but 1 of the accepted notes"):
        train_distilled_arm(home, "tiny", "eps-8", "minilm-l6", predicted)
