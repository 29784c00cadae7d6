"""De-identification measured against gold spans: recall, precision, false alarms and speed, with intervals."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dp_clinical_pipeline.deid.cores import core
from dp_clinical_pipeline.deid.detect import Context, Voter, find_identifiers, with_known
from dp_clinical_pipeline.deid.known import names_in
from dp_clinical_pipeline.deid.replace import Surrogates
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.errors import UserError

RESAMPLES = 1000
_Z95 = 1.959963984540054


@dataclass(frozen=True, kw_only=True)
class Document:
    """A gold document; `spans` holds (start, end, type) in code points. Without spans it is a hard negative."""

    id: str
    text: str
    spans: tuple[tuple[int, int, str], ...] = ()
    patient_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Share:
    """A proportion with its 95 % interval; all None where there was nothing to measure."""

    value: float | None
    low: float | None
    high: float | None
    count: int

    @property
    def interval(self) -> list[float | None]:
        return [self.low, self.high]


@dataclass(frozen=True, kw_only=True)
class EvalResult:
    """What `deid-eval` reports. Intervals: Wilson over spans and documents, bootstrap over documents for characters."""

    documents: int
    gold_spans: int
    span_recall: Share
    char_recall: Share
    char_precision: Share
    hard_negative_rate: Share
    altered_share: Share
    reports_per_second: float
    by_type: dict[str, Share] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a flat dictionary: `<measure>`, `<measure>_interval`, and `by_type` with span recall by gold type."""
        flat: dict[str, Any] = {"documents": self.documents, "gold_spans": self.gold_spans}
        for name in ("span_recall", "char_recall", "char_precision", "hard_negative_rate", "altered_share"):
            share: Share = getattr(self, name)
            flat |= {name: share.value, f"{name}_interval": share.interval}
        flat["reports_per_second"] = self.reports_per_second
        flat["by_type"] = {
            kind: {"spans": s.count, "span_recall": s.value, "span_recall_interval": s.interval}
            for kind, s in self.by_type.items()
        }
        return flat


@dataclass
class _Counts:
    """Letters and digits of one document: gold, found, both, outside the gold, and found outside."""

    gold: int = 0
    found: int = 0
    both: int = 0
    outside: int = 0
    altered: int = 0


def evaluate_file(path: Path, site: Voter | None = None, *, alone: bool = False) -> EvalResult:
    """Evaluate on a JSONL file, a document a line; `site` votes too, as the stage lets a home's settings vote.

    With `alone` no document lends its names to others, as where a report is the privacy unit.

    Raises:
        UserError: the file cannot be read or is empty, or a line is no document; the message names the line.
    """
    return evaluate(read_documents(path), site, alone=alone)


