"""The headline table equals the metric tables, whatever of them is there."""

import pytest

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.reporting.tradeoff import (
    TRADEOFF_SQL,
    arm_name,
    label_scores,
    shown,
    shown_epsilon,
    shown_interval,
    tradeoff_table,
)
from dp_clinical_pipeline.store import Store, query
from dp_clinical_pipeline.tables import PRIVACY_METRICS, SYNTHETIC_REPORTS, UTILITY_METRICS
from dp_clinical_pipeline_tests.reporting.conftest import (
    LABELS,
    WEIGHTED,
    privacy_rows,
    rows_of,
    synthetic_rows,
    utility_rows,
)


def by_cell(home: Home) -> dict[tuple, dict]:
    return {(r["arm"], r["generator"], r["budget"]): r for r in tradeoff_table(home).iter_rows(named=True)}


def test_every_arm_and_cell_has_one_row_with_its_scores(home: Home) -> None:
    rows = by_cell(home)
    assert len(tradeoff_table(home)) == len(WEIGHTED) == len(rows)
    for key, f1 in WEIGHTED.items():
        row = rows[key]
        assert row["f1_weighted"] == pytest.approx(f1)
        assert row["f1_weighted_high"] == pytest.approx(f1 + 0.02)
        assert row["f1_micro"] == pytest.approx(f1 + 0.01)
        assert row["f1_macro"] == pytest.approx(0.8 * f1)
        assert row["auroc_macro"] == pytest.approx(0.5 + f1 / 2)
        assert row["auprc_macro"] == pytest.approx(0.9 * f1)
        assert row["share_of_real"] == pytest.approx(f1 / 0.80)
        assert (row["n_reports"], row["n_patients"]) == (412, 130)


def test_a_cell_carries_its_claim_its_notes_and_what_the_attacks_found(home: Home) -> None:
    row = by_cell(home)["synthetic", "smollm2-135m", "eps-8"]
    given = {r["metric"]: r for r in privacy_rows("smollm2-135m", "eps-8")}
    for metric in ("epsilon", "membership_auroc", "blind_auroc", "ngram8_excess", "identifiers_replayed"):
        assert row[metric] == given[metric]["value"]
    assert (row["heldout_loss_base"], row["heldout_loss_tuned"]) == (3.41, 2.61)
    assert row["membership_auroc_low"] == given["membership_auroc"]["ci_low"]
    assert row["accepted_notes"] == 5


@pytest.mark.parametrize(
    ("adapted", "shown"), [("lora", "minilm-l6"), ("full", "minilm-l6"), ("lora+rules", "minilm-l6+rules")]
)
def test_a_classifier_of_private_text_carries_its_own_claim_and_attack(home: Home, adapted: str, shown: str) -> None:
    rows = [r | {"classifier": str(r["classifier"]).replace("-lora", f"-{adapted}")} for r in utility_rows()]
    Store(home).write(UTILITY_METRICS, rows_of(UTILITY_METRICS, rows))
    row = by_cell(home)["dp_classifier", None, "eps-8"]
    assert arm_name(row) == f"dp_classifier {shown} eps-8"
    assert (row["epsilon"], row["membership_auroc"], row["heldout_loss_tuned"]) == (7.5, 0.521, 0.41)
    assert row["accepted_notes"] is None


def test_a_failed_check_is_named(home: Home) -> None:
    assert by_cell(home)["synthetic", "gpt2-tiny", "nonprivate"]["checks_failed"] == "identifiers_replayed"
    assert by_cell(home)["synthetic", "gpt2-tiny", "eps-8"]["checks_failed"] is None


@pytest.mark.parametrize("arm", ["real", "masked", "surrogate", "majority"])
def test_an_arm_without_a_generator_claims_nothing(home: Home, arm: str) -> None:
    row = by_cell(home)[arm, None, None]
    assert row["epsilon"] is None
    assert row["accepted_notes"] is None
    assert row["membership_auroc"] is None
    assert shown_epsilon(row) == "—"


@pytest.mark.parametrize("value", [None, float("inf"), float("nan")])
def test_a_cell_without_privacy_claims_none(empty_home: Home, value: float | None) -> None:
    rows = [r | ({"value": value} if r["metric"] == "epsilon" else {}) for r in privacy_rows("g", "nonprivate")]
    Store(empty_home).write(PRIVACY_METRICS, rows_of(PRIVACY_METRICS, rows), "g", "nonprivate")
    (row,) = tradeoff_table(empty_home).to_dicts()
    assert row["epsilon"] is None
    assert shown_epsilon(row) == "none"


