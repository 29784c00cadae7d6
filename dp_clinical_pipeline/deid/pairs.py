"""Voter: two letters standing alone that no report writes as a word or a sign: they are somebody's initials."""

import re
from collections.abc import Iterator

from dp_clinical_pipeline.deid.lexicon import entries
from dp_clinical_pipeline.deid.sieve import sieved
from dp_clinical_pipeline.deid.spans import Span

_PAIR = sieved(
    r"(?:(?<=[ \n(\[/:])|^)(?P<name>[A-Z]{2}|[a-z]{2})(?=[ ]?[,;.)\]\n]|[ ](?![\d=<>%])|[ ]\d{1,2}[-/. ]|\s*$)(?!\.\w)"
)
_SIGN = re.compile(r"[\d/][ ]?$|[=<>+±#][ ]$")
"""What makes two letters a unit or part of a code: `5 xk`, `n/xy`."""


def vote(text: str) -> Iterator[Span]:
    """Find pairs of letters that are on no list of written ones."""
    written = entries("two_letters")
    for found in _PAIR.finditer(text):
        if found["name"] not in written and not _SIGN.search(text, max(0, found.start() - 2), found.start()):
            yield Span(*found.span("name"), "PERSON", "initials:pair", 0.42)
