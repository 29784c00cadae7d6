"""Rows that break parsers, each holding planted identifiers: what a reader must refuse without repeating it."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

from dp_clinical_pipeline.demo.draft import Draft, Span
from dp_clinical_pipeline.demo.reports import MadeReport, make_broken_visit, template_set

COLUMNS = ("report_id", "patient_id", "authored_on", "modality", "text", "labels", "codes")
Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class BrokenRow:
    """A row of bytes that a reader must refuse, and the identifiers in it."""

    kind: str
    raw: bytes
    spans: tuple[Span, ...]


def json_line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def csv_line(values: list[object]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue().encode()


def csv_values(row: Row) -> list[object]:
    """Return a row's fields as CSV holds them: lists joined by `|`, nothing for null."""
    return ["|".join(value) if isinstance(value, list) else "" if value is None else value for value in row.values()]


def row_of(report: MadeReport) -> Row:
    """Return a report under the schema's column names; dates as ISO text."""
    return {
        "report_id": report.report_id, "patient_id": report.patient_id, "authored_on": report.authored_on.isoformat(),
        "modality": report.modality, "text": report.text, "labels": report.labels, "codes": report.codes,
    }  # fmt: skip


def _no_patient(row: Row, note: str) -> None:
    row["patient_id"] = None


def _no_text(row: Row, note: str) -> None:
    row["text"] = None
    row["report_id"] = note  # somebody typed into the wrong column


def _bad_date(row: Row, note: str) -> None:
    row["authored_on"] = f"see chart: {note}"


def _unknown_label(row: Row, note: str) -> None:
    row["labels"] = ["Pneumonia", f"Sign first seen in {note}"]


def _bad_code(row: Row, note: str) -> None:
    row["codes"] = ["J90", f"code pending, {note}"]


_SPOIL: dict[str, Callable[[Row, str], None]] = {
    "no patient": _no_patient,
    "no text": _no_text,
    "bad date": _bad_date,
    "unknown label": _unknown_label,
    "bad code": _bad_code,
}
PARQUET_KINDS = ("no patient", "no text", "unknown label", "bad code")
"""What a typed file can hold."""


def spoiled(seed: int, number: int, kind: str | None, *, held_out_templates: bool) -> tuple[Row, tuple[Span, ...]]:
    """Return a row spoiled in one way (None: a sound one, for bytes that get spoiled) and the identifiers that it holds."""
    visit = make_broken_visit(seed, number, held_out_templates=held_out_templates)
    templates, _ = template_set(held_out_templates)
    draft = Draft(visit)
    draft.fill(templates.broken)
    note = draft.text
    row: Row = {
        "report_id": f"{visit.patient.patient_id}-01", "patient_id": visit.patient.patient_id,
        "authored_on": visit.exam.isoformat(), "modality": "chest x-ray", "text": f"{note}. FINDINGS: Lungs are clear.",
        "labels": ["No Finding"], "codes": ["Z00.00"],
    }  # fmt: skip
    if kind:
        _SPOIL[kind](row, note)
    return row, tuple(draft.spans)


def broken_json(seed: int, first: int, *, held_out_templates: bool) -> list[BrokenRow]:
    """Return one JSON line of each broken kind; `first` numbers their personas."""
    rows = []
    for number, kind in enumerate([*_SPOIL, "malformed", "not UTF-8", "not a record"], first):
        row, spans = spoiled(seed, number, kind if kind in _SPOIL else None, held_out_templates=held_out_templates)
        raw = json_line(row)
        if kind == "malformed":
            raw = raw[: raw.index(b"FINDINGS")] + b"\n"
        elif kind == "not UTF-8":
            raw = raw.replace(b"Lungs are clear", b"Lungs \xe9\xff\xfe clear")
        elif kind == "not a record":
            raw = json.dumps(list(row.values()), ensure_ascii=False).encode() + b"\n"
        rows.append(BrokenRow(kind=kind, raw=raw, spans=spans))
    return rows


def broken_csv(seed: int, first: int, *, held_out_templates: bool) -> list[BrokenRow]:
    """Return one CSV row of each broken kind."""
    rows = []
    for number, kind in enumerate([*_SPOIL, "too many fields", "not UTF-8"], first):
        row, spans = spoiled(seed, number, kind if kind in _SPOIL else None, held_out_templates=held_out_templates)
        values = csv_values(row)
        if kind == "too many fields":
            values = [*values[:4], *str(values[4]).split(". "), *values[5:]]
        raw = csv_line(values)
        if kind == "not UTF-8":
            raw = raw.replace(b"Lungs are clear", b"Lungs \xe9\xff\xfe clear")
        rows.append(BrokenRow(kind=kind, raw=raw, spans=spans))
    return rows


def truncated_gzip(seed: int, number: int, *, held_out_templates: bool) -> BrokenRow:
    """Return a gzip stream that ends inside its one JSON line: nothing of it can be accepted."""
    row, spans = spoiled(seed, number, None, held_out_templates=held_out_templates)
    whole = gzip.compress(json_line(row), mtime=0)
    return BrokenRow(kind="truncated", raw=whole[: len(whole) * 2 // 3], spans=spans)


def doubled(report: MadeReport) -> Row:
    """Return a second row under a report's own id, with another text."""
    return row_of(report) | {"text": f"{report.text}\nADDENDUM: dictated twice."}
