"""What the page's figures share: colours, margins, an empty figure, error bars, one row an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from dp_clinical_pipeline.reporting.tradeoff import arm_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

PALETTE = ("#3b82d6", "#d9731a", "#1f9d75", "#9068d0", "#d14a68", "#8a8f2a", "#0f9bb0")
"""Contrast of at least 3:1 on white and on near-black."""
GREY = "#7c8594"
ALARM = "#dc3d43"
HEIGHT = 420
MARGIN = {"l": 64, "r": 24, "t": 36, "b": 60}


def blank_figure(y_title: str, height: int = HEIGHT) -> go.Figure:
    """Return a figure without a ground of its own, which the page's script colours."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin=MARGIN,
        hovermode="closest",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=True,
    )
    figure.update_xaxes(showline=True, ticks="outside", showgrid=False, zeroline=False)
    figure.update_yaxes(title=y_title or None, zeroline=False, automargin=True, showgrid=True)
    return figure


def one_each(table: pl.DataFrame) -> list[dict[str, Any]]:
    """One row for each arm or cell: that of the first classifier, as the headline table orders them."""
    first: dict[str, dict[str, Any]] = {}
    for row in table.iter_rows(named=True):
        first.setdefault(arm_name(row), row)
    return list(first.values())


def error_bars(rows: list[dict[str, Any]], column: str, colour: str) -> dict[str, Any]:
    """Plotly's error bars from the ends of the intervals; no bar where there is no interval."""
    up = [_distance(row[f"{column}_high"], row[column]) for row in rows]
    down = [_distance(row[column], row[f"{column}_low"]) for row in rows]
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "color": colour,
        "thickness": 1.5,
        "width": 6,
    }


def _distance(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else max(high - low, 0.0)
