"""Each format to the one schema."""

import json
from pathlib import Path

import polars as pl
import pytest

from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.corpora.batches import register
from dp_clinical_pipeline.corpora.ingest import ingest_batch
from dp_clinical_pipeline.corpora.readers import FORMATS, get_reader
from dp_clinical_pipeline.corpora.records import Rejected, Report
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LABEL_SETS, label_set
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import RAW_REPORTS
from dp_clinical_pipeline_tests.corpora import made_up
from dp_clinical_pipeline_tests.corpora.made_up import ingest, put, table_csv, table_row


def read(path: Path, format: str, labels: str | None = None, **corpus) -> list[Report | Rejected]:
    reader = get_reader(format)
    return list(reader.read(path, Corpus(**corpus), label_set(labels or reader.label_set)))


@pytest.mark.corpora
@pytest.mark.parametrize(
    ("format", "folder", "labels", "accepted", "rejected", "unlabelled"),
    [
        ("openi", "openi", "nih14", 3059, 21, 0),
        ("openi", "openi", "chexpert14", 3059, 21, 385),
        ("ct-rate", "ct_rate", "ct-rate18", 800, 0, 0),
        ("cmc", "cmc_icd9", "icd9-chapters", 783, 0, 0),
        ("codiesp", "codiesp", "icd10-chapters", 750, 0, 0),
    ],
)
def test_open_corpora_are_accepted_but_for_reports_without_text(
    home: Home,
    open_corpora: Path,
    format: str,
    folder: str,
    labels: str,
    accepted: int,
    rejected: int,
    unlabelled: int,
):
    home = home.save_settings(Settings(corpus=Corpus(label_set=labels)))
    counts = ingest(home, open_corpora / folder, format)
    assert (counts.read, counts.accepted, counts.rejected) == (accepted + rejected, accepted, rejected)
    assert counts.reasons == ({"no_text": rejected} if rejected else {})
    reports = Store(home).read(RAW_REPORTS)
    known = label_set(labels)
    targets = [known.targets(r["labels"], r["codes"]) for r in reports.select("labels", "codes").to_dicts()]
    assert sum(t is None for t in targets) == unlabelled
    assert sum(bool(t) for t in targets) > accepted / 2
    assert reports["patient_id"].n_unique() == accepted


@pytest.mark.corpora
def test_openi_labels_equal_the_label_file(open_corpora: Path):
    gold = pl.read_csv(open_corpora / "openi" / "labels_nih14.csv")
    names = gold.columns[1:]
    expected = {row[0]: {name for name, on in zip(names, row[1:], strict=True) if on} for row in gold.iter_rows()}
    reports = [r for r in read(open_corpora / "openi", "openi") if isinstance(r, Report)]
    assert {f"CXR{r.report_id}": set(r.labels or ()) for r in reports}.items() <= expected.items()


@pytest.mark.parametrize("zipped", ["", ".gz"])
def test_mimic_cxr_reads_physionets_layout_with_positive_labels_only(tmp_path: Path, zipped: str):
    files = {name.removesuffix(".gz") + zipped * name.endswith(".gz"): c for name, c in made_up.mimic_cxr().items()}
    reports = read(put(tmp_path, files), "mimic-cxr")
    assert all(isinstance(r, Report) for r in reports)
    assert [(r.patient_id, r.report_id, r.labels) for r in reports] == [
        ("p10000032", "s50414267", ["Pleural Effusion"]),
        ("p10000032", "s53189527", ["No Finding"]),
        ("p10000764", "s57375967", []),
        ("p10000898", "s50771383", None),
    ]
    assert [name for name, _ in reports[0].sections] == [
        "examination",
        "indication",
        "findings",
        "impression",
    ]
    assert reports[0].text.split("\n")[0] == "There is a small right pleural effusion."
    assert reports[0].text.split("\n")[-1] == "Small effusion."
    assert "No change since" in reports[1].text


def test_mimic_cxr_refuses_a_text_in_a_patients_folder_that_is_no_study(tmp_path: Path):
    files = made_up.mimic_cxr() | {"files/p10/p10000032/notes.txt": b"Not a study."}
    assert [r.reason for r in read(put(tmp_path, files), "mimic-cxr") if isinstance(r, Rejected)] == ["unknown_file"]


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize(
    ("labels", "codes"),
    [("icd10-chapters", [None, ["K7469", "I10"], None]), ("icd9-chapters", [["5723", "V4581"], None, None])],
)
def test_mimic_iv_note_takes_the_admissions_codes_of_the_label_sets_version(
    tmp_path: Path, flat: bool, labels: str, codes: list
):
    files = made_up.mimic_iv_note()
    if flat:
        files = {Path(name).name.removesuffix(".gz"): content for name, content in files.items()}
    reports = read(put(tmp_path, files), "mimic-iv-note", labels)
    assert [r.codes for r in reports] == codes
    assert [str(r.authored_on) for r in reports] == ["2180-05-07", "2180-06-27", "2160-11-25"]
    assert {r.patient_id for r in reports} == {"10000032", "10000084"}
    assert {r.text for r in reports} == {
        ' \nName:  ___                   Unit No:   ___\n \n"Patient" did well, and went home.\n'
    }


