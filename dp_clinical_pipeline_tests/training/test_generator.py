"""A cell's training end to end on a made-up home: the ledger, the place of the adapter, and interruptions."""

import json

import pytest
from filelock import FileLock

from dp_clinical_pipeline.config import Privacy
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.adapters import adapter_sha256, cell_adapter
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.ledger import Ledger, OverBudget, open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER
from dp_clinical_pipeline.training import cell, mechanism
from dp_clinical_pipeline.training.generator import generator_recipe, train_generator
from dp_clinical_pipeline.training.loop import Randomness
from dp_clinical_pipeline.training.mechanism import nonprivate_mechanism
from dp_clinical_pipeline_tests.training.tiny import tiny_home


@pytest.fixture
def home(tmp_path, tiny_models):
    return tiny_home(tmp_path, tiny_models["llama"])


@pytest.fixture
def unplanned(tmp_path, tiny_models):
    return tiny_home(tmp_path, tiny_models["llama"], planned=False)


def _row(home, budget):
    return Store(home).read(GENERATOR_ADAPTER, "tiny", budget, budget=budget).row(0, named=True)


def _states(home):
    return [row.state for row in open_ledger(home).rows() if row.state != "declared"]


def test_a_private_cell_lies_in_the_lake_and_carries_its_account(home):
    facts = train_generator(home, "tiny", "eps-8")
    row = _row(home, "eps-8")
    folder = cell_adapter(home, row)
    assert folder.is_relative_to(home.lake)
    assert adapter_sha256(folder) == row["adapter_sha256"]
    (entry,) = open_ledger(home).account().spent
    event = event_from_json(entry.events["generator:tiny:eps-8"][0])
    assert (facts.mechanism_id, facts.epsilon, facts.delta) == (entry.mechanism_id, 8.0, entry.delta)
    assert row["noise_multiplier"] == event.event.event.noise_multiplier
    assert row["sample_rate"] == event.event.sampling_probability == pytest.approx(6 / 360)
    assert row["steps"] == event.count == 4
    assert (row["noise_source"], row["privacy_unit"], row["precision"]) == ("os", "patient", "fp32")
    manifest = json.loads((folder / "manifest.json").read_text())
    heads = {(r.seq, r.row_sha256) for r in open_ledger(home).rows()}
    assert tuple(manifest["ledger_head"]) in heads
    assert _states(home) == ["reserved", "running", "done"]
    assert list((home.enclave / "checkpoints").iterdir()) == []  # sampler and optimizer state are secret


def test_a_trained_cell_is_kept_and_not_paid_for_again(home):
    first = train_generator(home, "tiny", "eps-8")
    before = _states(home), cell_adapter(home, _row(home, "eps-8")).stat().st_mtime_ns
    again = train_generator(home, "tiny", "eps-8")
    assert (again.reused, again.mechanism_id) == (True, first.mechanism_id)
    assert (_states(home), cell_adapter(home, _row(home, "eps-8")).stat().st_mtime_ns) == before


def _trained_without_the_last_word(home, monkeypatch, **options):
    """The artefact is in place, and the ledger does not hear of it."""
    whole = Ledger.record

    def record(self, mechanism, state):
        if state == "done":
            raise UserError("the privacy ledger cannot be written")
        whole(self, mechanism, state)

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "record", record)
        with pytest.raises(UserError, match="cannot be written"):
            train_generator(home, "tiny", "eps-8", **options)
    assert _states(home) == ["reserved", "running"]


@pytest.mark.parametrize("retraining", [None, "retraining:1"])
def test_what_was_made_before_the_ledgers_last_word_is_not_made_twice(home, monkeypatch, retraining):
    _trained_without_the_last_word(home, monkeypatch, retraining=retraining)
    row, steps = _row(home, "eps-8"), []
    again = train_generator(home, "tiny", "eps-8", steps.append, retraining=retraining)
    assert (again.reused, again.mechanism_id, steps) == (True, row["mechanism_id"], [])
    assert _row(home, "eps-8") == row
    assert _states(home) == ["reserved", "running", "done"]


