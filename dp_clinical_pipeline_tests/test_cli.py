import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from dp_clinical_pipeline import __version__
from dp_clinical_pipeline.cli import main
from dp_clinical_pipeline.cli.app import app
from dp_clinical_pipeline.home import HOME_VARIABLE, Home

PROGRAM = "from dp_clinical_pipeline.cli import main; import sys; sys.argv[0] = 'dp-clinical'; main()"
VERBS = [
    "init",
    "demo",
    "ingest",
    "budgets",
    "run",
    "plan",
    "ledger",
    "counts",
    "select",
    "query",
    "report",
    "deid-eval",
    "generate",
    "pretrain",
    "adapt",
    "experiment",
    "release",
]


GROUPED = [["budgets", "add"], ["budgets", "list"], ["counts", "lengths"], ["counts", "scores"]]


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Command(Protocol):
    """Runs the command line."""

    def __call__(self, *words: str | Path, home: Path | None = None) -> Done: ...


@pytest.fixture
def dp_clinical(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """The command line, called in this process: starting a new one for each test would take minutes in all."""

    def run(*words: str | Path, home: Path | None = None) -> Done:
        for name, value in ((HOME_VARIABLE, str(home)), ("DAGSTER_HOME", None)):
            monkeypatch.setenv(name, value) if home and value else monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(sys, "argv", ["dp-clinical", *map(str, words)])
        code: object = 0
        capfd.readouterr()
        try:
            main()
        except SystemExit as left:
            code = left.code
        out, err = capfd.readouterr()
        return Done(int(str(code or 0)), out, err)

    return run


def one_error(done: Done) -> str:
    """Return the one line of a failed command, having checked that there is no other."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A corpus of three reports, one of them without a text."""
    file = tmp_path / "notes.csv"
    file.write_text(
        "report_id,patient_id,text,labels\n"
        'r1,p1,"FINDINGS: small left pleural effusion.",Pleural Effusion\n'
        'r2,p2,"FINDINGS: no acute abnormality of the chest.",\n'
        "r3,p3,,Pneumonia\n"
    )
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a home could be; there is none yet."""
    return tmp_path / "home"


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS), *GROUPED])
def test_every_verb_explains_itself_with_an_example(dp_clinical: Command, verb: list[str]) -> None:
    done = dp_clinical(*verb, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    if verb and verb not in (["budgets"], ["counts"]):
        assert f"dp-clinical {' '.join(verb)}" in done.stdout
        assert "Example" in done.stdout
        assert "--home" in done.stdout or verb in (["deid-eval"], ["pretrain"], ["adapt"])


def test_the_verbs_are_those_of_the_design_that_exist() -> None:
    commands = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert commands == set(VERBS)


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    program = (
        "import sys; from dp_clinical_pipeline.cli import app\n"
        "print([m for m in ('dagster', 'torch', 'polars', 'pyarrow', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_ingest_makes_the_home_counts_and_prints_only_json(dp_clinical: Command, notes: Path, home: Path) -> None:
    done = dp_clinical("ingest", notes, "--format", "table", "--json", "--home", home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"read": 3, "accepted": 2, "rejected": 1, "batch": "batch-0001"}
    assert Home(home).settings.kind == "private"
    again = dp_clinical("ingest", notes, "--format", "table", "--json", home=home)
    assert json.loads(again.stdout) == json.loads(done.stdout)
    rows = dp_clinical("query", "SELECT count(*) AS n FROM raw_reports", "--format", "csv", "--home", home)
    assert rows.stdout == "n\n2\n"


def test_open_corpora_make_a_benchmark_home(dp_clinical: Command, tmp_path: Path, home: Path) -> None:
    (tmp_path / "codiesp").mkdir()
    dp_clinical("ingest", tmp_path / "codiesp", "--format", "codiesp", "--home", home)
    assert Home(home).settings.kind == "benchmark"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ingest", "{notes}", "--format", "dicom"], "unknown format 'dicom'"),
        (["ingest", "{nothing}", "--format", "table"], "give the file or folder"),
        (["run"], "no home at"),
        (["ledger"], "no home at"),
        (["query", "SELECT 1"], "no home at"),
    ],
)
def test_without_a_home_a_verb_says_what_to_do_and_makes_none(
    dp_clinical: Command, words: list[str], said: str, notes: Path, home: Path
) -> None:
    filled = [word.format(notes=notes, nothing=notes.with_name("nothing.csv")) for word in words]
    assert said in one_error(dp_clinical(*filled, "--home", home))
    assert not home.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "dp-clinical ingest PATH"),
        (["run", "--budget", "eps-8.0"], "write eps-8"),
        (["run", "--budget", "eps-11"], "above the cap"),
        (["run", "--generator", "gpt-5"], "is not a generator of this home"),
        (["run", "--encoder", "bert-5"], "is not an encoder of this home"),
        (["release", "gpt-5", "eps-8"], "is not a generator of this home"),
        (["release", "minilm-l6", "eps-8.0", "--encoder"], "write eps-8"),
        (["release", "smollm2-135m", "eps-8"], "(1) the cell was not trained"),
        (["budgets", "add", "eps|1"], "is not a budget"),
        (["budgets", "add", "eps-nan"], "is not a budget"),
        (["plan", "--budget", "8"], "write eps-8"),
        (["query", "SELEC 1"], "Parser Error"),
        (["query", "FROM cohort", "--public"], "cohort does not exist"),
        (["init", "--kind", "demo"], "is a private home already"),
        (["deid-eval", "nothing.jsonl"], "cannot read the gold file"),
    ],
)
def test_what_the_user_can_put_right_is_one_line(dp_clinical: Command, words: list[str], said: str, home: Path) -> None:
    assert dp_clinical("init", home).returncode == 0
    before = Home(home).settings_file.read_text()
    assert said in one_error(dp_clinical(*words, home=home))
    assert Home(home).settings_file.read_text() == before


def test_nothing_usable_leaves_no_batch_behind(dp_clinical: Command, tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty.csv").write_text("report_id,patient_id,text\n")
    line = one_error(dp_clinical("ingest", tmp_path / "empty.csv", "--format", "table", "--home", home))
    assert "nothing usable" in line
    assert dp_clinical("run", home=home).stderr.startswith("error: no reports in")
    assert Home(home).settings.corpus.format is None


def test_wrong_settings_name_the_field(dp_clinical: Command, home: Path) -> None:
    dp_clinical("init", home)
    Home(home).settings_file.write_text("privacy: {cap_epsilon: -1}\n")
    assert "privacy.cap_epsilon" in one_error(dp_clinical("ledger", home=home))


def test_a_home_that_cannot_be_written_is_one_line(dp_clinical: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot write the home" in one_error(dp_clinical("init", tmp_path / "file" / "home"))


def test_budgets_are_added_once_and_listed(dp_clinical: Command, home: Path) -> None:
    dp_clinical("init", home)
    assert dp_clinical("budgets", "add", "eps-2", "eps-0.5", home=home).returncode == 0
    assert dp_clinical("budgets", "add", "eps-2", home=home).returncode == 0
    listed = dp_clinical("budgets", "list", "--json", home=home)
    assert json.loads(listed.stdout) == ["nonprivate", "eps-8", "eps-2", "eps-0.5"]


def test_counts_are_bought_once_and_say_what_is_left(dp_clinical: Command, notes: Path, home: Path) -> None:
    assert dp_clinical("ingest", notes, "--format", "table", home=home).returncode == 0
    settings = home / "settings.yaml"
    settings.write_text(settings.read_text().replace("  count:\n", "  count: 40\n"))
    bought = dp_clinical("counts", "lengths", "--epsilon", "0.5", "--edges", "3,9", "--format", "json", home=home)
    assert bought.returncode == 0, bought.stderr
    bins = json.loads(bought.stdout)
    assert [(row["from"], row["below"]) for row in bins] == [("0", "3"), ("3", "9"), ("9", None)]
    assert "left below the cap: " in bought.stderr
    again = dp_clinical("counts", "lengths", "--epsilon", "0.5", "--edges", "3,9", "--format", "json", home=home)
    assert json.loads(again.stdout) == bins
    assert [m["kind"] for m in json.loads(dp_clinical("ledger", "--json", home=home).stdout)["mechanisms"]] == [
        "counts"
    ] * 3
    one_error(dp_clinical("counts", "lengths", "--epsilon", "0.5", "--edges", "9,3", home=home))
    absent = ["counts", "scores", "synthetic", "tfidf-logreg", "eps-8", "--epsilon", "0.5"]
    assert "train and test it first" in one_error(dp_clinical(*absent, home=home))


def test_an_empty_ledger_is_json_and_a_table(dp_clinical: Command, home: Path) -> None:
    dp_clinical("init", home)
    told = json.loads(dp_clinical("ledger", "--json", home=home).stdout)
    assert told["mechanisms"] == []
    assert (told["cumulative_epsilon"], told["cap_epsilon"], told["remaining_epsilon"]) == (0, 10, 10)
    assert told["privacy_unit"] == "patient"
    shown = dp_clinical("ledger", home=home)
    assert shown.returncode == 0
    assert "patient-level" not in shown.stdout + shown.stderr


def test_a_ledger_of_reports_says_that_it_is_not_patient_level(dp_clinical: Command, home: Path) -> None:
    dp_clinical("init", home)
    settings = home / "settings.yaml"
    settings.write_text(settings.read_text().replace("unit: patient", "unit: report"))
    assert json.loads(dp_clinical("ledger", "--json", home=home).stdout)["privacy_unit"] == "report"
    shown = dp_clinical("ledger", home=home)
    assert "NOT patient-level" in shown.stdout + shown.stderr


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_a_query_prints_every_row_in_each_format(dp_clinical: Command, format: str, home: Path) -> None:
    dp_clinical("init", home)
    nested = "[range, 1] AS list, {'a': range} AS both, 'hi'::BLOB AS raw"
    sql = f"SELECT range AS n, 'say \"' || range || '\"' AS word, {nested} FROM range(60)"
    done = dp_clinical("query", sql, "--format", format, home=home)
    assert done.returncode == 0
    if format == "json":
        last = json.loads(done.stdout)[59]
        assert last | {"raw": None} == {"n": 59, "word": 'say "59"', "list": [59, 1], "both": {"a": 59}, "raw": None}
    elif format == "csv":
        assert done.stdout.splitlines()[-1] == '59,"say ""59""","[59, 1]","{""a"": 59}",6869'
    else:
        assert len(done.stdout.splitlines()) == 61
        assert "59" in done.stdout.splitlines()[-1]


def test_what_nobody_expected_is_one_line_without_its_text(dp_clinical: Command, home: Path, tmp_path: Path) -> None:
    dp_clinical("init", home)
    breaks = tmp_path / "sitecustomize.py"
    breaks.write_text(
        "import dp_clinical_pipeline.store as s\n"
        "def query(*a, **k): raise ValueError('Wilhelmina Abernathy')\n"
        "s.query = query\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}", HOME_VARIABLE: str(home)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "query", "SELECT 1"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("error: unexpected ValueError at")
    assert "Abernathy" not in line
    assert "Abernathy" in (home / "enclave" / "errors" / "command-line.txt").read_text()


def test_deid_eval_counts_what_was_found(dp_clinical: Command, tmp_path: Path) -> None:
    text = "Seen by Dr. Walter Prentiss on 03/04/2019."
    spans = [{"start": 12, "end": 27, "type": "PERSON"}, {"start": 31, "end": 41, "type": "DATE"}]
    (tmp_path / "gold.jsonl").write_text(json.dumps({"text": text, "spans": spans}) + "\n")
    told = json.loads(dp_clinical("deid-eval", tmp_path / "gold.jsonl", "--json").stdout)
    assert told["span_recall"] == 1
    assert set(told["by_type"]) == {"PERSON", "DATE"}
    assert "span_recall" in dp_clinical("deid-eval", tmp_path / "gold.jsonl").stdout


def test_the_version_is_that_of_the_package(dp_clinical: Command) -> None:
    done = dp_clinical("--version")
    assert (done.returncode, done.stdout) == (0, f"dp-clinical {__version__}\n")
