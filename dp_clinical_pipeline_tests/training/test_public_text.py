"""What counts as public text: a table outside every home, each text once, some held out by what they say."""

import gzip

import polars as pl
import pytest

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.training.public_text import home_around, read_public_text

TEXTS = [f"Note {i}: the lungs are clear." for i in range(200)]


def _table(path, texts=TEXTS, column="text"):
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"id": [str(i) for i in range(len(texts))], column: texts}).write_csv(path)
    return path


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home").create(Settings())


def test_every_text_is_read_once_and_one_in_twenty_is_held_out_wherever_it_stands(tmp_path):
    read = read_public_text(_table(tmp_path / "a.csv"), "text")
    assert sorted((*read.learnt, *read.held_out)) == sorted(TEXTS)
    assert 2 <= len(read.held_out) <= 25
    other = read_public_text(_table(tmp_path / "b.csv", [*TEXTS[::-1], *TEXTS[:50]]), "text")
    assert sorted(other.held_out) == sorted(read.held_out)
    assert len(other.learnt) == len(read.learnt)
    assert other.sha256 != read.sha256


def test_a_gzipped_table_says_the_same_and_is_known_by_its_own_hash(tmp_path):
    plain = _table(tmp_path / "a.csv", column="note")
    zipped = tmp_path / "a.csv.gz"
    zipped.write_bytes(gzip.compress(plain.read_bytes()))
    first, second = read_public_text(plain, "note"), read_public_text(zipped, "note")
    assert (first.learnt, first.held_out) == (second.learnt, second.held_out)
    assert first.sha256 != second.sha256
    assert (second.name, second.column) == ("a.csv.gz", "note")


def test_lines_that_became_commas_are_parted_again_and_other_commas_stay(tmp_path):
    texts = ["ALLERGIES:, None.,PLAN: , Rest,  fluids, and\n1,000 mg.", *TEXTS]
    read = read_public_text(_table(tmp_path / "a.csv", texts), "text")
    assert "ALLERGIES: None. PLAN: Rest, fluids, and 1,000 mg." in (*read.learnt, *read.held_out)


@pytest.mark.parametrize(
    ("texts", "column", "said"),
    [
        (TEXTS, "note", "not a CSV file with a column 'note'"),
        (["one"], "text", "has 1 texts: too few"),
        ([], "text", "has 0 texts"),
    ],
)
def test_what_holds_no_text_is_refused(tmp_path, texts, column, said):
    with pytest.raises(UserError, match=said):
        read_public_text(_table(tmp_path / "a.csv", texts), column)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"cannot read the public text .*No such file"):
        read_public_text(tmp_path / "nothing.csv", "text")


@pytest.mark.parametrize("folder", ["enclave", "enclave/raw_reports", "incoming", "lake", "release", "models", "."])
def test_nothing_in_a_home_is_read(home, folder):
    file = _table(home.path / folder / "notes.csv")
    with pytest.raises(UserError, match=f"lies in the home {home.path}: pre-training reads public text only"):
        read_public_text(file, "text")


def test_a_link_into_a_home_is_followed_and_refused(home, tmp_path):
    _table(home.incoming / "notes.csv")
    (tmp_path / "innocent.csv").symlink_to(home.incoming / "notes.csv")
    (tmp_path / "folder").symlink_to(home.incoming)
    for path in (tmp_path / "innocent.csv", tmp_path / "folder" / "notes.csv", tmp_path / "folder" / ".." / "x.csv"):
        with pytest.raises(UserError, match="lies in the home"):
            read_public_text(path, "text")


def test_a_home_without_settings_and_a_copied_enclave_are_refused(home, tmp_path):
    home.settings_file.unlink()
    assert home_around(home.enclave / "x.csv") == home
    with pytest.raises(UserError, match="lies in an enclave"):
        read_public_text(_table(tmp_path / "backup/enclave/notes.csv"), "text")
    assert home_around(tmp_path) is None
