"""How well the rule packs agree with people's labels: a table for each open corpus and half.

    DP_CLINICAL_CORPORA=../shared/data python -m dp_clinical_pipeline_tests.benchmarks.labelers [FORMAT...] [--out FILE]

Half A was read while the rules were written, half B never was: a report's half is a hash of its id. Labels without one
positive report in a half have no F1 and stay out of the macro average.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dp_clinical_pipeline.coding.labelers import stated_labels
from dp_clinical_pipeline.config import Corpus
from dp_clinical_pipeline.corpora.readers import get_reader
from dp_clinical_pipeline.corpora.records import Rejected, Report
from dp_clinical_pipeline.experiments.labelers import half_of
from dp_clinical_pipeline.labelsets import LabelSet, label_set

PROJECT = Path(__file__).resolve().parents[2]
# The folder of each format.
CORPORA = {"openi": "openi", "ct-rate": "ct_rate", "cmc": "cmc_icd9", "codiesp": "codiesp"}


class Score(NamedTuple):
    """Counts and F1 of one label."""

    label: str
    support: int
    right: int
    too_many: int
    missed: int

    @property
    def f1(self) -> float | None:
        """Return the F1, None where no report has the label."""
        return 2 * self.right / (2 * self.right + self.too_many + self.missed) if self.support else None


def corpora_folder() -> Path | None:
    """Return where the open corpora lie, None where they are absent."""
    folder = Path(os.environ.get("DP_CLINICAL_CORPORA") or PROJECT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


def read(format: str, folder: Path) -> dict[str, list[Report]]:
    """Return the labelled reports of a corpus that have a text, by half."""
    reader = get_reader(format)
    rows = reader.read(folder / CORPORA[format], Corpus(), label_set(reader.label_set))
    halves: dict[str, list[Report]] = {"A": [], "B": []}
    for row in rows:
        if not isinstance(row, Rejected):
            halves[half_of(format, row.report_id)].append(row)
    return halves


def scores(reports: Iterable[Report], labels: LabelSet) -> list[Score]:
    """Return the score of every label that the set has rules for."""
    pairs = [(labels.targets(r.labels, r.codes) or [], stated_labels(r.text, labels) or []) for r in reports]
    return [
        Score(
            label,
            sum(label in gold for gold, _ in pairs),
            sum(label in gold and label in said for gold, said in pairs),
            sum(label in said and label not in gold for gold, said in pairs),
            sum(label in gold and label not in said for gold, said in pairs),
        )
        for label in labels.labels
    ]


def macro_f1(table: Iterable[Score]) -> float:
    """Return the mean F1 of the labels that occur."""
    found = [score.f1 for score in table if score.f1 is not None]
    return sum(found) / len(found)


def micro_f1(table: Iterable[Score]) -> float:
    """Return the F1 of all labels' counts together."""
    right, wrong = 0, 0
    for score in table:
        right += score.right
        wrong += score.too_many + score.missed
    return 2 * right / (2 * right + wrong)


def main() -> None:
    """Print the tables; `--out` keeps the averages as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=", ".join(CORPORA))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = corpora_folder()
    if folder is None:
        sys.exit("the open corpora are absent: set DP_CLINICAL_CORPORA")
    result: dict[str, dict[str, float]] = {}
    for format in given.formats or list(CORPORA):
        labels = label_set(get_reader(format).label_set)
        for name, reports in read(format, folder).items():
            started = time.process_time()
            table = scores(reports, labels)
            rate = len(reports) / (time.process_time() - started)
            result[f"{format}, half {name}"] = {"macro_f1": macro_f1(table), "micro_f1": micro_f1(table), "rate": rate}
            print(
                f"\n{format}, half {name}: {len(reports)} reports, macro F1 {macro_f1(table):.3f}, "
                f"micro F1 {micro_f1(table):.3f}, {rate:,.0f} reports a second"
            )
            for score in table:
                shown = "    -" if score.f1 is None else f"{score.f1:.3f}"
                print(
                    f"  {score.label:45} {shown}  n={score.support:<4} wrong={score.too_many:<4} missed={score.missed}"
                )
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
