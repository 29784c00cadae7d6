"""A small generator from public text: what is made, that it goes on where it was killed, and what it leaves alone."""

import functools
import json
import math
import signal
import subprocess
import sys
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
import torch
from filelock import FileLock
from transformers import AutoModelForCausalLM, AutoTokenizer

from dp_clinical_pipeline.config import Generation, Models, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import NIH14
from dp_clinical_pipeline.models.base import base_model
from dp_clinical_pipeline.models.loading import load_causal, load_tokenizer, with_lora
from dp_clinical_pipeline.synthesis.primer import primer_pairs
from dp_clinical_pipeline.synthesis.writer import Writer
from dp_clinical_pipeline.training import made_once, pretraining, public_rows
from dp_clinical_pipeline.training.examples import causal_example
from dp_clinical_pipeline.training.pretraining import _warmth
from dp_clinical_pipeline.training.public_rows import lot, packed, rows_of
from dp_clinical_pipeline.training.public_text import read_public_text
from dp_clinical_pipeline_tests.made_up_home import make_home
from dp_clinical_pipeline_tests.test_cli import dp_clinical as dp_clinical
from dp_clinical_pipeline_tests.test_cli import one_error
from dp_clinical_pipeline_tests.training import pretrained
from dp_clinical_pipeline_tests.training.pretrained import made, tiny_spec
from dp_clinical_pipeline_tests.training.tiny import CPU


def _text(number: int) -> str:
    heart = "large" if number % 2 else "small"
    return f"Number {number} marks it. No pleural effusion, no pneumothorax; the heart is {heart}."


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("public") / "public.csv"
    pl.DataFrame({"text": [_text(number) for number in range(1000, 1120)]}).write_csv(path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory, table):
    return made(tmp_path_factory.mktemp("made") / "small", table, steps=40)


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory, table):
    """The hash of the weights that seven steps end with."""
    return made(tmp_path_factory.mktemp("unharmed") / "small", table).manifest["weights_sha256"]


def test_what_was_made_is_a_generator_that_lora_and_the_writer_know(model, tmp_path):
    home = Home(tmp_path / "home").create(Settings(models=Models(generators={"small-public": str(model.folder)})))
    base = base_model(home, "generators", "small-public")
    tokenizer = load_tokenizer(base, padding_side="left")
    assert len({tokenizer.pad_token_id, tokenizer.eos_token_id}) == 2
    example = causal_example(tokenizer, "Write a clinical note.\nReport:", "No effusion é ☤.", 64)
    assert tokenizer.decode(example.tokens) == "Write a clinical note.\nReport: No effusion é ☤.<|endoftext|>"
    adapted = with_lora(load_causal(base, CPU), causal=True, rank=2, alpha=4, layers=12)
    assert sum("lora_A" in name for name, _ in adapted.named_parameters()) == 4  # query and value of two layers
    settings = Generation(max_new_tokens=8, batch_size=2, temperature=0.5)
    texts, lengths = Writer(adapted.merge_and_unload(), tokenizer, settings).write(["Number", "No pleural"], 0)
    assert all(0 < length <= 8 for length in lengths)
    assert any(texts)


