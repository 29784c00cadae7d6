"""Marginals: what one patient can change, what the domain is, and that the ledger comes first."""

from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.config import Corpus, Patients, Privacy, Settings
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.labelsets import CHEXPERT14, ICD10_CATEGORIES
from dp_clinical_pipeline.privacy import marginals
from dp_clinical_pipeline.privacy.account import event_from_json
from dp_clinical_pipeline.privacy.ledger import OverBudget, open_ledger
from dp_clinical_pipeline.privacy.marginals import exact_counts, marginal_keys, release_marginals
from dp_clinical_pipeline.privacy.noise import TestSeedSource
from dp_clinical_pipeline.privacy.terms import marginals_sensitivity
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import LABEL_MARGINALS
from dp_clinical_pipeline_tests.made_up_home import make_home
from dp_clinical_pipeline_tests.privacy.killed import killed_before_done

targets = st.sets(st.sampled_from(CHEXPERT14.labels)).map(lambda s: [x for x in CHEXPERT14.labels if x in s])


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path, 60)
    return home.save_settings(
        Settings(corpus=Corpus(label_set="chexpert14"), patients=Patients(count=60), budgets=["nonprivate", "eps-8"])
    )


@given(st.lists(targets, max_size=6), targets, st.integers(1, 14))
def test_one_patient_changes_the_counts_by_at_most_the_stated_sensitivity(others, patient, cap):
    without, with_ = exact_counts(others, cap), exact_counts([*others, patient], cap)
    keys = set(marginal_keys(CHEXPERT14, cap))
    assert set(with_) <= keys  # the domain is the public one
    change = sum((with_[key] - without[key]) ** 2 for key in keys) ** 0.5
    assert change <= marginals_sensitivity(cap) * (1 + 1e-12)
    if len(patient) >= cap:
        assert change == pytest.approx(marginals_sensitivity(cap))


codes = st.sets(st.sampled_from(ICD10_CATEGORIES.labels[:30])).map(sorted)


@given(st.lists(codes, max_size=6), codes, st.integers(1, 14))
def test_of_a_long_list_no_pairs_are_counted_and_one_patient_changes_less(others, patient, cap):
    without, with_ = (exact_counts(of, cap, pairs=ICD10_CATEGORIES.paired) for of in (others, [*others, patient]))
    keys = marginal_keys(ICD10_CATEGORIES, cap)
    assert len(keys) == len(ICD10_CATEGORIES.labels) + cap + 1
    assert set(with_) <= set(keys)
    change = sum((with_[key] - without[key]) ** 2 for key in keys) ** 0.5
    bound = marginals_sensitivity(cap, pairs=False)
    assert change <= bound * (1 + 1e-12)
    if len(patient) >= cap:
        assert change == pytest.approx(bound)


def test_a_long_list_is_released_with_the_noise_of_its_own_sensitivity(home):
    corpus = Corpus(label_set="icd10-categories")
    home = home.save_settings(home.settings.model_copy(update={"corpus": corpus}))
    facts, frame = _release(home, "eps-8")
    (entry,) = open_ledger(home).account().spent
    noise = event_from_json(entry.events["marginals:eps-8"][0]).noise_multiplier
    assert facts.noise_std == pytest.approx(noise * marginals_sensitivity(4, pairs=False))
    assert set(frame["kind"]) == {"label", "size"}
    assert frame.height == len(ICD10_CATEGORIES.labels) + 5


def _release(home, budget, **how):
    facts = release_marginals(home, budget, **how)
    return facts, Store(home).read(LABEL_MARGINALS, budget, budget=budget)


def test_counts_without_privacy_are_exact_and_stay_in_the_enclave(home):
    facts, table = _release(home, "nonprivate")
    assert facts.noise_std == 0
    patients = marginals._one_report_each(home)
    by_label = {label: sum(label in kept[:4] for kept in patients) for label in CHEXPERT14.labels}
    assert dict(table.filter(pl.col("kind") == "label").select("label", "noisy_count").iter_rows()) == by_label
    assert table.filter(pl.col("kind") == "size")["noisy_count"].sum() == len(patients)
    assert not (home.lake / "label_marginals" / "nonprivate.parquet").exists()


