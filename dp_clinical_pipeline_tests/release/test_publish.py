"""A cell of a private home passes the gate and is copied; a refusal copies nothing and leaves what was released."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from safetensors import safe_open

from dp_clinical_pipeline.coding.rulepacks import rules_sha256
from dp_clinical_pipeline.corpora.registration import Batch
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.models.adapters import adapter_sha256
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.attempts import running
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.release import attempts, publish
from dp_clinical_pipeline.release.facts import Cell
from dp_clinical_pipeline.release.publish import ReleaseRefused, release_cell
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import CLASSIFIER_PRIVACY_METRICS, PRIVACY_METRICS, SYNTHETIC_REPORTS, UTILITY_METRICS
from dp_clinical_pipeline_tests.release.conftest import CELLS, CLASSIFIER, GENERATOR, attack, write_notes


def changed_settings(home: Home, **parts: Any) -> Home:
    return home.save_settings(home.settings.model_copy(update=parts))


def with_metric(home: Home, cell: Cell, metric: str, passed: bool) -> None:
    """Change one verdict, as an attack would have written it."""
    frame = Store(home).read(cell.metrics, cell.model, cell.budget)
    changed = frame.with_columns(passed=pl.when(pl.col("metric") == metric).then(passed).otherwise("passed"))
    Store(home).write(cell.metrics, changed, cell.model, cell.budget)


def refused(home: Home, cell: Cell = GENERATOR) -> list[str]:
    with pytest.raises(ReleaseRefused) as caught:
        release_cell(home, cell)
    return caught.value.reasons


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.kind)
def test_what_passes_is_copied_with_a_card_of_its_account(home: Home, cell: Cell) -> None:
    released = release_cell(home, cell)
    assert released.folder == home.release / f"{cell.kind}-{cell.model}-eps-8"
    row = Store(home).read(cell.table, cell.model, "eps-8", budget="eps-8").row(0, named=True)
    assert adapter_sha256(released.folder / "adapter") == row["adapter_sha256"]
    card = json.loads((released.folder / "card.json").read_text())
    entry = open_ledger(home).mechanisms()[row["mechanism_id"]].mechanism
    event = event_from_json(next(iter(entry.events.values()))[0])
    assert (card["epsilon"], card["delta"], card["steps"]) == (8.0, entry.delta, event.count)
    assert card["noise_multiplier"] == event.event.event.noise_multiplier
    assert card["sample_rate"] == event.event.sampling_probability
    assert (card["cumulative_epsilon"], card["cumulative_delta"]) == open_ledger(home).cumulative()
    assert (card["ledger_seq"], card["ledger_sha256"]) == open_ledger(home).head()
    assert card["public_patients"] == 600
    assert (card["unit"], card["patient_level"]) == ("patient", True)
    assert card["counts_epsilon"] == (pytest.approx(0.8) if cell.kind == "generator" else None)
    assert [path.name for path in home.release.iterdir()] == [released.folder.name]


def test_only_accepted_notes_leave(home: Home) -> None:
    folder = release_cell(home, GENERATOR).folder
    notes = pl.read_parquet(folder / "synthetic_reports.parquet")
    assert notes.height == json.loads((folder / "card.json").read_text())["notes"] == 9
    assert notes["accepted"].all()
    assert notes["reason"].null_count() == 9


def test_a_released_classifier_has_its_head_and_no_path_of_this_machine(home: Home) -> None:
    folder = release_cell(home, CLASSIFIER).folder
    with safe_open(folder / "adapter" / "head.safetensors", framework="pt") as head:
        assert set(head.keys()) == {"weight", "bias", "mean", "spread"}
        beside = head.get_slice("weight").get_shape()[1] - head.get_slice("mean").get_shape()[0]
    card = json.loads((folder / "card.json").read_text())
    assert beside == len(CHEXPERT14.labels)
    assert card["rules_sha256"] == rules_sha256(CHEXPERT14)
    assert card["practised"]
    assert (folder / "adapter" / "practice.safetensors").exists()
    assert "`practice.safetensors`, learnt from public text" in (folder / "card.md").read_text()
    assert f"| rules | SHA-256 `{card['rules_sha256']}`" in (folder / "card.md").read_text()
    for name, content in everything(folder).items():
        assert str(home.path).encode() not in content, name
        assert b"/bert" not in content, name
    assert (
        json.loads((folder / "adapter" / "adapter_config.json").read_text())["base_model_name_or_path"] == "tiny-bert"
    )


def test_a_card_names_no_rules_where_none_are_read(home: Home) -> None:
    folder = release_cell(home, GENERATOR).folder
    assert json.loads((folder / "card.json").read_text())["rules_sha256"] is None
    assert "reads beside tokens" not in (folder / "card.md").read_text()
    assert "practice.safetensors" not in (folder / "card.md").read_text()


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.kind)
def test_no_exact_number_on_real_reports_is_on_the_card(home: Home, cell: Cell) -> None:
    scores = {"metric": "f1", "value": 0.73915, "arm": "real"}
    store = Store(home)
    store.write(UTILITY_METRICS, pl.DataFrame([scores], schema=UTILITY_METRICS.schema))
    marked = store.read(cell.metrics, cell.model, "eps-8").with_columns(
        value=pl.when(pl.col("visibility") == "public").then("value").otherwise(0.64178)
    )
    store.write(cell.metrics, marked, cell.model, "eps-8")
    folder = release_cell(home, cell).folder
    for name in ("card.json", "card.md"):
        text = (folder / name).read_text()
        for secret in ("64178", "73915", "auroc", "AUROC", "F1", "Zeb"):
            assert secret not in text, (name, secret)


@pytest.mark.parametrize(("format", "loud"), [("table", False), ("openi", True), ("cmc", True)])
def test_a_guarantee_for_reports_is_said_loudly(home: Home, format: str, loud: bool) -> None:
    corpus = home.settings.corpus.model_copy(update={"format": format})
    released = release_cell(changed_settings(home, corpus=corpus), GENERATOR)
    assert ("THIS IS NOT A PATIENT-LEVEL GUARANTEE" in (released.folder / "card.md").read_text()) == loud
    assert released.card.unit == ("report" if loud else "patient")


def test_a_batch_without_patient_ids_makes_it_a_guarantee_for_reports_whatever_is_read_now(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = [Batch(id=f"batch-{i}", format=name, path=Path("/none")) for i, name in enumerate(("table", "openi"))]
    monkeypatch.setattr(publish, "batches", lambda home: formats)
    assert home.settings.corpus.format != "openi"
    assert release_cell(home, GENERATOR).card.unit == "report"


@pytest.mark.parametrize("kind", ["demo", "benchmark"])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.kind)
def test_only_a_private_home_releases(home: Home, kind: str, cell: Cell) -> None:
    assert refused(changed_settings(home, kind=kind), cell) == [
        f"this is a {kind} home: only a private one can release"
    ]
    assert list(home.release.iterdir()) == []


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "head.safetensors"])
def test_changed_weights_do_not_leave(home: Home, file: str) -> None:
    row = Store(home).read(CLASSIFIER.table, "tiny-bert", "eps-8", budget="eps-8").row(0, named=True)
    weights = home.path / row["path"] / file
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert refused(home, CLASSIFIER) == ["weights or adapter_config.json are not those of the manifest"]


def test_a_broken_ledger_releases_nothing(home: Home) -> None:
    (home.enclave / "ledger.head.json").write_text(json.dumps({"seq": 99, "row_sha256": "0" * 64}))
    [reason] = refused(home)
    assert reason.startswith("the ledger does not verify: the privacy ledger is older than its head file")


def test_a_note_that_the_rules_refuse_does_not_leave_though_it_is_marked_accepted(home: Home) -> None:
    frame = Store(home).read(SYNTHETIC_REPORTS, "tiny", "eps-8", budget="eps-8")
    text = (
        pl.when(pl.col("synthetic_id") == "s000")
        .then(pl.lit("Call 555-867-5309. " + "clear lungs today "))
        .otherwise("text")
    )
    Store(home).write(SYNTHETIC_REPORTS, frame.with_columns(text=text), "tiny", "eps-8", budget="eps-8")
    attack(home)
    assert refused(home) == [
        "notes that the acceptance rules refuse are marked as accepted: materialize synthetic_reports again"
    ]


def test_notes_written_after_the_attacks_have_to_be_attacked(home: Home) -> None:
    write_notes(home, count=10)
    [reason] = refused(home)
    assert "older than what they attack" in reason
    attack(home)
    release_cell(home, GENERATOR)


def test_a_training_with_a_test_seed_does_not_leave(home: Home) -> None:
    store = Store(home)
    frame = store.read(CLASSIFIER.table, "tiny-bert", "eps-8", budget="eps-8")
    store.write(
        CLASSIFIER.table, frame.with_columns(noise_source=pl.lit("test-seed")), "tiny-bert", "eps-8", budget="eps-8"
    )
    manifest = home.path / frame["path"][0] / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"noise_source": "os"', '"noise_source": "test-seed"'))
    attack(home)
    assert refused(home, CLASSIFIER) == [
        "its noise or its sampling came from a test seed, not from the operating system's generator"
    ]


@pytest.mark.parametrize("kind", ["generator", "marginals"])
def test_what_the_ledger_knows_of_a_test_seed_stops_it_whatever_the_cell_says(home: Home, kind: str) -> None:
    """As a test would have made it: the seed stands in the ledger, and is not taken back by a later state."""
    ledger = open_ledger(home)
    [row] = [r for r in ledger.mechanisms().values() if r.mechanism.kind == kind]
    with running(ledger, row.mechanism, TestSeedSource(0).name):
        pass
    with running(ledger, row.mechanism, "os"):
        pass
    attack(home)
    cell = row.mechanism.cell
    assert refused(home) == [
        f"noise or sampling came from a test seed in {kind} {cell}: no claim over what the ledger holds is true"
    ]


def test_a_row_that_points_elsewhere_releases_its_mechanisms_own_artefact(home: Home, tmp_path: Path) -> None:
    frame = Store(home).read(CLASSIFIER.table, "tiny-bert", "eps-8", budget="eps-8")
    shutil.copytree(home.path / frame["path"][0], tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "extra.safetensors").write_text("a patient's name")
    there = frame.with_columns(path=pl.lit("../elsewhere"))
    Store(home).write(CLASSIFIER.table, there, "tiny-bert", "eps-8", budget="eps-8")
    attack(home)
    folder = release_cell(home, CLASSIFIER).folder
    assert not (folder / "adapter" / "extra.safetensors").exists()


@pytest.mark.parametrize("name", ["adapter_config.json", "manifest.json", "head.safetensors"])
def test_a_link_among_the_files_is_not_followed(home: Home, name: str) -> None:
    row = Store(home).read(CLASSIFIER.table, "tiny-bert", "eps-8", budget="eps-8").row(0, named=True)
    file = home.path / row["path"] / name
    file.rename(home.enclave / name)
    file.symlink_to(home.enclave / name)
    assert refused(home, CLASSIFIER) == ["the weights are missing, or links to some"]


def test_a_configuration_that_was_changed_does_not_leave_but_its_order_may_be_another(home: Home) -> None:
    row = Store(home).read(GENERATOR.table, "tiny", "eps-8", budget="eps-8").row(0, named=True)
    file = home.path / row["path"] / "adapter_config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"lora_alpha": config["lora_alpha"] + 1}))
    assert refused(home) == ["weights or adapter_config.json are not those of the manifest"]
    file.write_text(json.dumps(dict(reversed(config.items()))))
    release_cell(home, GENERATOR)


def test_a_refusal_leaves_what_was_released_as_it_was(home: Home) -> None:
    folder = release_cell(home, GENERATOR).folder
    before = everything(home.release)
    with_metric(home, GENERATOR, "identifiers_replayed", False)
    assert refused(home) == ["the notes repeat identifiers of training patients"]
    assert everything(home.release) == before
    assert folder.exists()


def test_a_crash_while_copying_leaves_what_was_released_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    release_cell(home, GENERATOR)
    before = everything(home.release)

    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", fails)
    with pytest.raises(UserError, match="No space left"):
        release_cell(home, GENERATOR)
    assert everything(home.release) == before


def test_weights_that_change_under_the_gate_do_not_leave(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copyfile

    def swapped(source: Path, target: Path) -> None:
        copy(source, target)
        if target.suffix == ".safetensors":
            target.write_bytes(target.read_bytes()[:-1] + b"x")

    monkeypatch.setattr(shutil, "copyfile", swapped)
    assert refused(home) == ["weights or configuration changed while they were copied"]
    assert list(home.release.iterdir()) == []


def test_what_was_judged_leaves_though_notes_and_manifest_change_under_the_gate(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dp_clinical_pipeline.release import publish

    judged, table = publish.refusals, ("tiny", "eps-8")
    before = Store(home).read(SYNTHETIC_REPORTS, *table, budget="eps-8")

    def meanwhile(facts: Any) -> list[str]:
        told = judged(facts)
        secret = before.with_columns(text=pl.lit("a patient's name"))
        Store(home).write(SYNTHETIC_REPORTS, secret, *table, budget="eps-8")
        manifest = home.path / facts.row["path"] / "manifest.json"
        manifest.write_text(json.dumps(facts.manifest | {"note": "a patient's name"}))
        return told

    monkeypatch.setattr(publish, "refusals", meanwhile)
    folder = release_cell(home, GENERATOR).folder
    left = pl.read_parquet(folder / "synthetic_reports.parquet")
    assert left["text"].to_list() == before.filter("accepted")["text"].to_list()
    assert "note" not in json.loads((folder / "adapter" / "manifest.json").read_text())


def test_the_release_of_an_older_mechanism_is_kept_beside_the_new_one(home: Home) -> None:
    folder = release_cell(home, GENERATOR).folder
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"mechanism_id": "older"}))
    assert release_cell(home, GENERATOR).folder == folder
    assert {path.name for path in home.release.iterdir()} == {folder.name, f"{folder.name}@older"}
    release_cell(home, GENERATOR)
    assert len(list(home.release.iterdir())) == 2


def test_the_gate_judges_a_cell_so_often_and_does_not_look_again(home: Home) -> None:
    with_metric(home, GENERATOR, "membership_auroc", False)
    told = [refused(home) for _ in range(3)]
    assert told == [["the membership attack tells patients apart better than the claimed epsilon allows"]] * 3
    [reason] = refused(home)
    assert "has judged this cell 3 times" in reason
    assert "membership" not in reason
    assert attempts.used(home, GENERATOR) == 3
    released = release_cell(home, CLASSIFIER)  # another cell has its own
    assert (released.card.attempt, released.card.attempts_allowed) == (1, 3)


def test_the_record_is_appended_to_names_every_reason_and_is_its_owners_alone(home: Home) -> None:
    with_metric(home, GENERATOR, "identifiers_replayed", False)
    refused(home)
    path = attempts.record_path(home)
    first = path.read_bytes()
    with_metric(home, GENERATOR, "identifiers_replayed", True)
    released = release_cell(home, GENERATOR)
    assert path.read_bytes().startswith(first)
    lines = attempts.attempts(home, GENERATOR)
    assert [line.state for line in lines] == ["begun", "refused", "begun", "released"]
    assert lines[1].reasons == ["the notes repeat identifiers of training patients"]
    assert [line.number for line in lines] == [1, 1, 2, 2]
    assert released.card.attempt == 2
    assert path.is_relative_to(home.enclave)
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert "attempt 2 of 3" in (released.folder / "card.md").read_text()


def test_a_refusal_before_any_attack_was_made_is_no_attempt(home: Home) -> None:
    for table in (PRIVACY_METRICS, CLASSIFIER_PRIVACY_METRICS):
        shutil.rmtree(home.enclave / table.name)
    assert refused(home) == ["it was not attacked: materialize privacy_metrics"]
    assert refused(home, CLASSIFIER) == ["it was not attacked: materialize classifier_privacy_metrics"]
    assert [attempts.used(home, cell) for cell in CELLS] == [0, 0]


def test_an_attempt_that_was_killed_counts(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from dp_clinical_pipeline.release import publish

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(publish, "refusals", killed)
    with pytest.raises(KeyboardInterrupt):
        release_cell(home, GENERATOR)
    assert attempts.used(home, GENERATOR) == 1


def test_a_record_that_cannot_be_read_stops_the_gate(home: Home) -> None:
    attempts.record_path(home).write_text("{\n")
    with pytest.raises(UserError, match="record of release attempts cannot be read"):
        release_cell(home, GENERATOR)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (Cell(kind="generator", model="gpt-5", budget="eps-8"), "is not a generator of this home: use tiny"),
        (Cell(kind="classifier", model="tiny", budget="eps-8"), "is not an encoder of this home: use tiny-bert"),
        (Cell(kind="generator", model="tiny", budget="eps-8.0"), "write eps-8"),
        (Cell(kind="generator", model="tiny", budget="eps-2"), "the cell was not trained"),
        (Cell(kind="generator", model="tiny", budget="nonprivate"), "the budget is nonprivate"),
    ],
)
def test_a_cell_that_is_not_there_is_named(home: Home, cell: Cell, said: str) -> None:
    with pytest.raises(UserError, match=said):
        release_cell(home, cell)
    assert attempts.used(home, cell) == 0
