"""A folder of plain text: a report a file; the first folder below the top is the patient."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from dp_clinical_pipeline.corpora.files import SourceFile, corpus_files
from dp_clinical_pipeline.corpora.reading import Reading
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Report, rejected


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield a report for each `.txt`. Its first folder is its patient, what lies below its id; a file in no folder is its
    own patient. There are no labels."""
    for file in corpus_files(reading.path):
        yield _report(file)


def _report(file: SourceFile) -> Report | Rejected:
    name = PurePosixPath(file.name)
    if name.suffix.lower() != ".txt":
        return file.reject(Reason.UNKNOWN_FILE, "not a .txt file")
    raw = file.whole()
    if isinstance(raw, Rejected):
        return raw
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return rejected(file.name, Reason.NOT_UTF8, "bytes that are not UTF-8", raw)
    return Report(
        report_id=str(PurePosixPath(*name.parts[1:]).with_suffix("")) if len(name.parts) > 1 else name.stem,
        patient_id=name.parts[0] if len(name.parts) > 1 else name.stem,
        text=text,
        source="text",
        place=file.name,
        raw=raw,
    )
