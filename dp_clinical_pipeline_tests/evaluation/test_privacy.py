import math

import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.attacked import choose_arms
from dp_clinical_pipeline.evaluation.identifiers import identifiers, measure_replay
from dp_clinical_pipeline.evaluation.privacy import measure_cell
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.prompts import pair_to_learn
from dp_clinical_pipeline.tables import (
    COHORT,
    DEIDENTIFIED_REPORTS,
    IDENTIFIER_SPANS,
    PLANTED_IDENTIFIERS,
    PRIVACY_METRICS,
)
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell

SIZES = (5, 8, 13)
ALWAYS = {"epsilon", "blind_auroc", "identifiers_replayed", "identifiers_replayed_p_value"}
ALWAYS |= {"longest_run_max", "longest_run_p95", "longest_rare_run_max"}
ALWAYS |= {f"ngram{size}_{what}" for size in SIZES for what in ("excess", "p_value")}
BY_LOSS = {
    "membership_auroc",
    "membership_tpr_at_1pct_fpr",
    "empirical_epsilon",
    "heldout_loss_base",
    "heldout_loss_tuned",
}


def measured(home, budget="eps-8", losses=None) -> dict[str, dict]:
    measure_cell(home, "tiny", budget, losses)
    table = Store(home).read(PRIVACY_METRICS, "tiny", budget)
    assert table["metric"].is_unique().all()
    return {row["metric"]: row for row in table.iter_rows(named=True)}


def patients_of(home, split) -> pl.DataFrame:
    reports = Store(home).read(DEIDENTIFIED_REPORTS)
    return reports.join(Store(home).read(COHORT).filter(split=split), on="patient_key")


def test_a_cell_that_repeats_nobody_passes(tmp_path):
    home = make_home(tmp_path, patients=200)
    write_cell(home, plain_notes(100))
    rows = measured(home)
    assert set(rows) == ALWAYS
    assert not [name for name, row in rows.items() if row["passed"] is False]
    assert rows["epsilon"]["value"] == 7.2
    assert {name for name, row in rows.items() if row["visibility"] == "public"} == {"epsilon"}
    assert set(measured(home)) == ALWAYS


def test_a_nonprivate_cell_claims_nothing(tmp_path):
    home = make_home(tmp_path, patients=60)
    write_cell(home, plain_notes(20), budget="nonprivate")
    rows = measured(home, "nonprivate", lambda texts, prompts: (np.ones(len(texts)), np.zeros(len(texts))))
    assert set(rows) == ALWAYS | BY_LOSS
    assert rows["epsilon"]["value"] is rows["epsilon"]["passed"] is rows["membership_auroc"]["passed"] is None
    assert (Store(home).home.enclave / "privacy_metrics" / "tiny" / "nonprivate.parquet").exists()


