"""Public features of texts: nothing of them is learnt from the population. Rows have length 1, or 0 for an empty text."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet

Matrix = Any
"""(n, d): a SciPy sparse matrix or a float64 array."""


class Features(Protocol):
    """A public map from texts to vectors of length 1 at most."""

    name: str

    def of(self, texts: Sequence[str]) -> Matrix:
        """Return one row for each text."""
        ...


class HashedNgrams:
    """Which word 1- and 2-grams a text has, hashed with signs into a fixed number of buckets. No vocabulary, no IDF."""

    name = "hashed-ngrams"

    def __init__(self, buckets: int = 2**13) -> None:
        self.buckets = buckets

    def of(self, texts: Sequence[str]) -> Matrix:
        from sklearn.feature_extraction.text import HashingVectorizer

        vectorizer = HashingVectorizer(
            n_features=self.buckets, ngram_range=(1, 2), binary=True, norm="l2", token_pattern=r"(?u)\b\w+\b"
        )
        return vectorizer.transform(texts)


class RuleLabels:
    """Which labels public rules read in a text: (n, L), rows of length 1.

    A model above them learns how people label what the rules find, from so few numbers that noise does little.
    """

    name = "rules"

    def __init__(self, labels: LabelSet) -> None:
        self._labels = labels

    def of(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return one row for each text, zeros where nothing is stated.

        Raises:
            UserError: the label set has no rules.
        """
        place = {label: i for i, label in enumerate(self._labels.labels)}
        rows = np.zeros((len(texts), len(place)))
        for row, text in zip(rows, texts, strict=True):
            stated = stated_labels(text, self._labels)
            if stated is None:
                raise UserError(f"{self._labels.name} has no rules: leave {self.name} out of the study's features")
            row[[place[label] for label in stated]] = 1
        return unit_rows(rows)


class Embeddings:
    """The mean of a text's token states from a frozen public encoder, at length 1.

    Texts are read sorted by length and cut to `max_tokens`, so that a batch holds little padding. What was read once is
    kept in memory.
    """

    def __init__(self, home: Home, encoder: str, *, batch_size: int = 64) -> None:
        self.name = encoder
        self._home, self._batch_size = home, batch_size
        self._kept: dict[str, NDArray[np.float64]] = {}

    def of(self, texts: Sequence[str]) -> NDArray[np.float64]:
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if new:
            self._kept.update(zip(new, self._embedded(new), strict=True))
        return np.stack([self._kept[text] for text in texts])

    def _embedded(self, texts: Sequence[str]) -> NDArray[np.float64]:
        from dp_clinical_pipeline.models.base import base_model
        from dp_clinical_pipeline.models.device import choose_device
        from dp_clinical_pipeline.models.loading import load_encoder, load_tokenizer

        base = base_model(self._home, "encoders", self.name)
        model = load_encoder(base, choose_device(self._home.settings.compute))
        tokenizer = load_tokenizer(base, padding_side="right")
        longest = self._home.settings.classifier_training.max_tokens
        tokens = [tokenizer.encode(text, truncation=True, max_length=longest) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        rows = np.zeros((len(texts), model.config.hidden_size))
        for at in range(0, len(order), self._batch_size):
            chosen = order[at : at + self._batch_size]
            rows[chosen] = _pooled(model, [tokens[i] for i in chosen], tokenizer.pad_token_id)
        return unit_rows(rows)


def unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row divided by its length; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)


def _pooled(model: Any, tokens: Sequence[Sequence[int]], pad: int) -> NDArray[np.float64]:
    import torch

    width = max(1, *(len(row) for row in tokens))
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in tokens], device=model.device)
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in tokens], device=model.device)
    with torch.no_grad():
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
    sums = (states * mask[:, :, None]).sum(1) / mask.sum(1).clamp(min=1)[:, None]
    return sums.double().cpu().numpy()
