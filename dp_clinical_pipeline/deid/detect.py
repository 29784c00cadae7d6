"""All voters over one text, resolved to one set of spans, with clinical look-alikes taken out after the union."""

from dataclasses import dataclass, replace

from dp_clinical_pipeline.deid import (
    allowlist,
    capitals,
    codes,
    dates,
    facilities,
    headers,
    known,
    labels,
    names,
    numbers,
    people,
    places,
)
from dp_clinical_pipeline.deid.spans import Span, resolve


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is known of the one patient whose text is read; nothing of anybody else.

    `names`: words of this patient's names, lower case, found in this patient's documents.
    `values`: identifiers from the corpus's own fields, with their types.
    """

    names: frozenset[str] = frozenset()
    values: tuple[tuple[str, str], ...] = ()


NOTHING = Context()
VOTERS = (
    dates.vote,
    labels.vote,
    numbers.vote,
    codes.vote,
    places.vote,
    facilities.vote,
    capitals.vote,
    people.vote,
    headers.vote,
    names.vote,
)


def find_identifiers(text: str, context: Context = NOTHING) -> list[Span]:
    """Return disjoint spans in text order, with code-point offsets."""
    spans = [span for vote in VOTERS for span in vote(text)]
    kept = [span for span in spans if not allowlist.is_lookalike(text, span)]
    own = known.names_in(text, kept)
    return with_known(text, kept, replace(context, names=context.names | own) if own else context)


def with_known(text: str, spans: list[Span], context: Context) -> list[Span]:
    """Return the given spans and what is known of the patient, resolved: the cheap part of a second look."""
    found = known.vote(text, context.names, context.values)
    return resolve([*spans, *(span for span in found if not allowlist.is_lookalike(text, span))])
