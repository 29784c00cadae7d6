import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.evaluation.overlap import BOILERPLATE_PATIENTS, rate_excess, shared_runs, words

DOCUMENTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=12).map(" ".join), min_size=1, max_size=8)


def grams(text: str, size: int) -> set[tuple[str, ...]]:
    spoken = words(text)
    return {tuple(spoken[i : i + size]) for i in range(len(spoken) - size + 1)}


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, DOCUMENTS, st.integers(0, 3))
def test_shared_runs_equal_a_plain_search(reports, synthetic, patients_modulo):
    patients = [str(i % (patients_modulo + 3)) for i in range(len(reports))]
    shared = shared_runs(reports, patients, synthetic, (1, 2, 3))
    owners: dict[tuple[str, ...], set[str]] = {}
    for size in range(1, 13):
        for report, patient in zip(reports, patients, strict=True):
            for gram in grams(report, size):
                owners.setdefault(gram, set()).add(patient)
    for index, report in enumerate(reports):
        every = [gram for size in range(1, 13) for gram in grams(report, size)]
        common = [gram for gram in every if any(gram in grams(note, len(gram)) for note in synthetic)]
        rare = [gram for gram in common if len(owners[gram]) < BOILERPLATE_PATIENTS]
        assert shared.longest[index] == max(map(len, common), default=0)
        assert shared.longest_rare[index] == max(map(len, rare), default=0)
        for size in (1, 2, 3):
            assert shared.hit[size][index] == any(len(gram) == size for gram in rare)


def random_text(rng: np.random.Generator, length: int = 60) -> str:
    return " ".join(f"w{number}" for number in rng.zipf(1.3, size=length) % 5000)


@pytest.mark.parametrize(("planted", "found"), [(50, True), (0, False)])
def test_planted_copies_of_members_are_found_and_nothing_is_without(planted, found):
    rng = np.random.default_rng(0)
    members, nonmembers = ([random_text(rng) for _ in range(600)] for _ in range(2))
    # A leak of twenty words inside a note that is otherwise new.
    leaks = [" ".join([random_text(rng, 20), *words(text)[10:30], random_text(rng, 20)]) for text in members[:planted]]
    synthetic = [*leaks, *(random_text(rng) for _ in range(600 - planted))]
    shared = shared_runs(members + nonmembers, [str(i) for i in range(1200)], synthetic, (8, 13))
    excess = rate_excess(shared.hit[8][:600], shared.hit[8][600:], 500, 0)
    assert (excess.p_value < 1e-12) == found
    assert excess.members - excess.nonmembers == pytest.approx(excess.value)
    assert (excess.low > 0) == found
    assert (shared.longest[:600].max() >= 20) == found
    assert shared.longest[600:].max() < 20


def test_disjoint_corpora_share_nothing():
    shared = shared_runs(["a b c", ""], ["p", "q"], ["d e f", ""], (1, 2))
    assert not shared.longest.any()
    assert not shared.hit[1].any()
    assert rate_excess(shared.hit[1], shared.hit[2], 20, 0).p_value == 1


def test_what_five_patients_say_is_boilerplate():
    text = "the heart is normal in size and contour today"
    four, five = ([text] * count for count in (4, 5))
    assert shared_runs(four, list("abcd"), [text], (8,)).hit[8].all()
    assert not shared_runs(five, list("abcde"), [text], (8,)).hit[8].any()
    assert shared_runs(five, list("aabcd"), [text], (8,)).hit[8].all()


def test_case_and_punctuation_do_not_hide_a_copy():
    assert shared_runs(["Left-sided EFFUSION, small."], ["p"], ["left sided effusion small"], (4,)).hit[4].all()
