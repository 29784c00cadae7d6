"""The asset and the verb ask the same gate, show what passed, and fail where it refused."""

import json
import sys
from collections.abc import Callable

import dagster as dg
import pytest

from dp_clinical_pipeline.cli import main
from dp_clinical_pipeline.defs.partitions import cell_key, classifier_key
from dp_clinical_pipeline.defs.release import classifier_release, release
from dp_clinical_pipeline.defs.resources import HomeResource
from dp_clinical_pipeline.home import HOME_VARIABLE, Home
from dp_clinical_pipeline.release import attempts
from dp_clinical_pipeline.release.facts import Cell
from dp_clinical_pipeline_tests.release.conftest import CLASSIFIER, GENERATOR

ASSETS = [(GENERATOR, release, cell_key), (CLASSIFIER, classifier_release, classifier_key)]
Verb = Callable[..., tuple[int, str, str]]


@pytest.fixture
def verb(home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Verb:
    """Run `dp-clinical release` in this process: exit code, standard output, standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setenv(HOME_VARIABLE, str(home.path))
        monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
        monkeypatch.setattr(sys, "argv", ["dp-clinical", "release", *words])
        code: object = 0
        capfd.readouterr()
        try:
            main()
        except SystemExit as left:
            code = left.code
        return int(str(code or 0)), *capfd.readouterr()

    return run


@pytest.mark.parametrize(("cell", "asset", "key"), ASSETS, ids=["generator", "classifier"])
def test_the_asset_releases_and_shows_covered_figures(
    home: Home, cell: Cell, asset: dg.AssetsDefinition, key: Callable[..., dg.MultiPartitionKey]
) -> None:
    context = dg.build_asset_context(partition_key=key(cell.model, cell.budget))
    result = asset(context, HomeResource(path=str(home.path)))
    assert (home.release / cell.folder / "card.md").exists()
    assert result.metadata["epsilon"] == 8.0
    assert set(result.metadata) <= {
        "mechanism_id", "epsilon", "delta", "cumulative_epsilon", "unit", "notes", "attempt", "folder",
    }  # fmt: skip


@pytest.mark.parametrize(("cell", "asset", "key"), ASSETS, ids=["generator", "classifier"])
def test_a_refusal_fails_the_asset_with_every_reason_and_is_not_retried(
    home: Home, cell: Cell, asset: dg.AssetsDefinition, key: Callable[..., dg.MultiPartitionKey]
) -> None:
    privacy = home.settings.privacy.model_copy(update={"cap_epsilon": 0.5})
    home.save_settings(home.settings.model_copy(update={"kind": "benchmark", "privacy": privacy}))
    with pytest.raises(dg.Failure) as caught:
        asset(dg.build_asset_context(partition_key=key(cell.model, cell.budget)), HomeResource(path=str(home.path)))
    assert caught.value.allow_retries is False
    assert "(1) this is a benchmark home" in str(caught.value.description)
    assert "(2) the cumulative claim" in str(caught.value.description)
    assert list(home.release.iterdir()) == []


def test_the_verb_releases_prints_the_card_and_shows_it_in_dagster(home: Home, verb: Verb) -> None:
    code, out, _ = verb("tiny", "eps-8", "--json")
    told = json.loads(out)
    assert (code, told["released"], told["card"]["epsilon"]) == (0, True, 8.0)
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("release"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.partition == str(cell_key("tiny", "eps-8"))
    code, out, _ = verb("tiny-bert", "eps-8", "--encoder")
    assert (code, out.splitlines()[0]) == (0, "# tiny-bert at eps-8: coding classifier")


@pytest.mark.parametrize("words", [["--json"], []])
def test_a_refused_verb_says_why_in_one_line_and_exits_with_2(home: Home, verb: Verb, words: list[str]) -> None:
    home.save_settings(home.settings.model_copy(update={"kind": "demo"}))
    code, out, err = verb("tiny", "eps-8", *words)
    reasons = ["this is a demo home: only a private one can release"]
    assert (code, err) == (2, f"error: generator tiny|eps-8 is not released: (1) {reasons[0]}\n")
    assert out == (json.dumps({"released": False, "reasons": reasons}) + "\n" if words else "")
    assert attempts.attempts(home, GENERATOR)[-1].reasons == reasons
