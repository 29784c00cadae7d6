"""What cells and retrainings cost is said before, spends nothing, and is what the ledger says afterwards."""

import pytest

from dp_clinical_pipeline.config import Models, Patients, Privacy, Retraining, Settings, Training
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.account import Mechanism
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.outlook import outlook
from dp_clinical_pipeline.privacy.plan import declare_plan, training_slot
from dp_clinical_pipeline.privacy.terms import cell_terms, classifier_terms

CELLS = [("tiny", "eps-2")]


def _home(folder, runs=0, cap=10.0, budget="eps-1"):
    settings = Settings(
        patients=Patients(count=600),
        privacy=Privacy(cap_epsilon=cap, retraining=Retraining(generator="tiny", budget=budget, runs=runs)),
        models=Models(generators={"tiny": "/none"}, encoders={"enc": "/none"}),
        training=Training(steps=5),
    )
    return Home(folder / "home").create(settings)


def test_describing_a_plan_spends_nothing_and_adds_up(tmp_path):
    home = _home(tmp_path)
    (row,) = outlook(home, ["eps-2", "nonprivate"], ["tiny"]).table.iter_rows(named=True)
    assert (row["kind"], row["budget"], row["runs"], row["planned"]) == ("generator", "eps-2", 1, False)
    assert 1.98 < row["epsilon"] <= 2.0
    assert row["claim"] == pytest.approx(row["epsilon"], rel=1e-3)
    assert row["left"] == pytest.approx(10 - row["claim"])
    assert row["signal_to_noise"] == pytest.approx(64 / row["noise_multiplier"])
    assert open_ledger(home).rows() == []
    declare_plan(home, CELLS)
    assert open_ledger(home).cumulative()[0] == pytest.approx(row["claim"])


def test_retrainings_and_classifiers_are_priced_as_the_plan_that_they_will_be(tmp_path):
    home = _home(tmp_path, runs=2)
    before = outlook(home, ["eps-2"], ["tiny"], [("enc", "eps-1")])
    assert dict(before.table.select("kind", "runs").iter_rows()) == {"generator": 1, "retraining": 2, "classifier": 1}
    assert not before.declared
    assert before.retrainings_planned == 2
    assert before.warnings == ()
    declare_plan(home, CELLS, [("enc", "eps-1")])
    claim, delta = open_ledger(home).cumulative()
    assert (before.claim, before.delta) == (pytest.approx(claim), delta)
    assert before.claim < sum(row["claim"] for row in before.table.iter_rows(named=True))
    after = outlook(home, ["eps-2"], ["tiny"], [("enc", "eps-1")])
    assert after.declared
    assert after.claim == pytest.approx(claim)
    assert all(row["planned"] and row["claim"] == pytest.approx(claim) for row in after.table.iter_rows(named=True))
    assert after.table["noise_multiplier"][2] == classifier_terms(home.settings, "eps-1", 600).noise_multiplier


def test_what_the_plan_does_not_hold_goes_through_the_filter_once(tmp_path):
    home = _home(tmp_path)
    declare_plan(home, CELLS)
    claim = open_ledger(home).cumulative()[0]
    held, foreign = outlook(home, ["eps-2", "eps-1"], ["tiny"]).table.iter_rows(named=True)
    assert (held["planned"], foreign["planned"]) == (True, False)
    assert held["claim"] == pytest.approx(claim)
    assert foreign["claim"] > claim + 1
    terms, account = cell_terms(home.settings, "eps-1", 600), open_ledger(home)
    for slot, events in (
        ("marginals:eps-1", terms.marginals_events()),
        (training_slot("tiny", "eps-1"), terms.training_events()),
    ):
        account.reserve(
            Mechanism(kind="t", cell="c", slot=slot, events={slot: events}, epsilon=1.0, delta=terms.schedule.delta)
        )
    assert account.cumulative()[0] == pytest.approx(foreign["claim"])
    again = outlook(home, ["eps-1"], ["tiny"])
    assert again.claim == pytest.approx(foreign["claim"])  # it ran: asking again costs nothing more


@pytest.mark.parametrize("declared", [False, True])
def test_as_many_retrainings_fit_as_the_ledger_would_take(tmp_path, declared):
    home = _home(tmp_path, runs=1, cap=3.0)
    if declared:
        declare_plan(home, CELLS)
    fit = outlook(home, ["eps-2"], ["tiny"]).retrainings_that_fit
    assert fit >= 1
    if declared:
        ledger, terms = open_ledger(home), cell_terms(home.settings, "eps-1", 600)
        for number in range(fit - 1):
            slot = f"more:{number}"
            ledger.reserve(
                Mechanism(
                    kind="t",
                    cell="c",
                    slot=slot,
                    events={slot: terms.training_events()},
                    epsilon=1.0,
                    delta=terms.schedule.delta,
                )
            )
        assert (
            outlook(home, ["eps-2"], ["tiny"]).retrainings_that_fit == 1
        )  # the planned one; nothing beside it any more
        return
    for runs, fits in ((fit, True), (fit + 1, False)):
        seen = outlook(_home(tmp_path / str(runs), runs=runs, cap=3.0), ["eps-2"], ["tiny"])
        assert (seen.claim <= seen.cap) == fits
        assert any("would be refused" in warning for warning in seen.warnings) != fits


@pytest.mark.parametrize(("cap", "warned"), [(2.0, True), (2.5, False)])
def test_a_cap_not_above_the_largest_budget_is_said_beforehand(tmp_path, cap, warned):
    seen = outlook(_home(tmp_path, cap=cap), ["eps-2"], ["tiny"])
    assert any("is not above the largest budget" in warning for warning in seen.warnings) == warned
