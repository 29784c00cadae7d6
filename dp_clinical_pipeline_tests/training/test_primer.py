"""The primer's training: made once, read afterwards, told of in the manifest, and no part of any account."""

import json
import threading

import pytest
import torch

from dp_clinical_pipeline.cli.live import told
from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, NIH14, label_set
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_lora
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.primer import primer_pairs
from dp_clinical_pipeline.synthesis.prompts import record_line
from dp_clinical_pipeline.tables import GENERATOR_ADAPTER, SYNTHETIC_REPORTS
from dp_clinical_pipeline.training import primer
from dp_clinical_pipeline.training.examples import causal_example, draw
from dp_clinical_pipeline.training.generator import generator_recipe, train_generator
from dp_clinical_pipeline.training.primer import primer_digest
from dp_clinical_pipeline.training.untuned import write_untuned
from dp_clinical_pipeline_tests.training.tiny import CPU, losses, tiny_home, weights

SMALL = {"primer_steps": 4, "primer_lot_size": 6}


@pytest.fixture
def home(tmp_path, tiny_models):
    return tiny_home(tmp_path, tiny_models["llama"], **SMALL)


def _changed(home, **training):
    changed = home.settings.training.model_copy(update=training)
    return home.save_settings(home.settings.model_copy(update={"training": changed}))


def _base(home):
    return base_model(home, "generators", "tiny")


def _built(home, on_progress=None):
    return generator_recipe(home, on_progress).build(_base(home), CPU)


def _fresh(home):
    """An adapter that no primer was put into."""
    return with_lora(load_causal(_base(home), CPU), causal=True, rank=2, alpha=16, layers=12)


def _primers(home):
    return sorted((home.models / "primers").glob("[!.]*"))


def test_a_primer_is_trained_once_and_read_afterwards(home, monkeypatch):
    seen = []
    first = _built(home, seen.append)
    assert [(p.step, p.steps, p.epsilon, p.noise_multiplier) for p in seen] == [
        (i, 4, None, None) for i in (1, 2, 3, 4)
    ]
    assert told(seen[0]).startswith("1 of 4, primer on public text")
    [folder] = _primers(home)
    assert folder.name == f"tiny-chexpert14-{first.primed.digest}"
    made = (folder / "primer.safetensors").stat().st_mtime_ns
    monkeypatch.setattr(primer, "train", None)
    again = _built(home, seen.append)
    assert len(seen) == 4
    assert (folder / "primer.safetensors").stat().st_mtime_ns == made
    assert torch.equal(weights(first), weights(again))
    assert not list(folder.parent.glob(".*.tmp"))


def test_the_same_settings_give_the_same_primer_anywhere(home, tmp_path, tiny_models):
    torch.manual_seed(1)
    first = _built(home)
    torch.manual_seed(2)
    other = _built(tiny_home(tmp_path / "other", tiny_models["llama"], **SMALL))
    assert first.primed.sha256 == other.primed.sha256
    assert torch.equal(weights(first), weights(other))


def test_a_primer_lowers_the_loss_on_made_up_notes_that_it_did_not_see(home):
    tokenizer = load_tokenizer(_base(home), padding_side="right")
    held = [[causal_example(tokenizer, p.prompt, p.note, 96)] for p in primer_pairs(CHEXPERT14, 20, seed=99)]

    def loss(model):
        with torch.no_grad():
            return float(losses(model, draw(held)).mean())

    plain = loss(_built(_changed(home, primer_steps=0)))
    assert loss(_built(_changed(home, primer_steps=24, primer_lot_size=8))) < plain - 0.05


@pytest.mark.parametrize(
    "change", [{"lora_rank": 3}, {"lora_layers": 1}, {"primer_steps": 5}, {"primer_lot_size": 7}, {"max_tokens": 80}]
)
def test_what_the_weights_follow_from_is_in_the_digest(home, change):
    assert primer_digest(_changed(home, **change), _base(home), CHEXPERT14) != primer_digest(
        _changed(home, lora_rank=2), _base(home), CHEXPERT14
    )


def test_other_sentences_base_or_labels_make_another_digest_and_private_settings_do_not(home, monkeypatch, tiny_models):
    base = _base(home)
    first = primer_digest(home, base, CHEXPERT14)
    assert primer_digest(_changed(home, steps=9, learning_rate=0.5, max_grad_norm=2.0), base, CHEXPERT14) == first
    assert primer_digest(home, base, NIH14) != first
    assert primer_digest(home, type(base)(name="tiny", path=base.path, sha256="other"), CHEXPERT14) != first
    monkeypatch.setattr(primer, "_pairs_sha256", lambda labels, count: "other sentences")
    assert primer_digest(home, base, CHEXPERT14) != first