def test_a_model_that_knows_its_members_is_caught(tmp_path):
    home = make_home(tmp_path, patients=200)
    write_cell(home, plain_notes(20), budget="eps-0.1")
    asked: list[tuple[str, str]] = []

    def losses(notes, prompts):
        asked.extend(zip(prompts, notes, strict=True))
        return np.full(len(notes), 3.0), np.repeat([1.0, 2.5], len(notes) // 2)

    rows = measured(home, "eps-0.1", losses)
    assert rows["epsilon"]["passed"] is False  # 7.2 is more than eps-0.1 may spend
    assert rows["membership_auroc"]["value"] == 1
    assert rows["empirical_epsilon"]["passed"] is True  # 20 patients a side prove at most 3.7, and 7.2 is claimed
    assert rows["empirical_epsilon"]["value"] == pytest.approx(math.log(39), abs=0.1)
    assert rows["membership_auroc"]["n"] == len(asked) == 40
    assert rows["heldout_loss_base"]["value"] == 3
    assert (rows["heldout_loss_tuned"]["value"], rows["heldout_loss_tuned"]["train_value"]) == (2.5, 1)
    arms = choose_arms(home).first(20)
    both = [row for side in (arms.members, arms.nonmembers) for row in side.select("text", "targets").iter_rows()]
    assert asked == [pair_to_learn(text, targets, CHEXPERT14) for text, targets in both]


def test_copied_reports_fail_the_overlap(tmp_path):
    home = make_home(tmp_path, patients=300)
    arms = choose_arms(home)
    copies = [(text, []) for text in arms.members["text"].to_list()[:40]]
    write_cell(home, copies + plain_notes(50))
    rows = measured(home)
    assert rows["ngram13_excess"]["passed"] is False
    assert rows["ngram13_excess"]["train_value"] > rows["ngram13_excess"]["holdout_value"]
    assert rows["ngram13_excess"]["ci_low"] > 0
    assert rows["ngram13_p_value"]["value"] < 1e-6
    assert rows["longest_rare_run_max"]["passed"] is False


def test_arms_are_equal_apart_labelled_and_the_same_again(tmp_path):
    home = make_home(tmp_path)
    arms, again = choose_arms(home), choose_arms(home)
    assert arms.members.equals(again.members)
    assert arms.members.height == arms.nonmembers.height > 10
    assert set(arms.members["split"]) == {"train"}
    assert set(arms.nonmembers["split"]) == {"holdout"}
    both = pl.concat([arms.members, arms.nonmembers])
    assert both["patient_key"].is_unique().all()
    assert both["targets"].null_count() == 0
    assert set(both["report_key"]) <= set(Store(home).read(DEIDENTIFIED_REPORTS)["report_key"])


def survive(home, patients: int) -> list[str]:
    """Put the first train patients' names back into their de-identified text, and return the names."""
    store = Store(home)
    keys = sorted(set(patients_of(home, "train")["patient_key"]))[:patients]
    owned = identifiers(home).filter(pl.col("patient_key").is_in(keys))
    names = dict(owned.select("patient_key", "surface").iter_rows())
    reports = store.read(DEIDENTIFIED_REPORTS)
    texts = [
        text.replace("Ann Other", names.get(patient, "Ann Other"))
        for patient, text in reports.select("patient_key", "text").iter_rows()
    ]
    store.write(DEIDENTIFIED_REPORTS, reports.with_columns(text=pl.Series(texts)), "b1")
    return list(names.values())


def test_an_identifier_that_survived_and_is_repeated_fails_the_cell(tmp_path):
    home = make_home(tmp_path)
    name = survive(home, 1)[0]
    write_cell(home, [*plain_notes(20), (f"Seen with {name.upper()}, who agrees.", [])])
    row = measured(home)["identifiers_replayed"]
    assert (row["value"], row["train_value"], row["holdout_value"], row["passed"]) == (1, 1, 0, False)


def test_a_chance_resemblance_to_a_name_never_read_passes_but_is_counted(tmp_path):
    home = make_home(tmp_path)
    owned = identifiers(home).join(patients_of(home, "train"), on="patient_key")
    write_cell(home, [*plain_notes(20), (f"Seen with {owned['surface'][0]}.", [])])
    row = measured(home)["identifiers_replayed"]
    assert (row["value"], row["train_value"], row["passed"]) == (0, 1, True)


def test_a_generator_that_was_shown_raw_text_fails_the_cell(tmp_path):
    home = make_home(tmp_path)
    train = identifiers(home).join(patients_of(home, "train"), on="patient_key")["surface"].unique()
    write_cell(home, [(f"Seen with {name}.", []) for name in train])
    rows = measured(home)
    assert rows["identifiers_replayed"]["passed"] is False
    assert rows["identifiers_replayed_p_value"]["value"] < 1e-3


def test_what_hold_out_patients_text_says_too_is_no_replay(tmp_path):
    home = make_home(tmp_path)
    name = survive(home, 1)[0]
    reports = Store(home).read(DEIDENTIFIED_REPORTS)
    holdout = patients_of(home, "holdout")["patient_key"].implode()
    common = pl.when(pl.col("patient_key").is_in(holdout)).then(pl.lit(f"Dictated by {name}.")).otherwise("text")
    Store(home).write(DEIDENTIFIED_REPORTS, reports.with_columns(text=common), "b1")
    assert measure_replay(home, [f"Dictated by {name}."]).learnt == 0
    assert measure_replay(home, [f"Dictated by {name}."]).members_found == 1


def test_without_gold_the_detected_spans_stand_for_the_identifiers(tmp_path):
    home = make_home(tmp_path)
    store = Store(home)
    planted = identifiers(home)
    gold = store.read(PLANTED_IDENTIFIERS)
    keys = store.read(DEIDENTIFIED_REPORTS).select("report_key", "patient_key")
    spans = keys.with_columns(
        gold["start"], gold["end"], type=pl.lit("name"), voter=pl.lit("v"), score=1.0, batch=pl.lit("b1")
    )
    store.write(IDENTIFIER_SPANS, spans.cast(IDENTIFIER_SPANS.schema), "b1")
    store.write(PLANTED_IDENTIFIERS, PLANTED_IDENTIFIERS.empty())
    assert identifiers(home).equals(planted)
    assert planted.height == 120


def test_a_home_without_hold_out_patients_says_what_to_do(tmp_path):
    home = make_home(tmp_path, patients=6)
    write_cell(home, plain_notes(3))
    with pytest.raises(UserError, match="ingest more patients"):
        measure_cell(home, "tiny", "eps-8", None)


def test_a_home_without_identifiers_passes_the_replay(tmp_path):
    home = make_home(tmp_path)
    Store(home).write(PLANTED_IDENTIFIERS, PLANTED_IDENTIFIERS.empty())
    Store(home).write(IDENTIFIER_SPANS, IDENTIFIER_SPANS.empty(), "b1")
    write_cell(home, plain_notes(10))
    row = measured(home)["identifiers_replayed"]
    assert (row["n"], row["passed"]) == (0, True)
