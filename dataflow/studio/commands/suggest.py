"""Commands that say what may come next: blocks that fit a port, mends of a wire, words for the text, what is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.suggest.completion import completions
from dataflow.graphfile.suggest.finding import Query, find
from dataflow.graphfile.suggest.fits import before, behind
from dataflow.graphfile.suggest.mends import try_wire
from dataflow.graphfile.tree import Stop
from dataflow.graphfile.wires import FileScope
from dataflow.studio.commands.arguments import Arguments, choice, known, names, pair, text, whole
from dataflow.studio.commands.edit import OUTPUT, without_item
from dataflow.studio.desk import Desk
from dataflow.studio.problems import placed
from dataflow.studio.studio import Handler, Studio

MOST_HITS = 500


def _in_hand(studio: Studio) -> tuple[Desk, Editor, FileScope]:
    """The file that is shown as it is now, to try edits on, and its types."""
    with studio.lock:
        desk = studio.require()
        editor = desk.editor.twin()
        scope = desk.scope
    if scope is None:
        raise DataflowError(f"{desk.path}: must be a graph file that can be read, got one that cannot")
    return desk, editor, scope


def _copy(studio: Studio, given: Arguments) -> str:
    known(given, "names")
    chosen = names(given, "names")
    with studio.lock:
        return studio.require().editor.copy(chosen)


def _fits(studio: Studio, given: Arguments) -> list[str]:
    known(given, "from", "side")
    node, port = pair(given, "from")
    side = choice(given, "side", ("source", "target"))
    desk, editor, scope = _in_hand(studio)
    tree = editor.tree
    if side == "source":
        return behind(scope, tree, node, port)
    if node.startswith(OUTPUT):
        return behind(scope, tree, *_of_output(tree, node))
    return before(scope, tree, node, without_item(port))


def _of_output(tree: Mapping[str, Mapping[str, str]], card: str) -> tuple[str, str]:
    """The node and port that an output is wired to."""
    wire = str(tree.get("outputs", {}).get(card.removeprefix(OUTPUT), ""))
    node, _, port = wire.partition(".")
    return node, port


def _try_wire(studio: Studio, given: Arguments) -> object:
    known(given, "source", "target")
    source = text(given, "source", limit=1000)
    node, port = pair(given, "target")
    desk, editor, scope = _in_hand(studio)
    tried = try_wire(editor, source, (node, without_item(port)), scope)
    with studio.lock:
        refused = None if tried.refused is None else studio.refusal(tried.refused)
    return {"refused": refused, "mends": [{"title": mend.title, "edits": mend.edits} for mend in tried.mends]}


def _complete(studio: Studio, given: Arguments) -> object:
    known(given, "text", "offset")
    typed = text(given, "text")
    offset = whole(given, "offset", 0, 2 * len(typed))
    desk, editor, scope = _in_hand(studio)
    found = completions(typed, _from_page(typed, offset), editor.tree, scope)
    return [
        {"label": each.label, "detail": each.detail, "insert": each.insert, "from": _to_page(typed, each.start)}
        for each in found
    ]


def _from_page(typed: str, offset: int) -> int:
    """An offset in characters, of one that a browser counts: characters beyond U+FFFF are two there."""
    return len(typed.encode("utf-16-le")[: 2 * offset].decode("utf-16-le", "ignore"))


def _to_page(typed: str, offset: int) -> int:
    return len(typed[:offset].encode("utf-16-le", "surrogatepass")) // 2


def _check(studio: Studio, given: Arguments) -> object:
    known(given, "text")
    typed = text(given, "text")
    with studio.lock:
        desk = studio.require()
        path, texts, params = desk.shown.editor.path, desk.texts, desk.session.params
    context = read(path, params if not desk.view.scope else {}, text=typed, texts=texts)
    with studio.lock:
        return [placed(problem, desk) for problem in context.problems()]


def _find(studio: Studio, given: Arguments) -> object:
    known(given, "query")
    query = Query.of(text(given, "query", limit=1000))
    with studio.lock:
        desk = studio.desk
        own = None if desk is None else desk.shown.path
        clipped = studio.clipped()
    hits: list[object] = []
    for hit in find(query, _contexts(studio, desk, query), clipped):
        if len(hits) == MOST_HITS:
            break
        hits.append({"path": studio.project.shown(hit.path), "node": hit.node, "line": hit.line, "text": hit.text})
    return hits


def _contexts(studio: Studio, desk: Desk | None, query: Query) -> Iterator[LoadContext]:
    """The file that is shown, then the others of the project."""
    shown = "" if desk is None else desk.shown.path
    if desk is not None:
        with studio.lock:
            yield desk.shown.editor.context()
    for path in studio.project.graphs():
        if path != shown:
            context = (
                read(studio.project.location(path)) if query.needs_load else LoadContext(studio.project.location(path))
            )
            with suppress(Stop, GraphFileError):
                context.top()
                yield context


COMMANDS: dict[str, Handler] = {}
QUERIES: dict[str, Handler] = {
    "copy": _copy,
    "fits": _fits,
    "try_wire": _try_wire,
    "complete": _complete,
    "check": _check,
    "find": _find,
}
