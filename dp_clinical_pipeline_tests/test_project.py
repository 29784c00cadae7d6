"""What holds the project together outside the package: the lock, the Makefile, and what CI does with skips."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TARGETS = ("demo", "test", "test-long", "ui", "check", "bench", "pictures", "help")


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def _requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    listed = [*project["project"]["dependencies"], *project["build-system"]["requires"], *sum(extras, [])]
    return [Requirement(line) for line in listed]


@pytest.mark.parametrize("requirement", _requirements(), ids=lambda requirement: requirement.name)
def test_the_lock_pins_every_requirement_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(_pins()[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("target", TARGETS)
def test_each_target_is_listed_by_help_and_resolves(target: str) -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^make {target}\s+\w", told, re.MULTILINE)
    planned = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert planned.returncode == 0, planned.stderr


@pytest.mark.parametrize("marker", ["browser", "postgres"])
@pytest.mark.parametrize(("ci", "failed"), [("", 0), ("1", 1)])
def test_a_skip_for_want_of_what_ci_installs_fails_under_ci_alone(
    tmp_path: Path, marker: str, ci: str, failed: int
) -> None:
    test = f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pytest.skip('it is absent')\n"
    (tmp_path / "test_skipping.py").write_text(test)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "dp_clinical_pipeline_tests.needed", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == failed, done.stdout
    assert ("1 failed" in done.stdout) == bool(failed)
    assert ("it is absent" in done.stdout) == bool(failed)


@pytest.mark.postgres
def test_each_test_gets_an_empty_database(postgres_url: str) -> None:
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
        assert connection.scalar(sa.text("SELECT 1")) == 1
