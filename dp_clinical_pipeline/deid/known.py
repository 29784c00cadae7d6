"""Voter: what is already known of this patient: names found in the other documents, and the corpus's own fields."""

import re
from collections.abc import Iterable, Iterator

from dp_clinical_pipeline.deid.kinds import OTHER, kind_of
from dp_clinical_pipeline.deid.lexicon import lowered
from dp_clinical_pipeline.deid.names import is_ordinary
from dp_clinical_pipeline.deid.spans import Span

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SURE = (
    "people:title",
    "people:label",
    "people:credential",
    "names:pair",
    "names:comma",
    "names:initial",
    "people:around",
    "headers:label",
    "headers:attested",
    "headers:segment",
    "runs:named",
    "runs:reversed",
    "runs:cue",
    "runs:initial",
)


def names_in(text: str, spans: Iterable[Span]) -> set[str]:
    """Return the words of the names that were found, lower case, where they are worth looking for elsewhere."""
    words: set[str] = set()
    for span in spans:
        if span.type == "PERSON" and span.voter.startswith(_SURE):
            words.update(m.group().lower() for m in _WORD.finditer(text, span.start, span.end))
    out = lowered("titles") | lowered("credentials")
    return {w for w in words if len(w) > 2 and len(set(w)) > 1 and w not in out and kind_of(w.capitalize()) != OTHER}


def vote(text: str, names: frozenset[str], values: tuple[tuple[str, str], ...]) -> Iterator[Span]:
    """Find this patient's known names and values."""
    if names:
        for found in _WORD.finditer(text):
            token = found.group()
            lower = token.lower()
            key = lower[:-2] if lower.endswith(("'s", "’s")) else lower
            if (
                key in names
                and (token[0].isupper() or not is_ordinary(key))
                and not (token.isupper() and is_ordinary(key))
            ):
                yield Span(found.start(), found.start() + len(key), "PERSON", "known:name", 0.78)
    for value, kind in values:
        if len(value) < 5 or sum(c.isdigit() for c in value) < 4:
            continue
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            if not (text[start - 1 : start].isalnum() if start else False) and not text[end : end + 1].isalnum():
                yield Span(start, end, kind, "known:field", 0.99)
            start = text.find(value, end)
