import polars as pl
import pytest

from dp_clinical_pipeline.coding.features import HashedNgrams
from dp_clinical_pipeline.evaluation.fidelity import compute_fidelity, faithfulness_rows
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import FIDELITY_METRICS
from dp_clinical_pipeline_tests.made_up_home import make_home, plain_notes, write_cell


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    home = make_home(tmp_path_factory.mktemp("fidelity"), bootstrap=100)
    write_cell(home, plain_notes(120), budget="eps-8")
    write_cell(
        home, [(f"Heart size {i} normal {i % 7} today and tomorrow.", ["Fracture"]) for i in range(120)], "eps-1"
    )
    for budget in ("eps-8", "eps-1"):
        compute_fidelity(home, "tiny", budget, HashedNgrams(2**8))
    return home


def measured(home: Home, budget: str, arm: str = "synthetic") -> dict[str, float]:
    rows = Store(home).read(FIDELITY_METRICS, "tiny", budget).filter(arm=arm)
    return dict(rows.select("metric", "value").iter_rows())


def test_notes_in_the_reports_manner_are_closer_than_others_on_every_measure(home):
    near, far = measured(home, "eps-8"), measured(home, "eps-1")
    assert near["mauve"] > 0.5 > 0.1 > far["mauve"]
    distances = [name for name in near if name.endswith(("distance", "divergence"))]
    assert len(distances) == 7
    for name in distances:
        assert near[name] < far[name], name
    assert near["trts_f1_micro"] > 0.9 > far["trts_f1_micro"]


def test_real_reports_of_other_patients_stand_beside_the_notes(home):
    real = measured(home, "eps-8", "real")
    assert real["mauve"] > 0.5
    assert real == measured(home, "eps-1", "real")


def test_as_many_real_reports_stand_beside_few_notes(home):
    """Distances of samples shrink with their size: of two that are drawn alike, the larger is nearer."""
    write_cell(home, plain_notes(40, seed=2), budget="eps-2")
    compute_fidelity(home, "tiny", "eps-2", HashedNgrams(2**8))
    rows = Store(home).read(FIDELITY_METRICS, "tiny", "eps-2")
    assert set(rows.filter(metric="mauve")["n"]) == {40}


def test_faithfulness_counts_notes_whose_findings_are_exactly_those_asked_for():
    rows = [
        (["Edema"], ["Edema"], True),
        (["Edema"], ["Edema", "Fracture"], True),
        (["Edema"], [], False),
        (["No Finding"], [], False),
        ([], ["No Finding"], True),
        (["Edema"], None, True),
    ]
    notes = pl.DataFrame(
        rows, schema={"targets": pl.List(pl.String), "stated": pl.List(pl.String), "accepted": bool}, orient="row"
    )
    tried, accepted = faithfulness_rows(notes, CHEXPERT14)
    assert (tried["value"], tried["n"]) == (3 / 5, 5)
    assert (accepted["value"], accepted["n"]) == (2 / 3, 3)
    assert tried["ci_low"] < 0.6 < tried["ci_high"]
    assert faithfulness_rows(notes.clear(), CHEXPERT14) == []


def test_rows_are_tidy_and_restricted(home):
    rows = Store(home).read(FIDELITY_METRICS, "tiny", "eps-8")
    assert set(rows["visibility"]) == {"restricted"}
    assert rows.filter(pl.col("metric").str.starts_with("trts"))["ci_low"].null_count() == 0
    assert rows.select("arm", "metric").is_unique().all()
