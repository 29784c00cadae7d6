"""Every kind of bad input is quarantined with its place and reason, and the rest goes on."""

import gzip
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import RAW_REPORTS, REJECTED_REPORTS
from dp_clinical_pipeline_tests.corpora.made_up import (
    chexpert_csv,
    ingest,
    mimic_cxr,
    put,
    table_csv,
    table_row,
)

GOOD = [table_row(1), table_row(2), table_row(3)]
LINES = table_csv(*GOOD).splitlines(keepends=True)


def lines_with(broken: bytes) -> bytes:
    """Return the good table with a broken line as its third."""
    return b"".join([*LINES[:2], broken, *LINES[2:]])


CSV_ROWS = {
    "no patient": (table_csv(*GOOD, table_row(4, patient_id=" ")), "no_patient", 5),
    "no report id": (table_csv(*GOOD, table_row(4, report_id="")), "no_report_id", 5),
    "no text": (table_csv(*GOOD, table_row(4, text="")), "no_text", 5),
    "blank text": (table_csv(*GOOD, table_row(4, text=" \n\t ")), "no_text", 5),
    "a report id twice": (table_csv(*GOOD, table_row(1, text="Another.")), "duplicate_report", 5),
    "unknown label": (table_csv(*GOOD, table_row(4, labels="Edema|Gout")), "unknown_label", 5),
    "unknown code": (table_csv(*GOOD, table_row(4, codes="J81.0|12")), "bad_code", 5),
    "no date": (table_csv(*GOOD, table_row(4, authored_on="yesterday")), "bad_date", 5),
    "no day of the calendar": (table_csv(*GOOD, table_row(4, authored_on="2031-02-30")), "bad_date", 5),
    "5 MB line": (table_csv(*GOOD, table_row(4, text="w " * 2_500_000)), "too_long", 5),
    "text over 1 MB": (table_csv(*GOOD, table_row(4, text="w " * 600_000)), "too_long", 5),
    "5 MB of lines": (table_csv(*GOOD, table_row(4, text="w, an old note\n" * 330_000)), "too_long", 5),
    "too few fields": (lines_with(b"r9,p9\n"), "wrong_fields", 3),
    "too many fields": (lines_with(b"r9,p9,,a,b,c,d,e\n"), "wrong_fields", 3),
    "unclosed quote": (lines_with(b'r9,p9,,"never closed,,\n'), "unclosed_quote", 3),
    "text after a quote": (lines_with(b'r9,p9,,"closed" not,,\n'), "malformed_csv", 3),
    "latin-1": (lines_with("r9,p9,,Ménière,,\n".encode("latin-1")), "not_utf8", 3),
}


@pytest.mark.parametrize(("content", "reason", "line"), CSV_ROWS.values(), ids=CSV_ROWS.keys())
def test_a_bad_row_of_a_csv_is_quarantined_with_its_line(
    home: Home, tmp_path: Path, content: bytes, reason: str, line: int
):
    counts = ingest(home, put(tmp_path / "in", {"t.csv": content}), "table")
    assert (counts.read, counts.accepted, counts.rejected) == (4, 3, 1)
    assert Store(home).read(RAW_REPORTS)["report_id"].to_list() == ["r1", "r2", "r3"]
    [refused] = Store(home).read(REJECTED_REPORTS).to_dicts()
    assert (refused["reason"], refused["place"], refused["source"]) == (
        reason,
        f"t.csv, line {line}",
        "table",
    )
    raw = content.splitlines(keepends=True)[line - 1 :] if line == 5 else [content.splitlines(keepends=True)[2]]
    assert refused["raw_sha256"] == hashlib.sha256(b"".join(raw)).hexdigest()
    assert refused["raw"] == b"".join(raw).decode("utf-8", "backslashreplace")[:65_536]


