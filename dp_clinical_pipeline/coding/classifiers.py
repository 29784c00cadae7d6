"""Multi-label text classifiers behind one protocol: TF-IDF with logistic regression, and the trivial ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.5
"""A label is chosen from this score upwards. Fixed and public: never tuned on real reports."""

Scores = NDArray[np.float64]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Prediction:
    """What a classifier says of n texts and L labels."""

    scores: Scores
    """(n, L), between 0 and 1."""
    chosen: Chosen
    """(n, L)."""


class TextClassifier(Protocol):
    """A multi-label classifier of texts."""

    name: str

    def fit(self, texts: Sequence[str], targets: Chosen) -> "TextClassifier":
        """Learn from n texts and their (n, L) targets; n is at least 1."""
        ...

    def predict(self, texts: Sequence[str]) -> Prediction:
        """Score each text for each label."""
        ...


class TfidfLogistic:
    """Word 1- and 2-grams with sublinear TF-IDF, and one logistic regression a label.

    Positives and negatives of a label weigh the same in all, because a rare label's score would otherwise
    never reach the fixed threshold. A label that no training text has, or all have, gets a constant score of
    0 or 1. Deterministic.
    """

    name = "tfidf-logreg"

    def __init__(self, inverse_penalty: float = 10.0) -> None:
        self.inverse_penalty = inverse_penalty

    def fit(self, texts: Sequence[str], targets: Chosen) -> "TfidfLogistic":
        from sklearn.linear_model import LogisticRegression

        self._vectorizer, features = _tfidf(texts)
        self._constant = targets.mean(axis=0)
        self._models: dict[int, Any] = {}
        for label in np.flatnonzero((self._constant > 0) & (self._constant < 1)):
            model = LogisticRegression(
                C=self.inverse_penalty, class_weight="balanced", solver="liblinear", random_state=0
            )
            self._models[int(label)] = model.fit(features, targets[:, label])
        return self

    def predict(self, texts: Sequence[str]) -> Prediction:
        scores = np.tile(self._constant.astype(np.float64), (len(texts), 1))
        if self._models and len(texts):
            features = self._vectorizer.transform(texts)
            for label, model in self._models.items():
                scores[:, label] = model.predict_proba(features)[:, 1]
        return Prediction(scores, scores >= THRESHOLD)


class Majority:
    """Scores each label by its share in training and chooses those that at least half of the texts have.

    Where no label reaches half, the single most frequent one is chosen (the first in the list's order among
    equals), so that the trivial answer is not an empty one; without any positive, nothing is.
    """

    name = "majority"

    def fit(self, texts: Sequence[str], targets: Chosen) -> "Majority":
        self._share = targets.mean(axis=0).astype(np.float64)
        return self

    def predict(self, texts: Sequence[str]) -> Prediction:
        chosen = self._share >= THRESHOLD
        if not chosen.any() and self._share.any():
            chosen[self._share.argmax()] = True
        return Prediction(np.tile(self._share, (len(texts), 1)), np.tile(chosen, (len(texts), 1)))


class AllNegative:
    """Says of every text that it has no label."""

    name = "all-negative"

    def fit(self, texts: Sequence[str], targets: Chosen) -> "AllNegative":
        self._labels = targets.shape[1]
        return self

    def predict(self, texts: Sequence[str]) -> Prediction:
        scores = np.zeros((len(texts), self._labels))
        return Prediction(scores, scores >= THRESHOLD)


def _tfidf(texts: Sequence[str]) -> tuple[Any, Any]:
    """Fit the vectoriser; texts without a single word get features that are all 0."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    # Single letters and digits are words too: "L", "2" and "T7" carry meaning in a report.
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    if not any(vectorizer.build_analyzer()(text) for text in texts):
        vectorizer.set_params(vocabulary=["finding"])
    return vectorizer, vectorizer.fit_transform(texts)
