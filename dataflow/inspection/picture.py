"""Pictures: a graph or one block as SVG that can be read on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Mapping

from dataflow.core.block import Block
from dataflow.core.ports import In, Out
from dataflow.core.shapes import show
from dataflow.graph.graph import Graph
from dataflow.graphfile.graph_outline import outline_of
from dataflow.inspection.colours import family, hue
from dataflow.inspection.data import brief, cut, describe, dtype_text
from dataflow.inspection.elements import Attr, Card, Chip, LeftPort, RightPort, Scene
from dataflow.inspection.scene import scene
from dataflow.inspection.scene_svg import Mark, scene_svg
from dataflow.inspection.sizes import Style, sized


def svg(graph: Graph, marks: Mapping[str, Mark] | None = None, direction: str = "right", theme: str = "") -> str:
    """A picture of a graph: rows of cards under the comments of its file, wires coloured by dtype.

    marks : by node. Cards are coloured by them, and those without one are grey.
    direction : in which wires lead, ``right`` or ``down``.
    theme : ``light`` or ``dark``; otherwise as the page that shows it.
    """
    drawn = scene(outline_of(graph), graph, direction=direction, values=False)
    return scene_svg(drawn, graph.name, graph.doc, marks, theme=theme)


def block_svg(block: Block) -> str:
    """A picture of a block: its ports with their dtypes, and the values of its attrs."""
    ports, data = block.signature, describe(block)
    types: dict[str, list[str]] = data["types"]
    card = Card("block", "block", data["name"], block=data["category"], hue=hue(data["category"]), doc=data["summary"])
    for each in ports.inputs.values():
        name, color = each.name + " …" * each.many, _family(each, types)
        wire = "" if each.optional else each.name
        chip = Chip(_type(each), "literal")
        card.lefts.append(LeftPort(name=name, family=color, wire=wire, chip=chip, optional=each.optional))
    for out in ports.outputs.values():
        card.rights.append(RightPort(name=out.name, family=_family(out, types), type=_type(out)))
    card.attrs = [Attr(name, brief(getattr(block, name)), False) for name in ports.attrs]
    card.attrs += [Attr(f"{n}:", cut(dtype_text(v), 44), False) for n, v in types.items() if n not in ports.attrs]
    sized(card, Style(values=False))
    return scene_svg(Scene(card.width, card.height, [], [card], []), data["name"], data["summary"], legend=False)


def _family(port: In | Out, types: Mapping[str, list[str]]) -> str:
    return family(types.get(port.dtype, [port.dtype]))


def _type(port: In | Out) -> str:
    return port.dtype + ("" if port.shape is None else show(port.shape))
