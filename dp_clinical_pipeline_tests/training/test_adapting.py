"""A generator that has read public reports: what is read, what is made, that it goes on, and what it leaves alone."""

import json
import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from filelock import FileLock
from transformers import AutoModelForCausalLM

from dp_clinical_pipeline.config import Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import CHEXPERT14, NIH14, label_set
from dp_clinical_pipeline.models.base import base_model, named_base
from dp_clinical_pipeline.models.loading import load_tokenizer
from dp_clinical_pipeline.synthesis.prompts import prompt_of
from dp_clinical_pipeline.training import adapting
from dp_clinical_pipeline.training.adapting import AdaptSpec, adapt, notes_to_learn
from dp_clinical_pipeline.training.public_notes import cut, read_public_notes
from dp_clinical_pipeline_tests.made_up_home import FINDINGS, report_body
from dp_clinical_pipeline_tests.test_cli import dp_clinical as dp_clinical
from dp_clinical_pipeline_tests.test_cli import one_error

TINY = AdaptSpec(steps=14, lot_size=8, learning_rate=2e-2, lora_rank=2, lora_alpha=4, max_tokens=200, made_up=12)


def write_table(path):
    rng = np.random.default_rng(0)
    notes = [report_body([label for label in FINDINGS if rng.random() < 0.4], rng) for _ in range(120)]
    pl.DataFrame({"text": notes, "history": ["Cough"] * 120, "seen": ["Seen by XXXX. Clear"] * 120}).write_csv(path)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("public") / "public.csv")


@pytest.fixture
def made(tmp_path, table, tiny_models):
    def make(name="adapted", spec=TINY, on_progress=None, labels=NIH14):
        torch.set_num_threads(1)
        base = named_base(tmp_path, str(tiny_models["llama"]))
        return adapt(
            tmp_path / name, base, read_public_notes([str(table)], 60), labels, "made up here", spec, on_progress
        )

    return make


def test_what_was_made_is_a_generator_that_has_learnt_and_says_how_much(made, table, tiny_models, tmp_path):
    """The loss in the manifest is that of the saved model, by the library's own count."""
    manifest = made().manifest
    assert manifest["loss"] < manifest["loss_before"] - 0.05
    home = Home(tmp_path / "home").create(Settings())
    home = home.save_settings(
        home.settings.model_copy(
            update={
                "models": home.settings.models.model_copy(update={"generators": {"chest": str(tmp_path / "adapted")}})
            }
        )
    )
    base = base_model(home, "generators", "chest")
    tokenizer = load_tokenizer(base, padding_side="right")
    notes = notes_to_learn(read_public_notes([str(table)], 60).pieces, NIH14, 12)
    held_out = adapting._parted(adapting._examples(tokenizer, notes, NIH14, TINY))[0]
    model, sums = AutoModelForCausalLM.from_pretrained(base.path), []
    for example in held_out:
        ids = torch.tensor([example.tokens])
        with torch.no_grad():
            each = torch.nn.functional.cross_entropy(model(ids).logits[0, :-1], ids[0, 1:], reduction="none")
        weights = torch.tensor(example.weights or (1.0,) * len(each[example.note_start - 1 :]))
        sums.append(float((each[example.note_start - 1 :] * weights).sum() / weights.sum()))
    assert manifest["loss"] == pytest.approx(sum(sums) / len(sums), abs=1e-2)
    assert manifest["held_out_notes"] == len(held_out)


def test_the_card_says_what_it_is_and_of_what(made, tmp_path):
    manifest = made().manifest
    card = (tmp_path / "adapted/README.md").read_text()
    for fact in (
        "adapted by `dp-clinical adapt`",
        "public.csv",
        "120 reports",
        "made up here",
        "`nih14`",
        f"{manifest['loss_before']} before",
        manifest["weights_sha256"],
        manifest["base"]["sha256"],
    ):
        assert fact in card
    assert "{" not in card.replace("{NAME: FOLDER}", "")


