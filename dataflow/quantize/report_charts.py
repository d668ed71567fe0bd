"""Drawings of the report's page, each an SVG in the page's colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from dataflow.graph.graph import Graph
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.inspection.picture import svg
from dataflow.inspection.scene_svg import Mark
from dataflow.quantize.answers import answers
from dataflow.quantize.model import Model
from dataflow.quantize.stages import with_only

_WIDE, _HIGH = 1040.0, 120.0
_WORST, _BEST = 10.0, 45.0  # dB that are red and green
_MOST_LINES = 300  # levels that are drawn one by one


def hue(sqnr: float | None) -> int:
    """From red where noise is as loud as a tenth of the signal's power to green at 45 dB; what is exact is green."""
    return 120 if sqnr is None else round(120 * min(max((sqnr - _WORST) / (_BEST - _WORST), 0.0), 1.0))


def picture(graph: Graph, nodes: Sequence[Mapping[str, Any]]) -> str:
    """The graph up to its answers without its quantizers, each wire's node coloured by what is lost on it."""
    plain = with_only(Model.of(graph), ()).graph
    links = {graph.deref(link).wire: link for link in answers(graph)}
    plain.outputs = {
        wire: plain.ref(wire.partition(".")[0]).graph.nodes[link.node].first for wire, link in links.items()
    }
    plain = eliminate_dead_code(plain, plain.outputs)
    marks = {}
    for node in nodes:
        name = node["wire"].partition(".")[0]
        if node["kind"] != "bias" and node["accumulated"] is not None and name in plain.nodes:
            marks[name] = Mark(hue(node["accumulated"]), f"{node['accumulated']:.1f} dB")
    return f'<div class="wide">{svg(plain, marks)}</div>'


def shares(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """A bar for each part of the error; parts that make up for others point to the left."""
    most = max((abs(part["share"]) for part in parts.values()), default=1.0) or 1.0
    least = min([0.0, *(part["share"] for part in parts.values())])
    zero = 150 + 560 * (-least / (most - least))
    drawn = []
    for i, (name, part) in enumerate(parts.items()):
        y, width = 8 + 24 * i, 560 * abs(part["share"]) / (most - least)
        x, style = (zero, "bar") if part["share"] >= 0 else (zero - width, "neg")
        told = f"{100 * part['share']:z.1f} %" + ("" if part["db"] is None else f", {part['db']:.1f} dB")
        drawn.append(
            f'<text x="0" y="{y + 12}">{escape(name)}</text>'
            f'<rect class="{style}" x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="16" rx="3"/>'
            f'<text x="{zero + (width if part["share"] >= 0 else 0) + 8:.1f}" y="{y + 12}">{escape(told)}</text>'
        )
    return _drawing(900, 8 + 24 * len(parts), "".join(drawn))


def histogram(node: Mapping[str, Any]) -> str:
    """Values in bars, on a square-root scale, with the levels of the grid behind them and its ends."""
    data = node["histogram"]
    counts: list[float] = data["counts"]
    low, high = min(data["from"], node["low"]), max(data["to"], node["high"])
    span, most = (high - low) or 1.0, max(counts, default=0.0) ** 0.5 or 1.0

    def place(value: float) -> float:
        return 4 + (_WIDE - 8) * float(value - low) / span

    step = (data["to"] - data["from"]) / len(counts)
    drawn = [_levels(node, place)] if node["scales"] == 1 else []
    for i, count in enumerate(counts):
        if not count:
            continue
        left, right = data["from"] + i * step, data["from"] + (i + 1) * step
        tall = max(1.0, (_HIGH - 8) * count**0.5 / most)
        outside = " out" if right < node["low"] or left > node["high"] else ""
        drawn.append(
            f'<rect class="bar{outside}" x="{place(left):.1f}" y="{_HIGH - tall:.1f}" '
            f'width="{max(place(right) - place(left) - 0.6, 0.4):.1f}" height="{tall:.1f}">'
            f"<title>{left:.4g} to {right:.4g}: {count:,.0f}</title></rect>"
        )
    for end in (node["low"], node["high"]):
        drawn.append(f'<path class="end" d="M{place(end):.1f} 0V{_HIGH:.0f}"/>')
    drawn.append(f'<path class="axis" d="M0 {_HIGH:.0f}H{_WIDE:.0f}"/>')
    drawn.append(f'<text x="0" y="{_HIGH + 14}">{low:.4g}</text>')
    drawn.append(f'<text x="{_WIDE:.0f}" y="{_HIGH + 14}" text-anchor="end">{high:.4g}</text>')
    return _drawing(_WIDE, _HIGH + 20, "".join(drawn))


def _levels(node: Mapping[str, Any], place: Callable[[float], float]) -> str:
    """A line for each level, or every so many where there are too many to tell apart."""
    first, last = node["codes"]
    scale, zero = node["scale"][0], node["zero_point"][0]
    every = max(1, -(-(last - first + 1) // _MOST_LINES))
    lines = "".join(f"M{place((code - zero) * scale):.1f} 0V{_HIGH:.0f}" for code in range(first, last + 1, every))
    return f'<path class="grid" d="{lines}"/>'


def curves(columns: Mapping[str, Sequence[float]]) -> str:
    """The curves of training: each column over epochs, that of validation beside it."""
    epochs = columns.get("epoch", ())
    names = [name for name in columns if name not in ("epoch", "step", "seconds") and f"validation_{name}" in columns]
    names += [name for name in columns if name == "loss" and name not in names]
    return "".join(
        f"<figure><figcaption><b>{escape(name)}</b> per epoch"
        f"{', of validation in orange' * (f'validation_{name}' in columns)}</figcaption>"
        f"{_lines(epochs, [columns[name], columns.get(f'validation_{name}', ())])}</figure>"
        for name in names
        if len(epochs) > 1
    )


def _lines(xs: Sequence[float], series: Sequence[Sequence[float]]) -> str:
    values = [y for ys in series for y in ys if y == y]
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    drawn = []
    for ys, style in zip(series, ("curve", "curve b"), strict=True):
        points = " ".join(
            f"{44 + (_WIDE - 48) * i / max(len(xs) - 1, 1):.1f},{4 + (_HIGH - 8) * (high - y) / span:.1f}"
            for i, y in enumerate(ys)
            if y == y
        )
        drawn.append(f'<polyline class="{style}" points="{points}"/>' if points else "")
    drawn.append(f'<text x="0" y="12">{high:.3g}</text><text x="0" y="{_HIGH - 2}">{low:.3g}</text>')
    return _drawing(_WIDE, _HIGH + 4, "".join(drawn))


def _drawing(width: float, height: float, body: str) -> str:
    return f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="100%" role="img">{body}</svg>'
