"""The trade-off page: one self-contained HTML file in the enclave, with the numbers that the CLI prints."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.reporting import plots, tradeoff
from dp_clinical_pipeline.reporting.lineage import GROUP_COLOURS, group_names, lineage_svg
from dp_clinical_pipeline.reporting.numbers import NUMBERS
from dp_clinical_pipeline.store import Store, written_aside
from dp_clinical_pipeline.tables import PRIVACY_LEDGER

TEMPLATES = Path(__file__).with_name("templates")
SHOWN = (
    "arm_name",
    "model_name",
    "shown",
    "shown_interval",
    "shown_epsilon",
    "shown_audit",
    "shown_share",
    "shown_count",
    "MISSING",
)


def page_path(home: Home) -> Path:
    """Return where the page lies; it holds exact figures on real patients, so it stays in the enclave."""
    return home.enclave / "report" / "tradeoff.html"


def write_page(
    home: Home,
    lineage: Mapping[str, Sequence[str]],
    groups: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Path:
    """Write the page from the home's tables as they are, whatever of them is there, and return its path.

    `lineage` is the asset graph {asset: its upstream assets}, `groups` {asset: the stage that it belongs to}.

    Raises:
        UserError: the disk is full or the enclave cannot be written; the old page stays.
    """
    import jinja2
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {name: getattr(tradeoff, name) for name in SHOWN}
    html = environment.get_template("tradeoff.html").render(
        **page_context(home, lineage, groups or {}, now or datetime.now(UTC)), plotly_js=get_plotlyjs()
    )
    with written_aside(page_path(home)) as aside:
        aside.write_text(html, encoding="utf-8")
    return page_path(home)


def page_context(
    home: Home, lineage: Mapping[str, Sequence[str]], groups: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Return all that the template shows."""
    table = tradeoff.tradeoff_table(home)
    labels = tradeoff.label_scores(home, table)
    ledger = Store(home).read(PRIVACY_LEDGER).sort("seq")
    rows = table.to_dicts()
    return {
        "name": home.path.name,
        "settings": home.settings,
        "made_at": now.strftime("%d %B %Y, %H:%M UTC"),
        "rows": rows,
        "several_classifiers": len({row["classifier"] for row in rows if row["arm"] == "real"}) > 1,
        "summary": _summary(rows, ledger),
        "figures": _figures(home, table, labels, ledger),
        "by_label": _by_label(labels),
        "ledger": ledger.to_dicts(),
        "lineage_svg": lineage_svg(lineage, groups) if lineage else "",
        "lineage": lineage,
        "legend": [(i % GROUP_COLOURS, name) for i, name in enumerate(group_names(lineage, groups)) if name],
        "numbers": NUMBERS,
        "tradeoff_sql": tradeoff.TRADEOFF_SQL,
    }


def _summary(rows: list[dict[str, Any]], ledger: pl.DataFrame) -> dict[str, Any]:
    """Return the four figures at the top; None for what was not measured."""
    private = [row for row in rows if row["epsilon"] is not None]
    scored = [row for row in private if row["share_of_real"] is not None]
    claims = ledger["cumulative_epsilon"].drop_nulls()
    return {
        "cumulative": claims[-1] if len(claims) else None,
        "mechanisms": len(ledger),
        "real": next((row for row in rows if row["arm"] == "real" and row["f1_weighted"] is not None), None),
        "best": max(scored, key=lambda row: row["share_of_real"], default=None),
        "worst_attack": max(
            (row for row in private if row["membership_auroc"] is not None),
            key=lambda row: row["membership_auroc"], default=None,
        ),
        "delta": max(ledger["delta"].drop_nulls().to_list(), default=None),
    }  # fmt: skip


def _figures(home: Home, table: pl.DataFrame, labels: pl.DataFrame, ledger: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the figures that there is data for, as plain JSON values, by the template's id."""
    figures = {}
    if table["f1_weighted"].count():
        figures["privacy-utility"] = plots.privacy_utility(table)
    if table["membership_auroc"].count():
        figures["attacks"] = plots.attacks(table)
    if len(labels):
        figures["per-label"] = plots.per_label(labels)
    if ledger["cumulative_epsilon"].count():
        figures["ledger"] = plots.ledger(ledger, home.settings.privacy.cap_epsilon)
    return {name: json.loads(figure.to_json()) for name, figure in figures.items()}


def _by_label(labels: pl.DataFrame) -> dict[str, Any]:
    """Return the per-label table: names of the arms, and for each label its support and a cell an arm."""
    names = labels["name"].unique(maintain_order=True).to_list()
    cells: dict[str, dict[str, dict[str, Any]]] = {}
    for row in labels.iter_rows(named=True):
        cells.setdefault(row["label"], {})[row["name"]] = row
    return {
        "names": names,
        "rows": [
            {
                "label": label,
                "support": max((c["support"] for c in own.values() if c["support"] is not None), default=None),
                "cells": [own.get(name) for name in names],
            }
            for label, own in cells.items()
        ],
    }