def test_stopped_it_goes_on_from_its_checkpoint_and_ends_with_the_same_weights(made, tmp_path):
    whole = made("whole").manifest["weights_sha256"]

    def stop(at):
        if at.step == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(on_progress=stop)
    assert not (tmp_path / "adapted").exists()
    seen = []
    assert made(on_progress=seen.append).manifest["weights_sha256"] == whole
    assert [at.step for at in seen] == [11, 12, 13, 14]
    assert made("other", replace(TINY, seed=1)).manifest["weights_sha256"] != whole


def test_what_was_made_is_not_made_again_and_neither_replaced(made, monkeypatch, tmp_path):
    first = made()
    monkeypatch.setattr(adapting, "train", lambda *_, **__: pytest.fail("trained"))
    again = made()
    assert (first.fresh, again.fresh) == (True, False)
    assert again.manifest == first.manifest
    with pytest.raises(UserError, match="is there already and was not made from this"):
        made(labels=CHEXPERT14)
    assert json.loads((tmp_path / "adapted/manifest.json").read_text()) == first.manifest


def test_two_processes_do_not_make_the_same_model(made, tmp_path):
    with FileLock(tmp_path / ".adapted.adapting.lock"), pytest.raises(UserError, match="another process adapts"):
        made()


def test_a_note_is_the_answer_to_the_record_that_rules_read_in_it(table):
    pieces = read_public_notes([str(table)], 60).pieces
    notes = notes_to_learn(pieces, NIH14, 12)
    for prompt, note, targets in notes:
        assert prompt == prompt_of(note, targets, NIH14)
    stating = sum(bool(set(targets) - {NIH14.normal}) for *_, targets in notes[:-12])
    assert stating < len(notes) - 12 <= 2 * stating  # what finds nothing does not drown what does
    assert notes == notes_to_learn(pieces, NIH14, 12)


def test_a_label_set_that_no_rules_read_is_refused():
    with pytest.raises(UserError, match="no public rules read icd10-categories"):
        notes_to_learn(["The heart is large."], label_set("icd10-categories"), 0)


def test_pieces_are_whole_sentences_without_masks():
    text = "The heart is large. Seen by Dr. XXXX today. No effusion, no edema. Call ___ at once. Lungs are clear."
    assert list(cut(text, 8)) == ["The heart is large. No effusion, no edema.", "Lungs are clear."]
    assert list(cut(text, 1)) == ["The heart is large.", "No effusion, no edema.", "Lungs are clear."]
    assert list(cut("XXXX.", 60)) == []


def test_corpora_are_read_by_format_by_columns_and_by_their_path_alone(table, tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a.txt").write_text("The heart is quite large. Lungs are clear.")
    both = read_public_notes([f"text={tmp_path / 'p'}", f"history+text={table}"], 60)
    assert [(one["name"], one["read_as"], one["reports"]) for one in both.sources] == [
        ("p", "text", 1),
        ("public.csv", "history+text", 120),
    ]
    assert "The heart is quite large. Lungs are clear." in both.pieces
    assert sum(piece.startswith("Cough. ") for piece in both.pieces) == len(both.pieces) - 1
    assert len(set(both.pieces)) == len(both.pieces)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("none.csv", "there is no"),
        ("note=public.csv", "with the columns note"),
        ("xml=public.csv", "columns xml"),
        ("history+seen=public.csv", "no text of four words"),  # three words at most, and one of them a mask
    ],
)
def test_a_corpus_that_cannot_be_read_is_refused(table, monkeypatch, given, said):
    monkeypatch.chdir(table.parent)
    with pytest.raises(UserError, match=said):
        read_public_notes([given], 60)


