"""What clones give away: nothing that their cell's notes do not if they say nothing, their sources if they say all."""

import polars as pl
import pytest

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.evaluation.clones import measure_clones
from dp_clinical_pipeline.evaluation.identifiers import identifiers
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.primer import primer_pairs
from dp_clinical_pipeline.tables import CLONE_METRICS, CLONED_REPORTS, COHORT, DEIDENTIFIED_REPORTS, PRIVACY_METRICS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell, write_clones


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Reports with records of many kinds, which the public rules read as they are; a cell with notes of nobody's."""
    home = make_home(tmp_path_factory.mktemp("clones"), patients=120)
    store = Store(home)
    reports = store.read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null())
    pairs = [pair for pair in primer_pairs(CHEXPERT14, 300, seed=5) if _is_read(pair)][: reports.height]
    texts, targets = pl.Series([pair.note for pair in pairs]), pl.Series([list(pair.targets) for pair in pairs])
    store.write(DEIDENTIFIED_REPORTS, reports.with_columns(text=texts, targets=targets), "b1")
    write_cell(home, [(pair.note, list(pair.targets)) for pair in primer_pairs(CHEXPERT14, 60, seed=9)])
    return home


def _is_read(pair) -> bool:
    return stated_labels(pair.note, CHEXPERT14) == list(pair.targets)


@pytest.fixture(scope="module")
def faithful(home):
    """The clones that say what their sources say, and what is measured of them."""
    return write_clones(home, lambda source: source["text"]), measured(home)


def measured(home) -> dict[tuple[str, str], dict]:
    measure_clones(home, "tiny", "eps-8")
    table = Store(home).read(CLONE_METRICS, "tiny", "eps-8")
    assert table.select("arm", "metric").is_unique().all()
    assert set(table["visibility"]) == {"restricted"}
    return {(row["arm"], row["metric"]): row for row in table.iter_rows(named=True)}


def test_clones_that_keep_their_records_are_linked_as_often_as_records_are_alone(faithful):
    clones, rows = faithful
    holders: dict[str, set[str]] = {}
    for record, patient in clones.select("record", "patient_key").iter_rows():
        holders[record] = holders.get(record, set()) | {patient}
    expected = sum(1 / len(holders[record]) for record in clones["record"]) / clones.height
    for metric in ("record_linkage", "record_linkage_given"):
        row = rows["clone", metric]
        assert row["value"] == pytest.approx(expected)
        assert 0.2 < row["ci_low"] < expected < row["ci_high"] < 1
        assert row["n"] == clones.height
    assert 0 < rows["synthetic", "record_linkage"]["value"] <= 1 / clones["patient_key"].n_unique()
    assert rows["synthetic", "record_linkage"]["n"] == 60


def test_a_clone_of_another_patient_is_not_linked_to_its_source(home, faithful):
    clones, rows = faithful
    texts = iter(clones["text"].to_list()[::-1])
    write_clones(home, lambda _: next(texts))
    kept, turned = rows["clone", "record_linkage"]["value"], measured(home)
    assert turned["clone", "record_linkage"]["value"] < kept / 10
    assert turned["clone", "record_linkage_given"]["value"] == pytest.approx(kept)  # the prompts were the same


def test_rare_records_of_members_stand_in_clones_and_not_in_the_cell_s_notes(faithful):
    rows = faithful[1]
    cloned, synthetic = (rows[arm, "rare_record_excess"] for arm in ("clone", "synthetic"))
    assert (cloned["passed"], synthetic["passed"]) == (False, True)
    assert cloned["value"] == cloned["train_value"] - cloned["holdout_value"] > 0.4
    assert cloned["ci_low"] > 0 >= synthetic["ci_low"]
    assert rows["clone", "rare_record_p_value"]["value"] < 1e-3 < rows["synthetic", "rare_record_p_value"]["value"]


def test_a_record_that_many_patients_have_is_nobody_s(tmp_path):
    home = make_home(tmp_path, patients=60)
    write_cell(home, plain_notes(50))
    reports = Store(home).read(DEIDENTIFIED_REPORTS)
    alike = pl.Series([["Edema"]] * reports.height)
    same = reports.with_columns(text=pl.lit("Interstitial edema. No pneumothorax."), targets=alike)
    Store(home).write(DEIDENTIFIED_REPORTS, same, "b1")
    clones = write_clones(home, lambda source: source["text"])
    rows = measured(home)
    assert rows["clone", "rare_record_excess"]["train_value"] == 0
    assert rows["clone", "record_linkage"]["value"] == pytest.approx(1 / clones["patient_key"].n_unique())


def test_copies_and_identifiers_are_found_in_clones_as_in_a_cell_s_notes(home):
    write_clones(home, lambda source: source["text"])
    names = identifiers(home).join(Store(home).read(COHORT).filter(split="train"), on="patient_key")["surface"]
    clones = Store(home).read(CLONED_REPORTS, "tiny", "eps-8")
    said = [f"{text} Seen with {names[i % len(names)]}." for i, text in enumerate(clones["text"])]
    Store(home).write(CLONED_REPORTS, clones.with_columns(text=pl.Series(said)), "tiny", "eps-8")
    rows = measured(home)
    for metric in ("ngram8_excess", "identifiers_replayed"):
        assert rows["clone", metric]["passed"] is False, metric
    assert rows["clone", "identifiers_replayed"]["train_value"] > 50
    for metric in ("ngram8_excess", "identifiers_replayed", "longest_rare_run_max"):
        assert rows["synthetic", metric]["passed"] is True, metric
    assert not Store(home).exists(PRIVACY_METRICS, "tiny", "eps-8")
    assert Store(home).files(CLONE_METRICS) == [home.enclave / "clone_metrics" / "tiny" / "eps-8.parquet"]


def test_without_clones_there_is_nothing_to_measure(home):
    with pytest.raises(UserError, match="cloned_reports has no partition"):
        measure_clones(home, "tiny", "nonprivate")
    write_clones(home, lambda _: "", accepted=False)
    with pytest.raises(UserError, match="too few accepted clones"):
        measure_clones(home, "tiny", "eps-8")
