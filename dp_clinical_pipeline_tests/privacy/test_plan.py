"""The plan is fixed before its first mechanism, and its retrainings are used up one by one."""

import pytest

from dp_clinical_pipeline.config import Models, Patients, Privacy, Retraining, Settings
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.plan import (
    declare_plan,
    marginals_slot,
    next_retraining,
    slot_terms,
    training_slot,
)
from dp_clinical_pipeline.privacy.terms import cell_terms

CELLS = [("tiny", "eps-2"), ("tiny", "nonprivate")]


def _home(folder, runs=2, cap=10.0):
    retraining = Retraining(generator="tiny", budget="eps-2", runs=runs)
    settings = Settings(
        patients=Patients(count=600),
        privacy=Privacy(cap_epsilon=cap, retraining=retraining),
        models=Models(generators={"tiny": "/none"}),
    )
    return Home(folder / "home").create(settings)


def _reserve(home, slot):
    events, epsilon, delta = slot_terms(home, open_ledger(home), "eps-2", slot)
    wanted = Mechanism(kind="t", cell="c", slot=slot, events={slot: events}, epsilon=epsilon, delta=delta)
    return open_ledger(home).reserve(wanted)


def test_a_plan_holds_cells_marginals_and_retrainings_and_is_fixed_by_its_hash(tmp_path):
    home = _home(tmp_path)
    declare_plan(home, CELLS)
    (row,) = open_ledger(home).rows()
    assert set(row.mechanism.events) == {
        marginals_slot("eps-2"), training_slot("tiny", "eps-2"), "retraining:1", "retraining:2"
    }  # fmt: skip
    declare_plan(home, [*CELLS, ("tiny", "eps-8")])  # too late: the plan stands
    assert [r.mechanism for r in open_ledger(home).rows()] == [row.mechanism]
    again = _home(tmp_path / "again")
    declare_plan(again, CELLS[::-1])
    assert open_ledger(again).rows()[0].mechanism.mechanism_id == row.mechanism.mechanism_id
    other = _home(tmp_path / "other", runs=1)
    declare_plan(other, CELLS)
    assert open_ledger(other).rows()[0].mechanism.mechanism_id != row.mechanism.mechanism_id


def test_retrainings_come_one_after_another_until_the_plan_is_spent(tmp_path):
    home = _home(tmp_path)
    assert next_retraining(home).name == "retraining:1"
    declare_plan(home, CELLS)
    claim = open_ledger(home).cumulative()
    for wanted in ("retraining:1", "retraining:2"):
        slot = next_retraining(home)
        assert (slot.name, slot.reason) == (wanted, None)
        assert _reserve(home, slot.name).slot == wanted
    assert open_ledger(home).cumulative() == claim
    assert "all 2 retrainings have run" in next_retraining(home).reason


def test_a_retraining_planned_for_one_budget_is_not_another_ones(tmp_path):
    """Its slot says "1" and no budget: the weaker noise of the declared one must not pass for that of a smaller one."""
    home = _home(tmp_path)
    declare_plan(home, CELLS)
    ledger, one = open_ledger(home), cell_terms(home.settings, "eps-1", 600)
    assert slot_terms(home, ledger, "eps-1", "retraining:1")[:2] == (one.training_events(), 1.0)
    assert slot_terms(home, ledger, "eps-2", "retraining:1")[0] == ledger.account().plan.events["retraining:1"]


def test_without_planned_retrainings_it_says_so(tmp_path):
    assert next_retraining(_home(tmp_path, runs=0)).reason == "the settings plan no retraining"


def test_a_plan_above_the_cap_is_refused_before_anything_is_spent(tmp_path):
    home = _home(tmp_path, cap=2.0)
    with pytest.raises(OverBudget, match="the plan costs epsilon"):
        declare_plan(home, CELLS)
    assert open_ledger(home).rows() == []


def test_changed_settings_take_a_slot_out_of_the_plan(tmp_path):
    home = _home(tmp_path)
    declare_plan(home, CELLS)
    training = home.settings.training.model_copy(update={"steps": 13})
    changed = home.save_settings(home.settings.model_copy(update={"training": training}))
    assert _reserve(changed, training_slot("tiny", "eps-2")).slot is None
    assert _reserve(home, training_slot("tiny", "eps-2")).slot is not None


def test_nothing_private_needs_no_plan(tmp_path):
    home = _home(tmp_path, runs=0)
    declare_plan(home, [("tiny", "nonprivate")])
    assert open_ledger(home).rows() == []
