"""Regular expressions that a user writes: refused where they do not compile or could take long on some text."""

import re
import re._constants as ops  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterable
from typing import Any

MOST_WAYS = 50_000
_UNBOUNDED = 200
"""What `*` and `+` count as: longer than any identifier."""
_ENDLESS = 10**9
_CONTAINERS = {ops.MAX_REPEAT, ops.MIN_REPEAT}


def bad_pattern(pattern: str) -> str | None:
    """Say why a pattern is refused, None where it is fine.

    A pattern is fine when the ways in which it can match from one place, counted over its repeats and alternatives, are
    few: then time is linear in the text, whatever the text.
    """
    try:
        parsed = parser.parse(pattern)
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"is no regular expression ({error})"
    if re.compile(pattern).match("") is not None:
        return "matches nothing at all: name at least one character"
    if _ways(parsed) > MOST_WAYS:
        return "could take very long on some texts: bound its repeats, as in [0-9]{6,10}, and do not nest them"
    return None


def _ways(items: Iterable[Any]) -> int:
    """Return an upper bound on the ways in which a parsed pattern can match from one place."""
    total = 1
    for op, value in items:
        if op in _CONTAINERS:
            least, most, inner = value
            most = min(int(most), max(_UNBOUNDED, int(least)))
            within = _ways(inner)
            total *= (most - least + 1) * (within**most if within < 2 or most < 30 else _ENDLESS)
        elif op is ops.SUBPATTERN:
            total *= _ways(value[-1])
        elif op is ops.BRANCH:
            total *= sum(map(_ways, value[1]))
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            total *= _ways(value[1])
        elif op in (ops.POSSESSIVE_REPEAT, ops.ATOMIC_GROUP):
            total *= _ways(value if op is ops.ATOMIC_GROUP else value[2])
        elif op in (ops.GROUPREF, ops.GROUPREF_EXISTS):
            total *= _ENDLESS
        total = min(total, _ENDLESS)
    return total
