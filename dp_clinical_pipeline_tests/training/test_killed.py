"""SIGKILL at any moment, then the same command: exactly the planned steps, the planned account, no noise value twice."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dp_clinical_pipeline.home import open_home
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER
from dp_clinical_pipeline_tests.models.test_adapters import in_a_fresh_process
from dp_clinical_pipeline_tests.training import killed
from dp_clinical_pipeline_tests.training.tiny import tiny_home

STEPS = 4
KILLED = "signal 9"


@pytest.fixture(scope="module")
def declared(tmp_path_factory, tiny_models) -> Path:
    return tiny_home(tmp_path_factory.mktemp("declared"), tiny_models["llama"]).path


def _train(declared: Path, folder: Path, moments: list[list[int]]) -> list[tuple[Path, Path]]:
    """Train a fresh copy of the home for each list of moments; return where the home and the notes lie."""
    places = [(folder / f"{i}/home", folder / f"{i}/out") for i in range(len(moments))]
    command = [sys.executable, killed.__file__]
    for (home, out), each in zip(places, moments, strict=True):
        shutil.copytree(declared, home)
        command += ["--", str(home), str(out), *map(str, each)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return places


def _lines(out: Path, name: str) -> list[str]:
    return (out / name).read_text().splitlines() if (out / name).exists() else []


def _is_as_planned(path: Path, out: Path, planned: float) -> None:
    home = open_home(path)
    ledger = open_ledger(home)
    (entry,) = ledger.account().spent
    assert ledger.cumulative()[0] == planned
    assert ledger.rows()[-1].state == "done"
    row = Store(home).read(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8").row(0, named=True)
    assert (row["mechanism_id"], row["steps"], row["noise_source"]) == (entry.mechanism_id, STEPS, "os")
    cell_adapter(home, row)  # the weights are those that the row names
    checkpoints = _lines(out, "steps")
    assert all(line == f"{line.split()[0]} [{line.split()[0]}]" for line in checkpoints)  # the optimizer counts alike
    assert checkpoints[-1] == f"{STEPS} [{STEPS}]"
    noise = _lines(out, "noise")
    assert len(noise) == len(set(noise)) >= STEPS
    assert list((home.enclave / "checkpoints").iterdir()) == []
    assert not list(home.path.rglob("*.tmp"))


@pytest.fixture(scope="module")
def unharmed(declared, tmp_path_factory):
    """How many moments an uninterrupted training has, and its account."""
    ((home, out),) = _train(declared, tmp_path_factory.mktemp("unharmed"), [[0]])
    planned = open_ledger(open_home(home)).cumulative()[0]
    _is_as_planned(home, out, planned)
    (ended,) = _lines(out, "ended")
    return int(ended.split()[0]), planned


def _killed_at(declared, folder, moments, unharmed):
    places = _train(declared, folder, [[*each, 0] for each in moments])
    for home, out in places:
        children = [line.split(maxsplit=1)[1] for line in _lines(out, "children")]
        assert children[-1] == "exit 0"
        # A later child may have less to do than the moment that it was to die at.
        assert children[0] == KILLED
        _is_as_planned(home, out, unharmed[1])
    return places


def test_a_training_killed_at_some_moments_ends_as_planned(declared, tmp_path, unharmed):
    assert unharmed[0] > 60
    _killed_at(declared, tmp_path, [[int(share * unharmed[0])] for share in (0.2, 0.45, 0.7, 0.9, 1.0)], unharmed)


@pytest.mark.long
@pytest.mark.timeout(3600)  # 72 trainings, each killed and taken up again
def test_a_training_killed_at_any_moment_ends_as_planned(declared, tmp_path, unharmed):
    _killed_at(declared, tmp_path, [[moment] for moment in range(1, unharmed[0] + 1)], unharmed)


@pytest.mark.parametrize("cases", [1, pytest.param(10, marks=pytest.mark.long)])
def test_a_training_that_survives_three_kills_reloads_to_the_same_logits(
    declared, tiny_models, tmp_path, unharmed, cases
):
    drawn = [sorted(random.SystemRandom().sample(range(1, unharmed[0]), 3)) for _ in range(cases - 1)]
    for path, out in _killed_at(declared, tmp_path, [[14, 32, 20], *drawn], unharmed):
        home = open_home(path)
        row = Store(home).read(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8").row(0, named=True)
        (fresh,) = in_a_fresh_process([(tiny_models["llama"], cell_adapter(home, row))], path.parent, killed.TOKENS)
        memory = torch.load(out / "logits.pt", weights_only=True)
        assert torch.allclose(fresh["tuned"], memory, atol=1e-5)
        assert not torch.allclose(fresh["plain"], memory, atol=1e-3)
    assert [line.split(maxsplit=1)[1] for line in _lines(tmp_path / "0/out", "children")] == [KILLED] * 3 + ["exit 0"]
