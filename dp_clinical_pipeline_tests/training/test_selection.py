"""A learning rate chosen by paid trainings: the ledger first, the best run kept as the cell, and a kill costs nothing."""

import json
from collections import Counter

import polars as pl
import pytest

from dp_clinical_pipeline.config import Models, Privacy
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.models.adapters import cell_adapter
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.ledger import Ledger, OverBudget, open_ledger
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.privacy.selection import SelectionTerms, one_training
from dp_clinical_pipeline.release.facts import Cell, gather
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import COHORT, DEIDENTIFIED_REPORTS, DP_CLASSIFIER
from dp_clinical_pipeline.training import selection
from dp_clinical_pipeline.training.cell import cell_lock
from dp_clinical_pipeline.training.checkpoint import Checkpoint
from dp_clinical_pipeline.training.classifier_cell import classifier_recipe, classify, train_classifier
from dp_clinical_pipeline.training.loop import Randomness
from dp_clinical_pipeline.training.selection import select_classifier
from dp_clinical_pipeline_tests.training.tiny import tiny_classifier_settings, tiny_home

RATES = [1e-2, 3e-2, 1e-1]
TERMS = {"noise_multiplier": 2.0, "score_noise": 5.0, "steps": 4, "sample_rate": 6 / 360}
SEED = 5  # of which there are several runs


@pytest.fixture
def home(tmp_path, tiny_models):
    """With a patient in four of those who train put among the validation patients."""
    made = tiny_home(tmp_path, tiny_models["llama"], planned=False)
    cohort = Store(made).read(COHORT).with_row_index("i")
    moved = pl.when((pl.col("split") == "train") & (pl.col("i") % 4 == 0)).then(pl.lit("validation"))
    Store(made).write(COHORT, cohort.with_columns(split=moved.otherwise("split")).drop("i"))
    models = Models(generators={"tiny": "/nowhere"}, encoders={"tiny-bert": str(tiny_models["bert"])})
    changed = {"models": models, "classifier_training": tiny_classifier_settings()}
    return made.save_settings(made.settings.model_copy(update=changed))


@pytest.fixture
def priced(monkeypatch):
    """Terms as they come out for these settings, which take seconds to find."""

    def terms(*, epsilon, delta, sample_rate, steps, mean_runs):
        assert (sample_rate, steps) == (pytest.approx(TERMS["sample_rate"]), TERMS["steps"])
        return SelectionTerms(epsilon=epsilon, delta=delta, mean_runs=mean_runs, **TERMS)

    monkeypatch.setattr(selection, "selection_terms", terms)


def _select(home, seed=None, **how):
    sampling = {} if seed is None else {"sampling": TestSeedSource(seed)}
    return select_classifier(home, "tiny-bert", "eps-4", RATES, randomness=Randomness(**sampling), **how)


def _row(home):
    return Store(home).read(DP_CLASSIFIER, "tiny-bert", "eps-4", budget="eps-4").row(0, named=True)


def _manifest(home):
    return json.loads((cell_adapter(home, _row(home)) / "manifest.json").read_text())


def _left(home):
    return [path.name for path in (home.enclave / "checkpoints").iterdir()]


def test_the_best_run_becomes_the_cells_classifier_and_everything_costs_the_budget_once(home):
    found = _select(home)
    (entry,) = open_ledger(home).account().spent
    row, event = _row(home), event_from_json(entry.events["selection:tiny-bert|eps-4"][0])
    assert (entry.kind, entry.cell, entry.epsilon, entry.slot) == ("selection", "tiny-bert|eps-4", 4.0, None)
    assert (found.mechanism_id, found.epsilon) == (entry.mechanism_id, 4.0)
    training, score = event.event.events
    assert training == one_training(event)
    assert row["noise_multiplier"] == training.event.event.noise_multiplier
    assert (row["steps"], training.count, event.mean) == (4, 4, 3.0)
    assert row["sample_rate"] == training.event.sampling_probability == pytest.approx(6 / 360)
    assert row["noise_source"] == entry.noise_source == "os"
    assert found.score_std == pytest.approx(score.noise_multiplier / 60)  # 600 patients, of whom a tenth validate
    assert [r.state for r in open_ledger(home).rows()] == ["reserved", "running", "done"]
    assert found.learning_rate in RATES
    assert _manifest(home)["selection"]["learning_rates"] == RATES
    assert cell_adapter(home, row).is_relative_to(home.lake)
    assert _left(home) == []
    classify(home, "tiny-bert", "eps-4", ["clear lungs"])
    facts = gather(home, Cell(kind="classifier", model="tiny-bert", budget="eps-4"), look=False)
    assert facts.account.training.kind == "selection"
    assert vars(facts.account.terms).items() <= row.items()  # the gate finds the terms of one run

    assert _select(home) == found
    assert train_classifier(home, "tiny-bert", "eps-4").reused
    assert len(open_ledger(home).rows()) == 3
    for rates, runs in ((RATES[:2], 3), (RATES, 4)):
        with pytest.raises(UserError, match="has a classifier already, which is kept"):
            select_classifier(home, "tiny-bert", "eps-4", rates, mean_runs=runs)
    assert len(open_ledger(home).rows()) == 3


