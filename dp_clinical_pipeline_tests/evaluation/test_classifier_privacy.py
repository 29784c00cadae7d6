"""The attack on a classifier's predictions catches one that knows its members, and lets one pass that does not."""

import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.evaluation.attacked import choose_arms
from dp_clinical_pipeline.evaluation.classifier_privacy import measure_classifier
from dp_clinical_pipeline.evaluation.membership import Attack, auroc_bound, empirical_epsilon
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLASSIFIER_PRIVACY_METRICS, DP_CLASSIFIER
from dp_clinical_pipeline_tests.made_up_home import make_home

METRICS = {"epsilon", "membership_auroc", "membership_tpr_at_1pct_fpr", "empirical_epsilon", "heldout_loss"}


def measured(folder, losses, budget="eps-8", epsilon=7.2):
    home = make_home(folder, patients=200)
    row = {"encoder": "tiny", "budget": budget, "mechanism_id": "m1", "epsilon": epsilon}
    row |= {"delta": None if epsilon is None else 1e-5}
    Store(home).write(DP_CLASSIFIER, pl.DataFrame([row], schema=DP_CLASSIFIER.schema), "tiny", budget, budget=budget)
    arms = choose_arms(home).first(20)
    measure_classifier(home, "tiny", budget, lambda texts, targets: losses(arms, texts, targets))
    table = Store(home).read(CLASSIFIER_PRIVACY_METRICS, "tiny", budget)
    assert set(table["mechanism_id"]) == {"m1"}
    return {found["metric"]: found for found in table.iter_rows(named=True)}


def knows(arms, texts, targets):
    """Half the loss for members, whatever their text is."""
    assert targets == [*arms.members["targets"].to_list(), *arms.nonmembers["targets"].to_list()]
    assert texts == [*arms.members["text"], *arms.nonmembers["text"]]
    return np.repeat([0.2, 0.4], [20, 20]) + np.linspace(0, 0.01, 40)


def does_not_know(arms, texts, targets):
    return np.tile(np.linspace(0.1, 0.5, 20), 2)


def test_a_classifier_that_knows_its_members_is_caught(tmp_path):
    rows = measured(tmp_path, knows, "eps-1", epsilon=0.9)
    assert set(rows) == METRICS | {"blind_auroc"}
    assert rows["membership_auroc"]["value"] == 1
    assert [rows[name]["passed"] for name in ("membership_auroc", "empirical_epsilon")] == [False, False]
    assert rows["heldout_loss"]["value"] == rows["heldout_loss"]["holdout_value"] == pytest.approx(0.4075, abs=1e-3)
    assert rows["heldout_loss"]["train_value"] == pytest.approx(0.2025, abs=1e-3)


def test_a_classifier_that_does_not_passes(tmp_path):
    rows = measured(tmp_path, does_not_know)
    assert rows["membership_auroc"]["value"] == 0.5
    assert rows["empirical_epsilon"]["value"] == 0
    assert [rows[name]["passed"] for name in ("epsilon", "membership_auroc", "empirical_epsilon")] == [True] * 3
    assert {name for name, found in rows.items() if found["visibility"] == "public"} == {"epsilon"}


def test_without_a_claim_nothing_is_required(tmp_path):
    rows = measured(tmp_path, knows, "nonprivate", epsilon=None)
    assert [rows[name]["passed"] for name in ("epsilon", "membership_auroc", "empirical_epsilon")] == [None] * 3


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("delta", [0.0, 1e-3])
def test_the_empirical_epsilon_is_the_inverse_of_the_bound(epsilon, delta):
    low = auroc_bound(epsilon, delta)
    attack = Attack(auroc=1.0, auroc_low=low, auroc_high=1.0, tpr=0.0, tpr_low=0.0, tpr_high=0.0)
    assert empirical_epsilon(attack, delta, cases=10_000) == pytest.approx(epsilon)


@pytest.mark.parametrize("low", [None, 0.0, 0.31, 0.5])
def test_an_attack_at_chance_proves_nothing(low):
    attack = Attack(auroc=0.5, auroc_low=low, auroc_high=None, tpr=0.0, tpr_low=0.0, tpr_high=0.0)
    assert empirical_epsilon(attack, 1e-5, cases=100) == 0


def test_perfect_separation_of_a_few_proves_no_infinite_epsilon():
    attack = Attack(auroc=1.0, auroc_low=1.0, auroc_high=1.0, tpr=1.0, tpr_low=0.8, tpr_high=1.0)
    assert 2 < empirical_epsilon(attack, 0.0, cases=10) < 4
