"""Tables are written whole or not at all, and the public sees the lake alone."""

import datetime as dt
import errno
import os
import subprocess
import sys

import polars as pl
import pytest

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store, connect, query, up_to_date, written_aside
from dp_clinical_pipeline.tables import COHORT, LABEL_MARGINALS, TABLES
from dp_clinical_pipeline_tests.made_up_home import make_home, write_cell


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home").create(Settings())


def _cohort(*patients):
    return pl.DataFrame({"patient_key": patients, "split": ["train"] * len(patients)}, schema=COHORT.schema)


def _files(folder):
    return [p for p in folder.glob("**/*") if p.is_file()]


def test_what_is_written_is_read_and_replaced_whole(home):
    store = Store(home)
    assert store.read(COHORT).is_empty()
    store.write(COHORT, _cohort("a", "b"))
    store.write(COHORT, _cohort("c"))
    assert store.read(COHORT).equals(_cohort("c"))
    assert [p.name for p in _files(home.enclave / "cohort")] == ["all.parquet"]


def test_what_a_home_of_before_did_not_record_is_null(home):
    path = Store(home).write(COHORT, _cohort("a"))
    pl.read_parquet(path).drop("split").write_parquet(path)
    for frame in (Store(home).read(COHORT), Store(home).scan(COHORT).collect()):
        assert frame.rows() == [("a", None)]
    frame = pl.DataFrame({"mechanism_id": ["m1"]})
    path = Store(home).path(LABEL_MARGINALS, "eps-8", budget="eps-8")
    path.parent.mkdir()
    frame.write_parquet(path)
    assert Store(home).read(LABEL_MARGINALS, "eps-8", budget="eps-8")["noise_std"].to_list() == [None]


def test_an_error_while_writing_leaves_the_old_file_and_nothing_else(home, monkeypatch):
    store = Store(home)
    path = store.write(COHORT, _cohort("a"))

    def full(frame, aside):
        aside.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(aside))

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(UserError, match=r"^cannot write the table cohort: No space left on device$"):
        store.write(COHORT, _cohort("b"))
    monkeypatch.undo()
    assert store.read(COHORT).equals(_cohort("a"))
    assert _files(path.parent) == [path]


FULL = """
import resource, signal, sys
import polars as pl
from pathlib import Path
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT
frame = pl.DataFrame({"patient_key": [f"{i * 7919}" for i in range(200_000)], "split": ["train"] * 200_000})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    Store(Home(Path(sys.argv[1]))).write(COHORT, frame)
except UserError as error:
    print(error)
"""


def test_a_file_that_really_does_not_fit_is_one_line(home):
    path = Store(home).write(COHORT, _cohort("a"))
    done = subprocess.run([sys.executable, "-c", FULL, str(home.path)], capture_output=True, text=True, check=True)
    assert done.stdout == "cannot write the table cohort: File too large\n"
    assert Store(home).read(COHORT).equals(_cohort("a"))
    assert _files(path.parent) == [path]


def test_another_error_passes_through_and_leaves_nothing(tmp_path):
    def fails():
        with written_aside(tmp_path / "t" / "x.parquet") as aside:
            aside.touch()
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert _files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_one_line(home):
    (home.enclave / "cohort").touch()
    with pytest.raises(UserError, match="cannot write the table cohort"):
        Store(home).write(COHORT, _cohort("a"))


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"patient_key": ["a"]}),
        pl.DataFrame({"split": ["train"], "patient_key": ["a"]}),
        pl.DataFrame({"patient_key": [1], "split": ["train"]}),
        pl.DataFrame({"patient_key": ["a"], "split": ["train"], "more": [1]}),
    ],
)
def test_a_frame_that_is_not_the_tables_is_refused(home, frame):
    with pytest.raises(TypeError, match="cohort: the frame's columns are not the table's"):
        Store(home).write(COHORT, frame)
    assert not (home.enclave / "cohort").exists()


@pytest.mark.parametrize("part", ["..", "a/b", "", ".hidden", "a b", "a\n", "é"])
def test_a_partition_that_is_no_plain_name_is_refused(home, part):
    with pytest.raises(UserError, match="cannot be part of a table's path"):
        Store(home).path(COHORT, part)


