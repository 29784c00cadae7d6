import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from dp_clinical_pipeline.coding.arms import train_baselines, train_synthetic_arm
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.bootstrap import resample_weights
from dp_clinical_pipeline.evaluation.utility import Scored, compute_utility, metric_rows
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS, UTILITY_METRICS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell


@st.composite
def predictions(draw) -> Scored:
    """Random predictions with tied scores, labels without positives, and patients with several reports."""
    reports, labels = draw(st.integers(2, 30)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = (rng.random((reports, labels)) < rng.choice([0, 0.2, 0.6, 1], size=labels)).astype(np.int64)
    score = rng.integers(0, draw(st.sampled_from([2, 5, 1000])), size=(reports, labels)) / 7
    chosen = (rng.random((reports, labels)) < 0.4).astype(np.int64)
    patient = np.unique(rng.integers(0, reports, size=reports), return_inverse=True)[1]
    return Scored(tuple(f"L{i}" for i in range(labels)), patient, truth, score, chosen)


def by_sklearn(scored: Scored, weight: np.ndarray) -> dict[tuple[str | None, str | None, str], float]:
    """The same metrics by sklearn, a report counted `weight` times."""
    kept = np.repeat(np.arange(len(weight)), weight.astype(int))
    truth, chosen, score = scored.truth[kept], scored.chosen[kept], scored.score[kept]
    found: dict[tuple[str | None, str | None, str], float] = {
        (None, "overall", "accuracy"): (truth == chosen).all(axis=1).mean(),
        (None, "overall", "label_accuracy"): (truth == chosen).mean(),
    }
    columns = list(range(truth.shape[1]))
    if len(columns) > 1:
        for average in ("weighted", "micro", "macro"):
            found[None, average, "f1"] = metrics.f1_score(truth, chosen, average=average, zero_division=0)
    both = [i for i in columns if 0 < truth[:, i].sum() < len(truth)]
    for average in ("micro", "macro") if len(both) > 1 else ():
        at = truth[:, both], score[:, both]
        found[None, average, "auroc"] = metrics.roc_auc_score(*at, average=average)
        found[None, average, "auprc"] = metrics.average_precision_score(*at, average=average)
    for i in columns:
        for name in ("f1", "precision", "recall"):
            score_of = getattr(metrics, f"{name}_score")
            found[f"L{i}", None, name] = score_of(truth[:, i], chosen[:, i], zero_division=0)
    for i in both:
        found[f"L{i}", None, "auroc"] = metrics.roc_auc_score(truth[:, i], score[:, i])
        found[f"L{i}", None, "auprc"] = metrics.average_precision_score(truth[:, i], score[:, i])
    return found


def as_dict(rows) -> dict[tuple[str | None, str | None, str], float]:
    return {(row["label"], row["average"], row["metric"]): row["value"] for row in rows}


@settings(max_examples=60, deadline=None)
@given(predictions())
def test_point_estimates_equal_sklearn(scored):
    ours = as_dict(metric_rows(scored, resample_weights(scored.patients, 3, 0)))
    theirs = by_sklearn(scored, np.ones(len(scored.truth)))
    assert {key: ours[key] for key in theirs} == pytest.approx(theirs, abs=1e-9)
    one_class = {f"L{i}" for i in range(len(scored.labels)) if scored.truth[:, i].min() == scored.truth[:, i].max()}
    assert not [key for key in ours if key[0] in one_class and key[2] in ("auroc", "auprc")]


@settings(max_examples=40, deadline=None)
@given(predictions(), st.integers(0, 999))
def test_a_resample_equals_sklearn_on_the_reports_of_the_patients_drawn(scored, seed):
    drawn = resample_weights(scored.patients, 1, seed)[1:]
    ours = as_dict(metric_rows(scored, np.vstack([drawn, drawn])))
    theirs = by_sklearn(scored, drawn[0][scored.patient])
    # Rankings are averaged over the labels with both classes in the sample: compared in the other test.
    same = {key: value for key, value in theirs.items() if not (key[0] is None and key[2] in ("auroc", "auprc"))}
    same = {key: value for key, value in same.items() if key in ours}
    assert {key: ours[key] for key in same} == pytest.approx(same, abs=1e-9)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    rng, covered, trials = np.random.default_rng(5), 0, 200
    for trial in range(trials):
        # Both reports of a patient are right or wrong together: drawing reports would give too narrow ones.
        right = np.repeat(rng.random(100) < 0.7, 2)
        truth = np.ones((200, 1), dtype=np.int64)
        scored = Scored(("L0",), np.repeat(np.arange(100), 2), truth, truth * 0.5, right[:, None].astype(np.int64))
        rows = metric_rows(scored, resample_weights(100, 300, trial))
        row = next(row for row in rows if row["metric"] == "label_accuracy")
        covered += row["ci_low"] <= 0.7 <= row["ci_high"]
    assert 0.89 <= covered / trials <= 0.99


def test_baselines_and_a_synthetic_arm_are_scored_end_to_end(tmp_path):
    home = make_home(tmp_path, bootstrap=200)
    write_cell(home, plain_notes(100))
    train_baselines(home)
    train_synthetic_arm(home, "tiny", "eps-8")
    compute_utility(home)
    table = Store(home).read(UTILITY_METRICS)
    assert table.select("arm", "generator", "budget").n_unique() == 8
    assert set(table["visibility"]) == {"restricted"}
    inside = table.filter(pl.col("ci_low").is_not_null())
    assert inside.height > table.height / 2
    assert ((inside["ci_low"] <= inside["ci_high"]) & (inside["value"] <= 1)).all()
    f1 = dict(table.filter(metric="f1", average="weighted").select("arm", "value").iter_rows())
    assert f1["real"] > 0.9 > f1["majority"] > f1["all-negative"] == 0
    assert f1["synthetic"] > 0.9
    truth = Store(home).read(PREDICTIONS, "baselines", "real")
    edema = table.filter(arm="real", label="Edema", metric="f1").row(0, named=True)
    rows = truth.filter(label="Edema")
    assert edema["value"] == pytest.approx(metrics.f1_score(rows["y_true"], rows["y_pred"]))
    assert edema["support"] == rows["y_true"].sum()
    assert edema["n_patients"] == rows["patient_key"].n_unique() < edema["n_reports"] == rows.height
    compute_utility(home)
    assert Store(home).read(UTILITY_METRICS).equals(table)


def test_incomplete_predictions_are_refused_by_arm(tmp_path):
    home = make_home(tmp_path, patients=20)
    train_baselines(home)
    store = Store(home)
    store.write(PREDICTIONS, store.read(PREDICTIONS, "baselines", "real")[:-1], "baselines", "real")
    with pytest.raises(UserError, match="arm real are incomplete"):
        compute_utility(home)


def test_nothing_to_score_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="materialize baseline_classifiers"):
        compute_utility(make_home(tmp_path, patients=2))
