"""The stage keeps order and patients apart, uses no network, and names nothing private when it fails."""

import os
import socket
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dp_clinical_pipeline.config import Corpus, Deid, Privacy, Settings
from dp_clinical_pipeline.deid import blocks, detect, keys, pipeline
from dp_clinical_pipeline.deid.offline import NetworkRefused
from dp_clinical_pipeline.deid.pipeline import deidentify_batch
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.cohort import build_cohort, split_reports
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import DEIDENTIFIED_REPORTS, IDENTIFIER_SPANS, RAW_REPORTS

KEY = bytes(range(32))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv(keys.KEY_VARIABLE, KEY.hex())
    return Home(tmp_path / "home").create(Settings(kind="demo", corpus=Corpus(label_set="chexpert14")))


def row(patient: str, report: str, text: str, **more: Any) -> dict[str, Any]:
    return {"report_id": report, "patient_id": patient, "authored_on": date(2021, 5, 6), "modality": "CR", "sections": [],
            "text": text, "labels": ["Edema"], "codes": None, "source": "s", "batch": "b1"} | more  # fmt: skip


ROWS = [
    row("p1", "r1", "Patient: Zelda Quombee. Clear lungs. Seen 05/06/2021.", labels=None),
    row("p2", "r1", "No change since quombee was mentioned. MRN 77123451."),
    row("p1", "r2", "quombee returns with edema, as on 04/06/2021.", authored_on=None),
    row("88123977", "r4", "Study 88123977 is stored."),
]


def run(home: Home, rows: list[dict[str, Any]], batch: str = "b1") -> pl.DataFrame:
    Store(home).write(RAW_REPORTS, pl.DataFrame(rows, schema=RAW_REPORTS.schema), batch)
    deidentify_batch(home, batch)
    return Store(home).read(DEIDENTIFIED_REPORTS, batch)


def test_rows_keep_their_order_and_take_pseudonyms(home: Home) -> None:
    reports = run(home, ROWS)
    assert reports["patient_key"].to_list() == [keys.pseudonym(KEY, "patient", r["patient_id"]) for r in ROWS]
    assert reports["report_key"].to_list() == [
        keys.pseudonym(KEY, "report", r["patient_id"], r["report_id"]) for r in ROWS
    ]
    assert reports["targets"].to_list() == [None, ["Edema"], ["Edema"], ["Edema"]]
    assert reports["masked"][0] == "Patient: [PERSON]. Clear lungs. Seen [DATE]."
    spans = Store(home).read(IDENTIFIER_SPANS, "b1")
    assert set(spans["report_key"]) <= set(reports["report_key"])


def test_a_name_is_looked_for_in_its_own_patients_documents_only(home: Home) -> None:
    masked = run(home, ROWS)["masked"].to_list()
    assert masked[2].startswith("[PERSON] returns")
    assert "quombee" in masked[1]


def test_a_corpus_field_is_found_in_the_text(home: Home) -> None:
    assert "88123977" not in run(home, ROWS)["masked"][3]


def test_dates_of_fields_and_text_move_together(home: Home) -> None:
    reports = run(home, ROWS)
    moved = reports["authored_on"][0]
    assert moved != date(2021, 5, 6)
    assert f"{moved:%m/%d/%Y}" in reports["text"][0]
    assert f"{moved - timedelta(days=30):%m/%d/%Y}" in reports["text"][2]
    assert reports["authored_on"][2] is None


def test_taking_a_patient_out_changes_nobody_elses_rows(home: Home) -> None:
    with_all = run(home, ROWS)
    without = run(home, [r for r in ROWS if r["patient_id"] != "p1"], "b2")
    rest = with_all.filter(pl.col("patient_key") != keys.pseudonym(KEY, "patient", "p1"))
    assert rest.equals(without)


