"""The drawn graph: layers by depth, every asset and edge, nothing on top of anything."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dp_clinical_pipeline.reporting.lineage import NODE_HEIGHT, NODE_WIDTH, depths, lineage_svg
from dp_clinical_pipeline_tests.reporting.conftest import GROUPS, LINEAGE


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = [f"asset_{i}" for i in range(draw(st.integers(1, 12)))]
    return {name: draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else [] for i, name in enumerate(names)}


def boxes(svg: str) -> dict[str, tuple[float, float]]:
    root = ElementTree.fromstring(svg)
    return {
        re.sub(r" \(.*", "", g.findtext("title") or ""): (
            float(g.find("rect").get("x")),
            float(g.find("rect").get("y")),
        )
        for g in root.iter("g")
    }


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_an_asset_stands_right_of_all_that_it_reads_and_no_two_overlap(graph: dict[str, list[str]]) -> None:
    place = boxes(lineage_svg(graph))
    assert set(place) == set(graph)
    for name, ups in graph.items():
        assert all(place[up][0] + NODE_WIDTH < place[name][0] for up in ups)
    for (ax, ay), (bx, by) in combinations(place.values(), 2):
        assert abs(ax - bx) >= NODE_WIDTH or abs(ay - by) >= NODE_HEIGHT


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_each_edge_ends_in_one_arrow(graph: dict[str, list[str]]) -> None:
    assert lineage_svg(graph).count("marker-end") == sum(map(len, graph.values()))


def test_depth_is_that_of_the_longest_path() -> None:
    assert depths({"c": ["a", "b"], "b": ["a"], "a": []}) == {"a": 0, "b": 1, "c": 2}


def test_an_upstream_that_is_no_key_is_drawn_too() -> None:
    assert set(boxes(lineage_svg({"raw": ["incoming"]}))) == {"raw", "incoming"}


def test_a_cycle_is_named() -> None:
    with pytest.raises(ValueError, match="cycle among a, b"):
        lineage_svg({"a": ["b"], "b": ["a"]})


def test_names_are_escaped() -> None:
    assert "<script" not in lineage_svg({"<script>alert(1)</script>": []}, {"<script>alert(1)</script>": "<b>"})


def test_the_pipeline_is_drawn_with_its_groups() -> None:
    svg = lineage_svg(LINEAGE, GROUPS)
    assert set(boxes(svg)) == set(LINEAGE)
    assert "(de-identification)" in svg
