"""The report as one page of HTML that needs no network, light or dark as the reader's system is, and prints."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from dataflow.graph.graph import Graph
from dataflow.quantize import report_charts as charts
from dataflow.quantize.report import worst
from dataflow.quantize.report_style import STYLE
from dataflow.quantize.report_text import Table, size_of, tables

ENDING = ".report.html"  # of the files beside graphs
BEGINNING = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
)
_GUIDE = "How to read it: docs/reading_a_report.md of dataflow-blocks."


def page(plain: Mapping[str, Any], graph: Graph, history: Path | None = None) -> str:
    """The page of a report, with a picture of the graph, and the curves of a history of training where there is one."""
    name, source = plain["graph"], graph.layout.source
    if source is not None and Path(source.path).stem != name:  # as of a quantized file, which keeps the name
        name = f"{name} ({Path(source.path).name})"
    title = f"{name}: what quantization costs"
    parts = [
        f"<header><h1>{escape(name)}</h1>",
        f"<p>What quantization costs, over {plain['rows']:,} rows.</p></header>",
        _cards(plain),
        _section("Where the error comes from", "".join(_error(answer) for answer in plain["answers"])),
        _section("The graph, coloured by SQNR accumulated", charts.picture(graph, plain["nodes"])),
        _section("Nodes, the worst first", _nodes(plain)),
        _section("Values and the levels that they are rounded to", "".join(map(_histogram, worst(plain)))),
        _section("Layers", _table(tables(plain)[-2])),
    ]
    if history is not None and history.exists():
        parts.append(_section("Training", charts.curves(_history(history))))
    body = "\n".join(part for part in parts if part)
    return (
        f"{BEGINNING}<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n<footer>{_GUIDE}</footer>\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{body}\n</section>" if body else ""


def _cards(plain: Mapping[str, Any]) -> str:
    size = plain["size"]
    cards = []
    for name, each in plain["metrics"].items():
        if each["float"] is not None and each["quantized"] is not None:
            cards.append((name, f"{each['quantized']:.4g}", f"{each['float']:.4g} in float"))
    for answer in plain["answers"]:
        if answer["sqnr"] is not None:
            cards.append((f"SQNR of {answer['wire']}", f"{answer['sqnr']:.1f} dB", "signal to quantization noise"))
        if answer["agreement"] is not None:
            cards.append(("same answer", f"{100 * answer['agreement']:.2f} %", "rows whose largest value stays"))
    cards.append(("weights", size_of(size["quantized"]), f"{size_of(size['float'])} in float"))
    if size["bops"]:
        cards.append(("bit operations", f"{size['bops']:.3g}", f"{1024 * size['macs'] / size['bops']:.1f} times fewer"))
    made = "".join(
        f'<div class="card"><span>{escape(name)}</span><b>{escape(value)}</b><small>{escape(note)}</small></div>'
        for name, value, note in cards
    )
    return f'<div class="cards">{made}</div>'


def _error(answer: Mapping[str, Any]) -> str:
    if answer["sqnr"] is None:
        return f"<p>{escape(answer['wire'])} is as in float.</p>"
    return f"<h3>{escape(answer['wire'])}</h3>{charts.shares(answer['parts'])}"


def _nodes(plain: Mapping[str, Any]) -> str:
    return _table(tables(plain)[-1], [charts.hue(node["accumulated"]) for node in worst(plain)])


def _table(table: Table, hues: Sequence[int] | None = None) -> str:
    texts = {0, len(table.headers) - 1} if hues else {0}
    head = "".join(
        f"<th{' class=n' * (j not in texts)}>{escape(header)}</th>" for j, header in enumerate(table.headers)
    )
    rows = []
    for i, row in enumerate(table.rows):
        cells = "".join(_cell(cell, number=j not in texts) for j, cell in enumerate(row))
        style = f' style="--hue:{hues[i]}" class="tint"' if hues else ""
        rows.append(f"<tr{style}>{cells}</tr>")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _cell(cell: object, number: bool) -> str:
    text = f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"<td{' class=n' * number}>{escape(text)}</td>"


def _histogram(node: Mapping[str, Any]) -> str:
    told = f"<b>{escape(node['node'])}</b> {escape(str(node['bits']))} bits, {escape(node['why'])}"
    return f"<figure><figcaption>{told}</figcaption>{charts.histogram(node)}</figure>"


def _history(path: Path) -> dict[str, list[float]]:
    """The columns of a history of training that are numbers."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found: dict[str, list[float]] = {}
    for name in rows[0] if rows else ():
        try:
            found[name] = [float(row[name]) for row in rows]
        except (TypeError, ValueError):
            continue
    return found
