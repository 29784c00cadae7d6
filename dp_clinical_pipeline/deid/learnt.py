"""Voter: what a small model has learnt from made-up sentences finds where no rule did.

The model is a sum of what each clue of a word weighs, one hidden layer and one score a type. It was trained on sentences
that were written for it between those of an open corpus (`lexicons/README.md`): nothing private, and nothing of a site,
is in it.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from dp_clinical_pipeline.deid.amid import is_generic
from dp_clinical_pipeline.deid.clues import (
    Token,
    Window,
    clues,
    clues_in,
    is_looked_at,
    speaks_for_itself,
    tokens_of,
    types_at,
    window,
)
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.deid.titled import Capitals, capitals_of_lines, is_in_title

_LEAST, _LEAST_PAIR, _LEAST_FIGURE, _LEAST_BESIDE = 0.15, 0.3, 0.9, 0.95
"""How sure the model has to be: of a word; of two letters that reports write; of what holds a digit, which is a reading
more often than not, or is one letter; and of a plain word beside an identifier."""
_NONE, _NONE_IN_TITLE = 0.001, 0.01
"""How unsure it has to be of every word of a span that a weak voter found, for the span to go."""
_WEAK = ("runs:lone", "runs:amid", "runs:acts", "places:listed")
_WEAK_IN_TITLE = (
    *("amid:", "cued_names:", "facilities:", "house_forms:", "institutions:", "places:listed", "receivers:", "runs:"),
    *("short_houses:", "towns:"),
)
"""The voters that are weak where a line writes every word with a capital, since a capital is what they read."""
_ROUNDS = 3
_LOT = 2048
_KEPT = 4_096
_seen: dict[Window, tuple[float, str]] = {}
_JOINS = frozenset(("of", "the", "de", "la", "del", "and", "&", ",", ".", "-", "'", "’", "/"))


class Model(NamedTuple):
    """Weights: a row of `weights` (clues, hidden) for each clue, the hidden layer's bias, and `out` (hidden, types)."""

    clues: dict[str, int]
    types: list[str]
    weights: Any
    bias: Any
    out: Any
    out_bias: Any

    def shares(self, words: Sequence[Sequence[str]]) -> Any:
        """Return how sure it is of each type, "" first, for words given by their clues: shape (words, types)."""
        known = [[i for clue in word if (i := self.clues.get(clue)) is not None] for word in words]
        hidden = np.stack([self.weights[rows].sum(0, dtype=np.float32) for rows in known]) + self.bias
        scores = np.maximum(hidden, 0) @ self.out + self.out_bias
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores / scores.sum(1, keepdims=True)


@cache
def model() -> Model:
    """Return the model of `lexicons/learnt.npz`, read once."""
    with (files("dp_clinical_pipeline.deid") / "lexicons" / "learnt.npz").open("rb") as file, np.load(file) as kept:
        names = bytes(kept["clues"]).decode("utf-8").split("\x00")
        types = str(kept["types"]).split(" ")
        weights = kept["weights"].astype(np.float32) * kept["scale"]
        return Model(
            {name: i for i, name in enumerate(names)}, types, weights, kept["bias"], kept["out"], kept["out_bias"]
        )


