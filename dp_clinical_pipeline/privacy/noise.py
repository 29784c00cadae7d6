"""Gaussian and discrete noise, and coins, from the operating system's generator."""

import math
import random
import secrets
from fractions import Fraction
from typing import Protocol

import numpy as np

OS, TEST_SEED = "os", "test-seed"
_MANTISSA = 53


class RandomSource(Protocol):
    """Where sampling and noise come from. `name` goes into the manifest of everything made with it."""

    name: str

    def uniform(self, size: int) -> np.ndarray:
        """Return `size` float64 values in [0, 1)."""
        ...

    def integer(self, below: int) -> int:
        """Return an integer in [0, below)."""
        ...


class SystemSource:
    """Bytes of the operating system's generator (`getrandom`), never seeded and never stored."""

    name = OS

    def uniform(self, size: int) -> np.ndarray:
        """Return `size` float64 values in [0, 1), 53 random bits each."""
        words = np.frombuffer(secrets.token_bytes(8 * size), dtype=np.uint64)
        return (words >> np.uint64(64 - _MANTISSA)).astype(np.float64) * 2.0**-_MANTISSA

    def integer(self, below: int) -> int:
        """Return an unbiased integer in [0, below)."""
        return secrets.randbelow(below)


class TestSeedSource:
    """A seeded source for tests; its name marks whatever it touched as unreleasable."""

    name = TEST_SEED
    __test__ = False

    def __init__(self, seed: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._integers = random.Random(seed)

    def uniform(self, size: int) -> np.ndarray:
        """Return `size` float64 values in [0, 1)."""
        return self._rng.random(size)

    def integer(self, below: int) -> int:
        """Return an integer in [0, below)."""
        return self._integers.randrange(below)  # exact sampling needs more than 64 bits


class PublicSource(TestSeedSource):
    """A seeded source for public text, whose order need not be secret."""

    name = "public-seed"


def source_of_all(*names: str | None) -> str | None:
    """Return what is said of noise that came from several sources: a test seed in one of them marks all of it.

    None where one is not known, or they differ.
    """
    if TEST_SEED in names:
        return TEST_SEED
    return names[0] if len(set(names)) == 1 else None


def gaussian(source: RandomSource, size: int, std: float) -> np.ndarray:
    """Return `size` float64 draws of N(0, std²).

    Each draw is the sum of four Box-Muller normals over two, as Holohan and Braghin (2021) advise against attacks on
    the low bits of a single draw. The sum is still a floating-point number: no proof covers its lowest bits.
    """
    half = (size + 1) // 2
    total = np.zeros(2 * half)
    for _ in range(4):
        radius = np.sqrt(-2.0 * np.log1p(-source.uniform(half)))
        angle = 2.0 * np.pi * source.uniform(half)
        total[:half] += radius * np.cos(angle)
        total[half:] += radius * np.sin(angle)
    return total[:size] * (std / 2.0)


def discrete_gaussian(source: RandomSource, variance: Fraction) -> int:
    """Return one exact draw of the discrete Gaussian with the given variance parameter.

    Algorithm 3 of Canonne, Kamath and Steinke (2020), in integer arithmetic throughout.
    """
    scale = _isqrt(variance) + 1
    while True:
        candidate = discrete_laplace(source, Fraction(scale))
        bias = (abs(candidate) - variance / scale) ** 2 / (2 * variance)
        if _bernoulli_exp(source, bias):
            return candidate


def discrete_laplace(source: RandomSource, scale: Fraction) -> int:
    """Return one exact draw with probability proportional to exp(-|x| / scale) (Canonne et al. 2020, Algorithm 2)."""
    top, bottom = scale.numerator, scale.denominator
    while True:
        remainder = source.integer(top)
        if not _bernoulli_exp(source, Fraction(remainder, top)):
            continue
        wraps = 0
        while _bernoulli_exp(source, Fraction(1)):
            wraps += 1
        size = (remainder + top * wraps) // bottom
        negative = source.integer(2) == 1
        if not (negative and size == 0):
            return -size if negative else size


def _isqrt(value: Fraction) -> int:
    return math.isqrt(value.numerator // value.denominator)


def _bernoulli_exp(source: RandomSource, exponent: Fraction) -> bool:
    """Flip a coin that lands True with probability exp(-exponent), exactly (Algorithm 1)."""
    while exponent > 1:
        if not _bernoulli_exp(source, Fraction(1)):
            return False
        exponent -= 1
    k = 1
    while _bernoulli(source, exponent / k):
        k += 1
    return k % 2 == 1


def _bernoulli(source: RandomSource, probability: Fraction) -> bool:
    return source.integer(probability.denominator) < probability.numerator
