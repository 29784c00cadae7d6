"""The UI's journeys on a real webserver and daemon: a new budget, two torch steps at once, and a killed training."""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterEventType

from dp_clinical_pipeline.config import Training
from dp_clinical_pipeline.demo.hospital import HospitalFiles, planted_surfaces
from dp_clinical_pipeline.home import HOME_VARIABLE, Home, open_home
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store, query
from dp_clinical_pipeline.tables import RAW_REPORTS
from dp_clinical_pipeline_tests.defs.server import Server, serving, until
from dp_clinical_pipeline_tests.defs.tiny_home import taken_in, tiny_settings

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

COLUMN = ["label_marginals", "generator_adapter", "synthetic_reports", "coding_classifier", "privacy_metrics"]
TORCH = ("generator_adapter", "synthetic_reports", "privacy_metrics")
GENERATORS = ("tiny-gpt2", "tiny-llama")


@dataclass(frozen=True)
class Ward:
    """A home, its server, and what was planted in its reports."""

    home: Home
    hospital: HospitalFiles
    server: Server
    log: Path

    @property
    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.home.dagster))


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, tiny_models: dict[str, Path]) -> Iterator[Ward]:
    folder = tmp_path_factory.mktemp("ward")
    patch = pytest.MonkeyPatch()
    patch.setenv(HOME_VARIABLE, str(folder / "home"))
    generators = {name: str(tiny_models[name.removeprefix("tiny-")]) for name in GENERATORS}
    home, hospital = taken_in(folder / "home", tiny_settings(generators))
    with serving(home, folder / "server.log") as server:
        yield Ward(home, hospital, server, folder / "server.log")
    patch.undo()


@pytest.fixture(scope="module")
def column(ward: Ward) -> str:
    """The column of eps-2, bought in a backfill; returns the backfill's id."""
    assert ward.server.add_budget("eps-2") == "AddDynamicPartitionSuccess"
    id = ward.server.backfill(COLUMN, ["eps-2"])
    status = until(lambda: _finished(ward.server.backfill_status(id)), 900, "the backfill")
    assert status == "COMPLETED_SUCCESS", _failures(ward)
    return id


def test_a_new_budget_is_added_launched_and_read_back(ward: Ward, column: str) -> None:
    counts = query(ward.home, "SELECT count(*) AS n FROM label_marginals WHERE budget = 'eps-2'")
    assert counts["n"].item() > 0
    cells = query(
        ward.home,
        """SELECT a.generator, a.epsilon, count(DISTINCT s.synthetic_id) AS notes, count(DISTINCT m.metric) AS metrics
           FROM generator_adapter a JOIN synthetic_reports s USING (generator, budget, mechanism_id)
           JOIN privacy_metrics m USING (generator, budget, mechanism_id)
           WHERE a.budget = 'eps-2' GROUP BY ALL ORDER BY 1""",
    )
    assert cells["generator"].to_list() == list(GENERATORS)
    assert (cells["epsilon"] <= 2).all()
    assert (cells["notes"] > 0).all()
    assert (cells["metrics"] > 3).all()
    arms = query(ward.home, "SELECT DISTINCT generator FROM predictions WHERE arm = 'synthetic' AND budget = 'eps-2'")
    assert set(arms["generator"]) == set(GENERATORS)


def test_what_was_bought_shows_in_the_ui(ward: Ward, column: str) -> None:
    told = ward.server.ask(
        """{ assetNodeOrError(assetKey: {path: ["generator_adapter"]}) { ... on AssetNode {
            pools partitionStats { numMaterialized }
            assetMaterializations { metadataEntries { label } }
            assetObservations { metadataEntries { label } } } } }"""
    )["assetNodeOrError"]
    assert told["partitionStats"]["numMaterialized"] == len(GENERATORS)
    assert told["pools"] == ["torch_cpu"]
    labels = {entry["label"] for event in told["assetMaterializations"] for entry in event["metadataEntries"]}
    assert {"epsilon", "delta", "sigma", "steps", "device", "device_reason"} <= labels
    progress = {entry["label"] for event in told["assetObservations"] for entry in event["metadataEntries"]}
    assert {"step", "planned_steps", "seconds_left", "sigma", "epsilon"} <= progress
    assert not {"loss", "rows", "row_count", "dagster/row_count"} & (labels | progress)


def test_two_torch_steps_that_are_due_at_once_are_kept_apart(ward: Ward, column: str) -> None:
    # Two runs that happen to follow one another prove nothing: then the notes, which cost nothing, are written again.
    for _ in range(3):
        with ward.instance as instance:
            runs = [r for r in instance.get_run_records() if "|" in r.dagster_run.tags.get("dagster/partition", "")]
            spans = sorted(span for run in runs for span in _spans(instance, run.dagster_run.run_id))
        times = sorted((run.start_time or 0, run.end_time or 0) for run in runs)
        if any(began < ended for (_, ended), (began, _) in pairwise(times)):
            break
        id = ward.server.backfill(["synthetic_reports"], [f"eps-2|{generator}" for generator in GENERATORS])
        until(lambda id=id: _finished(ward.server.backfill_status(id)), 600, "the backfill")  # type: ignore[misc]
    assert len(spans) >= len(TORCH) * len(GENERATORS)
    for (_, ended), (began, _) in pairwise(spans):
        assert ended <= began
    if not any(began < ended for (_, ended), (began, _) in pairwise(times)):
        pytest.skip("each run was over before the next was taken up, as on a fast machine: the pool had nothing to do")


