"""The trade-off table in a terminal."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dp_clinical_pipeline.reporting.tradeoff import (
    ATTACKED,
    MISSING,
    arm_name,
    shown,
    shown_audit,
    shown_count,
    shown_epsilon,
    shown_interval,
    shown_share,
)


def render(frame: pl.DataFrame) -> Group:
    """Return the trade-off table for rich: what each arm scores, then what each cell claims and leaks.

    Two tables, each of which fits 80 columns: that is what a pipe or a CI log gives.
    """
    rows = list(frame.iter_rows(named=True))
    cells = [row for row in rows if row["arm"] in ATTACKED and row["budget"] is not None]
    failed = {arm_name(row): row["checks_failed"] for row in cells if row["checks_failed"]}
    warnings = [Text(f"! {name}: failed {checks}", style="bold red") for name, checks in failed.items()]
    below: list[RenderableType] = [Text(), _privacy(cells), *warnings] if cells else []
    return Group(_utility(rows), *below)


def _utility(rows: list[dict[str, Any]]) -> Table:
    table = _table(
        "Utility, on real test patients", "Weighted F1", "Micro F1", "Macro F1", "AUROC", "AUPRC", "Of\nreal"
    )
    several = len({row["classifier"] for row in rows if row["arm"] == "real"}) > 1
    for row in rows:
        name = arm_name(row) + (f" · {row['classifier']}" if several and row["classifier"] else "")
        table.add_row(
            name,
            *(_with_interval(row, f"f1_{average}") for average in ("weighted", "micro", "macro")),
            shown(row["auroc_macro"]),
            shown(row["auprc_macro"]),
            shown_share(row["share_of_real"]),
        )
    return table


def _privacy(cells: list[dict[str, Any]]) -> Table:
    heads = ("ε\naudit", "Notes", "Membership\nAUROC", "Blind", "8-gram\nexcess", "Replayed", "Held-out\nloss")
    table = _table("Privacy, cell by cell", *heads, first="Cell")
    seen = set()
    for row in cells:
        name = arm_name(row).removeprefix("synthetic ")
        if name in seen:
            continue
        seen.add(name)
        table.add_row(
            name,
            Text.assemble(shown_epsilon(row), ("\n" + shown_audit(row) if shown_audit(row) else "", "dim")),
            shown_count(row["accepted_notes"]),
            _with_interval(row, "membership_auroc"),
            shown(row["blind_auroc"]),
            shown(row["ngram8_excess"], 4),
            _replayed(row["identifiers_replayed"]),
            f"{shown(row['heldout_loss_base'], 2)} → {shown(row['heldout_loss_tuned'], 2)}",
        )
    return table


def _table(title: str, *heads: str, first: str = "Arm") -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(first, vertical="top", min_width=12, overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _with_interval(row: Mapping[str, Any], column: str) -> Text:
    """The value, and its interval on a line of its own."""
    interval = shown_interval(row[f"{column}_low"], row[f"{column}_high"])
    return Text.assemble(shown(row[column]), ("\n" + interval if interval else "", "dim"))


def _replayed(count: float | None) -> Text:
    if count is None:
        return Text(MISSING)
    return Text(shown_count(count), style="bold red" if count else "")
