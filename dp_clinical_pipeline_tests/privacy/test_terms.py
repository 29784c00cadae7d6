"""A cell's marginals and training cost its budget together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.config import Patients, Privacy, Settings, Training
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.accounting import pld_epsilon
from dp_clinical_pipeline.privacy.terms import (
    cell_terms,
    default_delta,
    joint_epsilon,
    marginals_sensitivity,
    schedule,
    settings_sha256,
)


@pytest.mark.parametrize("budget", ["eps-8", pytest.param("eps-0.5", marks=pytest.mark.long)])
def test_marginals_and_training_together_cost_at_most_the_budget(budget):
    terms = cell_terms(Settings(), budget, 600)
    events = [event_from_json(e) for e in terms.marginals_events() + terms.training_events()]
    joint = pld_epsilon(events, terms.schedule.delta)
    assert joint == pytest.approx(joint_epsilon(terms))
    assert 0.98 * terms.epsilon <= joint <= terms.epsilon
    share = pld_epsilon(events[:1], terms.schedule.delta)
    assert 0.98 * 0.1 * terms.epsilon <= share <= 0.1 * terms.epsilon


def test_a_nonprivate_cell_has_no_terms():
    with pytest.raises(UserError, match="non-private cell"):
        cell_terms(Settings(), "nonprivate", 600)


@given(st.integers(2, 10**9))
def test_the_default_delta_is_below_one_over_the_patients(count):
    assert default_delta(count) <= min(1e-5, 1 / count)
    assert schedule(Settings(), count).delta == default_delta(count)


def test_a_delta_above_one_over_the_patients_is_refused():
    settings = Settings(privacy=Privacy(delta=1e-3))
    assert schedule(settings, 1000).delta == 1e-3
    with pytest.raises(UserError, match=r"privacy.delta 0\.001 is above 1/1001"):
        schedule(settings, 1001)


def test_the_sample_rate_is_the_lot_over_the_train_patients_and_at_most_one():
    settings = Settings(training=Training(lot_size=30))
    assert schedule(settings, 1000).sample_rate == pytest.approx(30 / 600)
    assert schedule(settings, 10).sample_rate == 1.0


@pytest.mark.parametrize(
    "change",
    [
        {"training": Training(steps=41)},
        {"training": Training(max_grad_norm=0.4)},
        {"patients": Patients(max_reports=2)},
        {"privacy": Privacy(labels_per_report=3)},
        {"privacy": Privacy(marginals_share=0.2)},
    ],
    ids=str,
)
def test_the_hash_sees_every_setting_that_an_account_depends_on(change):
    assert settings_sha256(Settings(), 600) != settings_sha256(Settings(**change), 600)
    assert settings_sha256(Settings(), 600) != settings_sha256(Settings(), 601)
    assert settings_sha256(Settings(), 600) == settings_sha256(Settings(budgets=["eps-1"]), 600)


def test_the_sensitivity_of_one_label_is_two_cells():
    assert marginals_sensitivity(1) == pytest.approx(2**0.5)
