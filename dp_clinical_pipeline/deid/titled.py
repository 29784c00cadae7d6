"""Lines in title case, where a capital speaks for nobody."""

from collections.abc import Sequence

from dp_clinical_pipeline.deid.clues import Token

_LONG = 4
"""Letters from which on a title writes a word with a capital: `of`, `with` and `the` stay small."""

Capitals = tuple[int, int]
"""How many words of a line have a capital, and how many are small."""


def capitals_of_lines(tokens: Sequence[Token]) -> list[Capitals]:
    """Return for each token the capitals of its line; what stands in capitals alone counts as neither."""
    counts: list[Capitals] = []
    for end in (*(i for i, token in enumerate(tokens) if token.form == "line"), len(tokens)):
        counts += [_capitals(tokens[len(counts) : end])] * (end + 1 - len(counts))
    return counts[: len(tokens)]


def is_in_title(tokens: Sequence[Token], lines: Sequence[Capitals], first: int, after: int) -> bool:
    """Say whether the line around the tokens from `first` to before `after` has capitals throughout.

    `lines` is what `capitals_of_lines` returned. Three capitals beside the tokens make a title, with one small word to
    four of them at most.
    """
    own = _capitals(tokens[first:after])
    capital, small = lines[first][0] - own[0], lines[first][1] - own[1]
    return capital >= 3 and small * 4 <= capital


def _capitals(tokens: Sequence[Token]) -> Capitals:
    forms = [token.form for token in tokens if len(token.word) >= _LONG]
    return forms.count("Xx"), forms.count("x")
