"""Parquet, CSV and JSONL files whose columns are named as in `raw_reports`, or mapped in the settings."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.files import SourceFile, corpus_files
from dp_clinical_pipeline.corpora.json_rows import json_rows
from dp_clinical_pipeline.corpora.parquet_rows import parquet_rows
from dp_clinical_pipeline.corpora.reading import Reading
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Report, Row, rejected

REQUIRED = ("report_id", "patient_id", "text")
OPTIONAL = ("authored_on", "modality", "sections", "labels", "codes")


class _WrongType(Exception):
    """A value that its column cannot hold."""


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the rows of every file. Lists in CSV are `a|b` or JSON; an empty cell is null."""
    names = {column: reading.columns.get(column, column) for column in (*REQUIRED, *OPTIONAL)}
    for file in corpus_files(reading.path):
        for row in _rows(file, names):
            yield row if isinstance(row, Rejected) else _report(row, names)


def _rows(file: SourceFile, names: Mapping[str, str]) -> Iterator[Row | Rejected]:
    required = tuple(names[column] for column in REQUIRED)
    name = file.path.name.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        yield from CsvRows(file, required)
    elif name.endswith((".jsonl", ".ndjson")):
        yield from json_rows(file)
    elif file.path.name.lower().endswith((".parquet", ".pq")):
        yield from parquet_rows(file, required, tuple(names[column] for column in OPTIONAL))
    else:
        yield file.reject(Reason.UNKNOWN_FILE, "not a .parquet, .csv, .csv.gz, .jsonl or .jsonl.gz file")


def _report(row: Row, names: Mapping[str, str]) -> Report | Rejected:
    value = {column: row.values.get(name) for column, name in names.items()}
    try:
        return Report(
            report_id=_string(value["report_id"], "report_id").strip(),
            patient_id=_string(value["patient_id"], "patient_id").strip(),
            text=_string(value["text"], "text", numbers=False),
            authored_on=_day(value["authored_on"]),
            modality=_string(value["modality"], "modality").strip() or None,
            sections=_sections(value["sections"]),
            labels=_strings(value["labels"], "labels"),
            codes=_strings(value["codes"], "codes"),
            source="table",
            place=row.place,
            raw=row.raw,
        )
    except _WrongType as error:
        return rejected(row.place, Reason.WRONG_TYPE, f"{error} has a value of the wrong type", row.raw)


def _string(value: Any, column: str, *, numbers: bool = True) -> str:
    if value is None:
        return ""
    if isinstance(value, str) or (numbers and isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    raise _WrongType(column)


def _day(value: Any) -> date | str | None:
    return value if isinstance(value, date) else _string(value, "authored_on")


def _strings(value: Any, column: str) -> list[str] | None:
    """Return a list of texts; from a cell of text, JSON's list or the parts between bars."""
    if isinstance(value, str):
        cell = value.strip()
        value = _json(cell, column) if cell.startswith("[") else [part for part in cell.split("|") if part] or None
    if value is None:
        return None
    if not isinstance(value, list):
        raise _WrongType(column)
    return [_string(part, column).strip() for part in value]


def _sections(value: Any) -> tuple[tuple[str, str], ...]:
    """Return (name, text) pairs from a list of {name, text}, an object name: text, or JSON."""
    if isinstance(value, str):
        value = _json(value, "sections") if value.strip() else None
    if isinstance(value, dict):
        value = [{"name": name, "text": text} for name, text in value.items()]
    if value is None:
        return ()
    if not (isinstance(value, list) and all(isinstance(part, dict) for part in value)):
        raise _WrongType("sections")
    pairs = ((_string(part.get("name"), "sections"), _string(part.get("text"), "sections")) for part in value)
    return tuple(pairs)


def _json(cell: str, column: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise _WrongType(column) from None
