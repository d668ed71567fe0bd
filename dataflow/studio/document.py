"""The `document` event: the text, what it says, what is wrong with it, and the picture of it."""

from __future__ import annotations

from dataflow.core.errors import DataflowError, Problem
from dataflow.graph.graph import Graph
from dataflow.graphfile.graph_outline import outline_of
from dataflow.graphfile.outline import Outline, outline
from dataflow.inspection.elements import Scene
from dataflow.inspection.scene import scene
from dataflow.studio.desk import Desk
from dataflow.studio.layers import layer_graph
from dataflow.studio.masks import masked
from dataflow.studio.model import Model
from dataflow.studio.problems import placed
from dataflow.training.data.headers import row_counts_of

Plain = dict[str, object]


def document(desk: Desk) -> Plain:
    """All that a page must know of the open document; see web/src/protocol."""
    sheet, view, sections = desk.shown, desk.view, desk.context.graph.sections
    problems = [placed(problem, desk) for problem in desk.problems]
    told, graph, wrong = picture(desk)
    of_file = shows_file(desk, wrong)
    file = Model(told if of_file else Outline(), desk.context.graph, desk.scope, desk.project)
    model = file if of_file else Model(told, graph, None, desk.project)
    try:
        drawn = drawing(desk, told, graph, of_file)
        desk.types[view.scope] |= drawn.types
    except DataflowError as error:  # there is too much to draw, but not to edit
        drawn = Scene(0.0, 0.0, [], [], [])
        problems.append(placed(Problem(sheet.location, 0, 0, *str(error).split("; ", 1)), desk))
    shown: Plain = {
        "scene": drawn.plain(),
        "nodes": {name: model.node(entry) for name, entry in told.nodes.items()},
        "inputs": model.inputs(),
        "outputs": model.outputs(),
    }
    return {
        **(shown if of_file else masked(shown)),
        "path": sheet.path,
        "name": told.name,
        "doc": told.doc,
        "version": desk.version,
        "saved": desk.saved,
        "undo": sheet.editor.undo_title,
        "redo": sheet.editor.redo_title,
        "readonly": sheet.readonly,
        "text": sheet.editor.text,
        "view": {**view.plain(), "layer": "file" if wrong else view.layer},
        "trail": trail(desk),
        "params": file.params(),
        "sections": file.sections() if not view.scope else {},
        "written": file.written_sections(),
        "steps": bool(desk.context.graph.updates),
        "splits": dict.fromkeys(map(str, sections.get("data") or ())) | row_counts_of(desk.context.graph),
        "problems": problems,
    }


def drawing(desk: Desk, told: Outline, graph: Graph, of_file: bool) -> Scene:
    """The scene of what is shown; DataflowError where there is too much to draw."""
    sheet, view = desk.shown, desk.view
    return scene(
        told,
        graph,
        direction=view.direction,
        unfolded=frozenset(view.unfolded),
        positions=sheet.positions if of_file else {},
        types=desk.types.setdefault(view.scope, {}),
        asked=sheet.asked if of_file else {},
        memory=desk.memories[view.scope, "file" if of_file else view.layer, view.direction],
    )


def shows_file(desk: Desk, wrong: str) -> bool:
    """Whether the file is shown, or a layer that cannot be made."""
    return desk.view.layer == "file" or bool(wrong)


def picture(desk: Desk) -> tuple[Outline, Graph, str]:
    """What is shown, and of which graph; where its layer cannot be made, the file, and why."""
    wrong = ""
    if desk.view.layer != "file":
        try:
            graph = layer_graph(desk.context, desk.view.layer)
            return outline_of(graph), graph, ""
        except DataflowError as error:
            wrong = str(error)
    return outline(desk.context, desk.view.scope), desk.context.graph, wrong


def trail(desk: Desk) -> list[Plain]:
    """From the file that was opened to what is shown."""
    name = desk.context.graph.name or desk.path.rpartition("/")[2]
    found: list[Plain] = [{"title": name, "path": desk.path, "scope": ""}]
    steps = desk.view.scope.split("/") if desk.view.scope else []
    for i, step in enumerate(steps):
        scope = "/".join(steps[: i + 1])
        file = desk.context.scopes[f"{scope}/"].file
        found.append({"title": step, "path": desk.project.shown(file.real), "scope": scope})
    return found
