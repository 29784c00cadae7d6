"""The hospital's folder: files that a reader can count, broken rows, and strings to look for."""

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.corpora.batches import register
from dp_clinical_pipeline.corpora.ingest import ingest_batch
from dp_clinical_pipeline.demo.hospital import HospitalFiles, planted_surfaces, write_hospital
from dp_clinical_pipeline.demo.planted import find_surfaces, is_distinctive, surface_of
from dp_clinical_pipeline.demo.reports import make_patients
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PLANTED_IDENTIFIERS, RAW_REPORTS

PATIENTS, SEED = 240, 3


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> HospitalFiles:
    return write_hospital(tmp_path_factory.mktemp("hospital"), PATIENTS, SEED)


def content(path: Path) -> bytes:
    return path.read_bytes()


def rows_by_file(hospital: HospitalFiles) -> dict[str, list[bytes]]:
    """The rows of every file as bytes, read without the package's readers."""
    found = {}
    for path in hospital.files:
        if path.suffix == ".parquet":
            found[path.name] = [repr(row).encode() for row in pl.read_parquet(path).rows()]
        elif path.name.endswith(".csv"):
            lines = csv.reader(path.read_text("utf-8", errors="surrogateescape").splitlines(keepends=True))
            found[path.name] = [repr(row).encode() for row in lines]
        elif "interrupted" not in path.name:
            raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            found[path.name] = raw.splitlines()
    return found


def test_same_arguments_give_the_same_bytes(hospital: HospitalFiles, tmp_path: Path) -> None:
    again = write_hospital(tmp_path, PATIENTS, SEED)
    assert [path.name for path in again.files] == [path.name for path in hospital.files]
    assert [content(path) for path in again.files] == [content(path) for path in hospital.files]
    assert again.gold.equals(hospital.gold)


# One whose rows are few among many, one with a file of the own name, one with a doubled row, one in the Parquet file.
@pytest.mark.parametrize("index", [0, 5, 7, 102, 112])
def test_leaving_one_patient_out_changes_nobody_elses_rows(hospital: HospitalFiles, tmp_path: Path, index: int) -> None:
    gone = f"hosp-{index:06d}"
    less = write_hospital(tmp_path, PATIENTS, SEED, without=gone)
    before, after = rows_by_file(hospital), rows_by_file(less)
    for name, rows in before.items():
        assert after.get(name, []) == [row for row in rows if gone.encode() not in row]
    assert less.patients == hospital.patients - 1
    assert less.gold.equals(hospital.gold.filter(pl.col("patient_id") != gone))


def test_nobody_to_leave_out_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no patient 'nobody' among 3"):
        write_hospital(tmp_path, 3, without="nobody")


def test_counts_are_those_of_the_rows(hospital: HospitalFiles) -> None:
    """Each file's rows without its header, and one for the interrupted file."""
    rows = rows_by_file(hospital)
    assert sum(map(len, rows.values())) - sum(name.endswith(".csv") for name in rows) + 1 == hospital.read
    assert hospital.accepted == sum(len(made.reports) for made in make_patients(PATIENTS, SEED))
    assert hospital.rejected == sum(hospital.broken.values())
    assert set(hospital.broken) == {
        "no patient", "no text", "bad date", "unknown label", "bad code", "malformed", "not UTF-8", "not a record",
        "too many fields", "truncated", "duplicate",
    }  # fmt: skip


def test_sound_rows_hold_the_reports(hospital: HospitalFiles) -> None:
    """JSONL, CSV and Parquet give back text, labels and codes as made."""
    made = {report.report_id: report for each in make_patients(PATIENTS, SEED) for report in each.reports}
    seen: defaultdict[str, int] = defaultdict(int)
    for path in hospital.files:
        for row in sound_rows(path):
            report = made.get(str(row["report_id"]))
            if report is None or row["text"] != report.text:
                continue
            assert (row["labels"], row["codes"]) == (report.labels, report.codes)
            assert str(row["authored_on"]) == report.authored_on.isoformat()
            seen[path.suffix] += 1
    assert sum(seen.values()) == hospital.accepted
    assert set(seen) == {".jsonl", ".csv", ".parquet", ".gz"}