def test_a_cells_place_follows_its_budget(home):
    store = Store(home)
    assert store.path(LABEL_MARGINALS, "eps-8", budget="eps-8").is_relative_to(home.lake)
    assert store.path(LABEL_MARGINALS, "nonprivate", budget="nonprivate").is_relative_to(home.enclave)
    with pytest.raises(ValueError, match="say which budget"):
        store.path(LABEL_MARGINALS, "eps-8")
    with pytest.raises(UserError, match=r"label_marginals has no partition eps-8: materialize it first"):
        store.read(LABEL_MARGINALS, "eps-8", budget="eps-8")


def test_every_table_can_be_queried_in_an_empty_home(home):
    for name in TABLES:
        assert query(home, f"SELECT * FROM {name}").schema.names() == TABLES[name].schema.names()
    lake = [name for name, table in TABLES.items() if table.place != "enclave"]
    shown = query(home, "SELECT table_name FROM information_schema.tables", public=True)["table_name"]
    assert {name for name in shown if not name.startswith("_")} <= set(lake)


@pytest.fixture
def filled(tmp_path):
    home = make_home(tmp_path, 20)
    write_cell(home, [("covered note", [])], "eps-8")
    write_cell(home, [("private note", []), ("another", [])], "nonprivate")
    return home


def test_the_public_sees_the_lakes_rows_alone(filled):
    sql = "SELECT text FROM synthetic_reports ORDER BY text"
    assert query(filled, sql)["text"].to_list() == ["another", "covered note", "private note"]
    assert query(filled, sql, public=True)["text"].to_list() == ["covered note"]
    with pytest.raises(UserError, match="raw_reports does not exist"):
        query(filled, "SELECT * FROM raw_reports", public=True)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_parquet('{enclave}/raw_reports/b1.parquet')",
        "SELECT * FROM '{enclave}/raw_reports/b1.parquet'",
        "SELECT * FROM read_parquet('{lake}/../enclave/raw_reports/b1.parquet')",
        "SELECT content FROM read_text('{enclave}/keys/pseudonym.key')",
        "SELECT * FROM glob('{enclave}/*')",
        "COPY (SELECT 1) TO '{lake}/x.csv'",
        "ATTACH '{enclave}/other.db'",
        "SET enable_external_access=true",
        "SET allowed_directories=['{enclave}']",
        "INSTALL httpfs",
    ],
)
def test_the_public_reaches_no_file(filled, sql):
    before = sorted(_files(filled.path))
    with pytest.raises(UserError, match=r"^query: "):
        query(filled, sql.format(enclave=filled.enclave, lake=filled.lake), public=True)
    assert sorted(_files(filled.path)) == before


@pytest.mark.parametrize("sql", ["SELECT\nnope FROM\ncohort", "SELEC 1", "SELECT * FROM nowhere", "SELECT 1/'a'"])
@pytest.mark.parametrize("public", [True, False])
def test_a_query_that_fails_is_one_line(filled, sql, public):
    with pytest.raises(UserError, match=r"^query: ") as caught:
        query(filled, sql, public=public)
    assert "\n" not in str(caught.value)


def test_a_statement_without_rows_gives_an_empty_frame(filled):
    assert query(filled, "SET threads = 1").is_empty()


def test_intervals_become_text_and_nothing_else_changes(filled):
    found = query(
        filled, """SELECT INTERVAL '3 days' AS "a ""b", 1 AS n, DATE '2020-01-02' AS d, INTERVAL 2 HOUR AS h"""
    )
    assert found.row(0) == ("3 days", 1, dt.date(2020, 1, 2), "02:00:00")
    assert found.columns == ['a "b', "n", "d", "h"]


def test_a_connection_sees_paths_with_quotes(tmp_path):
    home = make_home(tmp_path / "it's", 10)
    with connect(home) as con:
        assert con.sql("SELECT count(*) FROM cohort").fetchall() == [(10,)]


def test_nothing_made_is_never_up_to_date(tmp_path):
    assert not up_to_date([], [])
    assert not up_to_date([tmp_path / "missing"], [])


def test_what_a_killed_writer_left_is_swept_up_and_a_running_ones_is_not(home: Home) -> None:
    path = Store(home).path(COHORT)
    path.parent.mkdir(parents=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, busy = (path.with_name(f".{path.name}.{pid}.tmp") for pid in (dead.pid, os.getppid()))
    left.touch()
    busy.touch()
    Store(home).write(COHORT, COHORT.empty())
    assert path.exists()
    assert not left.exists()
    assert busy.exists()