def test_blocks_do_not_change_the_result(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(home, ROWS)
    monkeypatch.setattr(pipeline, "ROWS_AT_ONCE", 1)
    assert run(home, ROWS).equals(whole)


def test_worker_processes_do_not_change_the_result(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(home, ROWS)
    monkeypatch.setattr(pipeline, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(blocks, "LEAST_ROWS", 1)
    assert run(home, ROWS).equals(whole)


def test_a_batch_that_was_deidentified_for_patients_serves_no_guarantee_for_reports(home: Home) -> None:
    run(home, ROWS)
    build_cohort(home)
    privacy = home.settings.privacy
    of_reports = home.save_settings(
        home.settings.model_copy(update={"privacy": privacy.model_copy(update={"unit": "report"})})
    )
    assert split_reports(home, "train", "test", "validation", "holdout").height == len(ROWS)
    with pytest.raises(UserError, match=r"b1 was de-identified for each patient and privacy\.unit is report now"):
        split_reports(of_reports, "train")
    run(of_reports, ROWS)
    assert split_reports(of_reports, "train", "test", "validation", "holdout").height == len(ROWS)


def test_an_empty_batch_gives_empty_tables(home: Home) -> None:
    assert run(home, []).is_empty()
    assert Store(home).read(IDENTIFIER_SPANS, "b1").is_empty()


def test_the_stage_refuses_the_network(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def phones_home(text: str) -> Any:
        with pytest.raises(NetworkRefused):
            socket.socket()
        tried.append(text)
        return iter(())

    monkeypatch.setattr(detect, "VOTERS", (*detect.VOTERS, phones_home))
    run(home, ROWS)
    assert len(tried) == len(ROWS)


def test_a_failure_names_nothing_private_and_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(text: str) -> Any:
        raise ValueError(text)

    monkeypatch.setattr(detect, "VOTERS", (fails,))
    with pytest.raises(RuntimeError) as error:
        run(home, ROWS)
    shown = f"{error.value} {error.value.__cause__}"
    assert keys.pseudonym(KEY, "report", "p1", "r1") in shown
    assert "Quombee" not in shown
    assert not Store(home).exists(DEIDENTIFIED_REPORTS, "b1")
    assert not [name for name in os.listdir(home.enclave) if name.startswith(".")]


def test_a_batch_that_was_never_ingested_is_refused(home: Home) -> None:
    with pytest.raises(UserError, match="ingest it first"):
        deidentify_batch(home, "b9")


@pytest.mark.parametrize(("unit", "found"), [("patient", True), ("report", False)])
def test_where_a_report_is_the_unit_no_other_report_changes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unit: str, found: bool
) -> None:
    monkeypatch.setenv(keys.KEY_VARIABLE, KEY.hex())
    privacy = Privacy.model_validate({"unit": unit})
    home = Home(tmp_path / "home").create(Settings(kind="demo", corpus=Corpus(label_set="chexpert14"), privacy=privacy))
    told = row("p1", "r1", "Patient: Zelda Quombee. Clear lungs.")
    alone = row("p1", "r2", "quombee returns with edema.")
    reports = run(home, [told, alone])
    assert ("quombee" not in reports["masked"][1]) is found
    again = run(home, [alone], batch="b2")
    assert (again["text"][0] == reports["text"][1]) is not found


def test_progress_is_told(home: Home) -> None:
    told: list[tuple[int, int]] = []
    Store(home).write(RAW_REPORTS, pl.DataFrame(ROWS, schema=RAW_REPORTS.schema), "b1")
    deidentify_batch(home, "b1", lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)


def test_the_settings_choose_how_values_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.KEY_VARIABLE, KEY.hex())
    texts = {}
    for mode in ("consistent", "random", "markov"):
        deid = Deid.model_validate({"replacement": mode, "patterns": {"MRN": ["kx/[a-z]+"]}})
        settings = Settings(kind="demo", corpus=Corpus(label_set="chexpert14"), deid=deid)
        home = Home(tmp_path / mode).create(settings)
        reports = run(home, [row("p1", f"r{n}", "Dr. Quombee, bed kx/ab, Dr. Quombee.") for n in range(6)])
        assert set(reports["masked"]) == {"Dr. [PERSON], bed [MRN], Dr. [PERSON]."}
        texts[mode] = reports["text"].to_list()
    assert len(set(texts["consistent"])) == 1
    assert len(set(texts["random"])) == 6
    assert texts["markov"] != texts["random"]
