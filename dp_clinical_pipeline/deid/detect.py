"""All voters over one text, resolved to one set of spans, with clinical look-alikes taken out after the union."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from dp_clinical_pipeline.deid import (
    ages,
    allowlist,
    amid,
    amid_towns,
    capitals,
    codes,
    companions,
    crews,
    cued,
    cued_names,
    dates,
    dotted,
    facilities,
    figures,
    headers,
    house_forms,
    initials,
    initials_acts,
    initials_beside,
    institutions,
    known,
    labels,
    learnt,
    names,
    numbers,
    pairs,
    partial_dates,
    people,
    phones,
    places,
    receivers,
    runs,
    short_houses,
    shouting,
    small_houses,
    small_names,
    spanish,
    towns,
    vehicles,
)
from dp_clinical_pipeline.deid.date_edges import with_edges
from dp_clinical_pipeline.deid.seams import parted
from dp_clinical_pipeline.deid.spans import Span, resolve


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is known of the one patient whose text is read; nothing of anybody else.

    `names`: words of this patient's names, lower case, found in this patient's documents.
    `values`: identifiers from the corpus's own fields, with their types.
    """

    names: frozenset[str] = frozenset()
    values: tuple[tuple[str, str], ...] = ()


Voter = Callable[[str], Iterable[Span]]
NOTHING = Context()
VOTERS = (
    dates.vote,
    partial_dates.vote,
    ages.vote,
    labels.vote,
    numbers.vote,
    codes.vote,
    cued.vote,
    vehicles.vote,
    phones.vote,
    figures.vote,
    capitals.vote,
    people.vote,
    headers.vote,
    names.vote,
    runs.vote,
    cued_names.vote,
    small_names.vote,
    initials.vote,
    initials_beside.vote,
    initials_acts.vote,
    pairs.vote,
    dotted.vote,
    companions.vote,
    spanish.vote,
    amid.vote,
    amid_towns.vote,
    short_houses.vote,
    small_houses.vote,
)
PLACE_VOTERS = (
    places.vote,
    facilities.vote,
    towns.vote,
    institutions.vote,
    crews.vote,
    receivers.vote,
    house_forms.vote,
)
"""Voters that read capitals: they see lines in capitals in title case."""


def find_identifiers(text: str, context: Context = NOTHING, site: Voter | None = None) -> list[Span]:
    """Return disjoint spans in text order, with code-point offsets; `site` is one voter more, which nothing overrules."""
    votes = found_by_rules(text)
    if site is not None:
        votes += site(text)
    standing, more = learnt.settled(text, resolve(votes))
    kept = [*standing, *(span for span in more if not allowlist.is_lookalike(text, span))]
    own = known.names_in(text, resolve(kept))
    return with_known(text, kept, replace(context, names=context.names | own) if own else context, votes)


def found_by_rules(text: str) -> list[Span]:
    """Return what patterns and lists find, look-alikes left out: spans that may overlap, in no order."""
    spans = [*companions.whole(text, [span for vote in VOTERS for span in vote(text)])]
    calm = shouting.calmed(text)
    spans += institutions.whole(calm, [span for vote in PLACE_VOTERS for span in vote(calm)])
    return [codes.whole(text, span) for span in spans if not allowlist.is_lookalike(text, span)]


def with_known(text: str, spans: list[Span], context: Context, votes: Sequence[Span] = ()) -> list[Span]:
    """Return the given spans and what is known of the patient, resolved: the cheap part of a second look.

    `votes`: what the voters said before it was made into `spans`, where that is at hand.
    """
    found = known.vote(text, context.names, context.values)
    spans = [*spans, *(span for span in found if not allowlist.is_lookalike(text, span))]
    return with_edges(text, parted(text, resolve(spans), votes))
