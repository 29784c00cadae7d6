"""Batches are recognised by content, and a home stays one population."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.cli.intake import take_in
from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.corpora.batches import Batch, batch, batches, register
from dp_clinical_pipeline.corpora.registration import content_digest
from dp_clinical_pipeline.defs.runner import Runner
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import HOME_VARIABLE, Home
from dp_clinical_pipeline_tests.corpora.made_up import put, table_csv, table_row

TABLE = {"t.csv": table_csv(table_row(1))}


def test_the_same_content_is_the_same_batch_wherever_it_lies(home: Home, tmp_path: Path):
    first = register(home, put(tmp_path / "a", TABLE), "table")
    again = register(home, put(tmp_path / "b", TABLE), "table")
    other = register(home, put(tmp_path / "c", {"t.csv": table_csv(table_row(2))}), "table")
    assert first == Batch(id="batch-0001", format="table", path=tmp_path / "a", is_new=True)
    assert again == Batch(id="batch-0001", format="table", path=tmp_path / "a", is_new=False)
    assert [one.id for one in batches(home)] == ["batch-0001", other.id] == ["batch-0001", "batch-0002"]
    assert batch(home, "batch-0001") == again


def test_what_was_moved_since_is_read_where_it_lies_now(home: Home, tmp_path: Path):
    first = register(home, put(tmp_path / "a", TABLE), "table")
    moved = (tmp_path / "a").rename(tmp_path / "b")
    again = register(home, moved, "table")
    assert (again.id, again.path, again.is_new) == (first.id, moved, False)
    assert batch(home, first.id) == again


def test_a_batch_whose_reading_failed_is_forgotten_and_taken_in_anew(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object, **__: object) -> None:
        raise UserError("the disk is full")

    monkeypatch.setenv(HOME_VARIABLE, str(home.path))
    folder = put(tmp_path / "a", TABLE)
    with monkeypatch.context() as failing:
        failing.setattr(Runner, "materialize", full)
        with pytest.raises(UserError, match="the disk is full"):
            take_in(home, folder, "table")
    assert batches(home) == []
    assert take_in(home, folder.rename(tmp_path / "b"), "table")["accepted"] == 1


FILES = st.dictionaries(st.sampled_from(["a", "b", "ab", "c/a", "c/b"]), st.binary(max_size=3), min_size=1)


@given(one=FILES, two=FILES)
def test_the_digest_is_of_names_and_contents_alone(tmp_path_factory: pytest.TempPathFactory, one: dict, two: dict):
    folder = tmp_path_factory.mktemp("digest")
    digests = [
        content_digest(put(folder / str(n), files)) for n, files in enumerate((one, two, dict(reversed(one.items()))))
    ]
    assert (digests[0] == digests[1]) == (one == two)
    assert digests[0] == digests[2]


def test_the_first_batch_fixes_the_settings_and_the_callers_home_sees_it(home: Home, tmp_path: Path):
    assert home.settings.corpus.format is None
    register(home, put(tmp_path / "a", {"c.csv": b"note_id,icd10cm,text\n"}), "codiesp")
    assert (home.settings.corpus.format, home.settings.corpus.label_set) == ("codiesp", "icd10-chapters")


def test_another_label_set_is_another_home(home: Home, tmp_path: Path):
    register(home, put(tmp_path / "a", {"c.csv": b"note_id,icd10cm,text\n"}), "codiesp")
    with pytest.raises(UserError, match="make another home"):
        register(home, put(tmp_path / "b", {"r.xml": b"<docs/>"}), "cmc")
    # A format that can bring the home's labels is welcome, and the settings keep the first.
    register(home, put(tmp_path / "c", TABLE), "table")
    assert home.settings.corpus.format == "codiesp"


def test_a_label_set_in_the_settings_stays(home: Home, tmp_path: Path):
    home = home.save_settings(Settings(corpus=Corpus(label_set="chexpert14")))
    register(home, put(tmp_path / "a", {"reports.csv": b"uid,findings,impression\n"}), "openi")
    assert home.settings.corpus.label_set == "chexpert14"


@pytest.mark.parametrize(
    ("format", "files", "message"),
    [
        ("dicom", TABLE, "unknown format 'dicom': one of openi"),
        ("table", {}, "holds no files"),
        ("table", {".hidden.csv": b"x"}, "holds no files"),
        ("table", None, "does not exist"),
    ],
)
def test_what_cannot_be_registered_is_one_line_and_leaves_no_trace(
    home: Home, tmp_path: Path, format: str, files: dict | None, message: str
):
    folder = tmp_path / "Mary Smith"
    if files is not None:
        folder.mkdir()
        put(folder, files)
    with pytest.raises(UserError, match=message) as raised:
        register(home, folder, format)
    assert "Smith" not in str(raised.value)
    assert batches(home) == []
    assert home.settings.corpus == Corpus()


def test_the_same_files_in_another_format_are_refused(home: Home, tmp_path: Path):
    register(home, put(tmp_path / "a", TABLE), "table")
    with pytest.raises(UserError, match="batch-0001, read as table"):
        register(home, tmp_path / "a", "text")


def test_a_mapping_of_an_unknown_column_is_refused(home: Home, tmp_path: Path):
    home = home.save_settings(Settings(corpus=Corpus(columns={"patient": "mrn"})))
    with pytest.raises(UserError, match=r"corpus.columns.*'patient'.*patient_id"):
        register(home, put(tmp_path / "a", TABLE), "table")
