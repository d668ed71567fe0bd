"""Commands that say what may come next: blocks that fit a port, mends of a wire, words for the text, what is found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice

from dataflow.core.errors import DataflowError
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import reference
from dataflow.graphfile.suggest.completion import completions
from dataflow.graphfile.suggest.finding import Query, find
from dataflow.graphfile.suggest.fits import before, behind
from dataflow.graphfile.suggest.mends import Mend, Tried, try_wire
from dataflow.graphfile.suggest.offers import offer
from dataflow.graphfile.tree import Stop
from dataflow.graphfile.wires import FileScope
from dataflow.studio.commands.arguments import Arguments, choice, known, names, pair, steps, text, whole
from dataflow.studio.commands.edit import without_item
from dataflow.studio.first_data import first_data
from dataflow.studio.jobs.source import unfed
from dataflow.studio.sheet import OUTPUT
from dataflow.studio.studio import Handler, Studio

MOST_HITS = 500


def _in_hand(studio: Studio) -> tuple[Editor, FileScope]:
    """The file that is shown as it is now, to try edits on, and its types."""
    with studio.lock:
        desk = studio.require()
        editor = desk.editor.twin()
        scope = desk.scope
    if scope is None:
        raise DataflowError(f"{desk.path}: must be a graph file that can be read, got one that cannot")
    return editor, scope


def _copy(studio: Studio, given: Arguments) -> str:
    known(given, "names")
    chosen = names(given, "names")
    with studio.lock:
        return studio.require().editor.copy(chosen)


def _fits(studio: Studio, given: Arguments) -> list[str]:
    known(given, "from", "side")
    node, port = pair(given, "from")
    side = choice(given, "side", ("source", "target"))
    editor, scope = _in_hand(studio)
    tree = editor.tree
    folder = studio.project.folder
    files = [reference(folder / path, scope.file.real.parent) for path in studio.project.graphs()]
    if side == "source":
        return behind(scope, tree, node, port, files)
    if node.startswith(OUTPUT):
        return behind(scope, tree, *_of_output(tree, node), files)
    return before(scope, tree, node, without_item(port), files)


def _of_output(tree: Mapping[str, Mapping[str, str]], card: str) -> tuple[str, str]:
    """The node and port that an output is wired to."""
    wire = str(tree.get("outputs", {}).get(card.removeprefix(OUTPUT), ""))
    node, _, port = wire.partition(".")
    return node, port


def _try_wire(studio: Studio, given: Arguments) -> object:
    known(given, "source", "target")
    source = text(given, "source", limit=1000)
    node, port = pair(given, "target")
    editor, scope = _in_hand(studio)
    if node.startswith(OUTPUT):
        other: dict[str, object] = {"op": "wire", "target": [node, port], "source": source}
        tried = Tried(None, [Mend(f"Wire {source} in its place", [other])])  # an output takes any value, but one
    else:
        tried = try_wire(editor, source, (node, without_item(port)), scope)
    with studio.lock:
        refused = None if tried.refused is None else studio.refusal(tried.refused)
    return {"refused": refused, "mends": [{"title": mend.title, "edits": mend.edits} for mend in tried.mends]}


def _complete(studio: Studio, given: Arguments) -> object:
    known(given, "text", "offset")
    typed = text(given, "text")
    offset = whole(given, "offset", 0, 2 * len(typed))
    editor, scope = _in_hand(studio)
    found = completions(typed, _from_page(typed, offset), editor.tree, scope)
    return [
        {"label": each.label, "detail": each.detail, "insert": each.insert, "from": _to_page(typed, each.start)}
        for each in found
    ]


def _offers(studio: Studio, given: Arguments) -> object:
    known(given, "place")
    editor, scope = _in_hand(studio)
    found = offer(editor.tree, steps(given, "place"), scope)
    words = [
        {"text": each.label if found.kind == "mapping" else each.insert, "detail": each.detail} for each in found.words
    ]
    return {"kind": found.kind, "named": found.named, "options": words}


def _from_page(typed: str, offset: int) -> int:
    """An offset in characters, of one that a browser counts: characters beyond U+FFFF are two there."""
    return len(typed.encode("utf-16-le")[: 2 * offset].decode("utf-16-le", "ignore"))


def _to_page(typed: str, offset: int) -> int:
    return len(typed[:offset].encode("utf-16-le", "surrogatepass")) // 2


def _first_data(studio: Studio, given: Arguments) -> object:
    known(given)
    _, scope = _in_hand(studio)
    with studio.lock:
        graph = studio.require().context.graph
    return first_data({name: graph.inputs[name] for name in unfed(graph, {})}, scope.file)


def _find(studio: Studio, given: Arguments) -> object:
    known(given, "query")
    query = Query.of(text(given, "query", limit=1000))
    found = find(query, _contexts(studio, query), _clipped(studio))
    return [
        {"path": studio.project.shown(hit.path), "node": hit.node, "line": hit.line, "text": hit.text}
        for hit in islice(found, MOST_HITS)
    ]


def _contexts(studio: Studio, query: Query) -> Iterator[LoadContext]:
    """The file that is shown, then the others of the project."""
    shown = ""
    with studio.lock:
        own = None if studio.desk is None else studio.desk.shown
        if own is not None:
            shown, context = own.path, own.editor.context()
    if own is not None:
        yield context
    for path in studio.project.graphs():
        if path != shown:
            location = studio.project.location(path)
            context = read(location) if query.needs_load else LoadContext(location)
            with suppress(Stop):
                context.top()
                yield context


def _clipped(studio: Studio) -> set[str]:
    """The nodes of the shown file of whose values the latest run found some cut off."""
    with studio.lock:
        inside = "" if studio.desk is None or not studio.desk.view.scope else f"{studio.desk.view.scope}/"
    run = studio.work.runs.event()["run"]
    values = run["values"] if isinstance(run, dict) else {}
    found = set()
    for value_of, stats in values.items() if isinstance(values, dict) else ():
        quality = stats.get("quality") if isinstance(stats, dict) else None
        if value_of.startswith(inside) and isinstance(quality, dict) and quality.get("clipped"):
            found.add(re.split(r"[/.]", value_of.removeprefix(inside))[0])
    return found


QUERIES: dict[str, Handler] = {
    "copy": _copy,
    "fits": _fits,
    "try_wire": _try_wire,
    "complete": _complete,
    "offers": _offers,
    "first_data": _first_data,
    "find": _find,
}
