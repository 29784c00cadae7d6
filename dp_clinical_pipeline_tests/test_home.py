"""How a home's small files are written."""

import os
from pathlib import Path

import pytest

from dp_clinical_pipeline.home import write_text


def test_a_file_is_on_the_disk_before_it_takes_its_name_and_the_name_is_too(tmp_path: Path, monkeypatch) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("sync"), sync(file))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (done.append("rename"), rename(self, to))[1])
    write_text(tmp_path / "head.json", "{}")
    assert done == ["sync", "rename", "sync"]
    assert (tmp_path / "head.json").read_text() == "{}"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_aside(tmp_path: Path, monkeypatch) -> None:
    write_text(tmp_path / "head.json", "old")

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_text(tmp_path / "head.json", "new")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("head.json", "old")]
