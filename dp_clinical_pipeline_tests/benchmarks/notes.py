"""The reports that the speed programs train and write on: OpenI's from its folder, else the made-up hospital's."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dp_clinical_pipeline.config import Corpus
from dp_clinical_pipeline.corpora.readers import get_reader
from dp_clinical_pipeline.corpora.records import Rejected
from dp_clinical_pipeline.demo.hospital import made_reports
from dp_clinical_pipeline.labelsets import LabelSet, label_set
from dp_clinical_pipeline.synthesis.prompts import pair_to_learn
from dp_clinical_pipeline.training.examples import Example, causal_example


def labelled(openi: Path | None) -> Iterator[tuple[str, list[str], LabelSet]]:
    """Yield the text, the targets and the label set of each labelled report."""
    reader = get_reader("openi" if openi else "table")
    labels = label_set("nih14" if openi else "chexpert14")
    if openi is None:
        rows: Any = made_reports(200, seed=0)
    else:
        rows = (row for row in reader.read(openi, Corpus(), labels) if not isinstance(row, Rejected))
    for row in rows:
        targets = labels.targets(row.labels, getattr(row, "codes", None))
        if targets is not None:
            yield row.text, targets, labels


def notes(tokenizer: Any, max_tokens: int, openi: Path | None) -> list[Example]:
    """Return prompts and notes as training sees them."""
    return [
        causal_example(tokenizer, *pair_to_learn(text, targets, labels), max_tokens)
        for text, targets, labels in labelled(openi)
    ]
