"""How well records agree with what Open-i's indexers wrote of a finding's side, degree and place.

    DP_CLINICAL_CORPORA=../shared/data python -m dp_clinical_pipeline_tests.benchmarks.records

A heading such as `Pleural Effusion/left/small` is held against the findings of that name that the report states. A value
is right where both have it. Halves as for the labelers: A was read while the vocabularies were written, B never was.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dp_clinical_pipeline.coding.records import Finding, extract_record
from dp_clinical_pipeline.experiments.labelers import half_of
from dp_clinical_pipeline.labelsets import NIH14
from dp_clinical_pipeline_tests.benchmarks.labelers import corpora_folder, read

HEADINGS = {
    "Pulmonary Atelectasis": "Atelectasis",
    "Cardiomegaly": "Cardiomegaly",
    "Pleural Effusion": "Effusion",
    "Infiltrate": "Infiltration",
    "Mass": "Mass",
    "Nodule": "Nodule",
    "Pneumonia": "Pneumonia",
    "Pneumothorax": "Pneumothorax",
    "Consolidation": "Consolidation",
    "Pulmonary Edema": "Edema",
    "Pulmonary Emphysema": "Emphysema",
    "Pulmonary Fibrosis": "Fibrosis",
    "Hernia, Hiatal": "Hernia",
}
VALUES = {
    "laterality": {"left": "left", "right": "right", "bilateral": "bilateral"},
    "severity": {"small": "mild", "mild": "mild", "moderate": "moderate", "severe": "severe", "large": "severe"},
    "location": {
        "base": "base", "apex": "apex", "upper lobe": "upper lobe", "middle lobe": "middle lobe", "lingula": "lingula",
        "lower lobe": "lower lobe", "hilum": "hilum", "retrocardiac": "retrocardiac",
        "costophrenic angle": "costophrenic angle",
    },
}  # fmt: skip
"""The indexers' word to ours."""

Triple = tuple[str, str, str]
"""Label, attribute, value."""


def gold(headings: str) -> tuple[set[str], set[Triple]]:
    """Return the labels that a report's headings name, and what they say of each."""
    labels, said = set(), set()
    for heading in headings.split(";"):
        name, *words = (part.strip() for part in heading.split("/"))
        if label := HEADINGS.get(name):
            labels.add(label)
            said |= {(label, kind, known[w]) for kind, known in VALUES.items() for w in words if w in known}
    return labels, said


def found(finding: Finding) -> Iterator[Triple]:
    """Yield what a finding says in the indexers' vocabulary; the two degrees below mild are mild to them."""
    for kind, known in VALUES.items():
        value = getattr(finding, kind)
        value = "mild" if value == "trace" else value
        if value in known.values():
            yield finding.name, kind, value


def both_sides(said: set[Triple]) -> set[Triple]:
    """Return what was said with left and right of one finding as bilateral, which is how the indexers write it."""
    sides = {
        label: {value for name, kind, value in said if name == label and kind == "laterality"} for label, *_ in said
    }
    two = {label for label, values in sides.items() if {"left", "right"} <= values}
    kept = {triple for triple in said if not (triple[0] in two and triple[1] == "laterality")}
    return kept | {(label, "laterality", "bilateral") for label in two}


def scores(folder: Path) -> dict[str, dict[str, tuple[float, float, int]]]:
    """Return precision, recall and the number of gold values by half and attribute, of findings that both sides name."""
    with (folder / "openi" / "reports.csv").open(newline="") as file:
        headings = {row["uid"]: row["MeSH"] for row in csv.DictReader(file)}
    texts = {report.report_id: report.text for reports in read("openi", folder).values() for report in reports}
    count: dict[str, Counter[tuple[str, str]]] = {half: Counter() for half in "AB"}
    for uid, named in headings.items():
        if uid not in texts:
            continue
        labels, wanted = gold(named)
        stated = [f for f in extract_record(texts[uid], NIH14).findings if f.status != "negated" and f.name in labels]
        ours = both_sides({triple for finding in stated for triple in found(finding)})
        wanted = {triple for triple in both_sides(wanted) if triple[0] in {finding.name for finding in stated}}
        for outcome, triples in (("right", ours & wanted), ("too many", ours - wanted), ("missed", wanted - ours)):
            count[half_of("openi", uid)].update((kind, outcome) for _, kind, _ in triples)
    return {half: {kind: _score(counted, kind) for kind in VALUES} for half, counted in count.items()}


def _score(counted: Counter[tuple[str, str]], kind: str) -> tuple[float, float, int]:
    right, many, missed = (counted[kind, outcome] for outcome in ("right", "too many", "missed"))
    return right / max(1, right + many), right / max(1, right + missed), right + missed


def main() -> None:
    """Print a line for each half and attribute; `--out` keeps them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    folder = corpora_folder()
    if folder is None:
        sys.exit("the open corpora are absent: set DP_CLINICAL_CORPORA")
    result = scores(folder)
    for half, kinds in result.items():
        for kind, (precision, recall, number) in kinds.items():
            print(f"half {half}, {kind:10} precision {precision:.3f}, recall {recall:.3f}, n={number}")
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
