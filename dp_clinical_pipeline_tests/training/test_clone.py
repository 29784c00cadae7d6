"""A note for each private note, from its own record: which are asked for, tried again, taken up and kept inside."""

from collections import Counter

import polars as pl
import pytest

from dp_clinical_pipeline.config import Generation
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14
from dp_clinical_pipeline.privacy.ledger import open_ledger
from dp_clinical_pipeline.store import Store, query
from dp_clinical_pipeline.synthesis.prompts import pair_to_learn
from dp_clinical_pipeline.tables import CLONED_REPORTS, COHORT, DEIDENTIFIED_REPORTS, GENERATOR_ADAPTER
from dp_clinical_pipeline.training import clone
from dp_clinical_pipeline.training.clone import TRIES, write_clone
from dp_clinical_pipeline.training.generator import train_generator
from dp_clinical_pipeline_tests.made_up_home import make_home
from dp_clinical_pipeline_tests.training.tiny import tiny_home

BATCH = 10


class Scribe:
    """In a writer's place: notes that differ, but for the prompts that it is told to answer badly."""

    def __init__(self, silent=(), until: int = 10**6) -> None:
        self.asked: list[list[str]] = []
        self._silent, self._until = silent, until

    def write(self, prompts, batch, against):
        self.asked.append(list(prompts))
        texts = []
        for place, asked in enumerate(prompts):
            quiet = sum(batch.count(asked) for batch in self.asked) <= self._until and asked in self._silent
            texts.append("" if quiet else f"Lungs clear in study {batch} of bed {place}.")
        return texts, [7] * len(prompts)


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path, patients=24)
    return home.save_settings(home.settings.model_copy(update={"generation": Generation(batch_size=BATCH)}))


@pytest.fixture
def scribe(monkeypatch):
    return scribes(monkeypatch)


def scribes(monkeypatch, **how) -> Scribe:
    made = Scribe(**how)
    monkeypatch.setattr(clone, "open_writer", lambda *_: ({"mechanism_id": "m1"}, made))
    return made


def sources(home) -> pl.DataFrame:
    """The train patients' labelled reports, as the clones' order has them."""
    train = Store(home).read(COHORT).filter(split="train")
    reports = Store(home).read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null())
    return reports.join(train, on="patient_key", how="semi").sort("patient_key", "report_key")


def prompts(home) -> list[str]:
    rows = sources(home).select("text", "targets").iter_rows()
    return [pair_to_learn(text, targets, CHEXPERT14)[0] for text, targets in rows]


def cloned(home, budget="eps-8", **how) -> tuple[clone.CloneFacts, pl.DataFrame]:
    facts = write_clone(home, "tiny", budget, **how)
    return facts, Store(home).read(CLONED_REPORTS, "tiny", budget)


def stop(_):
    raise KeyboardInterrupt


def test_each_labelled_train_note_gets_one_from_its_own_record(home, scribe):
    facts, rows = cloned(home)
    known = sources(home)
    assert rows["report_key"].to_list() == known["report_key"].to_list()
    assert rows["patient_key"].to_list() == known["patient_key"].to_list()
    assert rows["targets"].to_list() == known["targets"].to_list()
    asked = [prompt for batch in scribe.asked for prompt in batch]
    assert asked == prompts(home)
    assert [f"Findings: {record}." in prompt for record, prompt in zip(rows["record"], asked, strict=True)] == [
        True
    ] * rows.height
    assert any("no pneumothorax" in record for record in rows["record"])  # a field beside the labels
    assert (facts.sources, facts.cloned, facts.left_out, facts.refused) == (rows.height, rows.height, 0, {})


def test_settings_may_want_more_than_one_for_each_note(home, scribe):
    chosen = home.settings.generation.model_copy(update={"clones": 3})
    home = home.save_settings(home.settings.model_copy(update={"generation": chosen}))
    facts, rows = cloned(home)
    assert Counter(rows.filter("accepted")["report_key"]) == dict.fromkeys(sources(home)["report_key"], 3)
    assert rows["synthetic_id"].is_unique().all()
    assert (facts.sources, facts.cloned) == (3 * sources(home).height,) * 2


def test_a_refused_note_is_tried_again_and_left_out_after_the_last_try(home, monkeypatch):
    first, second = prompts(home)[0], prompts(home)[-1]
    assert first != second
    times = Counter(prompts(home))
    scribe = scribes(monkeypatch, silent=(first,))
    facts, rows = cloned(home)
    assert facts.left_out == times[first]
    assert facts.refused == {"empty": TRIES * times[first]}
    assert facts.tried == rows.height == sum(map(len, scribe.asked))
    refused = rows.filter(~pl.col("accepted"))
    assert refused["reason"].to_list() == ["empty"] * TRIES * times[first]
    assert set(refused["report_key"]).isdisjoint(rows.filter("accepted")["report_key"])
    assert rows["synthetic_id"].is_unique().all()


