"""JSONL rows that survive broken ones: an object a line."""

import json
from collections.abc import Iterator

from dp_clinical_pipeline.corpora.files import Line, Lines, SourceFile
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Row, rejected


def json_rows(file: SourceFile) -> Iterator[Row | Rejected]:
    """Yield each line as a `Row` or `Rejected`; empty lines are no rows."""
    if problem := file.problem():
        yield problem
        return
    lines = Lines(file)
    for line in lines:
        if line.raw.strip():
            yield _row(line, lines.place(line.number))
    yield from lines.ending()


def _row(line: Line, place: str) -> Row | Rejected:
    if line.sha256:
        return rejected(place, Reason.TOO_LONG, "a line longer than a row may be", line.raw, line.sha256)
    try:
        values = json.loads(line.raw.decode())
    except UnicodeDecodeError:
        return rejected(place, Reason.NOT_UTF8, "bytes that are not UTF-8", line.raw)
    except (ValueError, RecursionError):
        return rejected(place, Reason.MALFORMED_JSON, "the line is not JSON", line.raw)
    if not isinstance(values, dict):
        return rejected(place, Reason.MALFORMED_JSON, "the line is not a JSON object", line.raw)
    return Row(place, values, line.raw)
