import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from dp_clinical_pipeline.evaluation.blind import blind_attack
from dp_clinical_pipeline.evaluation.membership import attack_scores, auroc_bound, tpr_bound

SCORES = st.lists(st.integers(0, 8), min_size=1, max_size=250).map(lambda values: np.array(values, dtype=float))


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES)
def test_an_attack_equals_sklearn(members, nonmembers):
    attack = attack_scores(members, nonmembers, resamples=5, seed=0)
    truth = np.repeat([1, 0], [len(members), len(nonmembers)])
    score = np.concatenate([members, nonmembers])
    assert attack.auroc == pytest.approx(roc_auc_score(truth, score))
    fpr, tpr, _ = roc_curve(truth, score, drop_intermediate=False)
    assert attack.tpr == pytest.approx(tpr[fpr <= 0.01].max())
    assert attack.tpr_low <= attack.tpr <= attack.tpr_high


def test_a_perfect_and_a_blind_attack_are_told_apart():
    rng = np.random.default_rng(0)
    perfect = attack_scores(rng.random(100) + 2, rng.random(100), resamples=200, seed=0)
    blind = attack_scores(rng.random(300), rng.random(300), resamples=500, seed=0)
    assert (perfect.auroc, perfect.tpr, perfect.auroc_low) == (1, 1, 1)
    assert blind.auroc_low < 0.5 < blind.auroc_high


def test_reports_of_one_patient_are_drawn_together():
    rng = np.random.default_rng(1)
    members, nonmembers = np.repeat(rng.random(30), 10), np.repeat(rng.random(30), 10)
    names = [str(i // 10) for i in range(300)]
    apart = attack_scores(members, nonmembers, resamples=400, seed=0)
    together = attack_scores(
        members, nonmembers, member_clusters=names, nonmember_clusters=names, resamples=400, seed=0
    )
    assert together.auroc == apart.auroc
    assert together.auroc_high - together.auroc_low > 2 * (apart.auroc_high - apart.auroc_low)


def test_members_and_non_members_are_drawn_apart():
    scores, names = np.arange(40.0), [str(i) for i in range(40)]
    attack = attack_scores(scores, scores, member_clusters=names, nonmember_clusters=names, resamples=200, seed=0)
    assert attack.auroc_low < attack.auroc == 0.5 < attack.auroc_high


@pytest.mark.parametrize("members", [np.array([]), np.array([np.nan]), np.array([np.inf])])
def test_scores_that_cannot_be_judged_are_refused(members):
    with pytest.raises(ValueError, match="attack"):
        attack_scores(members, np.ones(3), resamples=5, seed=0)


@pytest.mark.parametrize("epsilon", [0.01, 1.0, 8.0])
def test_bounds_are_those_of_randomised_response(epsilon):
    # The tight mechanism of pure ε: one bit, kept with probability e^ε / (1 + e^ε).
    keep = np.exp(epsilon) / (1 + np.exp(epsilon))
    area = np.trapezoid([0, keep, 1], [0, 1 - keep, 1])
    assert auroc_bound(epsilon, 0.0) == pytest.approx(area)
    assert tpr_bound(epsilon, 1e-5) == pytest.approx(min(1, np.exp(epsilon) / 100 + 1e-5))
    assert auroc_bound(1000, 0) == tpr_bound(1000, 0) == 1


def notes(rng: np.random.Generator, count: int) -> list[str]:
    return [" ".join(f"w{n}" for n in rng.integers(0, 300, size=30)) for _ in range(count)]


def test_the_blind_baseline_is_a_coin_where_both_sides_are_drawn_alike():
    rng = np.random.default_rng(3)
    areas = [blind_attack(notes(rng, 60), notes(rng, 60), resamples=50, seed=s).auroc for s in range(8)]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.06)


def test_the_blind_baseline_sees_a_split_that_leaks():
    rng = np.random.default_rng(4)
    dated = [f"seen in 2019 {text}" for text in notes(rng, 60)]
    assert blind_attack(dated, notes(rng, 60), resamples=50, seed=0).auroc > 0.95


def test_a_patients_reports_never_lie_on_both_sides_of_a_fold():
    rng = np.random.default_rng(6)
    # Every report of a patient has the patient's own word and there is nothing else to learn.
    inside = [f"name{i // 4} {text[:9]}" for i, text in enumerate(notes(rng, 80))]
    outside = [f"name{100 + i // 4} {text[:9]}" for i, text in enumerate(notes(rng, 80))]
    clusters = [str(i // 4) for i in range(80)]
    kept = blind_attack(inside, outside, member_clusters=clusters, nonmember_clusters=clusters, resamples=50, seed=0)
    assert kept.auroc < 0.65 < blind_attack(inside, outside, resamples=50, seed=0).auroc


def test_too_few_patients_give_no_blind_baseline():
    assert blind_attack(["a"] * 4, ["b"] * 9, resamples=5, seed=0) is None