def test_the_run_of_the_highest_score_is_kept_with_the_rate_that_it_was_trained_with(home, priced, monkeypatch):
    trained, scores, honest = [], iter([5_000, 90_000, 7_000, *[0] * 99]), selection.train

    def noted(model, patients, spec, *args, **kwargs):
        trained.append((spec.learning_rate, kwargs["checkpoint"].mechanism_id))
        return honest(model, patients, spec, *args, **kwargs)

    monkeypatch.setattr(selection, "train", noted)
    monkeypatch.setattr(selection, "_score", lambda *_: next(scores))
    monkeypatch.setattr(selection, "discrete_gaussian", lambda source, variance: drawn.append(variance) or 11)
    drawn = []
    found = _select(home, SEED)
    *runs, again = trained
    assert len(runs) > 2
    assert again == runs[1]
    assert found.learning_rate == runs[1][0]
    assert {rate for rate, _ in runs} <= set(RATES)
    assert found.score == (90_011 / 1000) / 60
    assert [float(variance) ** 0.5 for variance in drawn] == [pytest.approx(5.0 * 1000)] * len(runs)
    assert _row(home)["noise_source"] == "test-seed"  # the lots were drawn with one
    assert [r.mechanism.noise_source for r in open_ledger(home).rows()] == ["test-seed"] * 3


def test_a_score_counts_one_report_of_each_validation_patient_and_one_patient_moves_it_by_one(home):
    recipe = classifier_recipe(home)
    made = selection._Selection(
        home, "tiny-bert", "eps-4", SelectionTerms(epsilon=4, delta=1e-5, mean_runs=3, **TERMS), RATES, Randomness()
    )
    model = recipe.build(made.base, made.device)

    def score():
        return selection._score(home, recipe, made._example, model, made.tokenizer.pad_token_id)

    labelled = Store(home).read(DEIDENTIFIED_REPORTS).filter(pl.col("targets").is_not_null())
    patients = labelled.join(Store(home).read(COHORT).filter(split="validation"), on="patient_key", how="semi")
    count = patients["patient_key"].n_unique()
    assert count >= 3
    assert patients.height == 2 * count
    assert score() == 750 * count  # an untrained head says one half of everything
    cohort = Store(home).read(COHORT)
    leaves = pl.col("patient_key") == patients["patient_key"][0]
    with_bias = model["head"].bias.data
    with_bias += 3.0
    before = score()
    Store(home).write(COHORT, cohort.filter(~leaves))
    assert 0 <= before - score() <= selection._PARTS
    with_bias *= float("nan")
    assert score() == 0  # and no error that would tell of a patient


def test_no_report_is_read_where_the_ledger_refuses(home, priced, monkeypatch):
    home = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=0.5)}))
    for name in ("train_patients", "split_reports"):
        monkeypatch.setattr(selection, name, lambda *_: pytest.fail("private data was read"))
    with pytest.raises(OverBudget, match="nothing was spent"):
        _select(home)
    assert [row.state for row in open_ledger(home).rows()] == ["refused"]
    assert not (home.enclave / "checkpoints").exists()


class Killed(BaseException):
    """What no handler of an error sees, as SIGKILL."""


def test_killed_again_and_again_it_goes_on_with_the_same_runs_and_pays_once(home, priced, monkeypatch):
    passed, last, seen = 0, 0, []

    def around(owner, name, noted=None):
        honest = getattr(owner, name)

        def watched(*args, **kwargs):
            nonlocal passed
            for moment in ("before", "after"):
                if moment == "after":
                    result = honest(*args, **kwargs)
                    seen.append(noted(*args)) if noted else None
                passed += 1
                if passed == last:
                    raise Killed
            return result

        monkeypatch.setattr(owner, name, watched)

    around(Checkpoint, "save", lambda checkpoint, model, optimizer, step, *_: (checkpoint.mechanism_id, step))
    around(selection, "_score")
    around(Ledger, "record")
    around(Store, "write")
    around(selection, "forget_checkpoints")
    kills = 0
    for moment in (3, 5, 8, 1, 7, 9, 2, 12, 4, 11, 6, 13, 10):
        passed, last = 0, moment
        try:
            found = _select(home, SEED if kills == 0 else 100 + kills)
            break
        except Killed:
            kills += 1
            assert len(open_ledger(home).account().spent) == 1
    else:
        last = 0
        found = _select(home, 999)
    assert kills >= 5
    (entry,) = open_ledger(home).account().spent
    assert entry.mechanism_id == found.mechanism_id
    runs = dict.fromkeys(key for key, _ in seen)
    assert list(runs) == [f"{entry.mechanism_id}.{i}" for i in range(len(runs))]
    assert len(runs) > 2
    assert max(Counter(seen).values()) == 1  # no step was taken twice: what was saved is gone on from
    assert {step for _, step in seen} == {2, 4}
    last = 0
    assert _select(home) == found
    assert open_ledger(home).mechanisms()[entry.mechanism_id].state == "done"
    assert _left(home) == []


def test_a_selection_killed_after_its_row_is_settled_and_leaves_nothing(home, priced, monkeypatch):
    def killed(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(selection, "forget_checkpoints", killed)
        with pytest.raises(Killed):
            _select(home, SEED)
    assert len(_left(home)) > 3  # every run's checkpoint, and the lots
    assert [r.state for r in open_ledger(home).mechanisms().values()] == ["running"]
    train_classifier(home, "tiny-bert", "eps-4")
    assert [r.state for r in open_ledger(home).mechanisms().values()] == ["done"]
    assert _left(home) == []


@pytest.mark.parametrize("rates", [[], [1e-2], [1e-2, 1e-2], [1e-2, 0.0], [1e-2, float("nan")], [1e-2, float("inf")]])
def test_what_is_no_choice_is_refused_before_anything(home, rates):
    with pytest.raises(UserError, match="are not a choice"):
        select_classifier(home, "tiny-bert", "eps-4", rates)
    assert not (home.enclave / "ledger.sqlite").exists()


def test_without_privacy_or_beside_another_training_of_the_cell_nothing_is_selected(home):
    with pytest.raises(UserError, match="nothing to select privately"):
        select_classifier(home, "tiny-bert", "nonprivate", RATES)
    with cell_lock(home, "tiny-bert", "eps-4"), pytest.raises(UserError, match="being trained by another process"):
        _select(home)
