"""What a synthetic corpus shares with real reports, word by word: members against hold-out patients."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dp_clinical_pipeline.evaluation.bootstrap import Floats, Integers, interval, resample_weights

BOILERPLATE_PATIENTS = 5
"""An n-gram that occurs in at least this many patients of both arms together is nobody's in particular."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Shared:
    """What each of n real reports shares with the synthetic corpus."""

    hit: dict[int, NDArray[np.bool_]]
    """Size of n-gram to (n,): one of the report's n-grams outside boilerplate stands in the corpus."""
    longest: Integers
    """(n,) tokens of the longest run that stands in the corpus."""
    longest_rare: Integers
    """(n,) the same for runs outside boilerplate."""


@dataclass(frozen=True)
class Excess:
    """A rate among members minus the rate among non-members."""

    value: float
    low: float | None
    high: float | None
    members: float
    nonmembers: float
    p_value: float
    """One-sided: members are hit more often than non-members."""


def words(text: str) -> list[str]:
    """Return the words of a text without case or punctuation."""
    return _WORD.findall(text.casefold())


def shared_runs(
    reports: Sequence[str], patients: Sequence[str], synthetic: Sequence[str], sizes: Collection[int]
) -> Shared:
    """Find the n-grams and the longest run of words that each report shares with the synthetic corpus. Exact.

    A run of n + 1 words is shared only if the runs of n that it starts and ends with are, so the lengths are
    tried upwards and only the places still shared are looked at again: time grows with what is shared, not
    with the corpora's product.
    """
    text = _Runs(reports, patients, synthetic)
    hit = {size: np.zeros(len(reports), dtype=bool) for size in sizes}
    longest, longest_rare = np.zeros(len(reports), dtype=np.int64), np.zeros(len(reports), dtype=np.int64)
    while text.keep_shared():
        documents, rare = text.documents(), text.rare()
        longest[documents] = text.length
        longest_rare[documents[rare]] = text.length
        if text.length in hit:
            hit[text.length][documents[rare]] = True
        text.lengthen()
    return Shared(hit=hit, longest=longest, longest_rare=longest_rare)


def rate_excess(members: NDArray[np.bool_], nonmembers: NDArray[np.bool_], resamples: int, seed: int) -> Excess:
    """Compare two rates, one case a patient: Fisher's exact test, a bootstrap interval of the difference."""
    from scipy.stats import fisher_exact

    table = [[int(arm.sum()), int((~arm).sum())] for arm in (members, nonmembers)]
    draws = _bootstrap_mean(members, resamples, seed) - _bootstrap_mean(nonmembers, resamples, seed + 1)
    low, high = interval(draws[1:])
    return Excess(
        value=float(draws[0]),
        low=low,
        high=high,
        members=float(members.mean()),
        nonmembers=float(nonmembers.mean()),
        p_value=float(fisher_exact(table, alternative="greater").pvalue),
    )


def _bootstrap_mean(values: NDArray[np.bool_], resamples: int, seed: int) -> Floats:
    return resample_weights(len(values), resamples, seed) @ values / len(values)


class _Runs:
    """The places of real and synthetic text at which a run of `length` words starts that both sides have."""

    def __init__(self, reports: Sequence[str], patients: Sequence[str], synthetic: Sequence[str]) -> None:
        number: dict[str, int] = {}
        documents = [[number.setdefault(word, len(number)) for word in words(text)] for text in (*reports, *synthetic)]
        sizes = np.array([len(document) for document in documents], dtype=np.int64)
        self._tokens = np.array([token for document in documents for token in document], dtype=np.int64)
        self._document = np.repeat(np.arange(len(documents)), sizes)
        self._end = np.repeat(np.cumsum(sizes), sizes)
        self._patient = np.unique(np.array(patients, dtype=str), return_inverse=True)[1]
        self._vocabulary = len(number)
        self._reports = len(reports)
        self.length = 1
        self._at = np.arange(len(self._tokens))
        self._run = self._tokens

    def keep_shared(self) -> bool:
        """Drop the runs that one side lacks, number the others from 0, and say whether any is left."""
        distinct, run = np.unique(self._run, return_inverse=True)
        real: NDArray[np.bool_] = np.less(self._document[self._at], self._reports)
        both = np.zeros((2, len(distinct)), dtype=bool)
        both[real.astype(np.int64), run] = True
        everywhere: NDArray[np.bool_] = np.logical_and(both[0], both[1])
        kept = everywhere[run]
        self._at, self._run = self._at[kept], run[kept]
        self._real = real[kept]
        return bool(kept.any())

    def lengthen(self) -> None:
        """Go on to runs of one word more, where the document has it."""
        fits = self._at + self.length < self._end[self._at]
        self._at = self._at[fits]
        # A run's number is below the number of places, so that the product stays far from overflow.
        self._run = self._run[fits] * self._vocabulary + self._tokens[self._at + self.length]
        self.length += 1

    def documents(self) -> Integers:
        """The report of each shared run on the real side."""
        return self._document[self._at[self._real]]

    def rare(self) -> NDArray[np.bool_]:
        """Whether each shared run on the real side is outside boilerplate."""
        run = self._run[self._real]
        pairs = np.unique(np.stack([run, self._patient[self.documents()]], axis=1), axis=0)
        patients = np.bincount(pairs[:, 0], minlength=int(run.max()) + 1)
        return patients[run] < BOILERPLATE_PATIENTS
