"""Records to ask for, drawn from a budget's marginals: post-processing of a ledgered release, and public rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dp_clinical_pipeline.labelsets import LabelSet

# Half a case shared by all pairs, so that noise which wiped a pair out does not forbid it.
_PAIR_PRIOR = 0.5


@dataclass(frozen=True)
class RecordSampler:
    """Draws label sets: how many labels, a first one, then each next one by its pair counts with those chosen."""

    labels: LabelSet
    sizes: np.ndarray
    singles: np.ndarray
    pairs: np.ndarray

    @classmethod
    def of(cls, marginals: pl.DataFrame, labels: LabelSet) -> "RecordSampler":
        """Build a sampler from LABEL_MARGINALS rows; negative counts are 0, pair counts within two deviations too.

        A list too long for pairs has more noise than counts in it: there a label counts from so many deviations upwards
        as the largest of that much noise is expected to reach.
        """
        index = {name: i for i, name in enumerate(labels.labels)}
        n = len(index)
        least = 0.0 if labels.paired else float(np.sqrt(2 * np.log(n)))
        sizes, singles, pairs = {}, np.zeros(n), np.zeros((n, n))
        for kind, label, other, count, std in marginals.select(
            "kind", "label", "other", "noisy_count", "noise_std"
        ).iter_rows():
            count = max(count, 0.0)
            if kind == "label":
                singles[index[label]] = count if count >= least * std else 0.0
            elif kind == "size":
                sizes[int(label)] = count
            elif kind == "pair" and count >= 2 * std:
                pairs[index[label], index[other]] = pairs[index[other], index[label]] = count
        ordered = np.array([sizes[k] for k in sorted(sizes)])
        return cls(labels, _shares(ordered), _shares(singles), pairs)

    def draw(self, rng: np.random.Generator, even_share: float = 0.0) -> list[str]:
        """Return one record's labels, in the list's order. The label that says `normal` stands alone.

        In so large a share of records the first label is any of the list alike, and counts choose the others only.
        """
        size = int(rng.choice(len(self.sizes), p=self.sizes))
        chosen: list[int] = []
        normal = self.labels.labels.index(self.labels.normal) if self.labels.normal else -1
        if even_share and rng.random() < even_share:
            chosen.append(int(rng.integers(len(self.labels.labels))))
            size = 1 if chosen == [normal] else size
        while len(chosen) < size:
            weights = self._next(chosen, normal)
            if weights.sum() == 0:
                break
            pick = int(rng.choice(len(weights), p=_shares(weights)))
            chosen.append(pick)
            if pick == normal:
                break
        return [self.labels.labels[i] for i in sorted(chosen)]

    def _next(self, chosen: Sequence[int], normal: int) -> np.ndarray:
        weights = self.singles.copy()
        if chosen:
            # Given one label, another is as likely as their pair: its own count is in there already.
            weights = self.pairs[list(chosen)].sum(0) + _PAIR_PRIOR * weights
            weights[list(chosen)] = 0
            if normal >= 0:
                weights[normal] = 0
        return weights


def _shares(weights: np.ndarray) -> np.ndarray:
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
