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
MARKERS = ("browser", "postgres", "corpora")


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def _requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    always = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    extras = project["project"]["optional-dependencies"].values()
    return [Requirement(line) for line in [*always, *(line for extra in extras for line in extra)]]


@pytest.mark.parametrize("requirement", _requirements(), ids=lambda requirement: requirement.name)
def test_the_lock_pins_every_requirement_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(_pins()[canonicalize_name(requirement.name)])


def test_help_lists_every_target_and_each_resolves() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^make (\S+) +\w", told, re.MULTILINE)) == set(TARGETS)
    planned = subprocess.run(["make", "-n", *TARGETS], cwd=ROOT, capture_output=True, text=True)
    assert planned.returncode == 0, planned.stderr


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name
)
def test_the_pages_that_a_page_links_to_exist(page: Path) -> None:
    links = re.findall(r"(?<!!)\[[^\]]+\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(("ci", "outcome"), [("", "3 skipped"), ("1", "2 failed, 1 skipped")])
def test_a_skip_for_want_of_what_ci_installs_fails_under_ci_alone(tmp_path: Path, ci: str, outcome: str) -> None:
    tests = [f"@pytest.mark.{name}\ndef test_{name}(): pytest.skip('it is absent')" for name in MARKERS]
    (tmp_path / "test_skipping.py").write_text("\n".join(["import pytest", *tests, ""]))
    environment = os.environ | {"CI": ci, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "dp_clinical_pipeline_tests.needed", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, tmp_path], cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert outcome in done.stdout
    assert done.returncode == int(bool(ci))


@pytest.mark.postgres
def test_each_test_gets_an_empty_database(postgres_url: str) -> None:
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
        assert connection.scalar(sa.text("SELECT 1")) == 1
