"""What makes a refused wire right: nodes to put in between, attrs to set, names that were meant.

Each mend is a list of edits as plain data, in the words of `dataflow.graphfile.edit.Editor`. It is offered only where
the file that it makes was loaded and has no problem of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.core.shapes import TensorType
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.editing import wiring
from dataflow.graphfile.editing.changes import Refusal
from dataflow.graphfile.editing.known_types import KnownNode, type_of_wire
from dataflow.graphfile.suggest.conversions import Insertion, conversions
from dataflow.graphfile.wires import FileScope

MOST = 6  # that are offered
_MEANT = re.compile(r"did you mean '([^']+)'")
_NO_SOURCE = re.compile(r"no node or input named|has no output '|has no outputs to wire")
_NO_TARGET = re.compile(r"has no input '|^no node '")
Edit = dict[str, Any]


@dataclass(frozen=True)
class Mend:
    """What a mend does, in words, and the edits that do it."""

    title: str
    edits: Sequence[Edit]

    def make(self, file: Editor) -> None:
        """Do it, as one step."""
        with file.together(self.title):
            for each in self.edits:
                _make(file, each)


@dataclass(frozen=True)
class Tried:
    """What came of a wire that was tried: why it is refused, and what makes it right; nothing where it is right."""

    refused: GraphFileError | None
    mends: Sequence[Mend]


def try_wire(file: Editor, source: str, target: tuple[str, str], scope: FileScope | None = None) -> Tried:
    """Try a wire to an input without making it; the types are those of a use of the file, as a rule its own."""
    twin = file.twin()
    scope = scope or twin.context().scopes.get("")
    try:
        twin.wire(source, target)
    except GraphFileError as error:
        mends: list[Mend] = []
        for mend in _candidates(file.twin(), source, target, error, scope):
            if _works(file, mend):
                mends.append(mend)
            if len(mends) == MOST:
                break
        return Tried(error if mends else _past_cast(file, source, target, error, scope), mends)
    return Tried(None, [])


def _past_cast(
    file: Editor, source: str, target: tuple[str, str], error: GraphFileError, scope: FileScope | None
) -> GraphFileError:
    """The refusal; where it says that a Cast would do and none does, with what is wrong of the value besides."""
    first, *others = error.problems
    if not first.hint.endswith("with Cast") or scope is None or (given := type_of_wire(scope, source)) is None:
        return error
    port = file.port(target)
    known = KnownNode.of(scope, port.node)
    if known is None or port.name not in known.operands:
        return error
    for insertion, made in conversions(scope, source, given, known):
        reason = known.misfit(port.name, made) if insertion.block == "Cast" else ""
        if reason and not reason.endswith("with Cast"):
            why = reason.removeprefix(f"{known.who}: ")
            return GraphFileError([first._replace(hint=f"a Cast to {made.dtype} is not enough: {why}"), *others])
    return error


def _works(file: Editor, mend: Mend) -> bool:
    """Whether a mend can be made and leaves nothing wrong that was right before."""
    twin = file.twin()
    try:
        mend.make(twin)
    except DataflowError:
        return False
    return True


def _make(file: Editor, edit: Edit) -> None:
    given = {key: value for key, value in edit.items() if key != "op"}
    match edit["op"]:
        case "add":
            file.add(**given)
        case "set":
            file.put(**given)
        case "wire" if given["source"]:
            file.wire(**given)
        case "wire":
            file.unwire(given["target"])


def _candidates(
    file: Editor, source: str, target: tuple[str, str], error: GraphFileError, scope: FileScope | None
) -> Iterator[Mend]:
    first = error.problems[0]
    meant = _MEANT.search(first.hint)
    if meant and _NO_SOURCE.search(first.message):
        name = f"{source.partition('.')[0]}.{meant[1]}" if "has no output" in first.message else meant[1]
        yield Mend(f"Wire {name} instead", [_wire(name, target)])
        return
    if _NO_TARGET.search(first.message):
        if meant and "has no input" in first.message:
            yield Mend(f"Wire to {meant[1]} instead", [_wire(source, (target[0], meant[1]))])
        return
    port = file.port(target)
    try:
        stands = wiring.written(file.tree, port)
    except Refusal:  # which is what the wire was refused for
        return
    if not isinstance(stands, str) or port.many or stands == source:
        yield from _fitted(file, scope, source, target)
        return
    off, place = _wire("", target), f"in the place of {stands}"
    replaced = Mend(f"Wire {source} {place}", [off, _wire(source, target)])
    if _works(file, replaced):
        both = _inserted(file, Insertion("Add both", "AddV2", {"x": stands, "y": source}, {}), target)
        yield from (replaced, replace(both, edits=[off, *both.edits]))
        return
    for mend in _fitted(file, scope, source, target):
        yield Mend(f"{mend.title}, {place}", [off, *mend.edits])


def _fitted(file: Editor, scope: FileScope | None, source: str, target: tuple[str, str]) -> Iterator[Mend]:
    """Mends that make the value or the node so that it fits an input on which no wire stands."""
    if scope is None or (given := type_of_wire(scope, source)) is None:
        return
    port = file.port(target)
    known = KnownNode.of(scope, port.node)
    if known is not None and port.name in known.operands:
        yield from _typed(file, scope, source, given, known, target)
    else:  # a graph file, whose types the load knows
        for insertion, _ in conversions(scope, source, given, None):
            yield _inserted(file, insertion, target)


def _typed(
    file: Editor, scope: FileScope, source: str, given: TensorType, known: KnownNode, target: tuple[str, str]
) -> Iterator[Mend]:
    """Mends whose types fit the input, by the rules of its block."""
    port = file.port(target)
    items = known.operands[port.name]
    if not port.many:
        known.operands[port.name] = None
    elif isinstance(items, tuple) and port.item is not None:  # which the value is to take the place of
        known.operands[port.name] = (*items[: port.item], *items[port.item + 1 :])
    yield from _settings(source, given, known, port.name, target)
    for insertion, made in conversions(scope, source, given, known):
        if not known.misfit(port.name, made):
            yield _inserted(file, insertion, target)


def _settings(source: str, given: TensorType, known: KnownNode, port: str, target: tuple[str, str]) -> Iterator[Mend]:
    """Attrs of the node with which the value fits."""
    for name, attr in known.kind.signature.attrs.items() if known.block is not None else ():
        choices: Sequence[object] = attr.choices
        if attr.kind == "bool":
            choices = (False, True)
        elif attr.kind == "Dtype":
            choices = (given.dtype,)
        for value in choices:
            other = known.with_attr(name, value) if value != getattr(known.block, name) else None
            if other is not None and not other.misfit(port, given):
                shown = str(value).lower() if isinstance(value, bool) else value
                place = f"nodes.{known.name}.attrs.{name}"
                setting: Edit = {"op": "set", "place": place, "value": value}
                yield Mend(f"Set {name} of {known.name} to {shown}", [setting, _wire(source, target)])


def _inserted(file: Editor, insertion: Insertion, target: tuple[str, str]) -> Mend:
    name = file.free_name(insertion.name)
    add: Edit = {"op": "add", "name": name, "block": insertion.block, "inputs": dict(insertion.inputs)}
    if insertion.attrs:
        add["attrs"] = dict(insertion.attrs)
    add["before"] = target[0]
    return Mend(insertion.title, [add, _wire(name, target)])


def _wire(source: str, target: tuple[str, str]) -> Edit:
    return {"op": "wire", "target": list(target), "source": source}
