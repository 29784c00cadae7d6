"""Which labels a note states, and where, by public rules."""

from collections.abc import Collection

from dp_clinical_pipeline.coding.mentions import find_mentions, lowered
from dp_clinical_pipeline.coding.rulepacks import rule_pack
from dp_clinical_pipeline.labelsets import LabelSet


def stated_labels(text: str, label_set: LabelSet) -> list[str] | None:
    """Return the labels that a note states, in the list's order; None for a label set without a rule pack.

    One counting mention states a label, whatever the rest of the note denies. The label for a normal report is stated
    where the note says that something is normal or absent and nothing else is stated: neither another label, nor a
    finding outside the list where the pack names such.
    """
    pack = rule_pack(label_set)
    if pack is None:
        return None
    stated: set[str] = set()
    normal = True
    yields_to: dict[str, frozenset[str]] = {}
    for mention in find_mentions(text, pack):
        rule = mention.rule
        if mention.status in rule.counts:
            stated.add(rule.label)
            yields_to[rule.label] = yields_to.get(rule.label, rule.yields_to) & rule.yields_to
        if rule.label not in pack.beside_normal and mention.status in pack.ends_normal | rule.counts:
            normal = False
    stated -= {label for label in stated if yields_to[label] & stated}
    if pack.normal and normal and pack.says_normal.search(lowered(text)):
        stated.add(pack.normal)
    return [label for label in label_set.labels if label in stated]


def stating_parts(text: str, targets: Collection[str], label_set: LabelSet) -> list[tuple[int, int]]:
    """Return where a note states one of `targets`: from the sentence's start to the end of what it names, in characters.

    That nothing is found is stated by the whole note, and has no part of its own.
    """
    pack = rule_pack(label_set)
    if pack is None:
        return []
    ends: dict[int, int] = {}
    for mention in find_mentions(text, pack):
        if mention.rule.label in targets and mention.status in mention.rule.counts:
            ends[mention.sentence.start] = max(mention.end, ends.get(mention.sentence.start, 0))
    return sorted(ends.items())
