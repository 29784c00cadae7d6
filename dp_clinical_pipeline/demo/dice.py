"""Seeded draws for the made-up hospital: one stream for each patient, from the seed and the patient's index alone."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_POOL = 512
_CAPITALS = "ABCDEFGHJKLMNPRSTUVWXYZ"


class Dice:
    """A numpy Generator read in blocks: scalar draws from numpy itself cost more than the sentences they choose."""

    __slots__ = ("_generator", "_pool")

    def __init__(self, seed: int, *key: int) -> None:
        sequence = np.random.SeedSequence(seed, spawn_key=key)
        self._generator = np.random.Generator(np.random.PCG64(sequence))
        self._pool: list[float] = []

    def unit(self) -> float:
        """Draw from [0, 1)."""
        if not self._pool:
            self._pool = self._generator.random(_POOL).tolist()
        return self._pool.pop()

    def chance(self, probability: float) -> bool:
        return self.unit() < probability

    def pick(self, options: Sequence[T]) -> T:
        return options[int(self.unit() * len(options))]

    def between(self, low: int, high: int) -> int:
        """Draw an integer; both ends are included."""
        return low + int(self.unit() * (high - low + 1))

    def weighted(self, shares: Sequence[float]) -> int:
        """Draw an index by shares that add up to one; what rounding leaves goes to the last."""
        left = self.unit()
        for index, share in enumerate(shares):
            left -= share
            if left < 0:
                return index
        return len(shares) - 1

    def digits(self, count: int) -> str:
        """Draw a number of so many digits, the first of them not 0."""
        return str(self.between(10 ** (count - 1), 10**count - 1))

    def capitals(self, count: int) -> str:
        return "".join(self.pick(_CAPITALS) for _ in range(count))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a drawn order (Fisher and Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = int(self.unit() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order
