"""What a notebook shows: a graph and a block as SVG, a plan as an HTML table."""

from __future__ import annotations

from html import escape

from dataflow.core.block import Block
from dataflow.core.display import Shown
from dataflow.core.errors import DataflowError, visible
from dataflow.engine import explain
from dataflow.engine.plan import Plan
from dataflow.engine.program import Program
from dataflow.graph.graph import Graph
from dataflow.inspection.picture import block_svg, svg

_MOST_NODES = 300  # that are drawn: it takes less than a second
_LEFT = ' style="text-align:left"'


def render(value: Shown) -> dict[str, str]:
    """The picture or table of a value, by MIME type; none of a graph that is too large to read as a picture."""
    if isinstance(value, Block):
        return {"image/svg+xml": block_svg(value)}
    if isinstance(value, Plan):
        return {"text/html": plan_html(value)}
    if not isinstance(value, Graph) or len(value.nodes) > _MOST_NODES:
        return {}
    try:
        return {"image/svg+xml": svg(value)}
    except DataflowError:  # few nodes, but more outputs than can be drawn
        return {}


def plan_html(plan: Plan) -> str:
    """A table for each set of input shapes: a row per step, regions under a heading, totals below."""
    if not plan.programs:
        return f"<p>{_text(str(plan))}</p>"
    return "\n".join(_table(f"for {shapes}", program) for shapes, program in plan.by_shapes())


def _table(caption: str, program: Program) -> str:
    head = "".join(f"<th{_LEFT}>{title}</th>" for title in ("node", "block", "type", "where"))
    lines = [f"<table><caption{_LEFT}>{_text(caption)}</caption>", f"<thead><tr>{head}</tr></thead>", "<tbody>"]
    for row in explain.rows(program):
        lines.append(f"<tr>{_wide(row) if isinstance(row, str) else ''.join(map(_cell, row))}</tr>")
    return "\n".join([*lines, f"</tbody><tfoot><tr>{_wide(explain.totals(program))}</tr></tfoot>", "</table>"])


def _cell(text: str) -> str:
    return f"<td{_LEFT}>{_text(text)}</td>"


def _wide(text: str) -> str:
    return f'<td colspan="4"{_LEFT}><i>{_text(text)}</i></td>'


def _text(text: str) -> str:
    """Text as HTML; spaces that indent a step of a region stay."""
    inner = text.lstrip(" ")
    return "&emsp;" * (len(text) - len(inner)) + escape(visible(inner, ""))