def test_it_learns_and_says_how_much_as_the_library_itself_would_count_it(model, table):
    text, held_out = read_public_text(table, "text"), model.manifest["held_out"]
    words = AutoTokenizer.from_pretrained(model.folder)
    flat = [token for one in text.held_out for token in (*words.encode(one), words.eos_token_id)]
    rows = torch.tensor(flat[: len(flat) // 32 * 32]).reshape(-1, 32)
    with torch.no_grad():
        loss = AutoModelForCausalLM.from_pretrained(model.folder)(rows, labels=rows).loss.item()
    assert held_out["perplexity"] == pytest.approx(math.exp(loss), rel=1e-2)
    assert held_out["perplexity"] < held_out["perplexity_before"] / 3
    size = sum(len(one.encode()) for one in text.held_out)
    assert held_out["bits_per_byte"] == pytest.approx(loss / math.log(2) * len(flat) / size, rel=1e-2)


def test_the_manifest_and_the_card_say_what_it_is(model, table):
    manifest = json.loads((model.folder / "manifest.json").read_text())
    assert manifest == model.manifest
    assert manifest["text"]["sha256"] == read_public_text(table, "text").sha256
    assert (manifest["steps"], manifest["planned_steps"], manifest["spec"]["seed"]) == (40, 40, 0)
    assert manifest["tokens_read"] == 40 * 4 * 32
    card = (model.folder / "README.md").read_text()
    for fact in (
        "small",
        "pre-trained here",
        "public.csv",
        manifest["text"]["sha256"],
        "made up here",
        "40 of 40 planned",
    ):
        assert fact in card
    assert "{" not in card.replace("{NAME: FOLDER}", "")


def test_the_same_text_steps_and_seed_give_the_same_weights_and_another_seed_others(tmp_path, table, unharmed):
    again, other = (made(tmp_path / str(seed), table, seed=seed).manifest for seed in (0, 1))
    assert again["weights_sha256"] == unharmed != other["weights_sha256"]
    assert abs(again["held_out"]["perplexity_before"] - other["held_out"]["perplexity_before"]) > 0.5


def test_killed_it_goes_on_from_its_checkpoint_and_ends_with_the_same_weights(tmp_path, table, unharmed):
    folder = tmp_path / "small"
    command = [sys.executable, pretrained.__file__, str(folder), str(table), "5"]
    killed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert not folder.exists()
    seen = []
    assert made(folder, table, seen.append).manifest["weights_sha256"] == unharmed
    assert [at.step for at in seen] == [5, 6, 7]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["small"]


@pytest.mark.parametrize(
    ("owner", "place"),
    [
        (public_rows, "train_byte_pairs"), (public_rows, "packed"), (pretraining, "_bits"),
        (pretraining, "write_manifest"), (pretraining, "pretrained_card"),
    ],
)  # fmt: skip
def test_stopped_anywhere_it_leaves_no_half_model_and_goes_on(tmp_path, table, unharmed, monkeypatch, owner, place):
    honest = getattr(owner, place)

    def stopped(*args):
        honest(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, place, stopped)
    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "small", table)
    assert not (tmp_path / "small").exists()
    monkeypatch.setattr(owner, place, honest)
    assert made(tmp_path / "small", table).manifest["weights_sha256"] == unharmed


def test_what_was_made_is_not_made_again(tmp_path, table, monkeypatch):
    first = made(tmp_path / "small", table)
    (tmp_path / ".small.pretraining").mkdir()  # of a process that was killed right at the end
    monkeypatch.setattr(pretraining, "_train", lambda *_: pytest.fail("trained"))
    again = made(tmp_path / "small", table)
    assert (first.fresh, again.fresh) == (True, False)
    assert again.manifest == first.manifest
    assert not (tmp_path / ".small.pretraining").exists()


def test_another_plan_neither_replaces_a_model_nor_takes_up_its_checkpoint(tmp_path, table):
    made(tmp_path / "small", table, steps=1)
    with pytest.raises(UserError, match="is there already and was not made from this"):
        made(tmp_path / "small", table, steps=2)
    (tmp_path / "mine").mkdir()
    with pytest.raises(UserError, match="is there already"):
        made(tmp_path / "mine", table)

    def stop(at):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "begun", table, stop)
    with pytest.raises(UserError, match="begun with other text or options"):
        made(tmp_path / "begun", table, seed=3)


def test_two_processes_do_not_make_the_same_model(tmp_path, table):
    with FileLock(tmp_path / ".small.pretraining.lock"), pytest.raises(UserError, match="another process pre-trains"):
        made(tmp_path / "small", table)


def test_hours_end_it_before_its_steps_over_a_kill_too(tmp_path, table, monkeypatch):
    clock = iter(range(0, 10**6, 60))
    monkeypatch.setattr(pretraining.time, "monotonic", lambda: float(next(clock)))
    steps = []

    def stop(at):
        steps.append(at.step)
        if at.step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path / "small", table, stop, hours=0.25, steps=1000)
    monkeypatch.setattr(made_once, "made_before", lambda *_: None)
    ended = made(tmp_path / "small", table, hours=0.25, steps=1000).manifest
    # A minute at each look at the clock, of which a step has two: fifteen minutes are seven or eight steps in all.
    assert 6 <= ended["steps"] <= 9
    assert ended["planned_steps"] == 1000


def test_the_learning_rate_rises_stays_and_sinks_to_nothing():
    rates = [_warmth(step, 400, step / 400) for step in range(400)]
    assert rates[0] == pytest.approx(1 / 40)
    assert all(a < b for a, b in pairwise(rates[:40]))
    assert rates[40:240] == [1.0] * 200
    assert all(a > b for a, b in pairwise(rates[241:]))
    assert rates[-1] < 0.01
    assert _warmth(50, 10**6, 0.9) == pytest.approx(0.25)  # when the hours end before the steps


