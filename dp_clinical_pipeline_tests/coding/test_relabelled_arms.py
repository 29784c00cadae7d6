"""Notes under the labels that they state: those refused for stating another record are of use, and others are not."""

import polars as pl
import pytest

from dp_clinical_pipeline.coding import relabelled_arms
from dp_clinical_pipeline.coding.relabelled_arms import RELABELLED, RELABELLED_CLONE, train_relabelled_arm
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLONED_REPORTS, PREDICTIONS, SYNTHETIC_REPORTS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell, write_clones


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path, patients=60)
    write_cell(home, plain_notes(60))
    return home


def changed(home, **columns):
    cell = Store(home).read(SYNTHETIC_REPORTS, "tiny", "eps-8", budget="eps-8").with_columns(**columns)
    Store(home).write(SYNTHETIC_REPORTS, cell, "tiny", "eps-8", budget="eps-8")


def right(home, arm):
    rows = Store(home).read(PREDICTIONS, arm, "tiny", "eps-8").filter(label="Edema")
    assert set(rows["classifier"]) == {"tfidf-logreg"}
    return (rows["y_true"] == rows["y_pred"]).mean()


@pytest.mark.parametrize("clones", [False, True], ids=["notes", "clones"])
def test_what_a_note_states_is_learnt_and_not_what_was_asked_for(home, clones):
    changed(home, targets=pl.lit([], dtype=pl.List(pl.String)))
    if clones:
        write_clones(home, lambda source: source["text"], "eps-8")
        rows = Store(home).read(CLONED_REPORTS, "tiny", "eps-8").with_columns(stated="targets")
        nothing = pl.lit([], dtype=pl.List(pl.String))
        Store(home).write(CLONED_REPORTS, rows.with_columns(targets=nothing), "tiny", "eps-8")
    train_relabelled_arm(home, "tiny", "eps-8", clones=clones)
    assert right(home, RELABELLED_CLONE if clones else RELABELLED) > 0.9


def test_notes_that_state_another_record_are_learnt_from_and_other_refused_ones_are_not(home, monkeypatch):
    seen = []

    class Spy(relabelled_arms.TfidfLogistic):
        def fit(self, texts, targets):
            seen.extend(texts)
            return super().fit(texts, targets)

    monkeypatch.setattr(relabelled_arms, "TfidfLogistic", Spy)
    place = pl.col("synthetic_id").rank("ordinal")
    reason = pl.when(place <= 20).then(pl.lit("not_its_record")).when(place <= 30).then(pl.lit("repeats"))
    changed(home, reason=reason, accepted=place > 30)
    train_relabelled_arm(home, "tiny", "eps-8")
    rows = Store(home).read(SYNTHETIC_REPORTS, "tiny", "eps-8", budget="eps-8")
    assert seen == rows.filter(pl.col("reason").is_null() | (pl.col("reason") != "repeats"))["text"].to_list()
    assert len(seen) == 50


def test_notes_that_no_rules_can_read_have_no_such_arm(home):
    changed(home, stated=pl.lit(None, dtype=pl.List(pl.String)))
    with pytest.raises(UserError, match="too few notes whose labels the rules"):
        train_relabelled_arm(home, "tiny", "eps-8")
