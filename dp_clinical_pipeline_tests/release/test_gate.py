"""Each reason for refusal alone: facts that pass, and one of them changed."""

from dataclasses import replace
from typing import Any

import pytest

from dp_clinical_pipeline.privacy.terms import Kind
from dp_clinical_pipeline.release.facts import Account, Cell, Entry, Facts, Notes, Terms
from dp_clinical_pipeline.release.gate import MUST_PASS, refusals

ROW = {
    "mechanism_id": "m1", "adapter_sha256": "aa", "base_sha256": "bb", "epsilon": 8.0, "delta": 1e-5,
    "noise_multiplier": 1.2, "sample_rate": 0.01, "steps": 30, "max_grad_norm": 0.5, "noise_source": "os",
    "privacy_unit": "patient",
}  # fmt: skip
TERMS = Terms(epsilon=8.0, delta=1e-5, noise_multiplier=1.2, sample_rate=0.01, steps=30)
TRAINED = Entry(state="done", kind="generator", cell="tiny|eps-8", epsilon=8.0, delta=1e-5, noise_source="os")
COUNTED = Entry(state="done", kind="marginals", cell="eps-8", epsilon=0.8, delta=1e-5, noise_source="os")
PATIENTS = Entry(state="done", kind="patient_count", cell=None, epsilon=0.05, delta=0.0, noise_source="os")
ACCOUNT = Account(
    training=TRAINED, terms=TERMS, counts=COUNTED, cell_epsilon=8.0, patients=PATIENTS, seeded=(), home_kinds=("private",),
    head_known=True, epsilon=8.3, delta=1e-5, cap=10.0, head=(9, "cc"),
)  # fmt: skip


def facts(kind: Kind = "generator", **changed: Any) -> Facts:
    """Facts of a cell that passes, with changes."""
    classifier = kind == "classifier"
    account = replace(ACCOUNT, counts=None, training=replace(TRAINED, kind=kind)) if classifier else ACCOUNT
    usual = {
        "cell": Cell(kind=kind, model="tiny", budget="eps-8"),
        "home_kind": "private",
        "allowed_epsilon": 8.0,
        "row": ROW,
        "manifest": ROW | {"ledger_head": [7, "dd"]},
        "artefact_digests": ("aa", "weights alone"),
        "account": account,
        "metrics": dict.fromkeys(MUST_PASS[kind], True) | {"heldout_loss_base": None},
        "metrics_mechanism": "m1",
        "notes": None if classifier else Notes(count=500, refused=0, foreign=0),
        "attempts_allowed": 3,
    }
    return Facts(**usual | changed)


def account(**changed: Any) -> dict[str, Account]:
    return {"account": replace(ACCOUNT, **changed)}


def row(**changed: Any) -> dict[str, Any]:
    """The row and the manifest, changed alike."""
    return {"row": ROW | changed, "manifest": ROW | changed}


def metrics(**changed: bool | None) -> dict[str, dict[str, bool | None]]:
    return {"metrics": dict.fromkeys(MUST_PASS["generator"], True) | changed}


