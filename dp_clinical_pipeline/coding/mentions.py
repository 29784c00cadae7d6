"""The findings that a note mentions, each with what the note says of it."""

from collections.abc import Iterator
from typing import NamedTuple

from dp_clinical_pipeline.coding.context import Context, Status
from dp_clinical_pipeline.coding.rulepacks import Rule, RulePack
from dp_clinical_pipeline.coding.sentences import Sentence, sentences

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Mention(NamedTuple):
    """A rule's phrase in a note: `start` to `end` in characters, its status, and the sentence that it stands in."""

    rule: Rule
    start: int
    end: int
    status: Status
    sentence: Sentence


def lowered(text: str) -> str:
    """Return the text in lower case, at the same length (some capital letters become two small ones)."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text.translate(_LOWER)


def find_mentions(text: str, pack: RulePack) -> Iterator[Mention]:
    """Yield what a note mentions, in order. Sections that only ask a question are left out."""
    lower = lowered(text)
    hits = sorted((m.start(), m.end(), i) for i, rule in enumerate(pack.all_rules) for m in rule.matches(lower))
    for sentence, inside in _by_sentence(text, hits):
        if pack.quiet_sections.fullmatch(sentence.section):
            continue
        said = lower[sentence.start : sentence.end]
        context = Context.of(said)
        for start, end, i in inside:
            rule = pack.all_rules[i]
            if rule.speaks_of(said):
                status = context.status(start - sentence.start, end - sentence.start)
                yield Mention(rule, start, end, status, sentence)


def _by_sentence(text: str, hits: list[tuple[int, int, int]]) -> Iterator[tuple[Sentence, list[tuple[int, int, int]]]]:
    """Group hits, sorted by their start, by the sentence that they start in; sentences without one are left out."""
    at = 0
    for sentence in sentences(text) if hits else ():
        first = at
        while at < len(hits) and hits[at][0] < sentence.end:
            at += 1
        if at > first:
            yield sentence, hits[first:at]
        if at == len(hits):
            return
