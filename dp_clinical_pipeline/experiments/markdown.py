"""A study's tables as Markdown, in the form that `docs/experiments.md` keeps."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dp_clinical_pipeline.experiments.measured import StudyTables
from dp_clinical_pipeline.experiments.recipe import Recipe
from dp_clinical_pipeline.experiments.results import shown_key

_SHOWN = {
    "f1_weighted": "weighted F1",
    "f1_micro": "micro F1",
    "f1_macro": "macro F1",
    "auroc_macro": "AUROC",
    "auprc_macro": "AUPRC",
    "accuracy": "exact match",
    "precision_at_1": "P@1",
    "precision_at_5": "P@5",
    "brier": "Brier",
    "calibration_error": "ECE",
    "f1_weighted_cells": "F1 over cells",
    "f1_weighted_by_label": "F1 by label, both classes",
}
_ARM = ("arm", "generator", "budget", "classifier")
MISSING = "—"


def study_markdown(recipe: Recipe, tables: StudyTables) -> str:
    """Return the study's tables: arms, answers, fidelity and clones of each cell, and labels where they were scored."""
    lines = [f"## {recipe.name}", "", recipe.about.strip(), ""]
    scores = tables.scores
    seeds = max(scores["seeds"].to_list(), default=0)
    lines += [f"`dp-clinical experiment {recipe.name}`: about {recipe.hours:g} h on two cores.", ""]
    lines += [tables.origin, ""] if tables.origin else []
    lines += [f"Seeds: {seeds}.", ""] if len(recipe.seeds) > 1 or seeds > 1 else []
    lines += _scores(scores.filter(pl.col("label").is_null()))
    lines += _labels(scores.filter(pl.col("label").is_not_null(), pl.col("metric") == "f1"))
    lines += _tests(tables.tests)
    for what, measured in (("notes against real reports", tables.fidelity), ("what notes give away", tables.clones)):
        if measured.height:
            lines += _measured(what, measured)
    return "\n".join(lines) + "\n"


def _scores(scores: pl.DataFrame) -> list[str]:
    there = [metric for metric in _SHOWN if metric in set(scores["metric"])]
    rows = []
    for key, frame in scores.group_by(_ARM, maintain_order=True):
        found = {row["metric"]: row for row in frame.iter_rows(named=True)}
        cells = [_shown(found.get(metric), interval=metric == "f1_weighted") for metric in there]
        rows.append([shown_key(key), *cells])
    return _table(["arm", *(_SHOWN[metric] for metric in there)], rows)


def _labels(scores: pl.DataFrame) -> list[str]:
    if not scores.height:
        return []
    kinds = scores["classifier"].unique(maintain_order=True).to_list()
    rows = []
    for (label,), frame in scores.group_by(["label"], maintain_order=True):
        found = {row["classifier"]: row for row in frame.iter_rows(named=True)}
        rows.append([str(label), *(_shown(found.get(kind), interval=True) for kind in kinds)])
    return _table(["F1 by label", *kinds], rows)


def _tests(tests: pl.DataFrame) -> list[str]:
    rows = []
    for row in tests.iter_rows(named=True):
        asked = f"{row['arm']} against {row['against']}" if row["against"] else row["arm"]
        verdict = MISSING if row["passed"] is None else f"{'above' if row['passed'] else 'not above'} {row['least']:g}"
        value = f"{row['value']:g} budgets" if row["against"] is None else _shown(row, interval=True)
        rows.append([row["test"], asked, value, f"{row['p_value']:.3g}", f"{row['p_holm']:.3g}", verdict])
    return _table(["test", "of", "value", "p", "p (Holm)", "margin"], rows) if rows else []


def _measured(what: str, frame: pl.DataFrame) -> list[str]:
    metrics = frame["metric"].unique(maintain_order=True).to_list()
    keys = frame.select("arm", "generator", "budget").unique(maintain_order=True).rows()
    rows = []
    for metric in metrics:
        found = {
            (row["arm"], row["generator"], row["budget"]): row
            for row in frame.filter(metric=metric).iter_rows(named=True)
        }
        rows.append([metric, *(_shown(found.get(key)) for key in keys)])
    return _table([what, *(shown_key(key) for key in keys)], rows)


def _shown(row: Mapping[str, Any] | None, *, interval: bool = False) -> str:
    if row is None or row["value"] is None:
        return MISSING
    ends = f" ({row['ci_low']:.3f}–{row['ci_high']:.3f})" if interval and row["ci_low"] is not None else ""
    return f"{row['value']:.3f}{ends}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines] + [""]
