"""From a registered batch to `raw_reports` and `rejected_reports`: each row is in one of them."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from dp_clinical_pipeline.config import read_settings
from dp_clinical_pipeline.corpora.lookup import SCRATCH_PREFIX
from dp_clinical_pipeline.corpora.parquet_writer import TableWriter
from dp_clinical_pipeline.corpora.readers import get_reader
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Report, rejected
from dp_clinical_pipeline.corpora.registration import Batch, batch, unregister
from dp_clinical_pipeline.corpora.registry import registry
from dp_clinical_pipeline.corpora.seen import Seen
from dp_clinical_pipeline.errors import UserError
from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.labelsets import label_set
from dp_clinical_pipeline.store import Store, written_aside
from dp_clinical_pipeline.tables import RAW_REPORTS, REJECTED_REPORTS

_PROGRESS_EVERY = 500


@dataclass(frozen=True, kw_only=True)
class IngestCounts:
    """What became of a batch's rows: private counts, for the person at the terminal, not for metadata."""

    read: int
    accepted: int
    rejected: int
    batch: str
    reasons: dict[str, int] = field(default_factory=dict)


class NothingUsable(UserError):
    """No row of a batch could be used. The message names the reasons; `counts` has the private numbers."""

    def __init__(self, found: Batch, reasons: Counter[str]):
        named = ", ".join(reason for reason, _ in reasons.most_common()) or "no rows found"
        expected = f"format {found.format} expects {get_reader(found.format).about}"
        super().__init__(f"nothing usable in what was given ({named}), so nothing was kept: {expected}")
        self.counts = dict(reasons)


def ingest_batch(home: Home, batch_id: str, progress: Callable[[int], None] | None = None) -> IngestCounts:
    """Read a batch, write its two tables, and return the counts; again for the same batch, replace them.

    `progress` is called with the rows read so far, a private count.

    Raises:
        UserError: no such batch; its files are gone; or the disk is full (nothing is left half-written).
        NothingUsable: no row could be used; no table is written, and a new batch is forgotten.
    """
    found = batch(home, batch_id)
    if not found.path.exists():
        raise UserError(f"the files of {batch_id} are no longer where they were: put them back and ingest them again")
    # One ingest at a time, so that two batches cannot both hold the first copy of a report.
    with FileLock(home.enclave / "ingest.lock"):
        for left in home.enclave.glob(f"{SCRATCH_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        is_first = not Store(home).exists(RAW_REPORTS, batch_id)
        try:
            return _ingest(home, found, progress or (lambda rows: None))
        except NothingUsable:
            if is_first:
                unregister(home, found)
            raise


def _ingest(home: Home, found: Batch, progress: Callable[[int], None]) -> IngestCounts:
    corpus = read_settings(home.settings_file).corpus
    store, reasons, accepted = Store(home), Counter[str](), 0
    with ExitStack() as stack:
        con = stack.enter_context(registry(home))
        scratch = Path(stack.enter_context(_scratch(home)))
        seen = stack.enter_context(closing(Seen(con, scratch, found.id)))
        asides = [stack.enter_context(written_aside(store.path(t, found.id))) for t in (RAW_REPORTS, REJECTED_REPORTS)]
        with (
            TableWriter(RAW_REPORTS, asides[0]) as reports,
            TableWriter(REJECTED_REPORTS, asides[1]) as refused,
        ):
            rows = get_reader(found.format).read(found.path, corpus, label_set(corpus.label_set), scratch=scratch)
            for row in rows:
                if isinstance(row, Report) and not seen.is_first(row.patient_id, row.report_id):
                    detail = "this patient's report was read before: the first stays"
                    row = rejected(row.place, Reason.DUPLICATE_REPORT, detail, row.raw)
                if isinstance(row, Rejected):
                    reasons[row.reason.value] += 1
                    refused.add(_rejected_row(row, found))
                else:
                    accepted += 1
                    reports.add(_report_row(row, found.id))
                if (accepted + reasons.total()) % _PROGRESS_EVERY == 0:
                    progress(accepted + reasons.total())
        if not accepted:
            raise NothingUsable(found, reasons)
        seen.keep()
    total = reasons.total()
    return IngestCounts(read=accepted + total, accepted=accepted, rejected=total, batch=found.id, reasons=dict(reasons))


def _scratch(home: Home) -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=home.enclave)


def _report_row(report: Report, batch_id: str) -> dict[str, object]:
    return {
        "report_id": report.report_id,
        "patient_id": report.patient_id,
        "authored_on": report.authored_on,
        "modality": report.modality,
        "sections": [{"name": name, "text": text} for name, text in report.sections],
        "text": report.text,
        "labels": None if report.labels is None else list(report.labels),
        "codes": None if report.codes is None else list(report.codes),
        "source": report.source,
        "batch": batch_id,
    }


def _rejected_row(row: Rejected, found: Batch) -> dict[str, object]:
    return {
        "batch": found.id,
        "source": found.format,
        "place": row.place,
        "reason": row.reason.value,
        "detail": row.detail,
        "raw": row.raw,
        "raw_sha256": row.raw_sha256,
    }
