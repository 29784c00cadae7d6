"""The key is made once, for its owner alone, and pseudonyms depend on it, the kind and each part."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.deid import keys
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, Table

KEY = bytes(range(32))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv(keys.KEY_VARIABLE, raising=False)
    return Home(tmp_path / "home").create(Settings(kind="demo"))


def test_a_key_is_made_once_and_only_its_owner_may_read_it(home: Home) -> None:
    first = keys.secret(home)
    assert len(first) == 32
    assert keys.secret(home) == first
    assert stat.S_IMODE(keys.key_file(home).stat().st_mode) == 0o600
    assert sorted(n for n in os.listdir(keys.key_file(home).parent) if not n.startswith(".")) == [
        "fingerprint",
        "pseudonym.key",
    ]


def test_homes_do_not_share_a_key(home: Home, tmp_path: Path) -> None:
    assert keys.secret(home) != keys.secret(Home(tmp_path / "other").create(Settings(kind="demo")))


def test_a_race_for_the_first_use_ends_with_one_key(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: keys.secret(home), range(32)))) == 1


def test_a_key_that_others_can_read_is_refused(home: Home) -> None:
    keys.secret(home)
    keys.key_file(home).chmod(0o640)
    with pytest.raises(UserError, match="chmod 600"):
        keys.secret(home)


@pytest.mark.parametrize("text", ["", "hunter2", "00" * 32, "abcdef", "ab" * 15, "zz" * 32])
def test_a_key_that_is_no_key_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(keys.KEY_VARIABLE, text)
    with pytest.raises(UserError) as error:
        keys.secret(home)
    assert not text or text not in str(error.value)


@pytest.mark.parametrize("table", [DEIDENTIFIED_REPORTS, COHORT], ids=lambda table: table.name)
def test_a_lost_key_is_not_replaced_while_tables_made_with_it_exist(
    home: Home, monkeypatch: pytest.MonkeyPatch, table: Table
) -> None:
    first = keys.secret(home)
    partition = () if table is COHORT else ("batch-1",)
    Store(home).write(table, table.empty(), *partition)
    assert keys.secret(home) == first
    keys.key_file(home).unlink()
    with pytest.raises(UserError, match="pseudonyms were made with is missing: restore"):
        keys.secret(home)
    assert not keys.key_file(home).exists()
    monkeypatch.setenv(keys.KEY_VARIABLE, first.hex())
    assert keys.secret(home) == first


def test_the_environment_comes_before_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.KEY_VARIABLE, KEY.hex())
    assert keys.secret(home) == KEY
    assert not keys.key_file(home).exists()


def test_another_key_than_the_first_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keys.secret(home)
    monkeypatch.setenv(keys.KEY_VARIABLE, KEY.hex())
    with pytest.raises(UserError, match="not the key that this home's pseudonyms and splits were made with") as error:
        keys.secret(home)
    assert KEY.hex() not in str(error.value)
    monkeypatch.setenv(keys.KEY_VARIABLE, first.hex())
    assert keys.secret(home) == first


texts = st.text(max_size=12)


@given(st.lists(texts, max_size=3), st.lists(texts, max_size=3))
def test_pseudonyms_of_different_parts_differ(a: list[str], b: list[str]) -> None:
    assert (keys.pseudonym(KEY, "patient", *a) == keys.pseudonym(KEY, "patient", *b)) == (a == b)


@given(st.lists(texts, max_size=3))
def test_pseudonyms_depend_on_key_and_kind(parts: list[str]) -> None:
    name = keys.pseudonym(KEY, "patient", *parts)
    assert len(name) == 20
    assert name.isalnum()
    assert name != keys.pseudonym(KEY, "report", *parts)
    assert name != keys.pseudonym(KEY[::-1], "patient", *parts)


def test_unit_intervals_are_uniform() -> None:
    draws = [keys.unit_interval(KEY, "split", str(i)) for i in range(4000)]
    assert all(0 <= x < 1 for x in draws)
    tenths = [sum(k / 10 <= x < (k + 1) / 10 for x in draws) for k in range(10)]
    assert all(abs(count - 400) < 6 * (4000 * 0.09) ** 0.5 for count in tenths)
