"""Examples, and the microbatches that they are computed in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.training.examples import Example, causal_example, draw, microbatches

reports = st.lists(st.integers(1, 40).map(lambda n: Example(tokens=(5,) * n)), min_size=1, max_size=4)


@given(st.lists(reports, max_size=20), st.integers(1, 200))
def test_microbatches_keep_everything_split_nobody_and_respect_the_limit(patients, most):
    drawn = draw(patients)
    batches = list(microbatches(drawn, most))
    key = lambda d: (d.patient, d.example.tokens, d.weight)  # noqa: E731
    assert sorted((d for b in batches for d in b), key=key) == sorted(drawn, key=key)
    owners = [{d.patient for d in batch} for batch in batches]
    assert sum(len(o) for o in owners) == len(patients)  # no patient in two batches
    for batch, owner in zip(batches, owners, strict=True):
        padded = len(batch) * max(len(d.example.tokens) for d in batch)
        assert padded <= most or len(owner) == 1  # one patient alone may be too large, and is not split


@given(st.lists(reports, max_size=20), st.integers(1, 200))
def test_a_gpu_computes_four_times_as_much_at_once(patients, most):
    drawn = draw(patients)
    batches = list(microbatches(drawn, most, "cuda"))
    assert sorted(len(d.example.tokens) for b in batches for d in b) == sorted(len(d.example.tokens) for d in drawn)
    assert len(batches) <= len(list(microbatches(drawn, most)))
    for batch in batches:
        padded = len(batch) * max(len(d.example.tokens) for d in batch)
        assert padded <= 4 * most or len({d.patient for d in batch}) == 1


def test_reports_of_unequal_length_go_together_on_a_gpu():
    drawn = draw([[Example(tokens=(5,) * n)] for n in (10, 10, 10, 10, 30)])
    assert [len(list(microbatches(drawn, 200, device))) for device in ("cpu", "cuda")] == [2, 1]


@given(st.lists(reports, min_size=1, max_size=6))
def test_a_patients_weights_add_up_to_one(patients):
    for patient in range(len(patients)):
        assert sum(d.weight for d in draw(patients) if d.patient == patient) == pytest.approx(1)


class _Letters:
    eos_token_id = 0

    @staticmethod
    def encode(text, add_special_tokens):
        return [ord(letter) for letter in text]

    def __call__(self, text, add_special_tokens, return_offsets_mapping):
        return {"offset_mapping": [(i, i + 1) for i in range(len(text))]}


def test_an_example_is_prompt_note_and_end_cut_to_length():
    example = causal_example(_Letters, "ab:", " note\n", 100)
    assert example.tokens == (*tuple(map(ord, "ab: note")), 0)
    assert example.note_start == 3
    assert causal_example(_Letters, "ab:", "note", 5).tokens == tuple(map(ord, "ab: n"))


def test_what_states_the_record_weighs_more():
    example = causal_example(_Letters(), "ab:", " the note\n", 100, [(5, 7)], 4.0)
    said = "".join(map(chr, example.tokens[example.note_start : -1]))
    assert said == " the note"
    assert example.weights == tuple(4.0 if i in (5, 6) else 1.0 for i in range(len(said) + 1))
    cut = causal_example(_Letters(), "ab:", "the note", 9, [(0, 3)], 4.0)
    assert cut.weights == (1.0, 4.0, 4.0, 4.0, 1.0, 1.0)
    assert len(cut.weights) == len(cut.tokens) - cut.note_start
    assert causal_example(_Letters(), "ab:", "the note", 100, [(0, 3)], 1.0).weights == ()
    slow = _Letters()
    slow.is_fast = False
    assert causal_example(slow, "ab:", "the note", 100, [(0, 3)], 4.0).weights == ()


def test_a_prompt_that_fills_everything_is_refused():
    with pytest.raises(UserError, match="max_tokens is 4, too few for a prompt"):
        causal_example(_Letters, "abc", "note", 4)
