"""Commands about what is shown of the document, where its cards stand, and pictures of it."""

from __future__ import annotations

from dataflow.core.errors import DataflowError
from dataflow.inspection import dot, mermaid
from dataflow.inspection.scene_svg import scene_svg
from dataflow.studio.commands.arguments import MAX_PATH, Arguments, choice, flag, known, mapping, names, text
from dataflow.studio.desk import LAYERS, View
from dataflow.studio.document import drawing, picture, shows_file
from dataflow.studio.drawn_values import drawn_values
from dataflow.studio.layers import layer_graph
from dataflow.studio.studio import Handler, Studio

_FORMATS = {"mermaid": mermaid, "dot": dot}
_THEMES = ("light", "dark")


def _view(studio: Studio, given: Arguments) -> None:
    known(given, "scope", "layer", "direction", "unfolded")
    desk = studio.require()
    old = desk.view
    layer = choice(given, "layer", LAYERS, old.layer)
    scope = text(given, "scope", old.scope if layer == "file" else "", limit=MAX_PATH)
    if scope and layer != "file":
        raise DataflowError(
            "a layer shows the whole graph, so 'scope' must be empty; leave the graph of the node first"
        )
    if layer != "file":
        layer_graph(desk.context, layer)
    direction = choice(given, "direction", ("right", "down"), old.direction)
    unfolded = names(given, "unfolded", list(old.unfolded) if scope == old.scope else [])
    desk.look_at(View(scope, layer, direction, tuple(unfolded)))
    studio.show()


def _move(studio: Studio, given: Arguments) -> None:
    known(given, "positions")
    desk = studio.require()
    if desk.view.layer != "file":
        raise DataflowError("cards can be dragged in the picture of the file, got another layer; show the file first")
    positions = mapping(given, "positions")
    desk.shown.drag(positions)
    if None in positions.values():
        desk.memories.clear()  # put back is where a picture has its cards that never was another
    studio.show()


def _export(studio: Studio, given: Arguments) -> str:
    known(given, "format", "theme", "quality")
    form = choice(given, "format", ("svg", *_FORMATS))
    desk = studio.require()
    told, graph, wrong = picture(desk)
    if form != "svg":
        return _FORMATS[form](graph)
    theme, quality = choice(given, "theme", _THEMES, "light"), flag(given, "quality")
    found = drawing(desk, told, graph, shows_file(desk, wrong))
    values = drawn_values(studio.work.runs.run)
    return scene_svg(found, told.name, told.doc, theme=theme, values=values, quality=quality)


COMMANDS: dict[str, Handler] = {"view": _view, "move": _move, "export": _export}