def test_rows_stand_from_real_through_the_cells_to_the_baselines(home: Home) -> None:
    order = [arm_name(row) for row in tradeoff_table(home).iter_rows(named=True)]
    assert order[:3] == ["real", "surrogate", "masked"]
    assert order[3:6] == [f"synthetic gpt2-tiny {b}" for b in ("nonprivate", "eps-8", "eps-1")]
    assert order[-3:] == ["rules", "majority", "all-negative"]


def test_unscored_cells_order_by_the_number_of_their_budget(empty_home: Home) -> None:
    for budget in ("eps-2", "eps-10", "nonprivate", "eps-0.5"):
        frame = rows_of(SYNTHETIC_REPORTS, synthetic_rows("g", budget))
        Store(empty_home).write(SYNTHETIC_REPORTS, frame, "g", budget, budget=budget)
    assert tradeoff_table(empty_home)["budget"].to_list() == ["nonprivate", "eps-10", "eps-2", "eps-0.5"]


def test_a_cell_that_was_not_scored_yet_has_its_row(empty_home: Home) -> None:
    frame = rows_of(SYNTHETIC_REPORTS, synthetic_rows("g", "eps-3", accepted=4))
    Store(empty_home).write(SYNTHETIC_REPORTS, frame, "g", "eps-3", budget="eps-3")
    (row,) = tradeoff_table(empty_home).to_dicts()
    assert (row["arm"], row["generator"], row["budget"], row["accepted_notes"]) == (
        "synthetic",
        "g",
        "eps-3",
        4,
    )
    assert row["f1_weighted"] is None
    assert row["share_of_real"] is None


def test_nothing_run_is_an_empty_table(empty_home: Home) -> None:
    assert tradeoff_table(empty_home).is_empty()


def test_a_share_compares_the_same_classifier_and_else_the_best_real_one(empty_home: Home) -> None:
    def row(arm: str, classifier: str, value: float) -> dict:
        return {"arm": arm, "classifier": classifier, "metric": "f1", "average": "weighted", "value": value}

    rows = [row("real", "lexical", 0.8), row("real", "encoder", 0.9), row("masked", "lexical", 0.4)]
    rows += [row("masked", "encoder", 0.45), row("rules", "rules", 0.45)]
    Store(empty_home).write(UTILITY_METRICS, rows_of(UTILITY_METRICS, rows))
    shares = {(r["arm"], r["classifier"]): r["share_of_real"] for r in tradeoff_table(empty_home).to_dicts()}
    expected = {
        ("real", "lexical"): 1,
        ("real", "encoder"): 1,
        ("masked", "lexical"): 0.5,
        ("masked", "encoder"): 0.5,
    }
    assert shares == pytest.approx(expected | {("rules", "rules"): 0.5})


def test_a_real_arm_that_scores_nothing_gives_no_share(empty_home: Home) -> None:
    rows = [r | {"value": 0.0} for r in utility_rows() if r["arm"] == "real"]
    Store(empty_home).write(UTILITY_METRICS, rows_of(UTILITY_METRICS, rows))
    assert tradeoff_table(empty_home)["share_of_real"].to_list() == [None]


def test_the_query_of_the_page_gives_the_table(home: Home) -> None:
    assert query(home, TRADEOFF_SQL).equals(tradeoff_table(home))


def test_label_scores_follow_the_arms_of_the_table(home: Home) -> None:
    table = tradeoff_table(home)
    scores = label_scores(home, table)
    assert scores["name"].unique(maintain_order=True).to_list() == [arm_name(r) for r in table.to_dicts()]
    assert set(scores["label"]) == set(LABELS)
    real = dict(scores.filter(name="real").select("label", "value").iter_rows())
    assert real["Cardiomegaly"] == pytest.approx(0.74)


@pytest.mark.parametrize(("value", "text"), [(None, "—"), (0.12349, "0.123"), (1.0, "1.000")])
def test_numbers_are_shown_alike_everywhere(value: float | None, text: str) -> None:
    assert shown(value) == text


def test_half_an_interval_is_none() -> None:
    assert shown_interval(0.1, None) == ""
    assert shown_interval(0.1, 0.25) == "0.100–0.250"
