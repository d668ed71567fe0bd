"""The nodes of a file that a node uses as its block, written out in the place of that node."""

from __future__ import annotations

from typing import Any

from dataflow.core.errors import cropped, way_out
from dataflow.core.ports import Literal
from dataflow.graphfile.editing.changes import Change, Drop, Part, Put, Refusal, Tree, plain_value, told
from dataflow.graphfile.editing.mentions import default_path, mentions, params_in, section, with_defaults
from dataflow.graphfile.editing.relocation import relocated
from dataflow.graphfile.emit import escaped
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.open_params import found_in_inputs
from dataflow.graphfile.params import PART, WHOLE
from dataflow.graphfile.paths import Location
from dataflow.graphfile.spelling import written_out
from dataflow.graphfile.subgraphs import is_path, operand_types
from dataflow.graphfile.tree import BROKEN


def unpacked(tree: Tree, name: str, context: LoadContext, comment: bool) -> list[Change]:
    """The changes that write out the graph that a node uses, its nodes under the name of the node.

    They are a paragraph, under the comment that the node had. ``context`` is a load of the file. Params become values,
    but for those that are params of this file.
    """
    node = section(tree, "nodes").get(name)
    block = node.get("block") if isinstance(node, dict) else None
    if not isinstance(block, str) or not is_path(block):
        raise Refusal(("nodes", name), f"node '{cropped(name)}' must use a graph file, got block {cropped(str(block))}")
    home, _ = context.top()
    try:
        file = home.graph(block)
        definition = context.definition(file)
    except ValueError as error:
        raise Refusal(("nodes", name, "block"), f"node '{cropped(name)}': {error}") from None
    root = definition.document.root
    if root is None or definition.document.problems:
        hint = way_out(f"see `dataflow check {block}`", page="open it to see them")
        raise Refusal(("nodes", name, "block"), f"{cropped(block)} has problems", hint)
    included = _Included(tree, name, definition, file, home, context)
    names = [*section(tree, "nodes")]
    behind = names[names.index(name) + 1 :][:1]
    changes: list[Change] = [Part(("nodes", each)) for each in (name, *behind)]
    last = name
    for inner, entry in included.nodes(root.plain()):
        told_once = written_out(name, block) if comment and last == name else ""
        changes.append(Put(("nodes", inner), entry, after=last, comment=told_once))
        last = inner
    for each in mentions(tree):
        if each.what == "wire" and each.head == name:
            changes.append(Put(each.path, included.output(each.port[1:], each.path)))
        elif each.what == "result" and each.head == name and each.text not in section(tree, "outputs"):
            raise Refusal(each.path, f"'{told(each.path)}' names '{cropped(each.text)}'", "name an output there first")
        elif "$" in each.text and with_defaults(tree, each.text).partition(".")[0] == name:
            raise Refusal(
                each.path, f"'{told(each.path)}' names '{cropped(name)}' by parameters", "write the name there"
            )
    return [*changes, Drop(("nodes", name))]