@pytest.mark.parametrize("link", [False, True], ids=["home within", "link into one"])
def test_a_folder_that_holds_anything_of_a_home_is_refused(tmp_path, link):
    home = Home(tmp_path / "a/home").create(Settings())
    (home.incoming / "r.txt").write_text("The heart is quite large.")
    (tmp_path / "links").mkdir()
    (tmp_path / "links/r.txt").symlink_to(home.incoming / "r.txt")
    (tmp_path / "links/back").symlink_to(tmp_path / "links")
    with pytest.raises(UserError, match="lies in the home"):
        read_public_notes([f"text={tmp_path / ('links' if link else 'a')}"], 60)


def test_too_few_notes_are_refused_and_made_up_ones_do_not_count(tmp_path, tiny_models):
    (tmp_path / "few.csv").write_text("text\nThe heart is quite large today.\n")
    public = read_public_notes([str(tmp_path / "few.csv")], 60)
    with pytest.raises(UserError, match="1 notes of that text can be learnt from"):
        adapt(tmp_path / "made", named_base(tmp_path, str(tiny_models["llama"])), public, NIH14, "made up", TINY)
    assert not (tmp_path / "made").exists()


def test_no_note_is_both_learnt_and_held_out(table, tiny_models, tmp_path):
    notes = notes_to_learn(read_public_notes([str(table)], 60).pieces, NIH14, 12)
    tokenizer = load_tokenizer(named_base(tmp_path, str(tiny_models["llama"])), padding_side="right")
    held_out, learnt = adapting._parted(adapting._examples(tokenizer, notes + notes, NIH14, TINY))
    assert not set(held_out) & set(learnt)
    assert len(held_out) + len(learnt) <= len(notes)
    fewer, _ = adapting._parted(adapting._examples(tokenizer, notes[1:], NIH14, TINY))
    assert set(held_out) - set(fewer) <= {*adapting._examples(tokenizer, notes[:1], NIH14, TINY)}


def test_a_base_is_the_one_that_was_named_and_no_homes(tmp_path, tiny_models, made):
    (tmp_path / "base").symlink_to(tiny_models["llama"])
    for given in ("../typo/base", "/no/such/base", "./base-2"):
        with pytest.raises(UserError, match="there is no folder"):
            named_base(tmp_path, given)
    home = Home(tmp_path / "home").create(Settings())
    (home.enclave / "m").symlink_to(tiny_models["gpt2"])
    inside = home.enclave / "copy"
    shutil.copytree(tiny_models["gpt2"], inside)
    few = read_public_notes([str(write_table(tmp_path / "t.csv"))], 60)
    with pytest.raises(UserError, match="lies in the home"):
        adapt(tmp_path / "x", named_base(tmp_path, str(inside)), few, NIH14, "made up", TINY)
    with pytest.raises(UserError, match="is the base itself"):
        adapt(tmp_path / "base", named_base(tmp_path, str(tmp_path / "base")), few, NIH14, "made up", TINY)


def test_the_command_says_that_text_must_be_public_and_refuses_a_homes(dp_clinical, table, tmp_path, tiny_models):
    words = ("adapt", tmp_path / "made", "--generator", tiny_models["llama"], "--label-set", "nih14")
    words += ("--licence", "CC0, its makers", "--steps", "2")
    home = Home(tmp_path / "home").create(Settings())
    private = home.incoming / "public.csv"
    private.write_bytes(table.read_bytes())
    for corpus in (private, f"history+text={private}"):
        assert "reads public text only" in one_error(dp_clinical(*words, "--corpus", corpus))
    inside = ("adapt", home.enclave / "m", *words[2:], "--corpus", table)
    assert "lies in the home" in one_error(dp_clinical(*inside))
    assert not (tmp_path / "made").exists()
    done = dp_clinical(*words, "--corpus", table)
    said = " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (0, ""), said
    for part in ("must be PUBLIC text", "CC0, its makers", "held-out loss of a note's token"):
        assert part in said
    assert "was there already" in " ".join(dp_clinical(*words, "--corpus", table).stderr.split())