def test_a_noisy_release_covers_the_public_domain_with_ledgered_noise(home):
    facts, table = _release(home, "eps-8", source=TestSeedSource(1))
    keys = [tuple(row) for row in table.select("kind", "label", "other").iter_rows()]
    assert keys == marginal_keys(CHEXPERT14, 4)
    assert len(keys) == 14 + len(list(combinations(range(14), 2))) + 5
    (entry,) = open_ledger(home).account().spent
    noise = event_from_json(entry.events["marginals:eps-8"][0]).noise_multiplier
    assert facts.noise_std == pytest.approx(noise * marginals_sensitivity(4))
    exact = exact_counts(marginals._one_report_each(home), 4)
    errors = table["noisy_count"] - pl.Series([float(exact[key]) for key in keys])
    assert 0.8 < errors.std() / facts.noise_std < 1.25  # 110 draws
    assert facts.mechanism_id == entry.mechanism_id == table["mechanism_id"][0]


def test_the_second_release_is_the_first_and_costs_nothing(home):
    first, table = _release(home, "eps-8")
    again, same = _release(home, "eps-8")
    assert (again.mechanism_id, again.noise_std) == (first.mechanism_id, first.noise_std)
    assert same.equals(table)
    assert [row.state for row in open_ledger(home).rows()] == ["reserved", "running", "done"]


@pytest.mark.parametrize("source", [None, TestSeedSource(0)])
def test_the_ledger_says_where_the_noise_came_from(home, source):
    _release(home, "eps-8", source=source)
    told = [row.mechanism.noise_source for row in open_ledger(home).rows()]
    assert told == ["test-seed" if source else "os"] * 3


@pytest.mark.parametrize("taken_away", [False, True])
def test_killed_between_the_table_and_the_ledgers_last_word_it_stays_the_same(home, monkeypatch, taken_away):
    with killed_before_done(monkeypatch), pytest.raises(KeyboardInterrupt):
        release_marginals(home, "eps-8")
    store = Store(home)
    table = store.read(LABEL_MARGINALS, "eps-8", budget="eps-8")
    if taken_away:
        store.path(LABEL_MARGINALS, "eps-8", budget="eps-8").unlink()
    release_marginals(home, "eps-8")
    assert store.read(LABEL_MARGINALS, "eps-8", budget="eps-8").equals(table)
    states = ["reserved", "running", "running", "done"] if taken_away else ["reserved", "running", "done"]
    assert [row.state for row in open_ledger(home).rows()] == states
    assert list((home.enclave / "checkpoints").iterdir()) == []


def test_a_table_taken_away_afterwards_is_paid_for_again(home):
    first, _ = _release(home, "eps-8")
    spent = open_ledger(home).cumulative()[0]
    Store(home).path(LABEL_MARGINALS, "eps-8", budget="eps-8").unlink()
    again, _ = _release(home, "eps-8")
    assert again.mechanism_id != first.mechanism_id
    assert open_ledger(home).cumulative()[0] > spent


def test_no_report_is_read_when_the_ledger_refuses(home, monkeypatch):
    home = home.save_settings(home.settings.model_copy(update={"privacy": Privacy(cap_epsilon=0.1)}))

    def read(*_):
        raise AssertionError("private data was read")

    monkeypatch.setattr(marginals, "_one_report_each", read)
    with pytest.raises(OverBudget, match="nothing was spent"):
        release_marginals(home, "eps-8")
    assert not Store(home).exists(LABEL_MARGINALS, "eps-8", budget="eps-8")
    assert [row.state for row in open_ledger(home).rows()] == ["refused"]


def test_the_cost_is_written_before_a_report_is_read(home, monkeypatch):
    seen, read = [], marginals._one_report_each

    def watched(of):
        seen.extend(row.state for row in open_ledger(home).rows())
        return read(of)

    monkeypatch.setattr(marginals, "_one_report_each", watched)
    release_marginals(home, "eps-8")
    assert seen == ["reserved", "running"]


def test_an_interrupted_release_goes_on_under_its_own_mechanism(home, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", lambda *_, **__: (_ for _ in ()).throw(UserError("the disk is full")))
        with pytest.raises(UserError, match="the disk is full"):
            release_marginals(home, "eps-8")
    spent = open_ledger(home).cumulative()
    facts = release_marginals(home, "eps-8", source=TestSeedSource(0))
    assert open_ledger(home).cumulative() == spent
    assert open_ledger(home).rows()[-1].mechanism.noise_source == "test-seed"
    assert [row.state for row in open_ledger(home).rows()] == ["reserved", "running", "aborted", "running", "done"]
    assert {row.mechanism.mechanism_id for row in open_ledger(home).rows()} == {facts.mechanism_id}
