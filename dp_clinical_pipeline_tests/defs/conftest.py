"""A home with its Dagster instance, and stand-ins for library functions that a test wants to see called."""

import shutil
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.home import HOME_VARIABLE, Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home that DP_CLINICAL_HOME names."""
    made = Home(tmp_path / "home").create(Settings(kind="demo"))
    monkeypatch.setenv(HOME_VARIABLE, str(made.path))
    monkeypatch.setenv("DAGSTER_HOME", str(made.dagster))
    return made


@pytest.fixture(scope="session")
def empty_storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dagster's storage as it is at first: making its tables takes seconds, copying them does not."""
    home = Home(tmp_path_factory.mktemp("storage") / "home").create(Settings(kind="demo"))
    with dg.DagsterInstance.from_config(str(home.dagster)) as made:
        made.get_runs_count()
        made.get_dynamic_partitions("batch")
        made.all_instigator_state()
    return home.dagster


@pytest.fixture
def instance(home: Home, empty_storage: Path) -> Iterator[dg.DagsterInstance]:
    """The home's own Dagster instance, on disk."""
    shutil.copytree(empty_storage, home.dagster, dirs_exist_ok=True)
    with dg.DagsterInstance.from_config(str(home.dagster)) as made:
        yield made


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`stand_in("privacy.cohort", build_cohort=f)`: that module consists of these functions for the test."""

    def replace(module: str, **functions: Any) -> None:
        name = f"dp_clinical_pipeline.{module}"
        made = types.ModuleType(name)
        vars(made).update(functions)
        monkeypatch.setitem(sys.modules, name, made)

    return replace
