"""Ingest adds up, does not double, leaves nothing half-written, and keeps patients apart."""

import errno
import json
import tracemalloc
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.corpora.batches import batches, register
from dp_clinical_pipeline.corpora.ingest import NothingUsable, ingest_batch
from dp_clinical_pipeline.corpora.parquet_writer import TableWriter
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import RAW_REPORTS, REJECTED_REPORTS
from dp_clinical_pipeline_tests.corpora.made_up import csv_bytes, ingest, put, table_csv, table_row

GOOD = ("good", "good without labels")
BROKEN = {
    "fields": lambda n: f"r{n},p{n}\n".encode(),
    "quote": lambda n: f'r{n},p{n},,"never closed,,\n'.encode(),
    "bytes": lambda n: f"r{n},p{n},,\xe9,,\n".encode("latin-1"),
    "after quote": lambda n: f'r{n},p{n},,"closed" not,,\n'.encode(),
}
CHANGED = {
    "good": {},
    "good without labels": {"labels": "", "text": 'Two lines,\nand "quotes".'},
    "no patient": {"patient_id": ""},
    "no text": {"text": " "},
    "date": {"authored_on": "05/04/2031"},
    "label": {"labels": "Gout"},
    "code": {"codes": "?"},
    "again": {"report_id": "r-again", "patient_id": "p-again"},
}
ROWS = st.lists(st.sampled_from([*CHANGED, *BROKEN]), min_size=1, max_size=30)


def line(number: int, kind: str) -> bytes:
    if kind in BROKEN:
        return BROKEN[kind](number)
    return table_csv(table_row(number, **CHANGED[kind])).split(b"\n", 1)[1]


@given(kinds=ROWS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_counts_add_up_for_any_mixture_of_rows(tmp_path_factory: pytest.TempPathFactory, kinds: list[str]):
    folder = tmp_path_factory.mktemp("mixture")
    home = Home(folder / "home").create(Settings())
    content = table_csv() + b"".join(line(n, kind) for n, kind in enumerate([*kinds, "good"]))
    counts = ingest(home, put(folder / "in", {"t.csv": content}), "table")
    reports, refused = Store(home).read(RAW_REPORTS), Store(home).read(REJECTED_REPORTS)
    assert counts.read == counts.accepted + counts.rejected <= len(kinds) + 1
    assert (counts.accepted, counts.rejected) == (reports.height, refused.height)
    again = kinds.count("again")
    assert counts.accepted == sum(kind in GOOD for kind in kinds) + 1 + min(again, 1)
    assert counts.reasons.get("duplicate_report", 0) == max(again - 1, 0)
    # A row that a quote never closed took in may share its refusal; no line is in none.
    kept = "".join(refused["raw"])
    bad = [line(n, kind).decode("utf-8", "backslashreplace") for n, kind in enumerate(kinds) if kind not in GOOD]
    assert all(row in kept for row in bad if not row.startswith("r-again"))


def test_a_second_ingest_of_a_batch_replaces_it(home: Home, tmp_path: Path):
    put(tmp_path / "in", {"t.csv": table_csv(*(table_row(n) for n in range(9)), table_row(3))})
    first = ingest(home, tmp_path / "in", "table")
    before = [Store(home).read(table) for table in (RAW_REPORTS, REJECTED_REPORTS)]
    assert ingest_batch(home, first.batch) == first
    assert all(a.equals(b) for a, b in zip(before, map(Store(home).read, (RAW_REPORTS, REJECTED_REPORTS)), strict=True))


def test_a_report_of_an_earlier_batch_is_a_duplicate_and_another_patients_of_that_id_is_not(home: Home, tmp_path: Path):
    ingest(home, put(tmp_path / "a", {"t.csv": table_csv(table_row(1), table_row(2))}), "table")
    rows = [table_row(2, text="Changed."), table_row(2, patient_id="p9"), table_row(3)]
    second = ingest(home, put(tmp_path / "b", {"t.csv": table_csv(*rows)}), "table")
    assert (second.batch, second.accepted, second.reasons) == ("batch-0002", 2, {"duplicate_report": 1})
    assert ingest_batch(home, "batch-0001").accepted == 2


def test_taking_one_patient_out_changes_no_other_row(tmp_path: Path):
    rows = [table_row(n, patient_id=f"p{n % 40}", text=f"Note {n % 7}.") for n in range(200)]
    kept = {}
    for gone in (None, "p0", "p17", "p39"):
        home = Home(tmp_path / f"home-{gone}").create(Settings())
        content = table_csv(*(row for row in rows if row["patient_id"] != gone))
        ingest(home, put(tmp_path / f"in-{gone}", {"t.csv": content}), "table")
        kept[gone] = Store(home).read(RAW_REPORTS)
    for gone in ("p0", "p17", "p39"):
        others = [row for row in kept[None].rows() if row[1] != gone]
        assert [repr(row).encode() for row in kept[gone].rows()] == [repr(row).encode() for row in others]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_memory_does_not_grow_with_the_corpus(tmp_path: Path, kind: str):
    peaks = []
    for count in (1_200, 6_000):
        home = Home(tmp_path / f"home-{count}").create(Settings())
        rows = [table_row(n, text=f"{n} " + "word " * 60) for n in range(count)]
        folder = tmp_path / f"in-{count}"
        folder.mkdir()
        if kind == "csv":
            (folder / "t.csv").write_bytes(table_csv(*rows))
        elif kind == "jsonl":
            lists = ({**row, "labels": [], "codes": []} for row in rows)
            (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lists))
        else:
            import polars as pl

            pl.DataFrame(rows).write_parquet(folder / "t.parquet", row_group_size=500)
        del rows
        id = register(home, folder, "table").id
        tracemalloc.start()
        ingest_batch(home, id)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_the_tables_are_written_in_row_groups(home: Home, tmp_path: Path):
    put(tmp_path / "in", {"t.csv": table_csv(*(table_row(n) for n in range(2_500)))})
    path = Store(home).path(RAW_REPORTS, ingest(home, tmp_path / "in", "table").batch)
    assert pq.ParquetFile(path).num_row_groups == 3
    assert Store(home).read(RAW_REPORTS).schema == RAW_REPORTS.schema


