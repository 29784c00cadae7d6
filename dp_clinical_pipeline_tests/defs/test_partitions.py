import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from dp_clinical_pipeline.config import Models, Settings
from dp_clinical_pipeline.defs.partitions import cell, cell_key, classifier_key, grid
from dp_clinical_pipeline.home import HOME_VARIABLE, Home


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("key_of", [cell_key, classifier_key])
def test_a_cell_is_read_from_both_forms_of_its_key(as_text: bool, key_of: Callable[..., dg.MultiPartitionKey]) -> None:
    key = key_of("some-model", "eps-0.5")
    context = dg.build_asset_context(partition_key=str(key) if as_text else key)
    assert cell(context) == ("some-model", "eps-0.5")


def test_the_grid_knows_cells_of_registered_budgets_only(instance: dg.DagsterInstance) -> None:
    instance.add_dynamic_partitions("privacy_budget", ["eps-2"])
    keys = grid.get_partition_keys(dynamic_partitions_store=instance)
    assert cell_key("smollm2-135m", "eps-2") in keys
    assert cell_key("smollm2-135m", "eps-8") not in keys


def _generators(home: Path | None, monkeypatch: pytest.MonkeyPatch) -> subprocess.CompletedProcess[str]:
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    program = "from dp_clinical_pipeline.defs.partitions import generators as g; print(*g.get_partition_keys())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_generators_come_from_the_homes_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(models=Models(generators={"tiny-gpt2": "/models/a", "tiny-llama": "/models/b"}))
    Home(tmp_path / "home").create(settings)
    assert _generators(tmp_path / "home", monkeypatch).stdout.split() == ["tiny-gpt2", "tiny-llama"]


def test_the_location_loads_where_there_is_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _generators(tmp_path / "nothing", monkeypatch).stdout.split() == ["smollm2-135m"]


def test_a_models_name_that_would_break_the_grid_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Home(tmp_path / "home").create(Settings(models=Models(generators={"a|b": "/models/a"})))
    assert "use letters, digits" in _generators(tmp_path / "home", monkeypatch).stderr
