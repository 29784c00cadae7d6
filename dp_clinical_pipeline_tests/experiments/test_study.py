"""A small study by the command line: from a corpus to tables, once, and its tables again."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from dp_clinical_pipeline.experiments import measured as kept_tables
from dp_clinical_pipeline.experiments import recipe as recipes
from dp_clinical_pipeline.experiments.markdown import study_markdown
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PREDICTIONS
from dp_clinical_pipeline_tests.made_up_home import FINDINGS, report_body
from dp_clinical_pipeline_tests.test_cli import dp_clinical as dp_clinical

TINY = """
about: Made-up reports.
hours: 0.01
corpus: table
features: [hashed-ngrams]
linear_budgets: [nonprivate, eps-8]
questions:
  - {arm: real|||tfidf-logreg, against: majority}
settings: {patients: {count: 100}, evaluation: {bootstrap: 50}}
"""


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "tiny-labelers.yaml").write_text("about: x\nhours: 0.01\nstudy: labelers\ncorpus: table\n")
    monkeypatch.setattr(recipes, "_FOLDER", folder)
    monkeypatch.delenv("DP_CLINICAL_KEY", raising=False)
    rng = np.random.default_rng(0)
    lines = ["report_id,patient_id,text,labels"]
    for number in range(100):
        labels = [label for label in FINDINGS if rng.random() < 0.4]
        lines.append(f'r{number},p{number},"FINDINGS: {report_body(labels, rng)}",{"|".join(labels)}')
    file = tmp_path / "notes.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.mark.slow
def test_a_study_runs_once_and_is_printed_again(dp_clinical, corpus, tmp_path):
    home = Home(tmp_path / "study")
    done = dp_clinical("experiment", "tiny", "--corpus", corpus, "--home", home.path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("## tiny\n")
    for arm in ("real tfidf-logreg", "real hashed-ngrams-logreg", "dp-linear eps-8 hashed-ngrams", "redacted tfidf"):
        assert f"| {arm}" in done.stdout
    files = {file: file.stat().st_mtime_ns for file in Store(home).files(PREDICTIONS)}
    spent = len(open_ledger(home).rows())
    assert spent == 3
    again = dp_clinical("experiment", "tiny", "--corpus", corpus, "--home", home.path)
    assert again.stdout == done.stdout
    assert {file: file.stat().st_mtime_ns for file in files} == files
    other = dp_clinical("experiment", "tiny", "--corpus", corpus, "--home", home.path, "--precision", "bf16")
    assert other.returncode == 2
    assert "other settings" in other.stderr
    assert len(open_ledger(home).rows()) == spent
    printed = dp_clinical("experiment", "tiny", "--from-tables", "--json", "--home", home.path)
    tables = json.loads(printed.stdout)
    assert set(tables) == {"scores", "tests", "fidelity", "clones"}
    assert tables["tests"][0]["p_holm"] < 0.05


def test_tables_that_travel_with_the_package_are_printed_where_the_study_was_not_run(
    dp_clinical, corpus, tmp_path, monkeypatch
):
    """They hold numbers of arms alone: no text, no key of a report, no label of one."""
    monkeypatch.setattr(kept_tables, "_FOLDER", tmp_path / "shipped")
    run = ("experiment", "tiny", "--corpus", corpus, "--home", tmp_path / "study", "--keep", tmp_path / "shipped")
    done = dp_clinical(*run)
    assert done.returncode == 0, done.stderr
    for file in (tmp_path / "shipped" / "tiny").iterdir():
        assert {"text", "report_key", "patient_key", "y_true"}.isdisjoint(pl.read_parquet_schema(file))
    elsewhere = ("experiment", "tiny", "--from-tables", "--home", tmp_path / "elsewhere")
    printed = dp_clinical(*elsewhere)
    assert printed.returncode == 0, printed.stderr
    [said] = set(printed.stdout.splitlines()) - set(done.stdout.splitlines())
    assert said.startswith("Measured on 20")
    assert said.endswith("shipped with the package.")
    (tmp_path / "recipes" / "tiny.yaml").write_text(TINY.replace("count: 100", "count: 90"))
    assert "The study's file has changed since." in dp_clinical(*elsewhere).stdout
    (tmp_path / "shipped" / "tiny" / "tests.parquet").write_bytes(b"cut")
    damaged = dp_clinical(*elsewhere)
    assert (damaged.returncode, damaged.stdout) == (2, "")
    assert "the package's tables of tiny cannot be read" in damaged.stderr


def test_a_study_that_was_stopped_is_scored_by_the_arms_that_it_has(dp_clinical, corpus, tmp_path):
    folder = tmp_path / "recipes"
    (folder / "tiny.yaml").write_text(f"{TINY}\nseeds: [0, 1]")
    options = ("experiment", "tiny", "--home", tmp_path / "study")
    early = dp_clinical(*options, "--so-far")
    assert early.returncode == 2
    assert "holds no arm of tiny yet" in early.stderr
    both = dp_clinical(*options, "--so-far", "--from-tables")
    assert (both.returncode, both.stdout) == (2, "")
    assert "give one of them" in both.stderr
    done = dp_clinical(*options, "--corpus", corpus, "--seeds", 1)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "study-seed-1").exists()
    store = Store(Home(tmp_path / "study"))
    next(file for file in store.files(PREDICTIONS) if "eps-8" in str(file)).unlink()
    rest = dp_clinical(*options, "--so-far")
    assert rest.returncode == 0, rest.stderr
    gone = [line for line in done.stdout.splitlines() if line.startswith("| dp-linear eps-8")]
    assert len(gone) == 1
    kept = [line for line in done.stdout.splitlines() if line.startswith("| ") and line not in gone]
    assert [line for line in rest.stdout.splitlines() if line.startswith("| ")] == kept


def test_a_labelers_study_needs_no_lineage(dp_clinical, corpus, tmp_path):
    done = dp_clinical("experiment", "tiny-labelers", "--corpus", corpus, "--home", tmp_path / "study", "--json")
    assert done.returncode == 0, done.stderr
    scores = json.loads(done.stdout)["scores"]
    edema = [row for row in scores if row["label"] == "Edema" and row["metric"] == "f1"]
    assert {row["classifier"] for row in edema} == {"half A, read while writing", "half B, never read"}
    assert min(row["value"] for row in edema) > 0.9
    labelled = [line for line in corpus.read_text().splitlines()[1:] if not line.endswith(",")]
    assert sum(row["n"] for row in edema) == len(labelled) < 100


def test_a_model_that_is_to_be_made_first_is_asked_for_before_the_corpus_is_read(dp_clinical, corpus, tmp_path):
    small = f"{TINY}\ngenerators: [small-public]\nbudgets: [nonprivate]".replace(
        "settings: {", "settings: {models: {generators: {small-public: pretrained}}, "
    )
    (tmp_path / "recipes" / "tiny-small.yaml").write_text(small)
    home = Home(tmp_path / "study")
    done = dp_clinical("experiment", "tiny-small", "--corpus", corpus, "--home", home.path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"run `dp-clinical pretrain {home.models / 'small-public'} --corpus" in done.stderr.splitlines()[-1]
    assert not list(home.enclave.rglob("*.parquet"))


def test_the_list_says_the_hours(dp_clinical, corpus):
    rows = json.loads(dp_clinical("experiment", "--list", "--json").stdout)
    assert [(row["name"], row["hours"]) for row in rows] == [("tiny", 0.01), ("tiny-labelers", 0.01)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "unknown experiment 'nothing': one of tiny, tiny-labelers"),
        (["tiny", "--from-tables"], "holds no results of tiny"),
        (["tiny"], "give its folder with --corpus"),
    ],
)
def test_what_is_missing_is_named_in_one_line(dp_clinical, corpus, tmp_path, monkeypatch, words, said):
    monkeypatch.delenv("DP_CLINICAL_CORPORA", raising=False)
    done = dp_clinical("experiment", *words, "--home", tmp_path / "study")
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert said in line


@pytest.mark.parametrize("folder", sorted(kept_tables._FOLDER.glob("*/")), ids=lambda folder: folder.name)
def test_shipped_tables_are_of_studies_that_there_are_and_hold_arms_alone(folder):
    study = recipes.recipe(folder.name)
    tables = kept_tables.measured(study)
    assert tables.scores["experiment"].unique().to_list() == [folder.name]
    assert "Measured on 20" in study_markdown(study, tables)
    columns = {name for frame in tables.frames().values() for name in frame.columns}
    assert columns.isdisjoint({"text", "report_key", "patient_key", "report_id", "patient_id", "y_true", "y_score"})
