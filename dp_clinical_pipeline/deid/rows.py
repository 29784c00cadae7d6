"""What the stage does to rows: detection at a first look, names and replacement at a second."""

from typing import Any

from dp_clinical_pipeline.deid.detect import Context, find_identifiers, with_known
from dp_clinical_pipeline.deid.keys import pseudonym
from dp_clinical_pipeline.deid.known import names_in
from dp_clinical_pipeline.deid.replace import DEFAULT_MODE, UNKNOWN, Mode, Surrogates, day_offset, masked, shift_date
from dp_clinical_pipeline.deid.site import Site
from dp_clinical_pipeline.deid.spans import Span
from dp_clinical_pipeline.labelsets import LabelSet

Row = dict[str, Any]
FoundRow = tuple[Row, list[Row], frozenset[str]]
"""A raw row, the span rows of its first look, and the words of its unit's names."""


def whose(row: Row, unit: str) -> str:
    """Return whose documents a row's names may be looked for in: its patient's, or its own where a report is the unit."""
    return row["patient_id"] if unit == "patient" else f"{row['patient_id']}\0{row['report_id']}"


def detected(
    rows: list[Row], key: bytes, site: Site | None = None, unit: str = "patient"
) -> tuple[list[list[Row]], list[tuple[str, str]]]:
    """Return each raw row's spans, and (whose they are, word) for the names found.

    Raises:
        RuntimeError: a voter failed; the message holds the report's pseudonym and the error's type, and no text.
    """
    found: list[list[Row]] = []
    names: set[tuple[str, str]] = set()
    for row in rows:
        text = row["text"] or ""
        try:
            spans = find_identifiers(text, Context(values=_own_values(row)), site)
            names |= {(whose(row, unit), name) for name in names_in(text, spans)}
        except Exception as error:
            raise _failed(row, key, error) from None
        found.append([_as_row(span) for span in spans])
    return found, sorted(names)


def deidentified(
    rows: list[FoundRow], labels: LabelSet, key: bytes, mode: Mode = DEFAULT_MODE
) -> tuple[list[Row], list[Row]]:
    """Return rows of `deidentified_reports` and of `identifier_spans`.

    Raises:
        RuntimeError: as `detected`.
    """
    reports: list[Row] = []
    span_rows: list[Row] = []
    for row, found, names in rows:
        try:
            report, spans = _deidentified(row, found, names, labels, key, mode)
        except Exception as error:
            raise _failed(row, key, error) from None
        reports.append(report)
        span_rows += spans
    return reports, span_rows


def _deidentified(
    row: Row, found: list[Row], names: frozenset[str], labels: LabelSet, key: bytes, mode: Mode
) -> tuple[Row, list[Row]]:
    patient_key = pseudonym(key, "patient", row["patient_id"])
    report_key = _report_key(row, key)
    day, text = row["authored_on"], row["text"] or ""
    spans = with_known(text, [Span(**span) for span in found], Context(names=names))
    surrogates = Surrogates(
        key=key, patient=patient_key, report=report_key, mode=mode, year=day.year if day else UNKNOWN
    )
    shared = {"report_key": report_key, "patient_key": patient_key, "batch": row["batch"]}
    report = shared | {
        "authored_on": shift_date(day, day_offset(key, patient_key)),
        "modality": row["modality"],
        "text": surrogates.replace(text, spans),
        "masked": masked(text, spans),
        "labels": row["labels"],
        "codes": row["codes"],
        "targets": labels.targets(row["labels"], row["codes"]),
    }
    return report, [shared | _as_row(span) for span in spans]


def _own_values(row: Row) -> tuple[tuple[str, str], ...]:
    """Return the identifiers that the corpus's own fields hold of this patient, with their types."""
    return ((row["patient_id"] or "", "MRN"), (row["report_id"] or "", "ACCESSION"))


def _as_row(span: Span) -> Row:
    return {"start": span.start, "end": span.end, "type": span.type, "voter": span.voter, "score": span.score}


def _report_key(row: Row, key: bytes) -> str:
    return pseudonym(key, "report", row["patient_id"], row["report_id"])


def _failed(row: Row, key: bytes, error: Exception) -> RuntimeError:
    return RuntimeError(f"de-identification failed on report {_report_key(row, key)} ({type(error).__name__})")
