"""The command that draws a graph in little, for the gallery."""

from __future__ import annotations

from functools import lru_cache

from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline
from dataflow.graphfile.paths import Location
from dataflow.inspection.scene import scene
from dataflow.studio.commands.arguments import Arguments, known, text
from dataflow.studio.studio import Handler, Studio

MAX_CARDS = 400  # more are not told apart in a picture so small


def _preview(studio: Studio, given: Arguments) -> object:
    known(given, "path")
    location = studio.project.location(text(given, "path", limit=1000))
    return _drawn(location, Location.of(location).real.stat().st_mtime_ns)


@lru_cache(64)
def _drawn(location: str, changed: int) -> dict[str, object]:
    """The cards and wires of a file as it was when it was changed last."""
    context = read(location)
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
