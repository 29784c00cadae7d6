import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import jensenshannon

from dp_clinical_pipeline.evaluation.distances import (
    frechet_distance,
    label_distance,
    length_distance,
    ngram_divergence,
    pair_distance,
)

LABELS = ("a", "b", "c")


def test_the_frechet_distance_is_the_formulas_with_scipys_matrix_root():
    rng = np.random.default_rng(3)
    one = rng.normal(size=(200, 6)) @ rng.normal(size=(6, 6))
    other = rng.normal(size=(150, 6)) @ rng.normal(size=(6, 6)) + 1
    a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    gap = one.mean(0) - other.mean(0)
    formula = gap @ gap + np.trace(a + b - 2 * np.real(sqrtm(a @ b)))
    assert frechet_distance(one, other) == pytest.approx(formula)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-8)
    assert frechet_distance(one, one + 2) == pytest.approx(4 * 6)


def test_fewer_texts_than_dimensions_still_have_a_distance():
    rng = np.random.default_rng(0)
    assert frechet_distance(rng.normal(size=(5, 20)), rng.normal(size=(6, 20))) > 0


def test_ngram_divergence_is_scipys_and_lies_between_0_and_1():
    real, synthetic = ["a b a c", "a b"], ["a b d"]
    # a, b, c, anything else
    expected = jensenshannon([3, 2, 1, 0], [1, 1, 0, 1], base=2) ** 2
    assert ngram_divergence(real, synthetic, 1) == pytest.approx(expected)
    assert ngram_divergence(real, real, 2) == pytest.approx(0)
    assert ngram_divergence(real, ["x y z"], 2) == pytest.approx(1)
    assert ngram_divergence(real, [""], 1) == 1


def test_lengths_are_compared_in_words():
    assert length_distance(["one two", "one two three four"], ["one two three."]) == pytest.approx(1)


def test_label_shares_and_pairs_are_compared_over_the_list():
    real, synthetic = [["a", "b"], ["a"], []], [["b", "a"], ["b", "a"], ["c"]]
    assert label_distance(real, synthetic, LABELS) == pytest.approx((0 + 1 / 3 + 1 / 3) / 3)
    assert pair_distance(real, synthetic, LABELS) == 0
    assert pair_distance(real, [["a", "b", "c"]], LABELS) == pytest.approx(2 / 3)
    assert pair_distance(real, [["a"]], LABELS) == 1
    assert pair_distance([[]], [["a"]], LABELS) == 0
