"""One patient changes a query's counts by at most the sensitivity that it states, and an F1 follows from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from dp_clinical_pipeline.privacy.queries import ConfusionCounts, LengthHistogram

LABELS = ("a", "b", "c", "d", "e")
chosen = st.sets(st.sampled_from([*LABELS, "not on the list"]))
pairs = st.lists(st.tuples(chosen, chosen), max_size=8)


def _change(query, without, patient):
    before, after = query.count(without), query.count([*without, patient])
    assert set(after) <= set(query.domain())
    return sum((after[key] - before[key]) ** 2 for key in query.domain()) ** 0.5


@given(st.sets(st.integers(1, 60), min_size=1, max_size=5), st.lists(st.integers(0, 99)), st.integers(0, 99))
def test_a_report_of_any_length_is_one_count_in_a_public_bin(edges, others, length):
    query = LengthHistogram(edges=tuple(sorted(edges)))
    assert _change(query, others, length) == query.sensitivity == 1
    [(kind, low, high)] = query.count([length])
    assert kind == "length"
    assert int(low) <= length
    assert high is None or length < int(high)


@given(pairs, st.tuples(chosen, chosen), st.integers(1, len(LABELS)))
def test_a_patient_changes_the_outcomes_by_at_most_the_stated_sensitivity(others, patient, cap):
    query = ConfusionCounts(labels=LABELS, labels_per_patient=cap)
    change = _change(query, others, patient)
    assert change <= query.sensitivity * (1 + 1e-12)
    if len((patient[0] | patient[1]) & set(LABELS)) >= cap:
        assert change == pytest.approx(query.sensitivity)


@given(pairs)
def test_without_noise_and_with_room_for_all_labels_the_f1_is_sklearns(outcomes):
    query = ConfusionCounts(labels=LABELS, labels_per_patient=len(LABELS))
    found = query.f1({key: float(n) for key, n in query.count(outcomes).items()} | _zeros(query, outcomes))
    true = [[label in stated for label in LABELS] for stated, _ in outcomes] or [[False] * 5]
    predicted = [[label in said for label in LABELS] for _, said in outcomes] or [[False] * 5]
    for average in ("weighted", "macro"):
        known = f1_score(true, predicted, average=average, zero_division=0)
        assert found[average] == pytest.approx(known)


def _zeros(query, outcomes):
    counts = query.count(outcomes)
    return {key: 0.0 for key in query.domain() if key not in counts}


def test_noise_below_zero_counts_as_zero():
    query = ConfusionCounts(labels=("a", "b"), labels_per_patient=2)
    noisy = dict.fromkeys(query.domain(), -3.0) | {("tp", "a", None): 4.0, ("fp", "a", None): 4.0}
    assert query.f1(noisy) == {"a": pytest.approx(2 / 3), "b": 0.0, "weighted": pytest.approx(2 / 3), "macro": 1 / 3}


@pytest.mark.parametrize("edges", [(), (0, 5), (5, 5), (7, 3)])
def test_bins_that_are_none_are_refused(edges):
    with pytest.raises(ValueError, match="not ascending"):
        LengthHistogram(edges=edges)


@pytest.mark.parametrize(("labels", "cap"), [(("a", "a"), 1), (("a",), 0), (("a",), 2)])
def test_a_cap_that_is_none_is_refused(labels, cap):
    with pytest.raises(ValueError, match="is not a cap"):
        ConfusionCounts(labels=labels, labels_per_patient=cap)
