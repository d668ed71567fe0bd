"""Commands that change the text: edits, undo and redo."""

from __future__ import annotations

from collections.abc import Callable

from dataflow.core.errors import DataflowError, cropped, instead
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.editing.mentions import section
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
from dataflow.studio.studio import Handler, Studio

MAX_EDITS = 500  # in one step of undo
Operation = Callable[[Editor, Arguments], list[str]]
"""An edit of the protocol: checks its arguments and makes it; gives the names of nodes that it added."""


def free_name(editor: Editor, wanted: str) -> str:
    """The name, with a number behind it where a node or input has it already."""
    tree = editor.tree
    taken = {*section(tree, "nodes"), *section(tree, "inputs")}
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def _set(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "place", "value")
    editor.set(text(given, "place", limit=1000), given.get("value"))
    return []


def _append(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "place", "value")
    editor.append(text(given, "place", limit=1000), given.get("value"))
    return []


def _remove(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "place")
    editor.remove(text(given, "place", limit=1000))
    return []


def _add(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "name", "block", "inputs", "attrs", "doc", "before", "after", "comment")
    name = free_name(editor, text(given, "name", limit=200))
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
    return [name]


def _delete(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "names", "reconnect")
    reconnect = flag(given, "reconnect")
    for name in names(given, "names"):
        editor.delete(name, reconnect)
    return []


def _rename(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "place", "name")
    editor.rename(text(given, "place", limit=1000), text(given, "name", limit=200))
    return []


def _extract(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "names", "name", "path")
    name = text(given, "name", limit=200)
    editor.extract(names(given, "names"), name, text(given, "path", limit=1000))
    return [name]


def _unpack(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "name")
    editor.unpack(text(given, "name", limit=200))
    return []


def _wire(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "target", "source")
    node, port = pair(given, "target")
    source = text(given, "source", limit=1000)
    place = ("nodes", node, "inputs", port)
    if source:
        editor.set(place, source)
    else:
        editor.remove(place)
    return []


def _input(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "name", "type")
    name = free_name(editor, text(given, "name", limit=200))
    editor.set(("inputs", name), text(given, "type", limit=1000))
    return [name]


def _output(editor: Editor, given: Arguments) -> list[str]:
    known(given, "op", "name", "wire")
    editor.set(("outputs", text(given, "name", limit=200)), text(given, "wire", limit=1000))
    return []


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
    "input": _input,
    "output": _output,
}


def _edit(studio: Studio, given: Arguments) -> object:
    known(given, "version", "edits", "title")
    title = text(given, "title", limit=200)
    edits = mappings(given, "edits", MAX_EDITS)
    desk = studio.require()
    desk.check_version(whole(given, "version", 0, 1 << 53))
    added: list[str] = []

    def made(editor: Editor) -> None:
        for each in edits:
            op = text(each, "op", limit=100)
            if op not in OPERATIONS:
                raise DataflowError(f"no edit '{cropped(op)}'; {instead(op, OPERATIONS)}")
            added.extend(OPERATIONS[op](editor, each))

    desk.change(title, made)
    studio.show()
    return {"version": desk.version, "names": added}


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
