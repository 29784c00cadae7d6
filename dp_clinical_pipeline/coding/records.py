"""What a note says as a record: findings with place, side, degree and status; devices; measurements.

Every value comes from a public vocabulary (`rules/`), so that a record holds no words of the note; measurements are
the exception, and they and the whole record are as private as the note it was read from.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from dp_clinical_pipeline.coding.attributes import Attributes, attributes
from dp_clinical_pipeline.coding.context import Context, Status
from dp_clinical_pipeline.coding.mentions import Mention, find_mentions, lowered
from dp_clinical_pipeline.coding.rulepacks import rule_pack
from dp_clinical_pipeline.coding.sentences import Sentence, sentences
from dp_clinical_pipeline.labelsets import LabelSet

_SIZE = re.compile(
    r"(?<![\w.])(\d{1,3}(?:[.,]\d{1,2})?)\s*(?:x\s*\d{1,3}(?:[.,]\d{1,2})?\s*)*(mm|cm|millimet(?:er|re)s?|centimet(?:er|re)s?)\b"
)
# Findings with no more than this between them share what stands before the first: "left basilar atelectasis or infiltrate".
_JOINED = re.compile(r"\s*(?:/|and/or|and|or)\s*")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One mention of a label of the set. `section` is the heading above it in lower case, "" for none."""

    name: str
    status: Status
    location: str | None = None
    laterality: str | None = None
    severity: str | None = None
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Device:
    """One mention of a device, whether or not the label set has a label for it."""

    kind: str
    status: Status
    laterality: str | None = None
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """The first dimension of a size in millimetres, and the nearest finding of the same sentence, if any."""

    millimetres: float
    finding: str | None = None
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Other:
    """One mention of a device, or of what a film shows beside the findings that lists have labels for.

    In characters of the text: the sentence's `start`, and the `end` of what names it.
    """

    name: str
    status: Status
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one note says, in the order of the note."""

    findings: tuple[Finding, ...] = ()
    devices: tuple[Device, ...] = ()
    measurements: tuple[Measurement, ...] = ()


def extract_record(text: str, label_set: LabelSet) -> Record:
    """Return what a note says; findings are empty for a label set without a rule pack."""
    pack = rule_pack(label_set)
    mentions = [m for m in find_mentions(text, pack) if m.rule.label] if pack else []
    by_sentence = {place: list(group) for place, group in groupby(mentions, key=lambda mention: mention.sentence)}
    lower = lowered(text)
    return Record(
        findings=tuple(finding for group in by_sentence.values() for finding in _findings(lower, group)),
        devices=tuple(_devices(text, lower)),
        measurements=tuple(_measurements(text, lower, by_sentence)),
    )


def _findings(text: str, mentions: list[Mention]) -> Iterator[Finding]:
    """Yield the findings of one sentence with what stands around each, up to its neighbours and its clause's ends."""
    sentence = mentions[0].sentence
    said = text[sentence.start : sentence.end]
    context, words = Context.of(said), attributes()
    last: Finding | None = None
    for i, mention in enumerate(mentions):
        start, end = mention.start - sentence.start, mention.end - sentence.start
        low, high = context.clause(start, end)
        earlier = mentions[i - 1].end - sentence.start if i else 0
        later = mentions[i + 1].start - sentence.start if i + 1 < len(mentions) else len(said)
        low, high = max(low, _division(said, earlier, start, words) if i else 0), min(high, later)
        if later < len(said):
            high = min(high, _division(said, end, later, words, first=True))
        # The mention's own words belong to what stands before it: "biapical pleural thickening", "enlarged left lung".
        before, after = said[low:end], said[end:high]
        shared = last if i and _JOINED.fullmatch(said, earlier, start) else None
        last = Finding(
            name=mention.rule.label,
            status=mention.status,
            location=words.location.nearest(before, after) or (shared.location if shared else None),
            laterality=words.laterality.nearest(before, after) or (shared.laterality if shared else None),
            severity=words.severity.nearest(before, after) or (shared.severity if shared else None),
            section=sentence.section,
        )
        yield last


def _division(said: str, start: int, end: int, words: Attributes, *, first: bool = False) -> int:
    """Return where, between two findings, what belongs to the earlier one ends and what belongs to the later begins."""
    marks = [(m.start(), m.end()) for m in words.divides.finditer(said, start, end)]
    if not marks:
        return end if first else start
    return marks[0][0] if first else marks[0][1]


def others_in(text: str) -> Iterator[Other]:
    """Yield what a note says beside findings: devices, and what lists of findings leave out; whatever its status."""
    words, lower = attributes(), lowered(text)
    named = {**words.devices.values, **words.others.values}
    for sentence in sentences(text):
        said = lower[sentence.start : sentence.end]
        places = sorted((m.start(), m.end(), name) for name, pattern in named.items() for m in pattern.finditer(said))
        context = Context.of(said) if places else None
        for start, end, name in places:
            if context:
                yield Other(
                    name=name,
                    status=context.status(start, end),
                    start=sentence.start,
                    end=sentence.start + end,
                )


def _devices(text: str, lower: str) -> Iterator[Device]:
    words = attributes()
    for sentence in sentences(text):
        said = lower[sentence.start : sentence.end]
        places = sorted(
            (m.start(), m.end(), kind) for kind, p in words.devices.values.items() for m in p.finditer(said)
        )
        if not places:
            continue
        context = Context.of(said)
        for start, end, kind in places:
            low, _ = context.clause(start, end)
            side = words.laterality.nearest(said[max(low, start - 40) : end], said[end : end + 40])
            yield Device(kind=kind, status=context.status(start, end), laterality=side, section=sentence.section)


def _measurements(text: str, lower: str, mentions: dict[Sentence, list[Mention]]) -> Iterator[Measurement]:
    for sentence in sentences(text):
        for match in _SIZE.finditer(lower, sentence.start, sentence.end):
            size = float(match[1].replace(",", ".")) * (10 if match[2].startswith("c") else 1)
            beside = sorted(mentions.get(sentence, ()), key=lambda m: abs(m.start - match.start()))
            name = beside[0].rule.label if beside else None
            yield Measurement(millimetres=size, finding=name, section=sentence.section)
