"""The asset graph as inline SVG: layers from left to right by depth, few crossings, readable names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from textwrap import wrap

NODE_WIDTH, NODE_HEIGHT, GAP_X, GAP_Y, MARGIN, HEAD = 142, 46, 34, 18, 8, 4
GROUP_COLOURS = 7
"""Number of `.group-N` classes that the page's style sheet knows."""


Stop = str | tuple[str, str, int]
"""An asset, or a waypoint `(asset, consumer, depth)` where a long edge passes a layer."""


@dataclass
class _Layout:
    layers: list[list[Stop]]
    edges: list[tuple[Stop, Stop]] = field(default_factory=list)


def lineage_svg(lineage: Mapping[str, Sequence[str]], groups: Mapping[str, str] | None = None) -> str:
    """Return an SVG of the graph {asset: its upstream assets}, coloured by group; names are escaped.

    Raises:
        ValueError: the graph has a cycle.
    """
    layout = _layout(lineage)
    _untangle(layout)
    place = _places(layout)
    depth, height = len(layout.layers), max((y for _, y in place.values()), default=0) + NODE_HEIGHT + MARGIN
    width = 2 * MARGIN + depth * NODE_WIDTH + max(depth - 1, 0) * GAP_X
    groups = groups or {}
    names = group_names(lineage, groups)
    paths = "".join(_edge(place, a, b) for a, b in layout.edges)
    nodes = "".join(
        _node(node, *place[node], names.index(groups.get(node, "")), groups.get(node, ""))
        for layer in layout.layers
        for node in layer
        if isinstance(node, str)
    )
    return (
        f'<svg class="lineage" viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" '
        'role="img" aria-label="Asset graph, from incoming reports on the left to the report on the right">'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0,0 L8,4 L0,8 z"/></marker></defs>{paths}{nodes}</svg>'
    )


def group_names(lineage: Mapping[str, Sequence[str]], groups: Mapping[str, str]) -> list[str]:
    """Return the groups in the order in which they are coloured; "" stands for no group."""
    return list(dict.fromkeys(groups.get(name, "") for name in _assets(lineage)))


def depths(lineage: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return each asset's distance from its farthest source.

    Raises:
        ValueError: the graph has a cycle.
    """
    depth: dict[str, int] = {}
    waiting = _assets(lineage)
    while waiting:
        ready = [name for name in waiting if all(up in depth for up in lineage.get(name, ()))]
        if not ready:
            raise ValueError(f"the lineage has a cycle among {', '.join(sorted(waiting))}")
        depth |= {name: 1 + max((depth[up] for up in lineage.get(name, ())), default=-1) for name in ready}
        waiting = [name for name in waiting if name not in depth]
    return depth


def _assets(lineage: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys([*lineage, *(up for ups in lineage.values() for up in ups)]))


def _layout(lineage: Mapping[str, Sequence[str]]) -> _Layout:
    depth = depths(lineage)
    layout = _Layout([[] for _ in range(max(depth.values(), default=-1) + 1)])
    for name in _assets(lineage):
        layout.layers[depth[name]].append(name)
    for name, ups in lineage.items():
        for up in dict.fromkeys(ups):
            stops: list[Stop] = [up, *((up, name, d) for d in range(depth[up] + 1, depth[name])), name]
            for d, stop in enumerate(stops[1:-1], depth[up] + 1):
                layout.layers[d].append(stop)
            layout.edges += pairwise(stops)
    return layout


def _untangle(layout: _Layout, sweeps: int = 12) -> None:
    """Order each layer by the mean place of its neighbours, back and forth (Sugiyama's barycentres)."""
    before: dict[Stop, list[Stop]] = {}
    after: dict[Stop, list[Stop]] = {}
    for a, b in layout.edges:
        before.setdefault(b, []).append(a)
        after.setdefault(a, []).append(b)
    for sweep in range(sweeps):
        order, beside = (layout.layers, before) if sweep % 2 == 0 else (layout.layers[::-1], after)
        for fixed, moving in pairwise(order):
            at = {node: i / max(len(fixed), 1) for i, node in enumerate(fixed)}
            own = {node: i / max(len(moving), 1) for i, node in enumerate(moving)}
            moving.sort(key=lambda n, at=at, own=own: _mean([at[m] for m in beside.get(n, ())], own[n]))  # type: ignore[misc]


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _places(layout: _Layout) -> dict[Stop, tuple[float, float]]:
    """Return each node's top left corner; every layer is centred on the tallest one."""
    heights = [sum(_height(node) for node in layer) for layer in layout.layers]
    place: dict[Stop, tuple[float, float]] = {}
    for depth, layer in enumerate(layout.layers):
        y = HEAD + MARGIN + (max(heights) - heights[depth]) / 2
        for node in layer:
            place[node] = (MARGIN + depth * (NODE_WIDTH + GAP_X), y)
            y += _height(node)
    return place


def _height(node: Stop) -> float:
    return NODE_HEIGHT + GAP_Y if isinstance(node, str) else GAP_Y


def _edge(place: dict[Stop, tuple[float, float]], a: Stop, b: Stop) -> str:
    (x1, y1), (x2, y2) = place[a], place[b]
    y1 += NODE_HEIGHT / 2 if isinstance(a, str) else 0
    y2 += NODE_HEIGHT / 2 if isinstance(b, str) else 0
    x1, bend, arrow = x1 + NODE_WIDTH, GAP_X / 2, ' marker-end="url(#arrow)"' if isinstance(b, str) else ""
    lead = "" if isinstance(a, str) else f"M{x1 - NODE_WIDTH},{y1:.1f} L{x1},{y1:.1f} "
    return (
        f'<path class="edge" d="{lead}M{x1},{y1:.1f} C{x1 + bend},{y1:.1f} {x2 - bend},{y2:.1f} {x2},{y2:.1f}"{arrow}/>'
    )


def _node(name: str, x: float, y: float, group: int, group_name: str) -> str:
    lines = wrap(name.replace("_", " "), 16) or [""]
    middle = y + NODE_HEIGHT / 2 - 7.5 * (len(lines) - 1)
    spans = "".join(
        f'<tspan x="{x + NODE_WIDTH / 2:.1f}" y="{middle + 15 * i:.1f}" dy="0.35em">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    title = f"{escape(name)}{f' ({escape(group_name)})' if group_name else ''}"
    return (
        f'<g class="node group-{group % GROUP_COLOURS}"><title>{title}</title>'
        f'<rect x="{x}" y="{y:.1f}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="8"/>'
        f"<text>{spans}</text></g>"
    )