class _Included:
    """One use of a file by a node."""

    def __init__(
        self, tree: Tree, name: str, definition: GraphFile, file: Location, home: Location, context: LoadContext
    ):
        self.tree, self.name, self.definition, self.file, self.home = tree, name, definition, file, home
        node = tree["nodes"][name]
        given = node.get("inputs") or {}
        if not isinstance(given, dict):
            raise Refusal(("nodes", name, "inputs"), f"the inputs of '{cropped(name)}' must be named, got a list")
        self.operands: dict[str, Tree] = given
        self.params = self._params(node.get("attrs") or {}, context)
        self.consts: dict[str, Tree] = {}  # nodes for literals on inputs
        self.outputs: dict[str, Tree] = {}  # the wires under the names of this file

    def _params(self, attrs: Tree, context: LoadContext) -> dict[str, Tree]:
        """What stands for each param: as the node writes it, as its inputs tell it, or its default."""
        wires: dict[str, Any] = {}
        for port, operand in self.operands.items():
            if isinstance(operand, str):
                head, _, out = with_defaults(self.tree, operand).partition(".")
                outputs = context.wires.get(head, BROKEN)
                known = outputs is not BROKEN and outputs and (not out or out in outputs)
                wires[port] = (outputs[out] if out else next(iter(outputs.values()))) if known else BROKEN
            elif not isinstance(operand, dict):
                wires[port] = Literal(operand)
        found = found_in_inputs(self.definition, operand_types(wires)[0])
        values: dict[str, Tree] = {}
        for name, param in self.definition.params.items():
            if name in attrs:
                value = attrs[name]
                try:
                    kept = _has_param(value) or isinstance(value, dict)
                    values[name] = value if kept else escaped(param.parse(value))
                except ValueError as error:
                    path = ("nodes", self.name, "attrs", name)
                    raise Refusal(path, f"node '{self.name}': attr '{name}' {error}") from None
            elif name in found and found[name].value not in (None, BROKEN):
                values[name] = escaped(found[name].value)
            elif param.required or param.default is BROKEN:
                hint = "give it under attrs"
                raise Refusal(("nodes", self.name), f"node '{self.name}': the param '{name}' is not known", hint)
            else:
                values[name] = escaped(param.default)
        return values

    def nodes(self, inner: Tree) -> list[tuple[str, Tree]]:
        """The nodes as this file has them, those of literals on inputs first."""
        made = []
        for name, node in section(inner, "nodes").items():
            entry = relocated(node, self.name, self.file, self.home.real.parent)
            entry = {key: value if key == "doc" else self._filled(value) for key, value in entry.items()}
            given = entry.get("inputs")
            if isinstance(given, dict):
                entry["inputs"] = {port: self._wired(value) for port, value in given.items()}
            elif isinstance(given, list):
                entry["inputs"] = [self._wired(value) for value in given]
            made.append((f"{self.name}/{name}", plain_value(entry)))
        for port, wire in self.definition.outputs.data.items():
            self.outputs[port] = self._wired(self._filled(wire.plain()))
        return [*self.consts.items(), *made]

    def output(self, port: str, path: tuple[str | int, ...]) -> str:
        """The wire that is an output of the file."""
        wire = self.outputs.get(port or next(iter(self.outputs), ""))
        if not isinstance(wire, str):
            raise Refusal(path, f"'{told(path)}' names no output of '{cropped(self.name)}'")
        return wire

    def _wired(self, value: Tree) -> Tree:
        """What stands on a port of an inner node, under the names of this file."""
        if isinstance(value, list):
            return [self._wired(item) for item in value]
        if not isinstance(value, str):
            return value
        head, dot, port = value.partition(".")
        if "$" in value:
            message = f"node '{self.name}': a wire in it is named by the parameter {cropped(value)}"
            raise Refusal(("nodes", self.name), message, "write the name there")
        if head not in self.definition.inputs.data:
            return f"{self.name}/{head}{dot}{port}"
        operand = self.operands.get(head)
        if isinstance(operand, str) and isinstance(_value_of(self.tree, operand), str):
            return operand
        if operand is None:
            raise Refusal(("nodes", self.name), f"node '{self.name}': input '{head}' must be wired, got nothing")
        const = f"{self.name}/{head}"
        declared = self.definition.inputs.data[head].plain()
        dtype = declared.partition("[")[0].strip() if isinstance(declared, str) else declared.get("dtype")
        self.consts[const] = {"block": "Const", "attrs": {"value": operand, "dtype": self._filled(dtype)}}
        return const

    def _filled(self, value: Tree) -> Tree:
        """A value with the params of the file put in."""
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if not isinstance(value, str) or "$" not in value:
            return value
        if whole := WHOLE.fullmatch(value):
            name = whole[1] or whole[2]
            return self.params.get(name, value) if name else value
        return PART.sub(lambda part: self._part(part[0], part[1] or ""), value)

    def _part(self, written: str, name: str) -> str:
        if name not in self.params:
            return written
        value = self.params[name]
        if isinstance(value, str):
            whole = WHOLE.fullmatch(value)
            return f"${{{whole[1] or whole[2]}}}" if whole and (whole[1] or whole[2]) else value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return repr(value)
        raise Refusal(("nodes", self.name), f"node '{self.name}': '{name}' within a text must be text or a number")


def _has_param(value: Tree) -> bool:
    if isinstance(value, list):
        return any(_has_param(item) for item in value)
    return isinstance(value, str) and "$" in value


def _value_of(tree: Tree, text: str) -> Tree:
    """What a text stands for: itself, or the default of the param that it is."""
    names = params_in(text)
    path = default_path(tree, names[0]) if names and WHOLE.fullmatch(text) else None
    if path is None:
        return text
    found = tree
    for step in path:
        found = found[step]
    return found
