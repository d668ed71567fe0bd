"""Commands that change the text: edits, undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dataflow.core.errors import DataflowError, cropped, instead
from dataflow.graphfile.edit import Editor
from dataflow.studio.commands.arguments import (
    Arguments,
    flag,
    known,
    mapping,
    mappings,
    names,
    pair,
    text,
    whole,
)
from dataflow.studio.desk import Named
from dataflow.studio.sheet import OUTPUT
from dataflow.studio.studio import Handler, Studio

MAX_EDITS = 500  # in one step of undo


@dataclass(frozen=True)
class Added:
    """The nodes and inputs that edits added, by name, and what a person must know of them."""

    names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


Operation = Callable[[Editor, Arguments], Added]
"""An edit of the protocol: checks its arguments and makes it."""


def _set(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "place", "value")
    editor.put(text(given, "place", limit=1000), given.get("value"))
    return Added()


def _append(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "place", "value")
    editor.append(text(given, "place", limit=1000), given.get("value"))
    return Added()


def _remove(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "place")
    editor.remove(text(given, "place", limit=1000))
    return Added()


def _add(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name", "block", "inputs", "attrs", "doc", "before", "after", "comment")
    name = editor.free_name(text(given, "name", limit=200))
    inputs = given.get("inputs", {})
    if not isinstance(inputs, dict | list):
        raise DataflowError("'inputs' must be a mapping or a list")
    editor.add(
        name,
        text(given, "block", limit=1000),
        inputs,
        mapping(given, "attrs", {}),
        text(given, "doc", ""),
        before=text(given, "before", ""),
        after=text(given, "after", ""),
        comment=text(given, "comment", ""),
    )
    return Added([name])


def _delete(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "names", "reconnect")
    editor.delete(names(given, "names"), flag(given, "reconnect"))
    return Added()


def _rename(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "place", "name")
    editor.rename(text(given, "place", limit=1000), text(given, "name", limit=200))
    return Added()


def _extract(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "names", "name", "path")
    name = text(given, "name", limit=200)
    editor.extract(names(given, "names"), name, text(given, "path", limit=1000))
    return Added([name])


def _unpack(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name")
    editor.unpack(text(given, "name", limit=200))
    return Added()


def _wire(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "target", "source")
    node, port = pair(given, "target")
    source = text(given, "source", limit=1000)
    if node.startswith(OUTPUT):
        place = ("outputs", node.removeprefix(OUTPUT))
        if source:
            editor.set(place, source)
        else:
            editor.remove(place)
    elif source:
        editor.wire(source, (node, without_item(port)))  # one wire more of a list, wherever in it it was dropped
    else:
        editor.unwire((node, port))
    return Added()


def without_item(port: str) -> str:
    """The port of which ``values[1]`` is an item."""
    return port.partition("[")[0]


def _splice(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name", "target")
    editor.splice(text(given, "name", limit=200), pair(given, "target"))
    return Added()


def _pull_out(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name")
    editor.pull_out(text(given, "name", limit=200))
    return Added()


def _paste(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "text", "after")
    made = editor.paste(text(given, "text"), text(given, "after", "", limit=200))
    return Added([*made.names.values()], [*made.notes])


def _input(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name", "type")
    name = editor.free_name(text(given, "name", limit=200), "inputs")
    editor.input(name, text(given, "type", limit=1000))
    return Added([name])


def _output(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name", "wire")
    name = editor.free_name(text(given, "name", limit=200), "outputs")
    editor.output(name, text(given, "wire", limit=1000))
    return Added()


def _param(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "name", "place")
    editor.param(text(given, "name", limit=200), text(given, "place", limit=1000))
    return Added()


def _text(editor: Editor, given: Arguments) -> Added:
    known(given, "op", "text")
    editor.replace(text(given, "text"), typed=True)
    return Added()


OPERATIONS: dict[str, Operation] = {
    "set": _set,
    "append": _append,
    "remove": _remove,
    "add": _add,
    "delete": _delete,
    "rename": _rename,
    "extract": _extract,
    "unpack": _unpack,
    "wire": _wire,
    "splice": _splice,
    "pull_out": _pull_out,
    "paste": _paste,
    "input": _input,
    "output": _output,
    "param": _param,
    "text": _text,
}


def make(editor: Editor, edits: list[Arguments]) -> Added:
    """Make edits of the protocol in their order."""
    added = Added()
    for each in edits:
        op = text(each, "op", limit=100)
        if op not in OPERATIONS:
            raise DataflowError(f"no edit '{cropped(op)}'; {instead(op, OPERATIONS)}")
        more = OPERATIONS[op](editor, each)
        added.names.extend(more.names)
        added.notes.extend(more.notes)
    return added


def _edit(studio: Studio, given: Arguments) -> object:
    known(given, "version", "edits", "title")
    title = text(given, "title", limit=200)
    edits = mappings(given, "edits", MAX_EDITS)
    desk = studio.require()
    desk.check_version(whole(given, "version", 0, 1 << 53))
    added, renames = Added(), list[tuple[str, str]]()

    def made(editor: Editor) -> Named:
        more = make(editor, edits)
        added.names.extend(more.names)
        added.notes.extend(more.notes)
        renames.extend((str(each["place"]), str(each["name"])) for each in edits if each["op"] == "rename")
        return Named(added.names, [(place.partition(".")[2], name) for place, name in renames if _is_node(place)])

    desk.change(title, made)
    for place, name in renames:
        desk.shown.renamed(place, name)
    studio.show()
    for note in added.notes:
        studio.publish({"event": "said", "level": "info", "message": note})
    return {"version": desk.version, "names": added.names}


def _is_node(place: str) -> bool:
    return place.startswith(("nodes.", "inputs."))


def _undo(studio: Studio, given: Arguments) -> None:
    _moved(studio, given, undo=True)


def _redo(studio: Studio, given: Arguments) -> None:
    _moved(studio, given, undo=False)


def _moved(studio: Studio, given: Arguments, undo: bool) -> None:
    known(given, "version")
    desk = studio.require()
    desk.check_version(whole(given, "version", 0, 1 << 53))
    if undo:
        desk.undo()
    else:
        desk.redo()
    studio.show()


COMMANDS: dict[str, Handler] = {"edit": _edit, "undo": _undo, "redo": _redo}
