"""Counts are bought before anything is read, answered once, and only of models that are private themselves."""

import polars as pl
import pytest

from dp_clinical_pipeline.config import Corpus, Patients, Privacy, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.privacy import releases
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.privacy.queries import ConfusionCounts, LengthHistogram
from dp_clinical_pipeline.privacy.releases import f1_of, release_lengths, release_scores
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS, PREDICTIONS
from dp_clinical_pipeline_tests.made_up_home import make_home
from dp_clinical_pipeline_tests.privacy.killed import killed_before_done

BINS = LengthHistogram(edges=(10, 20, 30))


@pytest.fixture
def home(tmp_path):
    settings = Settings(corpus=Corpus(label_set="chexpert14"), patients=Patients(count=60))
    return make_home(tmp_path, 60).save_settings(settings)


def test_lengths_are_noised_with_the_ledgered_noise_and_answered_once(home):
    frame = release_lengths(home, BINS, 0.5, source=TestSeedSource(3))
    assert list(frame.select("kind", "label", "other").iter_rows()) == BINS.domain()
    (entry,) = open_ledger(home).account().spent
    noise = event_from_json(entry.events["counts:lengths"][0]).noise_multiplier
    assert frame["noise_std"].unique().to_list() == [pytest.approx(noise * BINS.sensitivity)]
    assert (entry.kind, entry.slot, entry.mechanism_id) == ("counts", None, frame["mechanism_id"][0])
    assert abs(frame["noisy_count"].sum() - 36) < 8 * 2 * noise  # 36 train patients, four cells
    assert Store(home).path(LABEL_MARGINALS, "lengths", budget="lengths").is_relative_to(home.lake)
    assert release_lengths(home, BINS, 0.5).equals(frame)
    assert [row.state for row in open_ledger(home).rows()] == ["reserved", "running", "done"]
    with pytest.raises(UserError, match="released for another question"):
        release_lengths(home, LengthHistogram(edges=(10,)), 0.5)


@pytest.mark.parametrize("source", [None, TestSeedSource(0)])
def test_the_ledger_says_where_the_noise_came_from(home, source):
    release_lengths(home, BINS, 0.5, source=source)
    told = [row.mechanism.noise_source for row in open_ledger(home).rows()]
    assert told == ["test-seed" if source else "os"] * 3


@pytest.mark.parametrize("taken_away", [False, True])
def test_killed_between_the_answer_and_the_ledgers_last_word_it_stays_the_same(home, monkeypatch, taken_away):
    with killed_before_done(monkeypatch), pytest.raises(KeyboardInterrupt):
        release_lengths(home, BINS, 0.5)
    frame = Store(home).read(LABEL_MARGINALS, "lengths", budget="lengths")
    if taken_away:
        Store(home).path(LABEL_MARGINALS, "lengths", budget="lengths").unlink()
    assert release_lengths(home, BINS, 0.5).equals(frame)
    states = ["reserved", "running", "running", "done"] if taken_away else ["reserved", "running", "done"]
    assert [row.state for row in open_ledger(home).rows()] == states
    assert list((home.enclave / "checkpoints").iterdir()) == []


def test_with_almost_no_noise_lengths_are_the_first_reports_of_the_train_patients(home):
    home = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=1e6)}))
    frame = release_lengths(home, BINS, 90.0, source=TestSeedSource(0))
    reports = releases.split_reports(home, "train").group_by("patient_key", maintain_order=True).first()
    exact = BINS.count(len(text.split()) for text in reports["text"])
    assert sum(exact.values()) == 36
    assert {tuple(k): round(n) for *k, n in frame.select("kind", "label", "other", "noisy_count").iter_rows()} == {
        key: exact[key] for key in BINS.domain()
    }


def test_nothing_is_read_where_the_ledger_refuses_nor_before_the_cost_stands(home, monkeypatch):
    seen, read = [], releases.split_reports

    def watched(of, *splits):
        seen.extend(row.state for row in open_ledger(of).rows())
        return read(of, *splits)

    monkeypatch.setattr(releases, "split_reports", watched)
    poor = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=0.1)}))
    with pytest.raises(OverBudget, match="nothing was spent"):
        release_lengths(poor, BINS, 0.5)
    assert seen == []
    release_lengths(home, BINS, 0.5)
    assert seen == ["refused", "reserved", "running"]


def _predict(home, arm="synthetic", budget="eps-8", wrong=0):
    """Write perfect predictions of Edema on 12 test patients with two reports each; the first `wrong` are missed."""
    rows = [
        {
            "arm": arm, "generator": "tiny", "budget": budget, "classifier": "logreg", "report_key": f"{patient:02}-{visit}",
            "patient_key": f"p{patient:02}", "label": label, "y_true": int(label == "Edema"), "y_score": 0.5,
            "y_pred": int(label == "Edema" and patient >= wrong),
        }
        for patient in range(12) for visit in range(2) for label in CHEXPERT14.labels
    ]  # fmt: skip
    Store(home).write(PREDICTIONS, pl.DataFrame(rows, schema=PREDICTIONS.schema), arm, "tiny", budget)


def test_scores_count_one_report_a_patient_and_give_an_f1(home):
    home = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=1e6)}))
    _predict(home, wrong=3)
    how = {"labels_per_patient": 1, "generator": "tiny", "source": TestSeedSource(0)}
    frame = release_scores(home, "synthetic", "logreg", "eps-8", 90.0, **how)
    counts = {tuple(k): n for *k, n in frame.select("kind", "label", "other", "noisy_count").iter_rows()}
    assert {key: n for key, n in counts.items() if round(n)} == {("tp", "Edema", None): 9, ("fn", "Edema", None): 3}
    query = ConfusionCounts(labels=tuple(CHEXPERT14.labels), labels_per_patient=1)
    assert query.f1(counts)["weighted"] == pytest.approx(2 * 9 / (2 * 9 + 3))
    assert dict(f1_of(home, frame, 1).iter_rows())["weighted"] == query.f1(counts)["weighted"]
    (entry,) = open_ledger(home).account().spent
    assert (entry.kind, entry.cell, entry.epsilon) == ("counts", "scores-synthetic-tiny-logreg-eps-8", 90.0)


@pytest.mark.parametrize(
    ("arm", "budget"), [("synthetic", "nonprivate"), ("synthetic-and-surrogate", "eps-8"), ("real", "eps-8")]
)
def test_scores_of_a_model_without_privacy_are_refused(home, arm, budget):
    _predict(home, arm, budget)
    with pytest.raises(UserError, match="of a model without privacy"):
        release_scores(home, arm, "logreg", budget, 1.0, labels_per_patient=1, generator="tiny")
    assert open_ledger(home).rows() == []


def test_scores_of_an_arm_that_is_absent_are_no_answer(home):
    with pytest.raises(UserError, match="there are no predictions of synthetic logreg at eps-8"):
        release_scores(home, "synthetic", "logreg", "eps-8", 1.0, labels_per_patient=1)
    assert open_ledger(home).rows() == []


def test_a_patient_touches_no_more_labels_than_there_are(home):
    home = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=1e6)}))
    _predict(home)
    how = {"generator": "tiny", "source": TestSeedSource(0)}
    labels = len(CHEXPERT14.labels)
    frame = release_scores(home, "synthetic", "logreg", "eps-8", 90.0, labels_per_patient=labels + 6, **how)
    assert f1_of(home, frame, labels + 6).equals(f1_of(home, frame, labels))
    assert dict(f1_of(home, frame, labels + 6).iter_rows())["weighted"] > 0.9
