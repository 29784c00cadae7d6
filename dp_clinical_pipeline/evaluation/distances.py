"""How far a synthetic corpus lies from a real one: words, lengths, labels, and the shape of embeddings."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats
from dp_clinical_pipeline.evaluation.overlap import words

NGRAMS_KEPT = 1000
"""An n-gram divergence is over the so many most frequent n-grams of the real side."""


def frechet_distance(real: Floats, synthetic: Floats) -> float:
    """Return the Frechet distance (2-Wasserstein, squared) of the Gaussians fitted to two sets of vectors, (n, d)."""
    difference = real.mean(axis=0) - synthetic.mean(axis=0)
    one, other = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (real, synthetic))
    root = _root(one)
    between = np.linalg.eigvalsh(root @ other @ root).clip(min=0)
    return float(difference @ difference + np.trace(one) + np.trace(other) - 2 * np.sqrt(between).sum())


def _root(matrix: Floats) -> Floats:
    """Return the square root of a symmetric matrix without negative eigenvalues, up to rounding."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(values.clip(min=0))) @ vectors.T)


def ngram_divergence(real: Sequence[str], synthetic: Sequence[str], size: int) -> float:
    """Return the Jensen-Shannon divergence in bits (0 to 1) of the two sides' n-grams.

    Over the real side's most frequent n-grams; all others count as one.
    """
    counted = [Counter(gram for text in texts for gram in _grams(text, size)) for texts in (real, synthetic)]
    kept = [gram for gram, _ in counted[0].most_common(NGRAMS_KEPT)]
    sides = [np.array([*(c[g] for g in kept), c.total() - sum(c[g] for g in kept)], dtype=float) for c in counted]
    if not all(side.sum() for side in sides):
        return 1.0
    p, q = (side / side.sum() for side in sides)
    middle = (p + q) / 2
    return float(sum((s[s > 0] * np.log2(s[s > 0] / middle[s > 0])).sum() for s in (p, q)) / 2)


def length_distance(real: Sequence[str], synthetic: Sequence[str]) -> float:
    """Return the 1-Wasserstein distance of the two sides' lengths, in words."""
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance([len(words(t)) for t in real], [len(words(t)) for t in synthetic]))


def label_distance(real: Sequence[Sequence[str]], synthetic: Sequence[Sequence[str]], labels: Sequence[str]) -> float:
    """Return the mean absolute difference of the labels' shares, over all labels of the list."""
    sides = [_shares([(name,) for name in labels], [[(n,) for n in stated] for stated in s]) for s in (real, synthetic)]
    return float(np.abs(sides[0] - sides[1]).mean())


def pair_distance(real: Sequence[Sequence[str]], synthetic: Sequence[Sequence[str]], labels: Sequence[str]) -> float:
    """Return half the summed absolute difference of the shares of all pairs of labels, those of each side adding up
    to 1 (total variation); 1 where only one side has pairs, 0 where neither has."""
    keys = list(combinations(labels, 2))
    order = {name: i for i, name in enumerate(labels)}
    sides = []
    for side in (real, synthetic):
        share = _shares(keys, [combinations(sorted(s, key=lambda n: order.get(n, -1)), 2) for s in side])
        sides.append(share / share.sum() if share.any() else share)
    if not (sides[0].any() and sides[1].any()):
        return float(sides[0].any() or sides[1].any())
    return float(np.abs(sides[0] - sides[1]).sum() / 2)


def _shares(keys, stated):  # type: ignore[no-untyped-def]
    """Return the share of reports that have each key."""
    counted = Counter(key for found in stated for key in set(found))
    return np.array([counted[key] for key in keys], dtype=float) / max(1, len(stated))


def _grams(text: str, size: int) -> list[tuple[str, ...]]:
    said = words(text)
    return [tuple(said[i : i + size]) for i in range(len(said) - size + 1)]
