"""The DP linear arm: the ledger comes first, each budget is bought once, and what it costs is what was asked for."""

import pytest
from dp_accounting import dp_event
from dp_accounting.pld import PLDAccountant

from dp_clinical_pipeline.coding import linear_arms
from dp_clinical_pipeline.coding.dp_linear import LinearTraining
from dp_clinical_pipeline.coding.features import HashedNgrams
from dp_clinical_pipeline.coding.linear_arms import train_dp_linear_arm, train_feature_arm
from dp_clinical_pipeline.config import Patients, Privacy
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS
from dp_clinical_pipeline_tests.made_up_home import make_home

FEATURES = HashedNgrams(2**8)
SHORT = LinearTraining(steps=20)


@pytest.fixture
def home(tmp_path) -> Home:
    made = make_home(tmp_path, patients=60)
    public = {"patients": Patients(count=60), "privacy": Privacy(cap_epsilon=12.0)}
    return made.save_settings(made.settings.model_copy(update=public))


def states(home: Home) -> list[tuple[str, str]]:
    return [(row.mechanism.cell, row.state) for row in open_ledger(home).rows()]


def test_what_the_ledger_holds_costs_the_budget_and_little_less(home):
    train_dp_linear_arm(home, FEATURES, ["eps-2"], SHORT)
    assert states(home) == [("hashed-ngrams|eps-2", state) for state in ("reserved", "running", "done")]
    [entry] = [row.mechanism for row in open_ledger(home).mechanisms().values()]
    [event] = entry.dp_events()
    assert event == dp_event.SelfComposedDpEvent(dp_event.GaussianDpEvent(event.event.noise_multiplier), 20)
    accountant = PLDAccountant()
    accountant.compose(event)
    assert 1.97 < accountant.get_epsilon(entry.delta) <= 2.001
    assert entry.delta == 1e-5


def test_a_budget_is_bought_once_and_nonprivate_costs_nothing(home):
    train_dp_linear_arm(home, FEATURES, ["nonprivate", "eps-2"], SHORT)
    before, rows = states(home), Store(home).read(PREDICTIONS, "dp-linear", "hashed-ngrams", "eps-2")
    train_dp_linear_arm(home, FEATURES, ["nonprivate", "eps-2"], SHORT)
    assert states(home) == before
    assert len(before) == 3
    assert rows.equals(Store(home).read(PREDICTIONS, "dp-linear", "hashed-ngrams", "eps-2"))
    assert set(rows.select("arm", "generator", "budget", "classifier").rows()) == {
        ("dp-linear", None, "eps-2", "hashed-ngrams")
    }


def test_a_refusal_comes_before_any_report_is_read(home, monkeypatch):
    monkeypatch.setattr(linear_arms, "labelled_reports", lambda *_: pytest.fail("it read"))
    with pytest.raises(OverBudget, match="over the cap of 12"):
        train_dp_linear_arm(home, FEATURES, ["eps-20"], SHORT)
    assert states(home) == [("hashed-ngrams|eps-20", "refused")]
    assert not Store(home).exists(PREDICTIONS, "dp-linear", "hashed-ngrams", "eps-20")


def test_an_interrupted_training_goes_on_under_its_id_and_costs_nothing_more(home, monkeypatch):
    def stopped(*_: object, **__: object) -> None:
        raise RuntimeError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(linear_arms, "train_linear", stopped)
        with pytest.raises(RuntimeError, match="stopped"):
            train_dp_linear_arm(home, FEATURES, ["eps-2"], SHORT)
    train_dp_linear_arm(home, FEATURES, ["eps-2"], SHORT)
    assert [state for _, state in states(home)] == ["reserved", "running", "aborted", "running", "done"]
    assert len(open_ledger(home).mechanisms()) == 1


def test_training_reads_one_report_of_each_train_patient_with_the_ledgers_noise(home, monkeypatch):
    shown = {}

    def watched(rows, targets, training, **given):
        shown.update(given, rows=rows.shape[0])
        return real(rows, targets, training, **given)

    real = linear_arms.train_linear
    monkeypatch.setattr(linear_arms, "train_linear", watched)
    train_dp_linear_arm(home, FEATURES, ["eps-2"], SHORT)
    [entry] = [row.mechanism for row in open_ledger(home).mechanisms().values()]
    assert shown["noise_multiplier"] == entry.dp_events()[0].event.noise_multiplier
    assert shown["patients"] == 60 * 0.6
    assert shown["rows"] == 33  # 36 train patients, three of them unlabelled; two reports each
    assert shown["source"].name == "os"


def test_logistic_regression_on_public_features_learns_what_reports_state(home):
    train_feature_arm(home, HashedNgrams())
    rows = Store(home).read(PREDICTIONS, "features", "hashed-ngrams-logreg")
    assert set(rows.select("arm", "classifier").rows()) == {("real", "hashed-ngrams-logreg")}
    edema = rows.filter(label="Edema")
    assert (edema["y_true"] == edema["y_pred"]).mean() > 0.9
