"""The figures draw the table's own numbers."""

import math
from itertools import pairwise

import polars as pl
import pytest

from dp_clinical_pipeline.home import Home
from dp_clinical_pipeline.reporting import canvas, plots
from dp_clinical_pipeline.reporting.tradeoff import label_scores, tradeoff_table
from dp_clinical_pipeline.store import Store
from dp_clinical_pipeline.tables import PRIVACY_LEDGER
from dp_clinical_pipeline_tests.reporting.conftest import BUDGETS, GENERATORS, LABELS, WEIGHTED


def test_each_generator_is_a_line_from_the_smallest_epsilon_to_no_privacy(home: Home) -> None:
    figure = plots.privacy_utility(tradeoff_table(home))
    traces = {trace.name: trace for trace in figure.data}
    assert set(traces) == {*GENERATORS, "minilm-l6"}
    assert list(traces.pop("minilm-l6").y) == pytest.approx([WEIGHTED["dp_classifier", None, "eps-8"]])
    for trace in traces.values():
        assert list(trace.text) == ["eps-1", "eps-8", "nonprivate"]
        assert list(trace.x) == sorted(trace.x)
        assert list(trace.x[:2]) == [BUDGETS["eps-1"], BUDGETS["eps-8"]]
        assert list(trace.y) == pytest.approx([WEIGHTED["synthetic", trace.name, b] for b in trace.text])
        assert list(trace.error_y.array) == pytest.approx([0.02] * 3)
        assert list(trace.error_y.arrayminus) == pytest.approx([0.03] * 3)
    low, high = figure.layout.xaxis.range
    assert low < math.log10(BUDGETS["eps-1"])
    assert high > math.log10(max(figure.data[0].x))


def test_the_arms_without_a_budget_are_lines_whose_names_do_not_touch(home: Home) -> None:
    figure = plots.privacy_utility(tradeoff_table(home))
    lines = sorted(shape.y0 for shape in figure.layout.shapes)
    assert lines == sorted(WEIGHTED[arm, None, None] for arm in ("real", "masked", "surrogate", "majority"))
    plot = canvas.HEIGHT - canvas.MARGIN["t"] - canvas.MARGIN["b"]
    a_unit = plot / figure.layout.yaxis.range[1]
    names = sorted(a.y * a_unit + a.yshift for a in figure.layout.annotations)
    assert all(above - below >= 16 for below, above in pairwise(names))


@pytest.mark.parametrize(
    "keep", [pl.col("arm") == "real", pl.col("budget") == "nonprivate", pl.col("budget") == "eps-8"]
)
def test_a_curve_of_few_points_is_drawn(home: Home, keep: pl.Expr) -> None:
    figure = plots.privacy_utility(tradeoff_table(home).filter(keep))
    low, high = figure.layout.xaxis.range
    assert low < high
    assert math.isfinite(low)


def test_a_cell_without_a_claim_stands_where_its_budget_is(home: Home) -> None:
    table = tradeoff_table(home).with_columns(epsilon=pl.lit(None, pl.Float64))
    assert list(plots.privacy_utility(table).data[0].x[:2]) == [1, 8]


def test_the_attack_has_its_blind_baseline_beside_it_and_chance_below(home: Home) -> None:
    table = tradeoff_table(home)
    figure = plots.attacks(table)
    member, blind = figure.data
    known = table.drop_nulls("membership_auroc")
    assert list(member.y) == known["membership_auroc"].to_list()
    assert list(blind.y) == known["blind_auroc"].to_list()
    assert [shape.y0 for shape in figure.layout.shapes] == [0.5]


def test_the_heat_map_leaves_a_hole_where_nothing_was_measured(home: Home) -> None:
    scores = label_scores(home, tradeoff_table(home))
    hole = (pl.col("name") == "real") & (pl.col("label") == "Edema")
    heat = plots.per_label(scores.filter(~hole)).data[0]
    assert len(heat.y) == len(WEIGHTED)
    assert len(heat.x) == len(LABELS)
    assert heat.z[list(heat.y).index("real")][list(heat.x).index("Edema")] is None


def test_the_ledger_shows_the_cap_and_leaves_out_what_claims_nothing(home: Home) -> None:
    rows = Store(home).read(PRIVACY_LEDGER)
    refused = rows.tail(1).with_columns(seq=pl.lit(5, pl.Int64), cumulative_epsilon=pl.lit(None, pl.Float64))
    figure = plots.ledger(pl.concat([rows, refused]), 10)
    assert list(figure.data[0].y) == rows["cumulative_epsilon"].to_list()
    assert [shape.y0 for shape in figure.layout.shapes] == [10]
    assert figure.layout.yaxis.range[1] > 10
