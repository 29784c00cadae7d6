"""A patient's split depends on that patient, the settings and the key."""

import polars as pl
import pytest
from scipy import stats

from dp_clinical_pipeline.config import SPLITS, Corpus, Settings, Splits
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.cohort import build_cohort, split_of, split_reports
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS
from dp_clinical_pipeline_tests.made_up_home import make_home


def test_taking_a_patient_out_changes_nobody_elses_split(tmp_path):
    home = make_home(tmp_path, 40)
    store = Store(home)
    build_cohort(home)
    before = store.read(COHORT)
    gone = before["patient_key"][7]
    reports = store.read(DEIDENTIFIED_REPORTS, "b1")
    store.write(DEIDENTIFIED_REPORTS, reports.filter(pl.col("patient_key") != gone), "b1")
    build_cohort(home)
    assert store.read(COHORT).equals(before.filter(pl.col("patient_key") != gone))


def test_shares_come_out_as_set_and_the_key_decides():
    shares = Splits(train=0.5, validation=0.2, test=0.2, holdout=0.1)
    drawn = [split_of(b"k" * 16, f"p{i}", shares) for i in range(4000)]
    expected = [getattr(shares, name) * len(drawn) for name in SPLITS]
    assert stats.chisquare([drawn.count(name) for name in SPLITS], expected).pvalue > 1e-6
    assert drawn == [split_of(b"k" * 16, f"p{i}", shares) for i in range(4000)]
    assert drawn != [split_of(b"x" * 16, f"p{i}", shares) for i in range(4000)]


def test_every_patient_is_in_one_split_with_all_reports(tmp_path):
    home = make_home(tmp_path, 40)
    build_cohort(home)
    parts = [split_reports(home, name) for name in SPLITS]
    keys = [set(part["patient_key"]) for part in parts]
    assert sum(len(k) for k in keys) == len(set().union(*keys)) == 40
    assert sum(part.height for part in parts) == 80
    both = split_reports(home, "train", "test")
    assert set(both["patient_key"]) == keys[0] | keys[2]


def test_without_reports_it_says_what_to_do(tmp_path):
    home = Home(tmp_path / "h").create(Settings(corpus=Corpus(label_set="nih14")))
    with pytest.raises(UserError, match="ingest a corpus first"):
        build_cohort(home)
