"""The `document` event: the text, what it says, what is wrong with it, and the picture of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node, Ref
from dataflow.graphfile.emit import flow
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.params import Substitution, alone
from dataflow.graphfile.subgraphs import is_path
from dataflow.graphfile.tree import BROKEN, Value
from dataflow.inspection.data import jsonable
from dataflow.studio.desk import Desk
from dataflow.studio.grid import grid
from dataflow.studio.problems import placed

Plain = dict[str, object]


def document(desk: Desk) -> Plain:
    """All that a page must know of the open document; see protocol.ts."""
    context = desk.context
    model = _Model(desk, context.top()[1])
    nodes = {name: model.node(name, value) for name, value in model.file.nodes.data.items()}
    problems = [placed(problem, desk, model.file) for problem in context.problems()]
    return {
        "path": desk.path,
        "name": context.graph.name,
        "doc": context.graph.doc,
        "version": desk.version,
        "saved": desk.saved,
        "undo": desk.undo_title,
        "redo": desk.redo_title,
        "readonly": desk.readonly,
        "text": desk.editor.text,
        "view": desk.view.plain(),
        "trail": [{"title": context.graph.name, "path": desk.path, "scope": ""}],
        "scene": grid(nodes, {str(problem["node"]) for problem in problems}),
        "nodes": nodes,
        "inputs": model.inputs(),
        "outputs": model.outputs(),
        "params": model.params(),
        "sections": {name: jsonable_tree(value) for name, value in context.graph.sections.items()},
        "splits": {},
        "problems": problems,
    }


class _Model:
    """Nodes, inputs and outputs of a file as its text has them, and as the graph does."""

    def __init__(self, desk: Desk, file: GraphFile):
        self.desk, self.file = desk, file
        self.graph: Graph = desk.context.graph
        self.wires = desk.context.wires
        self.substitution = Substitution(file.document.within("\0"), desk.context.values)
        self.readers: dict[str, list[str]] = {}
        for name in file.nodes.data:
            for _, value in self._operands(name):
                if isinstance(value.data, str):
                    self.readers.setdefault(value.data.partition(".")[0], []).append(name)

    def node(self, name: str, value: Value) -> Plain:
        """A node as the inspector shows it."""
        entries = value.data if isinstance(value.data, dict) else {}
        block = self._text(entries.get("block"))
        node = self.graph.nodes.get(name)
        return {
            "name": name,
            "block": block,
            "file": self._file(block),
            "doc": self._text(entries.get("doc")),
            "line": self.file.nodes.keys[name][0],
            "attrs": self._attrs(entries.get("attrs"), block, node),
            "inputs": {port: self._input(item) for port, item in self._operands(name)},
            "outputs": self._outputs(name, block, node),
            "range": None if node is None or node.range is None else jsonable(list(node.range)),
        }

    def inputs(self) -> Plain:
        """The inputs of the graph."""
        result: Plain = {}
        for name in self.file.inputs.data:
            node = self.graph.nodes.get(name)
            result[name] = {
                "type": "" if node is None else str(next(iter(node.types.values()))),
                "doc": "" if node is None else node.doc,
                "line": self.file.inputs.keys[name][0],
            }
        return result

    def outputs(self) -> Plain:
        """The outputs of the graph."""
        return {
            name: {"wire": str(value.plain()), "line": self.file.outputs.keys[name][0]}
            for name, value in self.file.outputs.data.items()
        }

    def params(self) -> Plain:
        """The parameters of the file."""
        return {
            name: {
                "type": param.attr.kind if param.attr is not None else type(param.default).__name__,
                "value": _shown(self.desk.context.values.get(name, BROKEN)),
                "default": _shown(param.default),
                "doc": param.doc,
                "line": param.place[0],
            }
            for name, param in self.file.params.items()
        }

    def _file(self, block: str) -> str:
        if not is_path(block):
            return ""
        try:
            return self.desk.project.shown(self.desk.context.top()[0].find(block))
        except ValueError:
            return ""

    def _attrs(self, given: Value | None, block: str, node: Node | None) -> Plain:
        written = given.data if given is not None and isinstance(given.data, dict) else {}
        known = list(blocks[block].signature.attrs) if block in blocks else []
        values = {} if node is None else node.block.attrs()
        defaults = (
            {a.name: a.default for a in blocks[block].signature.attrs.values() if not a.required} if known else {}
        )
        result: Plain = {}
        for name in dict.fromkeys([*known, *written]):
            one = self._written(written.get(name))
            if name in values or name not in written:
                one["value"] = jsonable(values.get(name, defaults.get(name)))
            result[name] = one
        return result

    def _input(self, value: Value) -> Plain:
        ref = self._ref(value)
        type_ = "" if ref is None else str(ref.type)
        return {**self._written(value), "type": type_, "value_of": "" if ref is None else f"{ref.node}.{ref.port}"}

    def _outputs(self, name: str, block: str, node: Node | None) -> Plain:
        wires = self.wires.get(name)
        found: Mapping[str, Ref] = wires if isinstance(wires, Mapping) else {}
        ports = list(found) or (list(blocks[block].signature.outputs) if block in blocks else [])
        result: Plain = {}
        for port in ports:
            ref = found.get(port)
            result[port] = {
                "type": "" if ref is None else str(ref.type),
                "value_of": "" if ref is None else f"{ref.node}.{ref.port}",
                "readers": self.readers.get(name, []),
            }
        return result

    def _written(self, value: Value | None) -> Plain:
        if value is None:
            return {"written": "", "value": None, "param": ""}
        resolved = self.substitution.resolve(value, "")
        return {"written": flow(value.plain()), "value": _shown(_plain(resolved)), "param": alone(value)}

    def _ref(self, value: Value) -> Ref | None:
        """The wire that a text on an input names."""
        name = self.substitution.resolve(value, "").data
        if not isinstance(name, str):
            return None
        node, dot, port = name.partition(".")
        wires = self.wires.get(node)
        if not isinstance(wires, Mapping) or not wires:
            return None
        return wires.get(port) if dot else next(iter(wires.values()))

    def _operands(self, name: str) -> Iterator[tuple[str, Value]]:
        """What stands on the inputs of a node, by port; items of lists as ``port[0]``."""
        entry = self.file.nodes.data[name]
        entries = entry.data if isinstance(entry.data, dict) else {}
        given, block = entries.get("inputs"), self._text(entries.get("block"))
        if given is None:
            return
        ports = dict(blocks[block].signature.inputs) if block in blocks else {}
        if isinstance(given.data, list):
            listed = dict(zip(ports, given.data, strict=False))
        else:
            listed = given.data if isinstance(given.data, dict) else {}
        for port, value in listed.items():
            if isinstance(value.data, list) and port in ports and ports[port].many:
                yield from ((f"{port}[{i}]", item) for i, item in enumerate(value.data))
            else:
                yield port, value

    def _text(self, value: Value | None) -> str:
        found = None if value is None else self.substitution.resolve(value, "").data
        return found if isinstance(found, str) else ""


def _plain(value: Value) -> Any:
    return BROKEN if value.data is BROKEN else value.plain()


def _shown(value: object) -> object:
    return None if value is BROKEN else jsonable_tree(value)


def jsonable_tree(value: object) -> object:
    """Plain data for JSON."""
    if isinstance(value, Mapping):
        return {str(key): jsonable_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable_tree(item) for item in value]
    return jsonable(value)