def test_a_table_is_the_same_in_every_kind_of_file(tmp_path: Path):
    rows = [table_row(n) for n in range(5)]
    lists = [row | {"labels": row["labels"].split("|"), "codes": [row["codes"]]} for row in rows]
    lines = "\n".join(json.dumps(row) for row in lists).encode()
    files = {
        "a/t.csv": table_csv(*rows),
        "b/t.csv.gz": table_csv(*rows),
        "c/t.jsonl": lines,
        "d/t.jsonl.gz": lines,
    }
    put(tmp_path, files | {"e/bom.csv": b"\xef\xbb\xbf" + table_csv(*rows)})
    (tmp_path / "f").mkdir()
    pl.DataFrame(lists).with_columns(pl.col("authored_on").str.to_date()).write_parquet(tmp_path / "f/t.parquet")
    by_folder = [read(folder, "table") for folder in sorted(tmp_path.iterdir())]
    assert len(by_folder) == 6
    assert all(found == by_folder[0] for found in by_folder)
    assert by_folder[0][0].codes == ["J81.0"]


def test_a_tables_columns_can_be_mapped(tmp_path: Path):
    columns = ("accession", "mrn", "body")
    rows = [{"accession": "1", "mrn": "7", "body": "Clear."}]
    put(tmp_path, {"t.csv": made_up.csv_bytes(rows, columns)})
    mapped = dict(zip(("report_id", "patient_id", "text"), columns, strict=True))
    [report] = read(tmp_path, "table", columns=mapped)
    assert (report.report_id, report.patient_id, report.text, report.labels) == ("1", "7", "Clear.", None)


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        ("", None),
        ("Edema", ["Edema"]),
        ("Edema|Fracture", ["Edema", "Fracture"]),
        ("[]", []),
        ('["Edema"]', ["Edema"]),
    ],
)
def test_an_empty_cell_of_labels_is_unlabelled_and_an_empty_list_is_not(tmp_path: Path, cell: str, labels):
    put(tmp_path, {"t.csv": table_csv(table_row(1, labels=cell))})
    assert read(tmp_path, "table")[0].labels == labels


def test_sections_are_read_from_json_and_lists(tmp_path: Path):
    good = {"report_id": 1, "patient_id": 2, "text": "x"}
    shapes = [{"findings": "x"}, [{"name": "findings", "text": "x"}], json.dumps({"findings": "x"})]
    put(tmp_path, {"t.jsonl": "\n".join(json.dumps(good | {"sections": s}) for s in shapes).encode()})
    assert [r.sections for r in read(tmp_path, "table")] == [(("findings", "x"),)] * 3


def test_text_takes_the_patient_from_the_first_folder(tmp_path: Path):
    put(tmp_path, {"a.txt": b"One.", "p1/b.txt": b"Two.", "p1/2031/c.txt": b"Three.", ".hidden/d.txt": b"x"})
    found = [(r.patient_id, r.report_id, r.text) for r in read(tmp_path, "text")]
    assert found == [("a", "a", "One."), ("p1", "2031/c", "Three."), ("p1", "b", "Two.")]


def test_reports_of_one_name_in_two_folders_of_a_patient_are_two(home: Home, tmp_path: Path):
    put(tmp_path / "in", {f"p1/visit{n}/note.txt": f"Clear lungs, visit {n}.".encode() for n in (1, 2)})
    counts = ingest_batch(home, register(home, tmp_path / "in", "text").id)
    assert (counts.accepted, counts.reasons) == (2, {})


def test_a_single_file_can_be_read(tmp_path: Path):
    put(tmp_path, {"t.csv": table_csv(table_row(1)), "other.csv": table_csv(table_row(2))})
    assert [r.report_id for r in read(tmp_path / "t.csv", "table")] == ["r1"]


def test_an_unknown_format_lists_those_there_are():
    with pytest.raises(UserError, match=", ".join(FORMATS)):
        get_reader("dicom")


def test_every_reader_names_known_label_sets():
    assert all(set(reader.label_sets) <= set(LABEL_SETS) for reader in FORMATS.values())
