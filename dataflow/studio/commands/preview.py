"""The command that draws a graph in little, for the gallery."""

from __future__ import annotations

from pathlib import Path

from dataflow.core.errors import DataflowError
from dataflow.files.stamps import Stamp, stamps
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.outline import outline
from dataflow.graphfile.paths import Location
from dataflow.inspection.scene import scene
from dataflow.studio.commands.arguments import Arguments, known, text
from dataflow.studio.studio import Handler, Studio

MAX_CARDS = 400  # more are not told apart in a picture so small
_KEPT = 100  # pictures, of graphs without problems: others may miss a file that comes
_drawn: dict[str, tuple[dict[Path, Stamp | None], dict[str, object]]] = {}  # with the files that each was made from


def _preview(studio: Studio, given: Arguments) -> object:
    known(given, "path")
    path = text(given, "path", limit=1000)
    location = studio.project.location(path)
    if not Location.of(location).real.is_file():
        raise DataflowError(f"{path}: no such file")
    files, picture = _drawn.pop(location, ({}, {}))
    if not picture or stamps(files) != files:
        context = read(location)
        files = stamps(context.files)
        picture = _picture(context)
        if context.problems():
            return picture
    _drawn[location] = files, picture
    for old in [*_drawn][:-_KEPT]:
        _drawn.pop(old, None)
    return picture


def _picture(context: LoadContext) -> dict[str, object]:
    """The cards and wires of a file."""
    drawn = scene(outline(context), context.graph)
    return {
        "doc": " ".join(context.graph.doc.split()),
        "nodes": len(context.top()[1].nodes.data),
        "trains": "train" in context.graph.sections,
        "width": round(drawn.width),
        "height": round(drawn.height),
        "cards": [
            {
                "x": round(card.x),
                "y": round(card.y),
                "width": round(card.width),
                "height": round(card.height),
                "hue": card.hue,
                "kind": card.kind,
            }
            for card in drawn.cards[:MAX_CARDS]
        ],
        "wires": [wire.path for wire in drawn.wires[:MAX_CARDS]],
    }


QUERIES: dict[str, Handler] = {"preview": _preview}