def test_a_cell_whose_row_was_taken_away_before_the_ledgers_last_word_pays_again(home, monkeypatch):
    _trained_without_the_last_word(home, monkeypatch)
    first = _row(home, "eps-8")["mechanism_id"]
    Store(home).path(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8").unlink()
    second = train_generator(home, "tiny", "eps-8").mechanism_id
    assert {m.mechanism_id for m in open_ledger(home).account().spent} == {first, second}
    assert len({first, second}) == 2
    assert _states(home) == ["reserved", "running", "done", "reserved", "running", "done"]


def test_the_name_of_a_training_without_privacy_does_not_tell_how_many_patients_there_are(unplanned, monkeypatch):
    """It is shown: a hash of public settings and the exact number would be undone by trying every number."""
    names = [nonprivate_mechanism(unplanned, "generator", "tiny").mechanism_id for _ in "ab"]
    monkeypatch.setattr(mechanism, "secret", lambda home: bytes(32))
    other = nonprivate_mechanism(unplanned, "generator", "tiny").mechanism_id
    assert names[0] == names[1] != other


def test_a_cell_without_privacy_stays_in_the_enclave_and_out_of_the_ledger(unplanned):
    facts = train_generator(unplanned, "tiny", "nonprivate")
    assert (facts.epsilon, facts.noise_multiplier) == (None, None)
    assert cell_adapter(unplanned, _row(unplanned, "nonprivate")).is_relative_to(unplanned.enclave)
    assert open_ledger(unplanned).rows() == []
    assert list(unplanned.lake.glob("**/*")) == []


def test_no_report_is_read_when_the_ledger_refuses(unplanned, monkeypatch):
    home = unplanned.save_settings(unplanned.settings.model_copy(update={"privacy": Privacy(cap_epsilon=0.5)}))

    def read(*_):
        raise AssertionError("private data was read")

    monkeypatch.setattr(cell, "train_patients", read)
    with pytest.raises(OverBudget, match="nothing was spent"):
        train_generator(home, "tiny", "eps-8")
    assert _states(home) == ["refused"]
    assert list(home.lake.glob("**/*")) == []


def test_a_primer_that_nobody_wrote_sentences_for_is_refused_before_anything_is_spent(unplanned):
    settings = unplanned.settings
    changed = {
        "corpus": settings.corpus.model_copy(update={"label_set": "cmc45"}),
        "training": settings.training.model_copy(update={"primer_steps": 2}),
    }
    home = unplanned.save_settings(settings.model_copy(update=changed))
    with pytest.raises(UserError, match="no primer sentences for cmc45"):
        train_generator(home, "tiny", "eps-8")
    assert _states(home) == []


def test_an_error_is_spent_and_the_next_run_goes_on_under_the_same_mechanism(home):
    def fails(seen):
        if seen.step == 3:
            raise RuntimeError("the cable")

    with pytest.raises(RuntimeError, match="the cable"):
        train_generator(home, "tiny", "eps-8", fails)
    assert _states(home) == ["reserved", "running", "aborted"]
    spent, steps = open_ledger(home).cumulative(), []
    facts = train_generator(home, "tiny", "eps-8", lambda seen: steps.append(seen.step))
    assert steps == [3, 4]  # from the checkpoint after two
    assert open_ledger(home).cumulative() == spent
    assert [m.mechanism_id for m in open_ledger(home).account().spent] == [facts.mechanism_id]
    assert _states(home)[-2:] == ["running", "done"]


def test_other_settings_make_an_interrupted_training_another_mechanism(home):
    def fails(_):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        train_generator(home, "tiny", "eps-8", fails)
    training = home.settings.training.model_copy(update={"max_grad_norm": 0.1})
    privacy = Privacy(cap_epsilon=40)
    changed = home.save_settings(home.settings.model_copy(update={"training": training, "privacy": privacy}))
    train_generator(changed, "tiny", "eps-8")
    assert len(open_ledger(changed).account().spent) == 2


def test_a_cell_that_another_process_trains_is_left_alone(home):
    with FileLock(home.enclave / ".training.tiny.eps-8.lock"), pytest.raises(UserError, match="by another process"):
        train_generator(home, "tiny", "eps-8")
    assert _states(home) == []


def test_a_test_seed_is_named_in_the_row(home):
    seeded = Randomness(sampling=TestSeedSource(0), noise=TestSeedSource(1))
    train_generator(home, "tiny", "eps-8", randomness=seeded)
    assert _row(home, "eps-8")["noise_source"] == "test-seed"
    assert [row.mechanism.noise_source for row in open_ledger(home).rows()] == [None, *["test-seed"] * 3]


def test_a_training_that_goes_on_without_its_test_seed_is_still_marked_by_it(home):
    def stops(seen):
        if seen.step == 3:
            raise RuntimeError("stopped")

    seeded = Randomness(sampling=TestSeedSource(0), noise=TestSeedSource(1))
    with pytest.raises(RuntimeError, match="stopped"):
        train_generator(home, "tiny", "eps-8", stops, randomness=seeded)
    train_generator(home, "tiny", "eps-8")
    row, (entry,) = _row(home, "eps-8"), open_ledger(home).account().spent
    assert row["noise_source"] == entry.noise_source == "test-seed"
    assert json.loads((cell_adapter(home, row) / "manifest.json").read_text())["noise_source"] == "test-seed"


def test_changed_weights_are_refused(home):
    train_generator(home, "tiny", "eps-8")
    row = _row(home, "eps-8")
    weights = cell_adapter(home, row) / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="is missing or was changed"):
        cell_adapter(home, row)


def test_what_states_the_record_weighs_more_in_training(home):
    tokenizer = load_tokenizer(base_model(home, "generators", "tiny"), padding_side="right")
    example = generator_recipe(home).example(tokenizer, "Small effusion. The heart is normal.", ["Pleural Effusion"])
    assert set(example.weights) == {1.0, home.settings.training.stated_weight}
    assert example.weights[1] > example.weights[-1]