def test_a_killed_training_frees_its_slot_and_stays_counted(ward: Ward) -> None:
    long = Training(lot_size=100, steps=400, max_tokens=128, checkpoint_every=400, primer_steps=0)
    ward.home.save_settings(open_home().settings.model_copy(update={"training": long}))
    before = len(open_ledger(open_home()).mechanisms())
    ward.server.add_budget("eps-1")
    with ward.instance as instance:
        known = {run.run_id for run in instance.get_runs()}
        ward.server.backfill(["label_marginals"], ["eps-1"])
        until(lambda: len(open_ledger(open_home()).mechanisms()) > before, 400, "the label counts")
        ward.server.backfill(["generator_adapter"], ["eps-1|tiny-gpt2"])
        until(lambda: _training(open_home()), 400, "the training")
        [run] = [r for r in instance.get_runs() if r.run_id not in known and "|" in r.tags["dagster/partition"]]
        os.kill(_step_process(instance, run.run_id), signal.SIGKILL)
        until(lambda: instance.get_run_by_id(run.run_id).is_finished, 300, "the end of the run")  # type: ignore[union-attr]
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.FAILURE  # type: ignore[union-attr]
        held = lambda: instance.event_log_storage.get_concurrency_info("torch_cpu").claimed_slots  # noqa: E731
        until(lambda: not held(), 200, "the slot")
        assert len([r for r in instance.get_runs() if r.tags.get("dagster/partition") == "eps-1|tiny-gpt2"]) == 1
    ledger = open_ledger(open_home())
    [killed] = [row for row in ledger.mechanisms().values() if row.mechanism.cell == "tiny-gpt2|eps-1"]
    assert killed.mechanism.mechanism_id in {m.mechanism_id for m in ledger.account().spent}


def test_the_slot_that_was_freed_is_used_again(ward: Ward, column: str) -> None:
    id = ward.server.backfill(["synthetic_reports"], ["eps-2|tiny-gpt2"])
    status = until(lambda: _finished(ward.server.backfill_status(id)), 600, "the backfill")
    assert status == "COMPLETED_SUCCESS", _failures(ward)


def test_nothing_of_a_patient_is_outside_the_enclave(ward: Ward, column: str) -> None:
    outside = [p for p in ward.home.path.rglob("*") if not p.is_relative_to(ward.home.enclave)]
    stored = {p: p.read_bytes() for p in [*outside, ward.log] if p.is_file()}
    names = "\n".join(str(p.relative_to(ward.home.path)) for p in outside)
    surfaces = {planted.surface for planted in planted_surfaces(ward.hospital) if planted.distinctive}
    assert len(surfaces) > 500
    grams = _eight_grams(Store(ward.home).read(RAW_REPORTS)["text"].to_list())
    for path, content in stored.items():
        text = content.decode("utf-8", "ignore")
        assert not {surface for surface in surfaces if surface in text}, path
        assert not _eight_grams([text]) & grams, path
    assert not {surface for surface in surfaces if surface in names}


def _finished(status: str) -> str | None:
    return status if status.startswith(("COMPLETED", "FAILED", "CANCELED")) else None


def _failures(ward: Ward) -> list[Any]:
    with ward.instance as instance:
        return [
            (
                run.tags.get("dagster/partition"),
                entry.step_key,
                entry.dagster_event.step_failure_data.error_display_string,
            )  # type: ignore[union-attr]
            for run in instance.get_runs()
            for entry in instance.all_logs(run.run_id, of_type=DagsterEventType.STEP_FAILURE)
        ]


def _spans(instance: dg.DagsterInstance, run_id: str) -> list[tuple[float, float]]:
    """Return when each torch step of a run began and ended."""
    kinds = {DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS}
    times: dict[str, list[float]] = {}
    for entry in instance.all_logs(run_id, of_type=kinds):
        if entry.step_key in TORCH:
            times.setdefault(str(entry.step_key), []).append(entry.timestamp)
    return [(min(both), max(both)) for both in times.values()]


def _training(home: Home) -> bool:
    return any(row.state == "running" for row in open_ledger(home).mechanisms().values())


def _step_process(instance: dg.DagsterInstance, run_id: str) -> int:
    """Return the process that executes the run's one step, as the executor announced it."""
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.STEP_WORKER_STARTED):
        told = entry.dagster_event.event_specific_data.metadata if entry.dagster_event else {}  # type: ignore[union-attr]
        if "pid" in told:
            return int(told["pid"].value)
    raise AssertionError("no step process was announced")


def _eight_grams(texts: list[str]) -> set[tuple[str, ...]]:
    words = [re.findall(r"\w+", text.lower()) for text in texts]
    return {tuple(w[i : i + 8]) for w in words for i in range(len(w) - 7)}
