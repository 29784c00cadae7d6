"""A home with clones releases synthetic notes alone."""

import polars as pl
import pytest

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.release.publish import ReleaseRefused, release_cell
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLONED_REPORTS, SYNTHETIC_REPORTS
from dp_clinical_pipeline_tests.made_up_home import write_clones
from dp_clinical_pipeline_tests.release.conftest import GENERATOR, attack


def test_clones_stay_when_their_cell_leaves(home: Home) -> None:
    clones = write_clones(home, lambda source: f"Cloned of {source['report_key']}.")
    folder = release_cell(home, GENERATOR).folder
    assert sorted(path.name for path in folder.rglob("*.parquet")) == ["synthetic_reports.parquet"]
    left = pl.read_parquet(folder / "synthetic_reports.parquet")
    kept = Store(home).read(SYNTHETIC_REPORTS, "tiny", "eps-8", budget="eps-8").filter("accepted")
    assert left.equals(kept)
    everything = b"".join(path.read_bytes() for root in (home.release, home.lake) for path in root.rglob("*.*"))
    for name in ("text", "report_key", "patient_key", "synthetic_id"):
        assert not [value for value in clones[name] if value.encode() in everything], name


def test_clones_in_the_place_of_a_cell_s_notes_are_refused(home: Home) -> None:
    write_clones(home, lambda source: source["text"])
    clones = Store(home).read(CLONED_REPORTS, "tiny", "eps-8").select(SYNTHETIC_REPORTS.columns.keys())
    Store(home).write(SYNTHETIC_REPORTS, clones, "tiny", "eps-8", budget="eps-8")
    attack(home)
    with pytest.raises(ReleaseRefused) as caught:
        release_cell(home, GENERATOR)
    assert [reason for reason in caught.value.reasons if reason.startswith("notes of another mechanism are among")]
    assert list(home.release.iterdir()) == []