def test_two_that_start_at_once_make_it_once(home, monkeypatch):
    counted, train = [], primer.train

    def counting(*args, **kwargs):
        counted.append(1)
        return train(*args, **kwargs)

    monkeypatch.setattr(primer, "train", counting)
    models = [_fresh(home) for _ in range(2)]  # loading a model is not made for threads
    threads = [threading.Thread(target=primer.apply_primer, args=(home, _base(home), model)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 1
    assert models[0].primed.sha256 == models[1].primed.sha256
    assert torch.equal(weights(models[0]), weights(models[1]))


def test_a_changed_file_is_refused(home):
    _built(home)
    [folder] = _primers(home)
    file = folder / "primer.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(UserError, match="was changed: delete it"):
        _built(home)


def test_an_interrupted_primer_leaves_nothing_and_starts_again(home):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _built(home, stop)
    assert _primers(home) == []
    assert _built(home).primed.digest


def test_a_private_training_starts_from_the_primer_and_says_so(home):
    before = []
    steps = []
    train_generator(home, "tiny", "eps-8", on_progress=lambda p: (steps.append(p.step), before.append(p.epsilon)))
    assert steps == [1, 2, 3, 4] * 2
    assert before == [None] * 4 + [8.0] * 4  # the primer's steps have no account
    row = Store(home).read(GENERATOR_ADAPTER, "tiny", "eps-8", budget="eps-8").row(0, named=True)
    manifest = json.loads((cell_adapter(home, row) / "manifest.json").read_text())
    [folder] = _primers(home)
    assert folder.name.endswith(manifest["primer"])
    assert manifest["primer_sha256"] == json.loads((folder / "manifest.json").read_text())["sha256"]
    [entry] = open_ledger(home).account().spent
    assert list(entry.events) == ["generator:tiny:eps-8"]


def test_without_primer_steps_the_adapter_starts_from_zero(home):
    plain = _changed(home, primer_steps=0)
    train_generator(plain, "tiny", "nonprivate")
    row = Store(plain).read(GENERATOR_ADAPTER, "tiny", "nonprivate", budget="nonprivate").row(0, named=True)
    assert json.loads((cell_adapter(plain, row) / "manifest.json").read_text())["primer"] is None
    assert not (plain.models / "primers").exists()


def test_a_training_that_moved_nothing_is_not_saved(home, tmp_path):
    recipe, model = generator_recipe(home), _built(home)
    with pytest.raises(UserError, match="did not move"):
        recipe.save(model, tmp_path / "adapter")
    with torch.no_grad():
        next(p for p in model.parameters() if p.requires_grad).add_(1e-3)
    assert recipe.save(model, tmp_path / "adapter")


def test_untuned_notes_are_judged_as_a_cell_s_and_need_no_account(home):
    generation = Generation(accepted=4, max_ratio=3.0, batch_size=5, max_new_tokens=12, min_words=2)
    wanting = home.save_settings(home.settings.model_copy(update={"generation": generation}))
    seen = []
    rows = write_untuned(wanting, "tiny", 4, seen.append)
    assert rows == write_untuned(wanting, "tiny", 4)
    accepted = [row for row in rows if row["accepted"]]
    assert len(accepted) >= 4 or len(rows) == 12
    assert (seen[-1].tried, seen[-1].accepted) == (len(rows), len(accepted))
    assert all((row["reason"] is None) == row["accepted"] for row in rows)
    assert {row["budget"] for row in rows} == {"untuned"}
    assert all(row.keys() == SYNTHETIC_REPORTS.schema.keys() for row in rows)
    assert not open_ledger(wanting).account().spent
    strict = generation.model_copy(update={"require_record": True})
    refused = write_untuned(home.save_settings(home.settings.model_copy(update={"generation": strict})), "tiny", 4)
    assert "not_its_record" in {row["reason"] for row in refused}


def test_untuned_notes_are_asked_for_where_nobody_wrote_any(home):
    labels = label_set("cmc45")
    corpus = home.settings.corpus.model_copy(update={"label_set": labels.name})
    generation = Generation(accepted=12, max_ratio=1.0, batch_size=12, max_new_tokens=4)
    training = home.settings.training.model_copy(update={"primer_steps": 0})
    changed = {"corpus": corpus, "generation": generation, "training": training}
    coded = home.save_settings(home.settings.model_copy(update=changed))
    rows = write_untuned(coded, "tiny", 12)
    assert [row["targets"] for row in rows] == [row["targets"] for row in write_untuned(coded, "tiny", 12)]
    asked = {label for row in rows for label in row["targets"]}
    assert asked <= set(labels.labels)
    assert len(asked) > 5
    assert all(row["record"] == record_line(row["targets"], labels) for row in rows)