FILES = {
    "empty": ("x.csv", b"", "empty_file"),
    "a mark and nothing": ("x.csv", b"\xef\xbb\xbf", "empty_file"),
    "binary": ("x.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary_file"),
    "UTF-16": ("x.csv", "report_id,patient_id,text\n".encode("utf-16"), "not_utf8"),
    "a missing column": ("x.csv", b"report_id,text\n1,Clear.\n", "missing_column"),
    "empty gzip": ("x.csv.gz", b"", "empty_file"),
    "empty Parquet": ("x.parquet", b"", "empty_file"),
    "no Parquet": ("x.parquet", b"PAR1 this is no Parquet file", "malformed_parquet"),
    "no JSON": ("x.jsonl", b"{'a': 1}\n", "malformed_json"),
    "no object": ("x.jsonl", b"[1, 2]\n", "malformed_json"),
    "deep JSON": ("x.jsonl", b"[" * 100_000 + b"\n", "malformed_json"),
    "a number for a text": ("x.jsonl", b'{"report_id": 1, "patient_id": 2, "text": 3}\n', "wrong_type"),
    "a lone surrogate": ("x.jsonl", b'{"report_id": 1, "patient_id": 2, "text": "\\ud800"}\n', "not_utf8"),
    "JSON in latin-1": ("x.jsonl", b'{"report_id": 1, "patient_id": 2, "text": "\xe9"}\n', "not_utf8"),
    "a 5 MB line of JSON": ("x.jsonl", b'{"text": "' + b"w" * 5_000_000 + b'"}\n', "too_long"),
    "another kind": ("x.docx", b"words", "unknown_file"),
}


@pytest.mark.parametrize(("name", "content", "reason"), FILES.values(), ids=FILES.keys())
def test_a_bad_file_is_quarantined_and_the_others_are_read(
    home: Home, tmp_path: Path, name: str, content: bytes, reason: str
):
    counts = ingest(
        home,
        put(tmp_path / "in", {name: content, "a.csv": LINES[0] + LINES[1], "z.csv": LINES[0] + LINES[2]}),
        "table",
    )
    assert (counts.read, counts.accepted, counts.reasons) == (3, 2, {reason: 1})
    [refused] = Store(home).read(REJECTED_REPORTS).to_dicts()
    assert refused["place"].startswith(name)
    if reason == "missing_column":
        assert "patient_id" in refused["detail"]


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_cut_gzip_keeps_the_rows_before_the_cut_and_adds_one_refusal(
    home: Home, tmp_path: Path, cut: float, kind: str
):
    # Text that does not compress to nothing, with line ends inside quotes: the cut may fall into a quoted text.
    rows = [table_row(n, text=hashlib.sha256(str(n).encode()).hexdigest() + "\nSecond, line.") for n in range(2_000)]
    plain = table_csv(*rows) if kind == "csv" else b"".join(json.dumps(lists(r)).encode() + b"\n" for r in rows)
    zipped = gzip.compress(plain, mtime=0)
    folder = put(tmp_path / "in", {})
    folder.mkdir()
    (folder / f"t.{kind}.gz").write_bytes(zipped[: int(cut * len(zipped))])
    counts = ingest(home, folder, "table")
    assert counts.reasons == {"truncated_gzip": 1}
    assert abs(counts.accepted - cut * len(rows)) < 0.15 * len(rows)
    reports = Store(home).read(RAW_REPORTS)
    assert reports["report_id"].to_list() == [f"r{n}" for n in range(counts.accepted)]
    assert reports["text"].to_list() == [row["text"] for row in rows[: counts.accepted]]


def lists(row: dict[str, str]) -> dict[str, object]:
    return row | {"labels": row["labels"].split("|"), "codes": row["codes"].split("|")}


def test_a_damaged_gzip_is_quarantined(home: Home, tmp_path: Path):
    folder = put(tmp_path / "in", {"a.csv": table_csv(table_row(0)), "t.csv.gz": table_csv(*GOOD)})
    damaged = bytearray((folder / "t.csv.gz").read_bytes())
    damaged[20:40] = b"\xff" * 20
    (folder / "t.csv.gz").write_bytes(damaged)
    assert ingest(home, folder, "table").reasons == {"corrupt_gzip": 1}