def test_a_second_try_that_passes_is_the_clone(home, monkeypatch):
    wrong = prompts(home)[3]
    times = Counter(prompts(home))[wrong]
    scribes(monkeypatch, silent=(wrong,), until=times)  # the first round's
    facts, rows = cloned(home)
    assert (facts.left_out, facts.refused) == (0, {"empty": times})
    assert rows.filter("accepted")["report_key"].is_unique().all()
    assert rows.filter("accepted").height == facts.sources


def test_the_public_rules_judge_clones_as_they_judge_a_cell_s_notes(home, monkeypatch):
    strict = home.settings.generation.model_copy(update={"require_record": True})
    scribes(monkeypatch)
    changed = home.save_settings(home.settings.model_copy(update={"generation": strict}))
    facts, rows = cloned(changed)
    with_findings = rows.filter(pl.col("targets").list.len() > 0)
    assert with_findings["reason"].to_list() == ["not_its_record"] * with_findings.height
    assert facts.refused == {"not_its_record": with_findings.height}


def test_an_interrupted_cloning_goes_on_where_it_stopped(home, scribe):
    whole = cloned(home)[1]
    kept = home.enclave / "checkpoints"
    assert not list(kept.glob("notes-*"))
    with pytest.raises(KeyboardInterrupt):
        write_clone(home, "tiny", "eps-8", on_progress=stop)
    [first] = kept.glob("notes-*/*.parquet")
    marked = pl.Series([f"Kept from before, as draft {place} says." for place in range(BATCH)])
    pl.read_parquet(first).with_columns(text=marked).write_parquet(first)
    del scribe.asked[:]
    rest = cloned(home)[1]
    assert sum(map(len, scribe.asked)) == whole.height - BATCH
    assert rest["text"].str.starts_with("Kept from before").to_list() == [i < BATCH for i in range(whole.height)]
    assert rest.drop("text").equals(whole.drop("text"))
    assert not list(kept.glob("notes-*"))


def test_what_was_kept_of_other_sources_is_not_taken_up(home, scribe):
    with pytest.raises(KeyboardInterrupt):
        write_clone(home, "tiny", "eps-8", on_progress=stop)
    del scribe.asked[:]
    cohort = Store(home).read(COHORT)
    gone = sources(home)["patient_key"][0]
    Store(home).write(COHORT, cohort.filter(pl.col("patient_key") != gone))
    rows = cloned(home)[1]
    assert gone not in rows["patient_key"]
    assert sum(map(len, scribe.asked)) == rows.height


def test_progress_says_tenths_and_not_how_many_notes_there_are(home, scribe):
    seen = []
    write_clone(home, "tiny", "eps-8", on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert all(round(10 * share) == 10 * share for share in seen)


def test_without_an_adapter_or_labels_it_says_what_is_missing(home, monkeypatch):
    with pytest.raises(UserError, match="generator_adapter has no partition"):
        write_clone(home, "tiny", "eps-8")
    scribes(monkeypatch)
    reports = Store(home).read(DEIDENTIFIED_REPORTS)
    nobody = reports.with_columns(targets=pl.lit(None, dtype=reports.schema["targets"]))
    Store(home).write(DEIDENTIFIED_REPORTS, nobody, "b1")
    with pytest.raises(UserError, match="no train patient has a labelled report"):
        write_clone(home, "tiny", "eps-8")


@pytest.mark.parametrize("budget", ["eps-8", "nonprivate"])
def test_a_trained_cell_s_clones_lie_in_the_enclave_whatever_its_budget(tmp_path, tiny_models, budget):
    home = tiny_home(tmp_path, tiny_models["llama"])
    generation = Generation(batch_size=16, max_new_tokens=12, min_words=2)
    home = home.save_settings(home.settings.model_copy(update={"generation": generation}))
    train_generator(home, "tiny", budget)
    before, spent = {file for file in home.path.rglob("*") if file.is_file()}, len(open_ledger(home).rows())
    facts, rows = cloned(home, budget)
    assert facts.tried == rows.height >= facts.sources == sources(home).height
    assert sum(facts.refused.values()) == facts.tried - facts.cloned
    assert rows["text"].n_unique() > 1
    made = {file for file in home.path.rglob("*") if file.is_file()} - before
    assert made == {home.enclave / "cloned_reports" / "tiny" / f"{budget}.parquet"}
    assert len(open_ledger(home).rows()) == spent
    adapter = Store(home).read(GENERATOR_ADAPTER, "tiny", budget, budget=budget)["mechanism_id"][0]
    assert set(rows["mechanism_id"]) == {f"{adapter}-clone"}  # no mechanism of the ledger's
    with pytest.raises(UserError, match="cloned_reports"):
        query(home, "SELECT * FROM cloned_reports", public=True)
    assert write_clone(home, "tiny", budget) == facts
    assert Store(home).read(CLONED_REPORTS, "tiny", budget).equals(rows)
