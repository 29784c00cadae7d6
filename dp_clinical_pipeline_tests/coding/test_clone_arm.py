import numpy as np
import pytest

from dp_clinical_pipeline.coding.clone_arm import CLONE, train_clone_arm
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, PREDICTIONS
from dp_clinical_pipeline_tests.made_up_home import make_home, report_body, write_clones


def test_it_learns_clones_with_the_labels_of_their_sources_and_tests_on_real_patients(tmp_path):
    home, rng = make_home(tmp_path), np.random.default_rng(3)
    write_clones(home, lambda source: report_body(source["targets"], rng))
    train_clone_arm(home, "tiny", "eps-8")
    rows = Store(home).read(PREDICTIONS, CLONE, "tiny", "eps-8")
    assert {name: set(rows[name]) for name in ("arm", "generator", "budget", "classifier")} == {
        "arm": {"clone"}, "generator": {"tiny"}, "budget": {"eps-8"}, "classifier": {"tfidf-logreg"}
    }  # fmt: skip
    assert set(rows["patient_key"]) <= set(Store(home).read(COHORT).filter(split="test")["patient_key"])
    edema = rows.filter(label="Edema")
    assert (edema["y_true"] == edema["y_pred"]).mean() > 0.95


def test_refused_clones_teach_nothing(tmp_path):
    home = make_home(tmp_path, patients=24)
    write_clones(home, lambda source: source["text"], accepted=False)
    with pytest.raises(UserError, match="too few accepted clones"):
        train_clone_arm(home, "tiny", "eps-8")
