"""MIMIC-CXR as PhysioNet lays it out: `files/p10/p10000032/s50414267.txt` and CheXpert's labels."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from dp_clinical_pipeline.corpora.files import SourceFile, corpus_files
from dp_clinical_pipeline.corpora.lookup import Lookup, lookup
from dp_clinical_pipeline.corpora.reading import Reading, index_findings
from dp_clinical_pipeline.corpora.records import Reason, Rejected, Report, rejected

_PATIENT = re.compile(r"p(\d{3,})")
_STUDY = re.compile(r"s(\d+)\.txt", re.IGNORECASE)
_HEADING = re.compile(r"^[ \t]*([A-Z][A-Z /,()&-]{2,60}):", re.MULTILINE)
_LABELS = "mimic-cxr-2.0.0-chexpert"


def rows(reading: Reading) -> Iterator[Report | Rejected]:
    """Yield the studies of every patient's folder with the labels that CheXpert found present (1.0)."""
    with lookup(reading.scratch) as labels:
        for file in reading.files(_LABELS):
            yield from index_findings(
                labels,
                file,
                key=lambda values: f"{values['subject_id'].strip()}/{values['study_id'].strip()}",
                key_columns=("subject_id", "study_id"),
                label_set=reading.label_set,
            )
        for file in corpus_files(reading.path, lambda name: name.endswith(".txt")):
            yield from _study(file, labels)


def _study(file: SourceFile, labels: Lookup) -> Iterator[Report | Rejected]:
    """Yield the report of a text file in a patient's folder; text elsewhere (a licence) is no report."""
    folders = [match[1] for part in PurePosixPath(file.name).parent.parts if (match := _PATIENT.fullmatch(part))]
    if not folders:
        return
    study = _STUDY.fullmatch(file.path.name)
    if study is None:
        yield file.reject(Reason.UNKNOWN_FILE, "a text in a patient's folder that is no study")
        return
    raw = file.whole()
    if isinstance(raw, Rejected):
        yield raw
        return
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        yield rejected(file.name, Reason.NOT_UTF8, "bytes that are not UTF-8", raw)
        return
    sections = report_sections(text)
    chosen = [body for name, body in sections if name in ("findings", "impression")]
    found = labels.get(f"{folders[-1]}/{study[1]}")
    yield Report(
        report_id=f"s{study[1]}",
        patient_id=f"p{folders[-1]}",
        modality="chest x-ray",
        sections=sections,
        text="\n".join(chosen) if chosen else text.strip(),
        labels=None if found is None else [label for label in found[0].split("|") if label],
        source="mimic-cxr",
        place=file.name,
        raw=raw,
    )


def report_sections(text: str) -> tuple[tuple[str, str], ...]:
    """Split a report at its headings (capitals and a colon at the start of a line), names in lower case."""
    marks = list(_HEADING.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)][: len(marks)]
    found = ((mark[1].strip().lower(), text[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True))
    return tuple((name, body) for name, body in found if body)
