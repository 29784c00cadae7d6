"""What a reader yields: a report, or a row that was refused with its place and reason."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

MAX_TEXT = 1_000_000
"""Characters of a report's text; a longer one is refused."""

MAX_RAW = 65_536
"""Characters of a refused row that are kept."""


class Reason(StrEnum):
    """Why a row or a whole file was refused. The values are stable: people query them."""

    NO_REPORT_ID = "no_report_id"
    NO_PATIENT = "no_patient"
    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    WRONG_TYPE = "wrong_type"
    BAD_DATE = "bad_date"
    BAD_CODE = "bad_code"
    UNKNOWN_LABEL = "unknown_label"
    DUPLICATE_REPORT = "duplicate_report"
    NOT_UTF8 = "not_utf8"
    WRONG_FIELDS = "wrong_fields"
    UNCLOSED_QUOTE = "unclosed_quote"
    MALFORMED_CSV = "malformed_csv"
    MALFORMED_JSON = "malformed_json"
    MALFORMED_XML = "malformed_xml"
    MALFORMED_PARQUET = "malformed_parquet"
    MISSING_COLUMN = "missing_column"
    EMPTY_FILE = "empty_file"
    BINARY_FILE = "binary_file"
    TRUNCATED_GZIP = "truncated_gzip"
    CORRUPT_GZIP = "corrupt_gzip"
    UNREADABLE = "unreadable"
    UNKNOWN_FILE = "unknown_file"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One report in the schema of `raw_reports`, without the batch; `place` and `raw` say where it came from.

    Before validation `authored_on` may be text as the file has it; after it, a date or None.
    """

    report_id: str
    patient_id: str
    text: str
    source: str
    modality: str | None = None
    authored_on: date | str | None = None
    sections: Sequence[tuple[str, str]] = ()
    labels: Sequence[str] | None = None
    codes: Sequence[str] | None = None
    place: str = field(default="", compare=False)
    raw: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """A row that was refused: `raw` is shown text, cut at MAX_RAW; the digest is of all its bytes."""

    place: str
    reason: Reason
    detail: str
    raw: str = field(repr=False)
    raw_sha256: str


@dataclass(frozen=True, slots=True)
class Row:
    """A parsed row of a file, not yet a report."""

    place: str
    values: dict[str, Any]
    raw: bytes

    def text(self, column: str) -> str:
        """Return a column as stripped text, empty where it is absent."""
        value = self.values.get(column)
        return "" if value is None else str(value).strip()


def rejected(place: str, reason: Reason, detail: str, raw: bytes, sha256: str | None = None) -> Rejected:
    """Make a refusal; `sha256` is given where `raw` is only the beginning of the row."""
    return Rejected(
        place=printable(place),
        reason=reason,
        detail=printable(detail),
        raw=raw[: 4 * MAX_RAW].decode("utf-8", "backslashreplace")[:MAX_RAW],
        raw_sha256=sha256 or hashlib.sha256(raw).hexdigest(),
    )


def printable(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates are written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
