"""The page's figures, for a light and a dark ground: the page's script sets the colours of text and grid."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from dp_clinical_pipeline.config import budget_epsilon
from dp_clinical_pipeline.reporting.canvas import (
    ALARM,
    GREY,
    HEIGHT,
    MARGIN,
    PALETTE,
    blank_figure,
    error_bars,
    one_each,
)
from dp_clinical_pipeline.reporting.tradeoff import ATTACKED, arm_name, model_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

REFERENCES = {"real": "solid", "masked": "dash", "surrogate": "dashdot", "majority": "dot"}
"""Arms drawn as horizontal lines in the privacy-utility curve, and their dashes."""


def privacy_utility(table: pl.DataFrame) -> go.Figure:
    """Return weighted F1 against ε, a line a generator or encoder; cells without privacy stand at the right end."""
    import plotly.graph_objects as go

    figure = blank_figure("Weighted F1 on real test patients")
    rows = [row for row in one_each(table) if row["f1_weighted"] is not None]
    cells = [row | {"at": _budget(row)} for row in rows if row["arm"] in ATTACKED and row["budget"] is not None]
    finite = sorted({row["at"] for row in cells if row["at"] is not None})
    end = _right_end(finite)
    for i, model in enumerate(dict.fromkeys(model_name(row) for row in cells)):
        own = sorted((r for r in cells if model_name(r) == model), key=lambda r: r["at"] or math.inf)
        figure.add_trace(
            go.Scatter(
                x=[row["at"] or end for row in own],
                y=[row["f1_weighted"] for row in own],
                error_y=error_bars(own, "f1_weighted", PALETTE[i % len(PALETTE)]),
                text=[row["budget"] for row in own],
                name=model,
                mode="lines+markers",
                line={"color": PALETTE[i % len(PALETTE)], "width": 2.5},
                marker={"size": 10},
                hovertemplate="%{text}: weighted F1 %{y:.3f}<extra>" + str(model) + "</extra>",
            )
        )
    top = 1.12 * max((row["f1_weighted_high"] or row["f1_weighted"] for row in rows), default=1.0) or 1.0
    _reference_lines(figure, rows, (HEIGHT - MARGIN["t"] - MARGIN["b"]) / top)
    ticks = [*finite, end]
    labels = [*(f"{at:.3g}" for at in finite), "non-private"]
    pad = 0.12 * (math.log10(end) - math.log10(ticks[0])) or 0.3
    figure.update_xaxes(
        type="log",
        title="ε of the cell (log scale; smaller is more private)",
        tickvals=ticks,
        ticktext=labels,
        range=[math.log10(ticks[0]) - pad, math.log10(end) + pad],
    )
    figure.update_yaxes(range=[0, top])
    figure.update_layout(margin=MARGIN | {"r": 130})
    return figure


def per_label(scores: pl.DataFrame) -> go.Figure:
    """Return a heat map of F1, arms by labels, from the columns name, label, value (null: never measured)."""
    import plotly.graph_objects as go

    names = scores["name"].unique(maintain_order=True).to_list()
    labels = scores["label"].unique(maintain_order=True).to_list()
    value = {(n, lab): v for n, lab, v in scores.select("name", "label", "value").iter_rows()}
    grid = [[value.get((name, label)) for label in labels] for name in names]
    figure = blank_figure("", height=130 + 34 * len(names) + 90)
    figure.add_trace(
        go.Heatmap(
            z=grid,
            x=[escape(label) for label in labels],
            y=names,
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            xgap=2,
            ygap=2,
            text=[["" if v is None else f"{v:.2f}" for v in row] for row in grid],
            texttemplate="%{text}",
            colorbar={"title": "F1", "thickness": 12, "outlinewidth": 0},
            hoverongaps=False,
            hovertemplate="%{y}<br>%{x}: F1 %{z:.3f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, tickformat=None)
    figure.update_xaxes(tickangle=-40, showgrid=False, automargin=True)
    return figure


def attacks(table: pl.DataFrame) -> go.Figure:
    """Return membership AUROC of each cell with its interval, the blind attack, and chance at 0.5."""
    import plotly.graph_objects as go

    rows = [row for row in one_each(table) if row["membership_auroc"] is not None]
    names = [arm_name(row).removeprefix("synthetic ") for row in rows]
    figure = blank_figure("AUROC of the attack")
    figure.add_trace(
        go.Scatter(
            x=names,
            y=[row["membership_auroc"] for row in rows],
            mode="markers",
            name="Membership by loss",
            error_y=error_bars(rows, "membership_auroc", PALETTE[0]),
            marker={"size": 12, "color": PALETTE[0]},
            hovertemplate="%{x}: %{y:.3f}<extra>membership by loss</extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=names,
            y=[row["blind_auroc"] for row in rows],
            mode="markers",
            name="Blind baseline (never sees the model)",
            marker={"size": 12, "symbol": "diamond-open", "color": PALETTE[1], "line": {"width": 2}},
            hovertemplate="%{x}: %{y:.3f}<extra>blind baseline</extra>",
        )
    )
    figure.add_hline(y=0.5, line={"color": GREY, "dash": "dash", "width": 1.5})
    figure.add_annotation(
        x=1,
        xref="paper",
        xshift=6,
        y=0.5,
        text="chance",
        showarrow=False,
        xanchor="left",
        font={"color": GREY},
    )
    seen = [
        row[k]
        for row in rows
        for k in ("membership_auroc_low", "membership_auroc_high", "blind_auroc", "membership_auroc")
    ]
    known = [v for v in seen if v is not None]
    figure.update_yaxes(range=[min([0.35, *known]) - 0.03, max([0.75, *known]) + 0.03])
    figure.update_xaxes(type="category")
    figure.update_layout(margin=MARGIN | {"r": 76})
    return figure


def ledger(rows: pl.DataFrame, cap: float) -> go.Figure:
    """Return the cumulative ε after each entry of the ledger (columns of `privacy_ledger`), and the cap."""
    import plotly.graph_objects as go

    claimed = rows.filter(pl.col("cumulative_epsilon").is_finite()).sort("seq")
    figure = blank_figure("Cumulative ε")
    figure.add_trace(
        go.Scatter(
            x=claimed["seq"].to_list(),
            y=claimed["cumulative_epsilon"].to_list(),
            mode="lines+markers",
            name="Claimed",
            line={"shape": "hv", "color": PALETTE[0], "width": 2.5},
            marker={"size": 9},
            text=[f"{kind} {cell or ''}".strip() for kind, cell in claimed.select("kind", "cell").iter_rows()],
            hovertemplate="%{x}: %{text}<br>cumulative ε %{y:.4g}<extra></extra>",
        )
    )
    figure.add_hline(y=cap, line={"color": ALARM, "dash": "dash", "width": 2})
    figure.add_annotation(
        x=0,
        xref="paper",
        y=cap,
        text=f"cap: ε = {cap:g}",
        showarrow=False,
        xanchor="left",
        yanchor="bottom",
        font={"color": ALARM},
    )
    figure.update_xaxes(title="Sequence number in the ledger", dtick=max(1, len(claimed) // 12))
    figure.update_yaxes(range=[0, 1.15 * max([cap, *claimed["cumulative_epsilon"].to_list()])])
    figure.update_layout(showlegend=False)
    return figure


def _budget(row: dict[str, Any]) -> float | None:
    """The ε to draw a cell at: what it claims, else what its budget allows; None without privacy."""
    if row["epsilon"] is not None or row["budget"] is None:
        return row["epsilon"]
    return budget_epsilon(row["budget"])


def _right_end(finite: list[float]) -> float:
    """Where cells without privacy stand: past the largest ε by a third of the range or half a decade."""
    if not finite:
        return 10.0
    return finite[-1] * 10 ** max(0.5, (math.log10(finite[-1]) - math.log10(finite[0])) / 3)


def _reference_lines(figure: go.Figure, rows: list[dict[str, Any]], pixels_a_unit: float) -> None:
    """Draw the arms without a budget as lines, named in the right margin; near names are moved apart."""
    lines = sorted((r for r in rows if r["arm"] in REFERENCES and r["budget"] is None), key=lambda r: r["f1_weighted"])
    above = -math.inf
    for row in lines:
        value = row["f1_weighted"]
        above = max(value * pixels_a_unit, above + 17)
        figure.add_hline(y=value, line={"color": GREY, "dash": REFERENCES[row["arm"]], "width": 1.5})
        figure.add_annotation(
            x=1,
            xref="paper",
            xshift=6,
            y=value,
            yshift=above - value * pixels_a_unit,
            text=f"{row['arm']} {value:.3f}",
            showarrow=False,
            xanchor="left",
            yanchor="middle",
            font={"color": GREY, "size": 13},
        )