def test_each_pass_reads_every_row_once_in_an_order_of_its_own():
    rows = np.arange(10)[:, None]
    read = np.concatenate([lot(rows, step, tiny_spec(rows=4)) for step in range(5)])[:, 0].tolist()
    assert sorted(read[:10]) == sorted(read[10:]) == list(range(10))
    assert read[:10] != read[10:]


def test_rows_are_the_texts_in_a_row():
    texts = [(1, 2, 3), (4, 5), (6, 7, 8, 9)]
    assert packed(texts, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    with pytest.raises(UserError, match="9 tokens: too few for one row of 10"):
        packed(texts, 10)


def test_held_out_text_is_not_learnt_from_and_made_up_pairs_are(tmp_path, table):
    text = read_public_text(table, "text")
    tokenizer, rows = rows_of(tmp_path, text, tiny_spec())
    learnt, held_out = tokenizer.decode(rows.learnt.flatten()), tokenizer.decode(rows.held_out.flatten())
    kept_back = [one.split(" marks")[0] for one in text.held_out]
    assert not any(number in learnt for number in kept_back)
    assert all(number in held_out for number in kept_back[:-2])  # the end does not fill a row
    assert sum(one in learnt for one in text.learnt) > 0.95 * len(text.learnt)
    pair = primer_pairs(NIH14, 3, 2)[0]
    tuned = causal_example(
        tokenizer, pair.prompt, pair.note, 1000
    ).tokens  # what LoRA will be shown is what was shown here
    assert " ".join(map(str, tuned)) in " ".join(map(str, rows.learnt.flatten().tolist()))
    for kind in ("chest x-ray report", "chest CT report", "radiology report", "clinical note"):
        assert f"<|endoftext|>Write a {kind}.\nFindings: " in learnt
    assert "Write a" not in rows_of(tmp_path / "b", text, tiny_spec(pairs=0))[0].decode(rows.held_out.flatten())


@pytest.mark.parametrize("folder", ["enclave/m", "lake/m", "incoming/m", "release/m", "m"])
def test_a_model_goes_into_no_folder_of_a_home_but_its_models(tmp_path, table, folder):
    home = Home(tmp_path / "home").create(Settings())
    before = sorted(home.path.rglob("*"))
    with pytest.raises(UserError, match=r"lies in the home .*: give .*home/models/NAME"):
        made(home.path / folder, table)
    assert sorted(home.path.rglob("*")) == before


def test_in_a_homes_models_it_is_found_by_name_and_the_enclave_and_the_ledger_are_as_before(tmp_path, table):
    home = make_home(tmp_path / "home", 4)
    home = home.save_settings(home.settings.model_copy(update={"models": Models(generators={"small": "pretrained"})}))
    with pytest.raises(UserError, match=f"run `dp-clinical pretrain {home.models / 'small'} --corpus"):
        base_model(home, "generators", "small")
    before = {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if not path.is_relative_to(home.models)}
    folder = made(home.models / "small", table, steps=1).folder
    assert base_model(home, "generators", "small").path == folder
    after = {path: path.stat().st_mtime_ns for path in home.path.rglob("*") if not path.is_relative_to(home.models)}
    assert after == before


@pytest.mark.parametrize(("changes", "said"), [({"steps": 0}, "steps is 0"), ({"context": 129}, "128 positions")])
def test_a_spec_that_cannot_be_is_refused(changes, said):
    with pytest.raises(UserError, match=said):
        tiny_spec(**changes)


def test_the_command_says_that_text_must_be_public_and_refuses_a_homes(dp_clinical, table, tmp_path, monkeypatch):
    monkeypatch.setattr(
        pretraining,
        "PretrainSpec",
        functools.partial(pretraining.PretrainSpec, shape=pretrained.SHAPE, pairs=3, context=32),
    )
    words = ("pretrain", tmp_path / "small", "--licence", "CC0, its makers", "--steps", "3", "--seed", "5")
    home = Home(tmp_path / "home").create(Settings())
    private = home.incoming / "public.csv"
    private.write_bytes(table.read_bytes())
    assert "pre-training reads public text only" in one_error(dp_clinical(*words, "--corpus", private))
    assert not (tmp_path / "small").exists()
    done = dp_clinical(*words, "--corpus", table)
    said = " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (0, ""), said
    assert "must be PUBLIC text" in said
    assert "CC0, its makers" in said
    assert "held-out perplexity" in said
    manifest = json.loads((tmp_path / "small/manifest.json").read_text())
    assert (manifest["steps"], manifest["spec"]["seed"], manifest["text"]["licence"]) == (3, 5, "CC0, its makers")
    assert "was there already" in " ".join(dp_clinical(*words, "--corpus", table).stderr.split())