@pytest.mark.parametrize("kind", ["generator", "classifier"])
def test_a_cell_of_which_everything_holds_passes(kind: Kind) -> None:
    assert refusals(facts(kind)) == []


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"home_kind": "benchmark"}, "this is a benchmark home"),
        ({"home_kind": "demo"}, "this is a demo home"),
        ({"allowed_epsilon": None}, "the budget is nonprivate"),
        ({"row": None}, "the cell was not trained"),
        ({"account": None, "ledger_fault": "the privacy ledger is broken at row 3"}, "does not verify: the privacy"),
        (account(home_kinds=("benchmark", "private")), "the ledger was begun in a benchmark home"),
        (account(home_kinds=("private", None)), "does not say in what kind of home"),
        (account(cell_epsilon=8.1), "costs epsilon 8.1, above its budget"),
        (account(training=None, terms=None), "its training cannot be found in the ledger"),
        (account(counts=None), "its label counts cannot be found in the ledger"),
        *(
            (account(training=replace(TRAINED, state=state)), f"its training as done but as {state}")
            for state in ("reserved", "running", "aborted", "refused")
        ),
        (account(counts=replace(COUNTED, state="running")), "its label counts as done but as running"),
        (account(training=replace(TRAINED, cell="tiny|eps-1")), "another mechanism under the id of its training"),
        (account(training=replace(TRAINED, kind="classifier")), "another mechanism under the id of its training"),
        (account(counts=replace(COUNTED, cell="eps-1")), "another mechanism under the id of its label counts"),
        ({"allowed_epsilon": 7.0} | account(cell_epsilon=6.9), "epsilon 8 for it, above its budget"),
        (row(epsilon=4.0), "other terms"),
        (row(delta=1e-6), "other terms"),
        (row(noise_multiplier=2.0), "other terms"),
        (row(sample_rate=0.5), "other terms"),
        (row(steps=20), "other terms"),
        (account(terms=None), "other terms"),
        (account(epsilon=10.01), "the cumulative claim, epsilon 10.01, is above the cap of 10"),
        ({"manifest": None}, "no manifest"),
        ({"manifest": ROW | {"max_grad_norm": 5.0}}, "manifest and the cell's row do not say the same"),
        ({"manifest": ROW | {"privacy_unit": "report"}}, "manifest and the cell's row do not say the same"),
        ({"artefact_digests": ()}, "the weights are missing"),
        ({"artefact_digests": ("ab", "ac")}, "weights or adapter_config.json are not those of the manifest"),
        (account(head_known=False), "is not in the ledger"),
        (row(noise_source="test-seed"), "a test seed"),
        (row(noise_source=None), "not from the operating system's generator"),
        (account(seeded=("marginals eps-8",)), "a test seed in marginals eps-8"),
        (account(counts=replace(COUNTED, noise_source=None)), "where the noise of its label counts came from"),
        (account(patients=replace(PATIENTS, noise_source=None)), "where the noise of its patient count came from"),
        (account(training=replace(TRAINED, kind="selection")), "another mechanism under the id of its training"),
        ({"metrics": {}}, "it was not attacked"),
        ({"metrics": None}, "has judged this cell 3 times"),
        ({"metrics_mechanism": "m0"}, "made on another mechanism"),
        ({"metrics_stale": True}, "older than what they attack"),
        *((metrics(**{name: None}), f"{name} is missing or has no verdict") for name in MUST_PASS["generator"]),
        (metrics(epsilon=False), "the claimed epsilon is above its budget"),
        (metrics(identifiers_replayed=False), "repeat identifiers"),
        (metrics(canary_epsilon=False), "canaries in a training of the same terms prove more"),
        (metrics(empirical_epsilon=False), "proves more than the claimed epsilon"),
        (metrics(membership_auroc=False), "better than the claimed epsilon allows"),
        (metrics(membership_tpr_at_1pct_fpr=False), "more training patients than the claimed epsilon allows"),
        (metrics(blind_auroc=False), "differ by themselves"),
        (metrics(longest_rare_run_max=False), "copy long passages"),
        (metrics(ngram13_excess=False), "ngram13_excess did not pass"),
        ({"notes": Notes(count=0, refused=0, foreign=0)}, "no accepted notes"),
        ({"notes": Notes(count=9, refused=1, foreign=0)}, "notes that the acceptance rules refuse"),
        ({"notes": Notes(count=9, refused=0, foreign=2)}, "notes of another mechanism"),
    ],
)
def test_each_fact_that_does_not_hold_is_a_reason_alone(changed: dict[str, Any], reason: str) -> None:
    [told] = refusals(facts(**changed))
    assert reason in told


def test_a_classifier_may_be_the_best_of_several_and_older_trainings_are_believed_by_their_manifest() -> None:
    chosen = replace(ACCOUNT, counts=None, training=replace(TRAINED, kind="selection"))
    assert refusals(facts("classifier", account=chosen)) == []
    assert refusals(facts(account=replace(ACCOUNT, training=replace(TRAINED, noise_source=None)))) == []


@pytest.mark.parametrize("name", MUST_PASS["classifier"])
def test_a_classifier_needs_its_own_metrics_and_no_label_counts(name: str) -> None:
    [told] = refusals(facts("classifier", metrics=dict.fromkeys(MUST_PASS["classifier"], True) | {name: None}))
    assert name in told


def test_every_reason_is_told_at_once() -> None:
    told = refusals(
        facts(
            home_kind="demo", artefact_digests=("ab",), **account(epsilon=12), **row(noise_source="test-seed"),
            **metrics(identifiers_replayed=False, membership_auroc=False),
        )
    )  # fmt: skip
    assert len(told) == 6
    assert len(set(told)) == 6
