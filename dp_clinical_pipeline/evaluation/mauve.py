"""MAUVE (Pillutla and others, 2021): the area under the divergence frontier of two sets of texts' features."""

from typing import NamedTuple

import numpy as np

from dp_clinical_pipeline.evaluation.bootstrap import Floats

SCALING = 5.0
_MIXTURES = 25
_EXPLAINED = 0.9
_RESTARTS = 5
_ITERATIONS = 500


class Frontier(NamedTuple):
    """`mauve` is 1 for the same distribution and near 0 for distributions that share no cluster."""

    mauve: float
    divergence: Floats
    """(points, 2): exp(-5 KL) of either side from each mixture."""


def mauve(real: Floats, synthetic: Floats, *, clusters: int | None = None, seed: int = 0) -> float:
    """Return MAUVE of two sets of feature vectors, (n, d) and (m, d).

    As the authors' program: lengths set to 1, PCA to 90 % of the variance, k-means of both together into a tenth as many
    clusters as the smaller side has texts, and the frontier between the two histograms. Only the k-means is
    scikit-learn's here.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    size = min(len(real), len(synthetic))
    count = max(2, round(size / 10)) if clusters is None else clusters
    rows = np.vstack([real, synthetic])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    rows = PCA(n_components=None, random_state=seed).fit_transform(rows)
    spread = np.cumsum(rows.var(axis=0))
    kept = int(np.argmax(spread >= _EXPLAINED * spread[-1])) + 1
    model = KMeans(n_clusters=count, n_init=_RESTARTS, max_iter=_ITERATIONS, random_state=seed)
    cluster = model.fit_predict(rows[:, :kept])
    p, q = (np.bincount(side, minlength=count) / len(side) for side in (cluster[: len(real)], cluster[len(real) :]))
    return frontier(p, q).mauve


def frontier(p: Floats, q: Floats) -> Frontier:
    """Return the divergence frontier of two histograms and the area under it.

    The area is the mean of the two that trapezoids over either axis give.
    """
    weights = np.linspace(1e-6, 1 - 1e-6, _MIXTURES)
    points = [(_divergence(q, w * p + (1 - w) * q), _divergence(p, w * p + (1 - w) * q)) for w in weights]
    curve = np.exp(-SCALING * np.array([(0.0, np.inf), *points, (np.inf, 0.0)]))
    x, y = curve[:, 0], curve[:, 1]
    by_x, by_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    area = np.trapezoid(y[by_x], x[by_x]) + np.trapezoid(x[by_y], y[by_y])
    return Frontier(float(area / 2), curve)


def _divergence(p: Floats, mixture: Floats) -> float:
    """Kullback-Leibler divergence in nats; where p is 0 nothing is added."""
    held = p > 0
    with np.errstate(divide="ignore"):
        return float((p[held] * np.log(p[held] / mixture[held])).sum())
