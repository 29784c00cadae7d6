"""The privacy unit: patients, or reports where the settings say so, in every mechanism; and one unit a ledger."""

import polars as pl
import pytest

from dp_clinical_pipeline.config import Corpus, Patients, Privacy, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy import marginals, releases
from dp_clinical_pipeline.privacy.cohort import count_units, split_reports
from dp_clinical_pipeline.privacy.count import public_count
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.marginals import release_marginals
from dp_clinical_pipeline.privacy.queries import LengthHistogram
from dp_clinical_pipeline.privacy.releases import release_lengths
from dp_clinical_pipeline.training.cell import train_patients
from dp_clinical_pipeline.training.examples import Example
from dp_clinical_pipeline_tests.made_up_home import make_home

PATIENTS, REPORTS = 60, 120


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path, PATIENTS)


def _of(home, unit, **patients):
    privacy, patients = Privacy(unit=unit), Patients(**patients)
    return home.save_settings(Settings(corpus=Corpus(label_set="chexpert14"), privacy=privacy, patients=patients))


@pytest.mark.parametrize(("unit", "size"), [("patient", PATIENTS), ("report", REPORTS)])
def test_the_population_is_counted_in_units(home, unit, size):
    home = _of(home, unit)
    assert count_units(home) == size
    assert public_count(home) == pytest.approx(size, abs=400)  # epsilon 0.05: a deviation of 28
    assert [row.mechanism.privacy_unit for row in open_ledger(home).rows()] == [unit] * 3


def test_mechanisms_read_one_report_of_each_patient_or_every_report(home):
    reports = split_reports(_of(home, "patient"), "train").filter(pl.col("targets").is_not_null())
    by_patient = marginals._one_report_each(_of(home, "patient"))
    by_report = marginals._one_report_each(_of(home, "report"))
    assert len(by_patient) == reports["patient_key"].n_unique() < len(by_report) == reports.height


def test_training_samples_patients_or_reports(home):
    def example(text, targets):
        return Example(tokens=(1, 2), note_start=1)

    patients = train_patients(_of(home, "patient"), example)
    reports = train_patients(_of(home, "report"), example)
    assert {len(of_one) for of_one in patients} == {2}
    assert {len(of_one) for of_one in reports} == {1}
    assert len(reports) == 2 * len(patients)


@pytest.mark.parametrize(("first", "then"), [("patient", "report"), ("report", "patient")])
def test_a_ledger_has_one_unit(home, first, then):
    release_marginals(_of(home, first, count=1000), "eps-1")
    spent = open_ledger(home).rows()
    with pytest.raises(UserError, match=f"accounts for each {first} and privacy.unit is {then} now"):
        release_marginals(_of(home, then, count=1000), "eps-2")
    assert open_ledger(home).rows() == spent


def test_an_interrupted_count_is_not_taken_up_for_another_unit(home, monkeypatch):
    query = LengthHistogram(edges=(10, 20))
    monkeypatch.setattr(releases, "discrete_gaussian", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        release_lengths(_of(home, "patient", count=1000), query, 0.5)
    monkeypatch.undo()
    with pytest.raises(UserError, match=r"accounts for each patient and privacy\.unit is report now"):
        release_lengths(_of(home, "report", count=1000), query, 0.5)
    release_lengths(_of(home, "patient", count=1000), query, 0.5)


def test_a_row_of_before_units_counts_patients(home):
    release_marginals(_of(home, "patient", count=1000), "eps-1")
    [mechanism] = open_ledger(home).account().spent
    old = {key: value for key, value in mechanism.as_dict().items() if key != "privacy_unit"}
    assert type(mechanism).from_dict(old) == mechanism
