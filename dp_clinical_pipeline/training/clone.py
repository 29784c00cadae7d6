"""Controllable cloning: a note for each private note, written by a cell's generator from that note's own record."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from dp_clinical_pipeline.coding.clone_arm import CLONE
from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.privacy.cohort import split_reports
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.synthesis.acceptance import Acceptance
from dp_clinical_pipeline.synthesis.drafts import Drafts
from dp_clinical_pipeline.synthesis.fields import read_fields
from dp_clinical_pipeline.synthesis.prompts import kind_of_note, note_to_learn, nothing_found, prompt, record_line
from dp_clinical_pipeline.synthesis.writer import Writer, open_writer
from dp_clinical_pipeline.tables import CLONED_REPORTS

TRIES = 3
"""Notes tried for each clone, at most: what is refused so often is left out."""

BARRED = "barred from release whatever the budget: its prompts are private records, which no mechanism covers"


@dataclass(frozen=True, kw_only=True)
class CloneFacts:
    """What became of the train patients' labelled notes. Exact counts of private rows: for the enclave alone."""

    sources: int
    """Clones that were wanted: `generation.clones` for each note."""
    cloned: int
    tried: int
    refused: dict[str, int]
    """Reason to the tries that were refused for it."""

    @property
    def left_out(self) -> int:
        """Clones whose every try was refused."""
        return self.sources - self.cloned


def write_clone(
    home: Home, generator: str, budget: str, on_progress: Callable[[float], None] | None = None
) -> CloneFacts:
    """Write `generation.clones` notes for each labelled note of the train patients and keep every try, by its source, in
    CLONED_REPORTS.

    A source's record is its labels and the fields that public rules read in it. A refused note is tried again, twice
    at most. Finished batches are kept: who is interrupted goes on after the last of them. `on_progress` is called with
    the tenths done of a round of tries, which do not tell how many notes there are.

    Guarantee: none, whatever the cell's budget. The adapter is covered, the records are not: a clone tells of the
    patient whom it was asked for. It lies in the enclave, under an id that is no mechanism's, and is barred from release.

    Raises:
        UserError: the cell has no adapter yet, or no train patient has a labelled report.
    """
    row, writer = open_writer(home, generator, budget)
    settings, labels = home.settings.generation, label_set(home.settings.corpus.label_set)
    mechanism = f"{row['mechanism_id']}-{CLONE}"
    shared = {"generator": generator, "budget": budget, "mechanism_id": mechanism, "modality": kind_of_note(labels)}
    cloner = _Cloner(shared, writer, Drafts(home, mechanism, CLONED_REPORTS), labels)
    rules, waiting = Acceptance(settings, labels), _sources(home, labels) * settings.clones
    sources, rows, batch = len(waiting), list[dict[str, Any]](), 0
    for _ in range(TRIES):
        refused = []
        for start in range(0, len(waiting), settings.batch_size):
            asked = waiting[start : start + settings.batch_size]
            for source, note in zip(asked, cloner.write(batch, asked, len(rows)), strict=True):
                reason = rules.refuse(note["text"], note["targets"], note["stated"])
                rows.append(note | {"accepted": reason is None, "reason": reason})
                refused += [source] if reason else []
            batch += 1
            if on_progress:
                on_progress(10 * (start + len(asked)) // len(waiting) / 10)
        waiting = refused
    Store(home).write(CLONED_REPORTS, pl.DataFrame(rows, schema=CLONED_REPORTS.schema), generator, budget)
    cloner.drafts.delete()
    reasons = Counter(note["reason"] for note in rows if not note["accepted"])
    return CloneFacts(sources=sources, cloned=sources - len(waiting), tried=len(rows), refused=dict(reasons))


@dataclass(frozen=True)
class _Source:
    report_key: str
    patient_key: str
    targets: list[str]
    record: str
    prompt: str
    against: str
    """What guidance leads away from: the same denials, with nothing found."""


def _sources(home: Home, labels: LabelSet) -> list[_Source]:
    reports = split_reports(home, "train").filter(pl.col("targets").is_not_null())
    if reports.is_empty():
        raise UserError("no train patient has a labelled report: ingest a labelled corpus, or check the label set")
    sources = []
    for key, patient, text, targets in reports.select("report_key", "patient_key", "text", "targets").iter_rows():
        fields = read_fields(note_to_learn(text, targets, labels), targets, labels)
        asked = prompt(targets, labels, fields)
        away = nothing_found(labels, fields)
        sources.append(_Source(key, patient, targets, record_line(targets, labels, fields), asked, away))
    return sources


@dataclass(frozen=True)
class _Cloner:
    shared: dict[str, Any]
    writer: Writer
    drafts: Drafts
    labels: LabelSet

    def write(self, batch: int, asked: list[_Source], first: int) -> list[dict[str, Any]]:
        """Return a batch's notes, not judged yet: the kept ones if they are of these sources with these records."""
        wanted = [(source.report_key, source.record) for source in asked]
        kept = self.drafts.read(batch)
        if kept is not None and [(note["report_key"], note["record"]) for note in kept] == wanted:
            return kept
        against = [source.against for source in asked]
        texts, tokens = self.writer.write([source.prompt for source in asked], batch, against)
        notes = [
            self.shared
            | {
                "report_key": source.report_key,
                "patient_key": source.patient_key,
                "synthetic_id": f"{self.shared['mechanism_id']}-{first + i:06d}",
                "targets": source.targets,
                "record": source.record,
                "text": text,
                "stated": stated_labels(text, self.labels),
                "tokens": length,
                "accepted": False,
                "reason": None,
            }
            for i, (source, text, length) in enumerate(zip(asked, texts, tokens, strict=True))
        ]
        self.drafts.write(batch, notes)
        return notes
