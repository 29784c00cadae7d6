"""A ledger that was changed, cut, put back or lost is found on the next open, and stops."""

import json
import shutil
import sqlite3

import polars as pl
import pytest

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS
from dp_clinical_pipeline_tests.privacy.racers import (
    NOISE,
    cap_for,
    ledger_home,
    mechanism,
)


@pytest.fixture
def home(tmp_path):
    return ledger_home(tmp_path, cap_for(3))


def _sql(home, statement, *values):
    with sqlite3.connect(home.enclave / "ledger.sqlite") as connection:
        connection.execute(statement, values)
    connection.close()


def _lower_the_cost(home):
    _sql(home, "UPDATE privacy_ledger SET body = replace(body, ?, ?) WHERE seq = 2", str(NOISE), "99.0")


def _rename_a_state(home):
    _sql(home, "UPDATE privacy_ledger SET body = replace(body, '\"reserved\"', '\"refused\"') WHERE seq = 1")


def _delete_the_last(home):
    _sql(home, "DELETE FROM privacy_ledger WHERE seq = (SELECT max(seq) FROM privacy_ledger)")


def _delete_the_first(home):
    _sql(home, "DELETE FROM privacy_ledger WHERE seq = 1")


def _delete_all(home):
    _sql(home, "DELETE FROM privacy_ledger")


def _restore_an_old_copy(home):
    shutil.copy(home.enclave / "old.sqlite", home.enclave / "ledger.sqlite")


def _lose_the_database(home):
    (home.enclave / "ledger.sqlite").unlink()


def _lose_the_head(home):
    (home.enclave / "ledger.head.json").unlink()


def _garble_the_head(home):
    (home.enclave / "ledger.head.json").write_text('{"seq": 2')


def _point_the_head_nowhere(home):
    (home.enclave / "ledger.head.json").write_text(json.dumps({"seq": 0, "row_sha256": "0" * 64}))


@pytest.mark.parametrize(
    "tamper",
    [
        _lower_the_cost, _rename_a_state, _delete_the_last, _delete_the_first, _delete_all, _restore_an_old_copy,
        _lose_the_database, _lose_the_head, _garble_the_head, _point_the_head_nowhere,
    ],
)  # fmt: skip
def test_tampering_is_found_on_the_next_open_and_stops(home, tamper):
    ledger = open_ledger(home)
    entry = ledger.reserve(mechanism())
    shutil.copy(home.enclave / "ledger.sqlite", home.enclave / "old.sqlite")
    ledger.record(entry, "running")
    ledger.record(entry, "done")
    assert len(open_ledger(home).rows()) == 3
    tamper(home)
    with pytest.raises(UserError, match="stop, and restore"):
        open_ledger(home)
    with pytest.raises(UserError, match="stop, and restore"):
        ledger.reserve(mechanism())


def test_rows_rewritten_with_their_hashes_do_not_fit_the_head(home, tmp_path):
    ledger = open_ledger(home)
    ledger.reserve(mechanism())
    ledger.reserve(mechanism())
    other = ledger_home(tmp_path / "other", cap_for(3))
    for _ in range(2):
        open_ledger(other).reserve(mechanism(noise=100.0))
    shutil.copy(other.enclave / "ledger.sqlite", home.enclave / "ledger.sqlite")
    with pytest.raises(UserError, match="older than its head file"):
        open_ledger(home)


def _forget_the_ledger(home):
    """What an operator does who wants to start afresh, or who restores a home without its enclave."""
    for name in ("ledger.sqlite", "ledger.head.json"):
        (home.enclave / name).unlink()


def _write_manifest(home, head):
    folder = home.lake / "adapters" / "m1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"ledger_head": head}))


def _write_counts(home, mechanism_id):
    row = dict.fromkeys(LABEL_MARGINALS.columns) | {"mechanism_id": mechanism_id}
    Store(home).write(LABEL_MARGINALS, pl.DataFrame([row], schema=LABEL_MARGINALS.schema), "eps-8", budget="eps-8")


@pytest.mark.parametrize("artefact", ["manifest", "counts"])
def test_a_ledger_deleted_with_its_head_is_missed_by_what_was_made_under_it(home, artefact):
    ledger = open_ledger(home)
    entry = ledger.reserve(mechanism())
    if artefact == "manifest":
        _write_manifest(home, ledger.head())
    else:
        _write_counts(home, entry.mechanism_id)
    ledger.record(entry, "done")
    assert len(open_ledger(home).rows()) == 2
    _forget_the_ledger(home)
    for _ in range(2):
        with pytest.raises(UserError, match=r"does not hold what lake/.* was made under"):
            open_ledger(home)


def test_another_chain_as_long_does_not_hold_a_manifests_head(home, tmp_path):
    _write_manifest(home, (1, "0" * 64))
    with pytest.raises(UserError, match="does not hold what lake/adapters/m1"):
        open_ledger(home)
    _write_manifest(home, None)  # a benchmark's adapter outside the ledger repeats nothing
    open_ledger(home).reserve(mechanism())
    _write_manifest(home, (1, open_ledger(home).rows()[0].row_sha256))
    open_ledger(home)
    (home.lake / "adapters" / "m1" / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="the manifest in lake/adapters/m1 cannot be read"):
        open_ledger(home)


def test_a_kill_between_a_row_and_its_head_breaks_nothing(home, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    for _ in range(2):
        ledger = open_ledger(home)
        with monkeypatch.context() as patch:
            patch.setattr("dp_clinical_pipeline.privacy.ledger.write_text", killed)
            with pytest.raises(KeyboardInterrupt):
                ledger.reserve(mechanism())
    open_ledger(home).reserve(mechanism())
    assert len(open_ledger(home).account().spent) >= 2


def test_the_next_open_after_such_a_kill_finds_an_older_copy(home, tmp_path, monkeypatch):
    ledger = open_ledger(home)
    reserved = ledger.reserve(mechanism())
    shutil.copy(home.enclave / "ledger.sqlite", tmp_path / "older")
    with monkeypatch.context() as patch:
        patch.setattr("dp_clinical_pipeline.privacy.ledger.write_text", lambda *_: None)
        ledger.record(reserved, "done")
    open_ledger(home)
    shutil.copy(tmp_path / "older", home.enclave / "ledger.sqlite")
    with pytest.raises(UserError, match="older than its head file"):
        open_ledger(home)


@pytest.mark.postgres
def test_tampering_on_postgresql_is_found(tmp_path, postgres_url):
    home = ledger_home(tmp_path, cap_for(3), postgres_url)
    ledger = open_ledger(home)
    ledger.record(ledger.reserve(mechanism()), "done")
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM privacy_ledger WHERE seq = 2")
    with pytest.raises(UserError, match="older than its head file"):
        open_ledger(home)
