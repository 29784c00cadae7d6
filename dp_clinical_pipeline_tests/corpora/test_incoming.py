"""All that arrived becomes one batch; nothing is lost and nothing doubled."""

import os
import time
from pathlib import Path

import pytest

from dp_clinical_pipeline.config import Corpus, Settings
from dp_clinical_pipeline.corpora import incoming
from dp_clinical_pipeline.corpora.batches import batches, collect_incoming
from dp_clinical_pipeline.corpora.incoming import collect_settled
from dp_clinical_pipeline.corpora.ingest import NothingUsable, ingest_batch
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline_tests.corpora.made_up import put, table_csv, table_row

TWO = {"a.csv": table_csv(table_row(1)), "deep/b.csv": table_csv(table_row(2))}


@pytest.fixture
def home(home: Home) -> Home:
    return home.save_settings(Settings(corpus=Corpus(format="table")))


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_all_that_arrived_is_one_batch_in_the_enclave(home: Home):
    put(home.incoming, TWO | {".part": b"x"})
    found = collect_incoming(home)
    assert found is not None
    assert (found.id, found.is_new, files(found.path)) == ("batch-0001", True, set(TWO))
    assert found.path.is_relative_to(home.enclave)
    assert files(home.incoming) == {".part"}
    assert ingest_batch(home, found.id).accepted == 2
    assert collect_incoming(home) is None


def test_the_same_content_again_is_put_aside(home: Home):
    first = collect_incoming(put(home.incoming, TWO) and home)
    again = collect_incoming(put(home.incoming, TWO) and home)
    assert first is not None
    assert again is not None
    assert (again.id, again.is_new) == (first.id, False)
    assert [one.id for one in batches(home)] == [first.id]
    [aside] = (home.enclave / "batches" / "duplicates").iterdir()
    assert files(aside) == set(TWO)
    assert files(home.incoming) == set()


@pytest.mark.parametrize("dies_at", ["a.csv", "deep", "digest"])
def test_a_crash_between_move_and_registration_loses_nothing(home: Home, monkeypatch: pytest.MonkeyPatch, dies_at: str):
    put(home.incoming, TWO)
    move = incoming._move

    def dying(entry: Path, target: Path) -> None:
        if entry.name == dies_at:
            raise KeyboardInterrupt
        move(entry, target)

    def no_digest(path: Path) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(incoming, "_move", dying)
    if dies_at == "digest":
        monkeypatch.setattr(incoming, "content_digest", no_digest)
    with pytest.raises(KeyboardInterrupt):
        collect_incoming(home)
    monkeypatch.undo()
    assert batches(home) == []
    found = collect_incoming(home)
    assert found is not None
    assert (found.id, files(found.path)) == ("batch-0001", set(TWO))
    assert [one.id for one in batches(home)] == ["batch-0001"]


def test_a_name_that_is_taken_after_a_crash_waits_for_the_next_batch(home: Home, monkeypatch: pytest.MonkeyPatch):
    put(home.incoming, {"a.csv": TWO["a.csv"]})
    monkeypatch.setattr(incoming, "content_digest", lambda path: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        collect_incoming(home)
    monkeypatch.undo()
    put(home.incoming, {"a.csv": table_csv(table_row(7))})
    found = [collect_incoming(home), collect_incoming(home), collect_incoming(home)]
    assert [one and (one.path / "a.csv").read_bytes() for one in found] == [
        TWO["a.csv"], table_csv(table_row(7)), None,
    ]  # fmt: skip


def test_files_still_arriving_are_waited_for(home: Home):
    put(home.incoming, TWO)
    assert collect_incoming(home, settle_seconds=60) is None
    for name in TWO:
        os.utime(home.incoming / name, (time.time() - 90,) * 2)
    assert collect_incoming(home, settle_seconds=60) is not None


def test_a_file_that_is_being_written_is_waited_for_and_read_whole(home: Home, monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    rest = [table_csv(table_row(2)).split(b"\n", 1)[1], b""]
    put(home.incoming, {"a.csv": TWO["a.csv"]})

    def meanwhile(seconds: float) -> None:
        with (home.incoming / "a.csv").open("ab") as file:
            file.write(rest.pop(0))
        if not rest:
            os.utime(home.incoming / "a.csv", (time.time() - 90,) * 2)

    monkeypatch.setattr(incoming.time, "sleep", meanwhile)
    found = collect_settled(home, said.append)
    assert found is not None
    assert ingest_batch(home, found.id).accepted == 2
    assert len(said) == 1


def test_a_file_that_never_settles_is_left_where_it_is(home: Home, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(incoming, "_PATIENCE", -1.0)
    put(home.incoming, TWO)
    with pytest.raises(UserError, match="still being written: run again"):
        collect_settled(home)
    assert files(home.incoming) == set(TWO)


def test_another_filesystem_is_copied_whole_before_the_name_appears(home: Home, monkeypatch: pytest.MonkeyPatch):
    put(home.incoming, TWO)
    rename = Path.rename

    def crossing(self: Path, target: Path) -> Path:
        if self.parent == home.incoming:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", crossing)
    found = collect_incoming(home)
    assert found is not None
    assert (files(found.path), files(home.incoming)) == (set(TWO), set())


def test_files_without_a_format_in_the_settings_stay_where_they_are(home: Home):
    home = home.save_settings(Settings())
    assert collect_incoming(home) is None
    put(home.incoming, TWO)
    with pytest.raises(UserError, match=r"set corpus\.format"):
        collect_incoming(home)
    assert files(home.incoming) == set(TWO)


def test_a_batch_of_which_nothing_is_usable_is_kept_aside_as_refused(home: Home):
    put(home.incoming, {"a.csv": b"", "b.csv": b"\0"})
    found = collect_incoming(home)
    assert found is not None
    with pytest.raises(NothingUsable):
        ingest_batch(home, found.id)
    assert files(home.enclave / "batches" / "refused" / found.id) == {"a.csv", "b.csv"}
    assert batches(home) == []