def test_parquet_with_a_date_that_no_calendar_holds_loses_only_that_row(home: Home, tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    (tmp_path / "in").mkdir()
    ids, days = ["1", "2", "3"], pa.array([18_000, 6_600_000, 18_001], pa.int32()).cast(pa.date32())
    columns = {"report_id": ids, "patient_id": ids, "text": ["Clear lungs."] * 3, "authored_on": days}
    pq.write_table(pa.table(columns), tmp_path / "in/t.parquet")
    counts = ingest(home, tmp_path / "in", "table")
    assert (counts.accepted, counts.reasons) == (2, {"bad_date": 1})


def test_parquet_with_bytes_that_are_no_text_loses_only_that_row(home: Home, tmp_path: Path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.array([b"Good.", b"M\xe9ni\xe8re", b"Good too."], pa.binary()).view(pa.string())
    ids = pa.array(["1", "2", "3"])
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table({"report_id": ids, "patient_id": ids, "text": texts}), tmp_path / "in/t.parquet")
    counts = ingest(home, tmp_path / "in", "table")
    assert (counts.accepted, counts.reasons) == (2, {"not_utf8": 1})
    assert "M\\xe9ni\\xe8re" in Store(home).read(REJECTED_REPORTS)["raw"][0]


DOCUMENT = """<doc id="{}"><codes><code origin="CMC_MAJORITY">786.2</code><code origin="COMPANY1">x</code></codes>
<texts><text type="CLINICAL_HISTORY">Cough.</text><text type="IMPRESSION">Clear {}.</text></texts></doc>\n"""


@pytest.mark.parametrize(
    ("after", "accepted", "reason"),
    [
        ("<doc id='9'><texts></doc></docs>", 3, "malformed_xml"),
        ("<doc id='9'><texts>", 3, "malformed_xml"),
        ("", 3, "malformed_xml"),
        ("<doc id='9'></doc></docs>", 3, "no_text"),
        (DOCUMENT.format(9, "\udcff") + DOCUMENT.format(10, "") + "</docs>", 4, "not_utf8"),
        (DOCUMENT.format(9, "").replace("786.2", "cough") + "</docs>", 3, "bad_code"),
        (DOCUMENT.format(9, "w " * 5_000_000) + "</docs>", 3, "too_long"),
    ],
)
def test_documents_before_a_break_in_xml_are_kept(home: Home, tmp_path: Path, after: str, accepted: int, reason: str):
    text = "<docs>" + "".join(DOCUMENT.format(n, n) for n in range(3)) + after
    counts = ingest(home, put(tmp_path / "in", {"r.xml": text.encode("utf-8", "surrogateescape")}), "cmc")
    assert (counts.accepted, counts.reasons) == (accepted, {reason: 1})
    reports = Store(home).read(RAW_REPORTS)
    assert reports["codes"].to_list() == [["786.2"]] * accepted
    assert reports["text"][0] == "Cough.\nClear 0."
    assert Store(home).read(REJECTED_REPORTS)["place"].to_list() == ["r.xml, document 4"]


def test_bad_text_files_are_quarantined_one_by_one(home: Home, tmp_path: Path):
    bad = {
        "a.txt": b"",
        "b.txt": b" \n ",
        "c.txt": b"\0\1",
        "d.txt": b"\xff.",
        "e.txt": b"w" * 5_000_000,
        "f.pdf": b"%PDF",
    }
    counts = ingest(home, put(tmp_path / "in", bad | {"g.txt": b"\xef\xbb\xbfClear."}), "text")
    assert (counts.accepted, counts.rejected) == (1, 6)
    assert Store(home).read(RAW_REPORTS)["text"].to_list() == ["Clear."]
    reasons = Store(home).read(REJECTED_REPORTS).sort("place")["reason"].to_list()
    assert reasons == ["empty_file", "no_text", "binary_file", "not_utf8", "too_long", "unknown_file"]


def test_bad_rows_of_a_label_file_are_quarantined_and_their_reports_unlabelled(home: Home, tmp_path: Path):
    labels = chexpert_csv({("10000032", "50414267"): {"Edema": "yes"}, ("10000764", "57375967"): {"Edema": "1.0"}})
    again = labels + labels.splitlines(keepends=True)[-1]
    counts = ingest(home, put(tmp_path / "in", mimic_cxr() | {"mimic-cxr-2.0.0-chexpert.csv.gz": again}), "mimic-cxr")
    assert (counts.accepted, counts.reasons) == (4, {"unknown_label": 1, "duplicate_report": 1})
    assert Store(home).read(RAW_REPORTS).filter(pl.col("labels").is_not_null())["labels"].to_list() == [["Edema"]]
