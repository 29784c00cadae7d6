"""Settings and budget keys: one form, and one clear line for what is wrong."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.config import (
    Corpus,
    Generation,
    Patients,
    Privacy,
    Retraining,
    Settings,
    Splits,
    budget_epsilon,
    budget_key,
    read_settings,
    settings_yaml,
)
from dp_clinical_pipeline.errors import UserError


@pytest.mark.parametrize(
    ("key", "epsilon"), [("eps-8", 8), ("eps-0.1", 0.1), ("eps-0.005", 0.005), ("eps-100", 100), ("nonprivate", None)]
)
def test_a_canonical_key_stands_for_its_epsilon(key, epsilon):
    assert budget_epsilon(key) == epsilon
    assert epsilon is None or budget_key(epsilon) == key


@pytest.mark.parametrize(
    "key",
    ["eps|1", "eps-", "eps-nan", "eps-inf", "eps-0", "eps-0.0", "eps--1", "eps-1e3", "EPS-8", "eps 8", "", "eps-8\n",
     "non-private", "eps-1,5", "eps-.5", "eps-5.", "eps-0.00000000000001", "eps-" + "9" * 400],
)  # fmt: skip
def test_what_is_no_budget_is_refused_in_one_line(key):
    with pytest.raises(UserError, match="is not a budget: write eps-N") as caught:
        budget_epsilon(key)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("key", "right"), [("eps-8.0", "eps-8"), ("eps-08", "eps-8"), ("8", "eps-8"), ("0.10", "eps-0.1")]
)
def test_another_spelling_is_refused_with_the_right_one(key, right):
    with pytest.raises(UserError, match=f"not in its canonical form: write {right}$"):
        budget_epsilon(key)


@given(st.decimals(min_value="0.001", max_value="1000", places=3))
def test_keys_and_epsilons_go_both_ways(value):
    assert budget_epsilon(budget_key(float(value))) == float(value)


CHANGED = Settings(
    kind="benchmark",
    corpus=Corpus(format="table", label_set="nih14", columns={"text": "Report: #1", "patient_id": "yes"}),
    patients=Patients(count=12345),
    splits=Splits(train=0.25, validation=0.25, test=0.25, holdout=0.25),
    budgets=["nonprivate", "eps-0.1"],
    privacy=Privacy(delta=1e-7, retraining=Retraining(runs=3, cron="*/5 * * * *")),
    generation=Generation(require_record=False, seed=-1),
    ledger_url="postgresql+psycopg://user:pass@host/db?x=1#y",
)


@pytest.mark.parametrize("settings", [Settings(), CHANGED], ids=["default", "changed"])
def test_settings_survive_their_file(tmp_path, settings):
    path = tmp_path / "settings.yaml"
    path.write_text(settings_yaml(settings))
    assert read_settings(path) == settings
    described = [f.description for f in Privacy.model_fields.values() if f.description]
    assert all(f"  # {text}" in path.read_text() for text in described)


def test_an_empty_file_means_the_defaults(tmp_path):
    (tmp_path / "s.yaml").write_text("")
    assert read_settings(tmp_path / "s.yaml") == Settings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("privacy: {cap_epsilon: 0}", "privacy.cap_epsilon: Input should be greater than 0"),
        ("privacy: {cap_epsilon: lots}", "privacy.cap_epsilon: .*valid number.*got 'lots'"),
        ("privacy: {delta: 1}", "privacy.delta: Input should be less than 1"),
        ("privcy: {}", "privcy: Extra inputs are not permitted"),
        ("training: {steps: 1.5}", "training.steps: .*valid integer"),
        ("patients: {count: 0}", "patients.count: Input should be greater than or equal to 1"),
        ("splits: {train: 0.7}", r"splits: the shares of the splits add up to 1\.1, not 1"),
        ("budgets: [eps-8.0]", "settings: budget 'eps-8.0' is not in its canonical form: write eps-8"),
        ("privacy: {retraining: {budget: '8'}}", "settings: budget '8' is not in its canonical form"),
        ("compute: {device: tpu}", "compute.device: String should match pattern"),
        ("kind: hospital", "kind: Input should be 'private', 'benchmark' or 'demo'"),
        ("- a\n- b", "settings: Input should be a valid dictionary"),
        ("a: [1\nb: 2", r"is not YAML \(line 2\)"),
        ("a: !!python/object:os.system {}", "is not YAML"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path, text, message):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        read_settings(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_missing_or_no_text_is_one_line(tmp_path):
    with pytest.raises(UserError, match="run `dp-clinical init"):
        read_settings(tmp_path / "settings.yaml")
    (tmp_path / "s.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UserError, match=r"cannot be read as text|is not YAML"):
        read_settings(tmp_path / "s.yaml")
    with pytest.raises(UserError, match="cannot be read as text"):
        read_settings(tmp_path)


def test_settings_do_not_change_under_a_reader():
    with pytest.raises(ValueError, match="frozen"):
        Settings().kind = "demo"
    assert yaml.safe_load(settings_yaml(Settings()))["privacy"]["cap_epsilon"] == 10.0