def test_progress_is_called_with_the_rows_read(home: Home, tmp_path: Path):
    put(tmp_path / "in", {"t.csv": table_csv(*(table_row(n) for n in range(1_200)))})
    told: list[int] = []
    ingest_batch(home, register(home, tmp_path / "in", "table").id, told.append)
    assert told == [500, 1000]


@pytest.mark.parametrize("at", [1, 3])
def test_a_full_disk_is_one_line_and_leaves_what_was_there(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
):
    put(tmp_path / "in", {"t.csv": table_csv(*(table_row(n) for n in range(3_500)))})
    id = register(home, tmp_path / "in", "table").id
    before = sorted(home.enclave.rglob("*"))
    calls, whole = [], TableWriter._flush

    def full(writer: TableWriter) -> None:
        calls.append(writer)
        if len(calls) >= at:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(writer)

    monkeypatch.setattr(TableWriter, "_flush", full)
    with pytest.raises(UserError, match=r"^cannot write the table .*No space left on device$"):
        ingest_batch(home, id)
    left = {p.name for p in set(home.enclave.rglob("*")) - set(before)} - {"ingest.lock"}
    assert left <= {"raw_reports", "rejected_reports"}
    assert not Store(home).files(RAW_REPORTS)
    monkeypatch.undo()
    assert ingest_batch(home, id).accepted == 3_500


def test_nothing_usable_is_one_line_and_forgets_the_batch(home: Home, tmp_path: Path):
    put(tmp_path / "in", {"Mary Smith.csv": table_csv(table_row(1, text=""), table_row(2, labels="Gout"))})
    id = register(home, tmp_path / "in", "table").id
    with pytest.raises(NothingUsable, match="nothing usable") as raised:
        ingest_batch(home, id)
    message = str(raised.value)
    assert {"no_text", "unknown_label"} <= set(message.replace("(", " ").replace(")", " ").replace(",", " ").split())
    assert "\n" not in message
    assert "Smith" not in message
    assert raised.value.counts == {"no_text": 1, "unknown_label": 1}
    assert batches(home) == []
    assert not Store(home).files(RAW_REPORTS) + Store(home).files(REJECTED_REPORTS)
    # The wrong format fixed the settings; a right one may still do so, under an id never used before.
    assert home.settings.corpus == Corpus()
    good = ingest(home, put(tmp_path / "other", {"c.csv": csv_bytes([CASE], tuple(CASE))}), "codiesp")
    assert (good.batch, home.settings.corpus.label_set) == ("batch-0002", "icd10-chapters")


CASE = {"note_id": "S1", "icd10cm": "J81.0|r05", "text": "Cough."}


@pytest.mark.parametrize("format", ["openi", "ct-rate", "cmc", "codiesp", "mimic-cxr", "mimic-iv-note"])
def test_a_folder_without_the_formats_files_says_what_it_expects(home: Home, tmp_path: Path, format: str):
    id = register(home, put(tmp_path / "in", {"notes.doc": b"x"}), format).id
    with pytest.raises(UserError, match=f"no rows found.*format {format} expects"):
        ingest_batch(home, id)


def test_a_batch_whose_files_are_gone_says_so(home: Home, tmp_path: Path):
    folder = put(tmp_path / "in", {"t.csv": table_csv(table_row(1))})
    id = register(home, folder, "table").id
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="no longer where they were"):
        ingest_batch(home, id)
    with pytest.raises(UserError, match="no such batch"):
        ingest_batch(home, "batch-0404")


def test_scratch_files_of_a_killed_ingest_are_removed(home: Home, tmp_path: Path):
    put(home.enclave / ".scratch-dead", {"lookup.sqlite": b"x"})
    ingest(home, put(tmp_path / "in", {"t.csv": table_csv(table_row(1))}), "table")
    assert not list(home.enclave.glob(".scratch-*"))
