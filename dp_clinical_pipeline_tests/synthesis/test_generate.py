"""A cell's notes from its adapter and its marginals, end to end with a tiny model."""

import polars as pl
import pytest
import torch

from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.privacy.marginals import release_marginals
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.generate import generate_cell
from dp_clinical_pipeline.synthesis.writer import cell_model, open_writer
from dp_clinical_pipeline.tables import SYNTHETIC_REPORTS
from dp_clinical_pipeline.training.generator import train_generator
from dp_clinical_pipeline_tests.training.tiny import tiny_home

REASONS = {"empty", "short", "repeats", "duplicate", "identifier", "not_its_record"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_models):
    home = tiny_home(tmp_path_factory.mktemp("generate"), tiny_models["llama"])
    release_marginals(home, "eps-8")
    train_generator(home, "tiny", "eps-8")
    return home


def _with(home, **changes):
    values = {"accepted": 6, "max_ratio": 4.0, "batch_size": 10, "max_new_tokens": 12, "min_words": 2}
    generation = Generation(**(values | {"require_record": False} | changes))
    return home.save_settings(home.settings.model_copy(update={"generation": generation}))


def _generate(home, **how):
    facts = generate_cell(home, "tiny", "eps-8", **how)
    return facts, Store(home).read(SYNTHETIC_REPORTS, "tiny", "eps-8", budget="eps-8")


def test_rows_add_up_and_every_refusal_has_a_reason(trained):
    seen = []
    facts, rows = _generate(_with(trained), on_progress=seen.append)
    assert facts.tried == rows.height <= 24
    assert facts.accepted == rows["accepted"].sum()
    assert facts.accepted >= 6 or facts.tried == 24
    assert (seen[-1].tried, seen[-1].accepted) == (facts.tried, facts.accepted)
    assert rows["synthetic_id"].n_unique() == rows.height
    assert rows.filter("accepted")["reason"].is_null().all()
    assert set(rows.filter(~pl.col("accepted"))["reason"]) <= REASONS
    assert rows["mechanism_id"].n_unique() == 1
    assert rows["tokens"].max() <= 12


def test_the_same_seed_gives_the_same_notes_and_another_does_not(trained):
    first = _generate(_with(trained))[1]
    assert _generate(_with(trained))[1].equals(first)
    assert not _generate(_with(trained, seed=1))[1]["text"].equals(first["text"])


@pytest.mark.skipif(not torch.backends.mkl.is_available(), reason="this torch has no oneMKL")
def test_a_writer_opens_packed(trained):
    row, writer = open_writer(trained, "tiny", "eps-8")
    assert not any(type(module) is torch.nn.Linear for module in writer.model.modules())
    assert any(type(module) is torch.nn.Linear for module in cell_model(trained, "tiny", row).modules())


def test_an_interrupted_generation_goes_on_with_the_same_notes(trained):
    whole = _generate(_with(trained, seed=5, min_words=500))[1]
    kept = trained.enclave / "checkpoints"
    assert not list(kept.glob("notes-*"))

    def stop(facts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _generate(_with(trained, seed=5, min_words=500), on_progress=stop)
    first = list(kept.glob("notes-*/*.parquet"))
    assert [file.name for file in first] == ["00000.parquet"]
    # A text that only the draft holds shows that the batch was taken up and not written again.
    marked = pl.read_parquet(first[0]).with_columns(text=pl.lit("kept from before"))
    marked.write_parquet(first[0])
    rest = _generate(_with(trained, seed=5, min_words=500))[1]
    assert rest["text"].to_list() == ["kept from before"] * 10 + whole["text"].to_list()[10:]
    judged = ("text", "stated", "reason")
    assert rest.drop(judged).equals(whole.drop(judged))
    assert not list(kept.glob("notes-*"))


def test_other_settings_do_not_take_up_the_notes_of_before(trained):
    def stop(facts):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _generate(_with(trained, seed=6), on_progress=stop)
    (draft,) = (trained.enclave / "checkpoints").glob("notes-*/*.parquet")
    # The texts of two seeds may meet by chance (a model of noise often writes "�."), so the draft is marked.
    pl.read_parquet(draft).with_columns(text=pl.lit("kept from before")).write_parquet(draft)
    assert "kept from before" not in _generate(_with(trained, seed=7))[1]["text"].to_list()
    assert "kept from before" in _generate(_with(trained, seed=6))[1]["text"].to_list()


def test_it_stops_at_the_most_that_may_be_tried(trained):
    facts, rows = _generate(_with(trained, accepted=4, max_ratio=2.5, min_words=500))
    assert (facts.tried, facts.accepted, rows.height) == (10, 0, 10)
    assert set(rows["reason"]) <= {"short", "empty"}


def test_generation_reads_no_private_table(trained, monkeypatch):
    read = Store.scan

    def watched(store, table):
        assert table.place != "enclave", table.name
        return read(store, table)

    monkeypatch.setattr(Store, "scan", watched)
    monkeypatch.setattr("dp_clinical_pipeline.privacy.cohort.split_reports", lambda *_: pytest.fail("read reports"))
    _generate(_with(trained))


def test_without_an_adapter_or_marginals_it_says_what_is_missing(tmp_path, tiny_models):
    home = tiny_home(tmp_path, tiny_models["llama"])
    with pytest.raises(UserError, match="generator_adapter has no partition"):
        generate_cell(home, "tiny", "nonprivate")
    train_generator(home, "tiny", "nonprivate")
    with pytest.raises(UserError, match="label_marginals has no partition"):
        generate_cell(home, "tiny", "nonprivate")
