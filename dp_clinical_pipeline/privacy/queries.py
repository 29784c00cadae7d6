"""Questions that are answered by a vector of counts over a public domain; each knows what one patient can change."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass

Key = tuple[str, str, str | None]
"""(kind, name, other), as the table of released counts keeps them."""
OUTCOMES = ("tp", "fp", "fn")


@dataclass(frozen=True, kw_only=True)
class LengthHistogram:
    """How many patients' report has so many words. `edges` are public: bins are below the first, between, from the last.

    Guarantee: one report a patient falls into one bin, so that a patient added or removed changes one count by 1.
    """

    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        if (
            not self.edges
            or self.edges[0] <= 0
            or any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False))
        ):
            raise ValueError(f"edges {self.edges} are not ascending numbers above 0")

    @property
    def sensitivity(self) -> float:
        """L2, for one patient added or removed."""
        return 1.0

    def domain(self) -> list[Key]:
        """The public domain: every bin by its lower and upper edge."""
        names = ["0", *map(str, self.edges)]
        return [("length", low, high) for low, high in zip(names, [*names[1:], None], strict=True)]

    def count(self, lengths: Iterable[int]) -> Counter[Key]:
        """Count the lengths, one for each patient."""
        keys = self.domain()
        return Counter(keys[bisect_right(self.edges, length)] for length in lengths)


@dataclass(frozen=True, kw_only=True)
class ConfusionCounts:
    """True positives, false positives and false negatives of each label, from which an F1 may be published.

    Guarantee: of one report a patient, the first `labels_per_patient` labels (in the public list's order) that are
    stated or predicted count, each in one cell; a patient added or removed changes so many counts by 1.
    """

    labels: tuple[str, ...]
    labels_per_patient: int

    def __post_init__(self) -> None:
        if len(set(self.labels)) != len(self.labels) or not 1 <= self.labels_per_patient <= len(self.labels):
            raise ValueError(f"{self.labels_per_patient} of {len(self.labels)} labels a patient is not a cap")

    @property
    def sensitivity(self) -> float:
        """L2, for one patient added or removed."""
        return math.sqrt(self.labels_per_patient)

    def domain(self) -> list[Key]:
        """The public domain: every label's three outcomes."""
        return [(outcome, label, None) for label in self.labels for outcome in OUTCOMES]

    def count(self, outcomes: Iterable[tuple[Set[str], Set[str]]]) -> Counter[Key]:
        """Count (stated labels, predicted labels), one pair for each patient. Labels outside the list do not count."""
        counts: Counter[Key] = Counter()
        for stated, predicted in outcomes:
            touched = [label for label in self.labels if label in stated or label in predicted]
            for label in touched[: self.labels_per_patient]:
                outcome = "fn" if label not in predicted else "tp" if label in stated else "fp"
                counts[outcome, label, None] += 1
        return counts

    def f1(self, counts: dict[Key, float]) -> dict[str, float]:
        """Return each label's F1 and `weighted` and `macro` from released counts: post-processing, negatives are 0."""
        cell = {key: max(0.0, counts[key]) for key in self.domain()}
        scores, supports = {}, {}
        for label in self.labels:
            tp, fp, fn = (cell[outcome, label, None] for outcome in OUTCOMES)
            scores[label] = 2 * tp / (2 * tp + fp + fn) if tp else 0.0
            supports[label] = tp + fn
        total = sum(supports.values())
        weighted = sum(scores[label] * supports[label] for label in self.labels) / total if total else 0.0
        return scores | {"weighted": weighted, "macro": sum(scores.values()) / len(self.labels)}


Query = LengthHistogram | ConfusionCounts