def read_documents(path: Path) -> list[Document]:
    """Read gold documents: `{"id", "patient_id", "text", "spans": [{"start", "end", "type"}]}`, types optional.

    Raises:
        UserError: as `evaluate_file`.
    """
    documents = []
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    documents.append(_document(line, number))
    except (OSError, UnicodeDecodeError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise UserError(f"cannot read the gold file: {reason}") from None
    if not documents:
        raise UserError("the gold file holds no documents: write one JSON object a line")
    return documents


def _document(line: str, number: int) -> Document:
    try:
        row = json.loads(line)
        text = row["text"]
        spans = tuple((int(s["start"]), int(s["end"]), str(s.get("type") or "UNTYPED")) for s in row.get("spans") or ())
        patient = row.get("patient_id")
        document = Document(
            id=str(row.get("id", number)),
            text=text,
            spans=spans,
            patient_id=None if patient is None else str(patient),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UserError(f"line {number} of the gold file is no document with text and spans") from None
    if not isinstance(text, str) or not all(0 <= start < end <= len(text) for start, end, _ in spans):
        raise UserError(f"line {number} of the gold file has a span outside its text: offsets count code points")
    return document


def evaluate(documents: Sequence[Document], site: Voter | None = None, *, alone: bool = False) -> EvalResult:
    """Run detection and replacement over gold documents, as the stage does, and count.

    A gold span is found when each of its letters and digits is covered by found spans, whatever their type; one without
    any is not counted. Names found in one document of a patient are looked for in that patient's others, as in the stage,
    unless each stands `alone`. Documents without a patient are their own.
    """
    found, seconds = _run(documents, site, alone)
    counts = [_count(d, f) for d, f in zip(documents, found, strict=True)]
    hits: dict[str, list[bool]] = defaultdict(list)
    for document, spans in zip(documents, found, strict=True):
        covered = _covered(document.text, ((s.start, s.end) for s in spans))
        for start, end, kind in document.spans:
            if wanted := _covered(document.text, [(start, end)]):
                hits[kind].append(wanted <= covered)
    everything = [hit for by_kind in hits.values() for hit in by_kind]
    flagged = [bool(f) for d, f in zip(documents, found, strict=True) if not d.spans]
    return EvalResult(
        documents=len(documents),
        gold_spans=len(everything),
        span_recall=wilson(everything),
        char_recall=_ratio(counts, "both", "gold"),
        char_precision=_ratio(counts, "both", "found"),
        hard_negative_rate=wilson(flagged),
        altered_share=_ratio(counts, "altered", "outside"),
        reports_per_second=len(documents) / max(seconds, 1e-9),
        by_type={kind: wilson(hits[kind]) for kind in sorted(hits)},
    )


def _run(documents: Sequence[Document], site: Voter | None, alone: bool) -> tuple[list[list[Span]], float]:
    """Return the spans of each document and the seconds that detection and replacement took."""
    key = bytes(range(32))  # a fixed key: nothing of an evaluation is kept
    find_identifiers("warm the caches of Dr. Example")
    began = time.perf_counter()
    names: dict[str, set[str]] = defaultdict(set)
    first = [find_identifiers(d.text, site=site) for d in documents]
    for number, (document, spans) in enumerate(zip(documents, first, strict=True)):
        names[_patient(document, number, alone)] |= names_in(document.text, spans)
    result = []
    for number, (document, spans) in enumerate(zip(documents, first, strict=True)):
        patient = _patient(document, number, alone)
        if names[patient]:
            spans = with_known(document.text, spans, Context(names=frozenset(names[patient])))
        Surrogates(key=key, patient=patient, report=document.id).replace(document.text, spans)
        result.append(spans)
    return result, time.perf_counter() - began


def _patient(document: Document, number: int, alone: bool) -> str:
    return f"given {document.patient_id}" if document.patient_id and not alone else f"row {number}"


def _covered(text: str, spans: Iterable[tuple[int, int]]) -> set[int]:
    return {i for start, end in spans for i in range(start, end) if text[i].isalnum()}


def _count(document: Document, found: list[Span]) -> _Counts:
    gold = _covered(document.text, ((start, end) for start, end, _ in document.spans))
    covered = _covered(document.text, ((s.start, s.end) for s in found))
    letters = sum(c.isalnum() for c in document.text)
    altered = _covered(document.text, (core(document.text, s) for s in found)) - gold
    return _Counts(len(gold), len(covered), len(gold & covered), letters - len(gold), len(altered))


def wilson(outcomes: Sequence[bool]) -> Share:
    """Return the share of True with Wilson's 95 % interval."""
    n = len(outcomes)
    if n == 0:
        return Share(value=None, low=None, high=None, count=0)
    p = sum(outcomes) / n
    scale = 1 + _Z95**2 / n
    middle = (p + _Z95**2 / (2 * n)) / scale
    half = _Z95 * math.sqrt(p * (1 - p) / n + _Z95**2 / (4 * n**2)) / scale
    return Share(value=p, low=max(0.0, min(p, middle - half)), high=min(1.0, max(p, middle + half)), count=n)


def _ratio(counts: Sequence[_Counts], top: str, bottom: str) -> Share:
    """Return a ratio of sums over documents, with a bootstrap interval over documents (fixed seed)."""
    table = np.array([[asdict(c)[top], asdict(c)[bottom]] for c in counts], dtype=float)
    total = int(table[:, 1].sum())
    if total == 0:
        return Share(value=None, low=None, high=None, count=0)
    draws = np.random.default_rng(0)
    ratios = []
    for _ in range(RESAMPLES):
        sums = table[draws.integers(0, len(table), len(table))].sum(axis=0)
        if sums[1] > 0:
            ratios.append(sums[0] / sums[1])
    low, high = np.quantile(ratios, (0.025, 0.975))
    return Share(value=float(table[:, 0].sum() / total), low=float(low), high=float(high), count=total)
