"""Commands that change the text: edits, undo and redo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dataflow.core.errors import DataflowError, cropped, instead
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.suggest.fits import input_type
from dataflow.graphfile.suggest.wanted import attrs_lacking
from dataflow.studio.commands.arguments import (
    Arguments,
    flag,
    known,
    mapping,
    mappings,
    names,
    numbers,
    pair,
    text,
    whole,
)
from dataflow.studio.desk import Desk, Named
from dataflow.studio.positions import as_position
from dataflow.studio.sheet import OUTPUT
from dataflow.studio.studio import Handler, Studio

MAX_EDITS = 500  # in one step of undo


@dataclass(frozen=True)
class Added:
    """The cards of nodes, inputs and outputs that edits added, by id, and what a person must know of them."""

    names: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _place(given: Arguments) -> str:
    return text(given, "place", limit=1000)


def _value(given: Arguments) -> object:
    return numbers(given.get("value"))


def _name(given: Arguments) -> str:
    return text(given, "name", limit=200)


def _add(editor: Editor, given: Arguments) -> Added:
    name = editor.free_name(_name(given))
    inputs = given.get("inputs", {})
    if not isinstance(inputs, dict | list):
        raise DataflowError("'inputs' must be a mapping or a list")
    beside = {key: text(given, key, "") for key in ("before", "after", "comment")}
    block, doc = text(given, "block", limit=1000), text(given, "doc", "")
    editor.add(name, block, inputs, mapping(given, "attrs", {}), doc, **beside)
    return Added([name])


def _extract(editor: Editor, given: Arguments) -> Added:
    name = _name(given)
    editor.extract(names(given, "names"), name, text(given, "path", limit=1000))
    return Added([name])


def _wire(editor: Editor, given: Arguments) -> None:
    node, port = pair(given, "target")
    source = text(given, "source", limit=1000)
    if node.startswith(OUTPUT):
        place = ("outputs", node.removeprefix(OUTPUT))
        if source:
            editor.set(place, source)
        else:
            editor.remove(place)
    elif source:
        _typed(editor, source, node, without_item(port))
        editor.wire(source, (node, without_item(port)))  # one wire more of a list, wherever in it it was dropped
    else:
        editor.unwire((node, port))


def _splice(editor: Editor, given: Arguments) -> None:
    node, port = pair(given, "target")
    editor.splice(_name(given), f"outputs.{node.removeprefix(OUTPUT)}" if node.startswith(OUTPUT) else (node, port))


def _set(editor: Editor, given: Arguments) -> None:
    place, value = _place(given), _value(given)
    of, node, part, port = (*place.split(".", 3), "", "", "")[:4]
    if (of, part) == ("nodes", "inputs") and isinstance(value, str):
        _typed(editor, value, node, port.partition(".")[0])
    editor.put(place, value)


def _typed(editor: Editor, source: str, node: str, port: str) -> None:
    """Give a variable that is wired to an input the dtype and dims that are known there, where it has none."""
    for name, value in attrs_lacking(editor, source, node, port).items():
        editor.set(("nodes", source, "attrs", name), value)


def without_item(port: str) -> str:
    """The port of which ``values[1]`` is an item."""
    return port.partition("[")[0]


def _paste(editor: Editor, given: Arguments) -> Added:
    made = editor.paste(text(given, "text"), text(given, "after", "", limit=200))
    return Added([*made.names.values()], [*made.notes])


def _input(editor: Editor, given: Arguments) -> Added:
    name = editor.free_name(_name(given), "inputs")
    if "to" not in given:
        editor.input(name, text(given, "type", limit=1000))
        return Added([name])
    node, port = pair(given, "to")
    scope = editor.context().scopes.get("")
    if scope is None or not (type_ := input_type(scope, node, without_item(port))):
        raise DataflowError(f"{node}.{port}: must take a value that can be fed; write it, or wire it to a node")
    editor.input(name, type_)
    editor.wire(name, (node, without_item(port)))
    return Added([name])


def _output(editor: Editor, given: Arguments) -> Added:
    name = editor.free_name(_name(given), "outputs")
    editor.output(name, text(given, "wire", limit=1000))
    return Added([OUTPUT + name])


Operation = Callable[[Editor, Arguments], Added | None]

OPERATIONS: dict[str, tuple[Operation, Sequence[str]]] = {
    "set": (_set, ("place", "value")),
    "append": (lambda editor, given: editor.append(_place(given), _value(given)), ("place", "value")),
    "remove": (lambda editor, given: editor.remove(_place(given)), ("place",)),
    "add": (_add, ("name", "block", "inputs", "attrs", "doc", "before", "after", "comment")),
    "delete": (
        lambda editor, given: editor.delete(names(given, "names"), flag(given, "reconnect")),
        ("names", "reconnect"),
    ),
    "rename": (lambda editor, given: editor.rename(_place(given), _name(given)), ("place", "name")),
    "extract": (_extract, ("names", "name", "path")),
    "unpack": (lambda editor, given: editor.unpack(_name(given)), ("name",)),
    "wire": (_wire, ("target", "source")),
    "splice": (_splice, ("name", "target")),
    "pull_out": (lambda editor, given: editor.pull_out(_name(given)), ("name",)),
    "paste": (_paste, ("text", "after")),
    "input": (_input, ("name", "type", "to")),
    "output": (_output, ("name", "wire")),
    "param": (lambda editor, given: editor.param(_name(given), _place(given)), ("name", "place")),
    "text": (lambda editor, given: editor.replace(text(given, "text"), typed=True), ("text",)),
}
"""The edits of the protocol: each makes its edit of arguments that it has, which it checks."""


def make(editor: Editor, edits: list[Arguments]) -> Added:
    """Make edits of the protocol in their order."""
    added = Added()
    with editor.gathered():
        for each in edits:
            more = _made(editor, each) or Added()
            added.names.extend(more.names)
            added.notes.extend(more.notes)
    return added


def _made(editor: Editor, given: Arguments) -> Added | None:
    op = text(given, "op", limit=100)
    if op not in OPERATIONS:
        raise DataflowError(f"no edit '{cropped(op)}'; {instead(op, OPERATIONS)}")
    operation, keys = OPERATIONS[op]
    known(given, "op", *keys)
    return operation(editor, given)


def _edit(studio: Studio, given: Arguments) -> object:
    known(given, "version", "edits", "title", "at")
    at = given.get("at")
    place = None if at is None else as_position(at)
    if at is not None and place is None:
        raise DataflowError("'at' must be two numbers, where cards that are added shall be")
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
    for renamed, name in renames:
        desk.shown.renamed(renamed, name)
    if place is not None:
        desk.shown.asked |= dict.fromkeys(added.names, place)
    studio.show()
    for note in added.notes:
        studio.publish({"event": "said", "level": "info", "message": note})
    return {"version": desk.version, "names": added.names}


def _is_node(place: str) -> bool:
    return place.startswith(("nodes.", "inputs."))


def _undo(studio: Studio, given: Arguments) -> None:
    _moved(studio, given, Desk.undo)


def _redo(studio: Studio, given: Arguments) -> None:
    _moved(studio, given, Desk.redo)


def _moved(studio: Studio, given: Arguments, move: Callable[[Desk], None]) -> None:
    known(given, "version")
    desk = studio.require()
    desk.check_version(whole(given, "version", 0, 1 << 53))
    move(desk)
    studio.show()


COMMANDS: dict[str, Handler] = {"edit": _edit, "undo": _undo, "redo": _redo}
