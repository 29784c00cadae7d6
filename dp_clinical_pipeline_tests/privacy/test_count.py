"""The patient count is declared, or bought once."""

import pytest

from dp_clinical_pipeline.config import Patients, Privacy, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, LABEL_MARGINALS
from dp_clinical_pipeline_tests.made_up_home import make_home


def test_a_declared_count_costs_nothing(tmp_path):
    home = make_home(tmp_path, 20).save_settings(Settings(patients=Patients(count=123)))
    assert public_count(home) == 123
    assert open_ledger(home).rows() == []


def test_the_count_is_bought_once_before_it_is_read_and_then_kept(tmp_path):
    home = make_home(tmp_path, 200)
    count = public_count(home)
    assert abs(count - 200) < 400  # 20 deviations of the discrete Laplace at 0.05
    assert public_count(home) == public_count(home, buy=False) == count
    rows = open_ledger(home).rows()
    assert [row.state for row in rows] == ["reserved", "running", "done"]
    assert open_ledger(home).cumulative() == (home.settings.patients.count_epsilon, 0.0)
    assert Store(home).path(LABEL_MARGINALS, "patient_count", budget="patient_count").is_relative_to(home.lake)


def test_the_noise_is_discrete_laplace_of_the_settings_epsilon(tmp_path):
    home = make_home(tmp_path, 20).save_settings(
        Settings(patients=Patients(count_epsilon=20.0), privacy=Privacy(cap_epsilon=30))
    )
    assert public_count(home, source=TestSeedSource(0)) == 20  # noise other than 0 has probability 4e-9


@pytest.mark.parametrize("source", [None, TestSeedSource(0)])
def test_the_ledger_says_where_the_noise_came_from(tmp_path, source):
    home = make_home(tmp_path, 20)
    public_count(home, source=source)
    told = [row.mechanism.noise_source for row in open_ledger(home).rows()]
    assert told == ["test-seed" if source else "os"] * 3


def test_who_only_looks_buys_nothing(tmp_path):
    home = make_home(tmp_path, 20)
    with pytest.raises(UserError, match=r"neither declared .* nor bought"):
        public_count(home, buy=False)
    assert open_ledger(home).rows() == []


def test_without_a_cohort_there_is_nothing_to_count(tmp_path):
    home = make_home(tmp_path, 20)
    Store(home).path(COHORT).unlink()
    with pytest.raises(UserError, match="no cohort yet"):
        public_count(home)
    assert open_ledger(home).rows() == []