def settled(text: str, found: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Return those of the found spans that stand, and what the model finds beside them.

    `found` is disjoint and in order. What only its capital or its figures speak for goes where the model is sure that it
    is none. Beside a word that was taken, others are looked at again: `on Fourth` after `Walgreens`.
    """
    tokens = tokens_of(text)
    found = _undoubted(tokens, found)
    types = types_at(tokens, found)
    taken: dict[int, tuple[float, str]] = {}
    looked_at: Sequence[int] = range(len(tokens))
    for _ in range(_ROUNDS):
        looked_at = [i for i in looked_at if is_looked_at(tokens, types, i)]
        more = _taken(tokens, types, looked_at)
        if not more:
            break
        taken |= more
        for i, (_, kind) in more.items():
            types[i] = kind
        looked_at = sorted({k for i in more for k in range(max(0, i - 2), min(len(tokens), i + 3))})
    return found, [*_joined(tokens, taken)]


def _undoubted(tokens: Sequence[Token], found: Sequence[Span]) -> list[Span]:
    """Return the found spans without those of weak voters that the model, which does not see them, is sure against.

    In a title more voters are weak, since all that they read is a capital.
    """
    types = types_at(tokens, found)
    starts = [token.start for token in tokens]
    lines = capitals_of_lines(tokens)
    standing = []
    for span in found:
        first, after = bisect_left(starts, span.start), bisect_left(starts, span.end)
        if doubt := _doubt(span.voter, tokens, lines, first, after):
            shown, types[first:after] = types[first:after], [""] * (after - first)
            sure = _surest([[*clues(tokens, types, i)] for i in range(first, after)])
            types[first:after] = shown
            if sure < doubt:
                continue
        standing.append(span)
    return standing


def _doubt(voter: str, tokens: Sequence[Token], lines: Sequence[Capitals], first: int, after: int) -> float:
    """Return how unsure the model has to be of every word of a voter's span for it to go; 0: it stays.

    Where no word begins in it there is nothing to judge.
    """
    if first == after:
        return 0.0
    if voter.startswith(_WEAK_IN_TITLE) and is_in_title(tokens, lines, first, after):
        return _NONE_IN_TITLE
    return _NONE if voter.startswith(_WEAK) else 0.0


def _surest(words: Sequence[Sequence[str]]) -> float:
    return float(1 - model().shares(words)[:, 0].min()) if words else 1.0


def _taken(tokens: Sequence[Token], types: Sequence[str], places: Sequence[int]) -> dict[int, tuple[float, str]]:
    taken = {}
    for start in range(0, len(places), _LOT):
        lot = places[start : start + _LOT]
        for i, (sure, kind) in zip(lot, _judged([window(tokens, types, i) for i in lot]), strict=True):
            after_clock = i > 0 and tokens[i].word in ("am", "pm") and tokens[i - 1].word == "0:00"
            if sure >= _least(tokens[i]) and not after_clock:
                taken[i] = sure, kind
    return taken


def _judged(windows: Sequence[Window]) -> list[tuple[float, str]]:
    """Return of the middle word of each window how sure the model is of it, and its likeliest type.

    Reports say the same things in the same words: what was judged before is kept, up to so many.
    """
    if len(_seen) > _KEPT:
        _seen.clear()
    asked = [*dict.fromkeys(one for one in windows if one not in _seen)]
    if asked:
        shares = model().shares([[*clues_in(one)] for one in asked])
        best, sure = shares[:, 1:].argmax(1) + 1, 1 - shares[:, 0]
        kinds = model().types
        _seen.update((one, (float(s), kinds[b])) for one, s, b in zip(asked, sure, best, strict=True))
    return [_seen[one] for one in windows]


def _least(token: Token) -> float:
    if token.form[0] in "dm" or len(token.word) == 1:
        return _LEAST_FIGURE
    if token.word in lowered("two_letters"):
        return _LEAST_PAIR
    return _LEAST if speaks_for_itself(token) else _LEAST_BESIDE


def _joined(tokens: Sequence[Token], taken: dict[int, tuple[float, str]]) -> Iterator[Span]:
    """Yield what was taken, neighbours of one type as one span, with signs and small words between them."""
    first = last = -1
    for i in sorted(taken):
        if first >= 0 and taken[i][1] == taken[last][1] and all(t.word in _JOINS for t in tokens[last + 1 : i]):
            last = i
            continue
        if first >= 0:
            yield from _span(tokens, first, last, taken)
        first = last = i
    if first >= 0:
        yield from _span(tokens, first, last, taken)


def _span(tokens: Sequence[Token], first: int, last: int, taken: dict[int, tuple[float, str]]) -> Iterator[Span]:
    """Yield one span, or none where its words are any department's."""
    kind = taken[last][1]
    words = [token.word for token in tokens[first : last + 1] if token.word.isalpha()]
    if words and all(map(is_generic, words)):
        return
    yield Span(tokens[first].start, tokens[last].end, kind, f"learnt:{kind.lower()}", 0.4)