def sound_rows(path: Path) -> list[dict[str, object]]:
    """Rows that parse, by other readers than the package's."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dicts()
    if path.suffix == ".csv":
        lines = path.read_text("utf-8", errors="replace").splitlines(keepends=True)
        return [
            row | {name: str(row[name]).split("|") if row[name] else None for name in ("labels", "codes")}
            for row in csv.DictReader(lines)
        ]
    if "interrupted" in path.name:
        return []
    rows = []
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in raw.splitlines():
        try:
            row = json.loads(line.decode())
        except ValueError:
            continue
        rows += [row] if isinstance(row, dict) else []
    return rows


def test_nothing_can_be_read_from_the_interrupted_file(hospital: HospitalFiles) -> None:
    path = next(path for path in hospital.files if "interrupted" in path.name)
    with gzip.open(path) as stream, pytest.raises(EOFError):
        stream.read()


def test_gold_has_the_tables_schema_and_true_offsets(hospital: HospitalFiles) -> None:
    gold = hospital.gold_frame()
    assert gold.schema == PLANTED_IDENTIFIERS.schema
    texts = {report.report_id: report.text for each in make_patients(PATIENTS, SEED) for report in each.reports}
    assert all(texts[report_id][start:end] == surface for report_id, _, _, start, end, surface in gold.rows())


def test_file_names_hold_a_name_and_a_record_number(hospital: HospitalFiles) -> None:
    named = [surface for surface in hospital.surfaces if surface.where == "file name"]
    names = " ".join(path.name for path in hospital.files)
    assert len(named) == 2 * len([index for index in range(PATIENTS) if index % 97 == 5])
    assert all(surface.surface in names for surface in named)


def test_every_distinctive_surface_is_found_in_the_folder(hospital: HospitalFiles) -> None:
    """Those of broken rows too, but for the one inside the interrupted stream."""
    rows = b"\n".join(row for rows in rows_by_file(hospital).values() for row in rows).decode("utf-8", errors="replace")
    everything = rows + "\n".join(path.name for path in hospital.files)
    distinctive = {surface for surface in planted_surfaces(hospital) if surface.distinctive}
    missing = distinctive.difference(find_surfaces(everything, distinctive))
    assert len(distinctive) > 2000
    assert len(missing) <= 5
    assert {surface.where for surface in missing} <= {"row"}


def test_gold_frame_alone_gives_the_surfaces_of_texts(hospital: HospitalFiles) -> None:
    assert {surface.where for surface in planted_surfaces(hospital.gold)} == {"text"}
    assert {surface.where for surface in planted_surfaces(hospital)} == {"text", "row", "file name"}


@pytest.mark.parametrize(
    ("text", "kind", "distinctive"),
    [
        ("Ngozi Okafor", "PERSON", True),
        ("P. Raman", "PERSON", False),
        ("Parker", "PERSON", False),
        ("48201937", "MRN", True),
        ("34106", "PHONE", False),
        ("2019", "DATE", False),
        ("3/14/2019", "DATE", False),
        ("March 14, 2019", "DATE", True),
        ("Springfield", "CITY", False),
        ("44106", "ZIP", False),
        ("a.b@example.org", "EMAIL", True),
    ],
)
def test_what_is_distinctive(text: str, kind: str, distinctive: bool) -> None:
    assert is_distinctive(text, kind) is distinctive


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mrn=48201937, refused", True),
        ("mrn 48201937.", True),
        ("0.48201937", False),
        ("148201937", False),
        ("48201937.5", False),
        ('"patient": "JOS\\u00c9 N\\u00fa\\u00f1ez"', True),
        ("josé núñez called", True),
        ("nothing here", False),
    ],
)
def test_search_finds_leaks_and_no_chance_digits(text: str, found: bool) -> None:
    surfaces = [surface_of("48201937", "MRN", "text"), surface_of("José Núñez", "PERSON", "text")]
    assert bool(find_surfaces(text, surfaces)) is found


def test_ingest_counts_what_the_hospital_says(hospital: HospitalFiles, tmp_path: Path) -> None:
    """The package's own reader and quarantine agree with the books."""
    home = Home(tmp_path / "home").create(Settings(kind="demo"))
    counts = ingest_batch(home, register(home, hospital.folder, "table").id)
    assert (counts.read, counts.accepted, counts.rejected) == (hospital.read, hospital.accepted, hospital.rejected)
    kept = Store(home).read(RAW_REPORTS)
    spans = hospital.gold.join(
        kept.select("patient_id", "report_id", "text"), on=["patient_id", "report_id"], how="left"
    )
    assert all(row["text"][row["start"] : row["end"]] == row["surface"] for row in spans.to_dicts())
