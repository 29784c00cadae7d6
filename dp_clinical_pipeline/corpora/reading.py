"""What every reader is given, and the label files that several of them share."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dp_clinical_pipeline.corpora.csv_rows import CsvRows
from dp_clinical_pipeline.corpora.files import SourceFile, corpus_files
from dp_clinical_pipeline.corpora.lookup import Lookup
from dp_clinical_pipeline.corpora.records import Reason, Rejected, rejected
from dp_clinical_pipeline.labelsets import LabelSet


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One pass over a corpus: where it lies, whose labels, and a folder in the enclave for scratch files."""

    path: Path
    label_set: LabelSet
    columns: Mapping[str, str] = field(default_factory=dict)
    scratch: Path | None = None

    def files(self, *stems: str, endings: tuple[str, ...] = (".csv", ".csv.gz")) -> Iterator[SourceFile]:
        """Yield the files with one of these endings and, where given, one of these names before it."""
        names = {stem + ending for stem in stems for ending in endings}
        wanted: Callable[[str], bool] = names.__contains__ if stems else lambda name: name.endswith(endings)
        return corpus_files(self.path, wanted)


def index_findings(
    index: Lookup,
    file: SourceFile,
    *,
    key: Callable[[Mapping[str, str]], str],
    key_columns: tuple[str, ...],
    label_set: LabelSet,
) -> Iterator[Rejected]:
    """Put a file of one 0/1 column a label into the index (key: positive labels joined by `|`).

    1 and 1.0 are positive; 0, -1 (uncertain) and empty are not. Yields the rows that are refused.
    """
    for row in CsvRows(file, (*key_columns, *label_set.labels)):
        if isinstance(row, Rejected):
            yield row
            continue
        positive = positive_labels(row.values, label_set)
        if isinstance(positive, str):
            detail = f"{positive!r} is neither present, absent nor uncertain"
            yield rejected(row.place, Reason.UNKNOWN_LABEL, detail, row.raw)
        elif index.get(key(row.values)) is not None:
            yield rejected(row.place, Reason.DUPLICATE_REPORT, "labelled before: the first row stays", row.raw)
        else:
            index.add(key(row.values), "|".join(positive))


def positive_labels(values: Mapping[str, str], label_set: LabelSet) -> list[str] | str:
    """Return the labels marked present, in the set's order; or the first cell that says nothing known."""
    present: list[str] = []
    for label in label_set.labels:
        cell = (values.get(label) or "").strip()
        if cell in ("1", "1.0"):
            present.append(label)
        elif cell not in ("", "0", "0.0", "-1", "-1.0"):
            return cell[:40]
    return present
