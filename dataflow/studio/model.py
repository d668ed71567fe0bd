"""The nodes, inputs and parameters of the shown file as the inspector has them: as written, and what that comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dataflow.core.attrs import attr
from dataflow.core.ports import Literal
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.graphfile.outline import Entry, Operand, Outline
from dataflow.graphfile.params import Param, Substitution, alone
from dataflow.graphfile.tree import BROKEN, Document, Value
from dataflow.graphfile.wires import FileScope
from dataflow.inspection.data import attr_data, jsonable
from dataflow.studio.catalogue import attr_info
from dataflow.studio.masks import Masks
from dataflow.studio.project import Project

Plain = dict[str, object]
_LIKE = {bool: "bool", int: "float", float: "float", str: "str"}  # what a param takes whose default is such a value


class Model:
    """What an outline shows, with the values of its graph.

    scope : the use of a file whose outline it is; None of a graph that is no file's, such as a training step.
    """

    def __init__(self, outline: Outline, graph: Graph, scope: FileScope | None, project: Project):
        self.outline, self.graph, self.scope, self.project = outline, graph, scope, project
        self.prefix = scope.prefix if scope is not None else ""
        self.masks = None if scope is None else Masks(scope)
        self.substitution = None if scope is None else _apart(scope)
        self.readers: dict[tuple[str, str], list[str]] = {}
        for name, entry in [*outline.nodes.items(), *((f"output:{n}", e) for n, e in outline.outputs.items())]:
            for operand in entry.operands:
                if operand.source:
                    self.readers.setdefault((operand.source, operand.output), []).append(name)

    def node(self, entry: Entry) -> Plain:
        """A node; see NodeModel of web/src/protocol."""
        node = self.graph.nodes.get(self.prefix + entry.name)
        return {
            "name": entry.name,
            "block": entry.block,
            "file": self._file(entry),
            "doc": entry.doc,
            "line": entry.line,
            "attrs": self._attrs(entry),
            "inputs": {operand.port: self._input(entry, operand) for operand in entry.operands},
            "outputs": {
                port: {"type": self.type(value), "value_of": value, "readers": self.readers.get((entry.name, port), [])}
                for port, value in entry.outputs.items()
            },
            "range": None if node is None or node.range is None else list(node.range),
        }

    def inputs(self) -> Plain:
        """The inputs of the file."""
        return {
            name: {"type": self.type(next(iter(entry.outputs.values()), "")) or entry.block, "doc": entry.doc,
                   "line": entry.line}
            for name, entry in self.outline.inputs.items()
        }  # fmt: skip

    def outputs(self) -> Plain:
        """The outputs of the file."""
        return {
            name: {"wire": entry.operands[0].text, "line": entry.line} for name, entry in self.outline.outputs.items()
        }

    def params(self) -> Plain:
        """The parameters of the file, with their values in this use of it."""
        if self.scope is None or self.masks is None:
            return {}
        found: Plain = {}
        for name, param in self.scope.definition.params.items():
            value = self.scope.substitution.values.get(name, BROKEN)
            masked = Value(f"${name}", param.place)
            found[name] = {
                "type": param.attr.kind if param.attr is not None else "" if param.required else _kind(param.default),
                "value": self.masks.shown(masked, _plain(value)),
                "default": self.masks.shown(masked, _plain(param.default)),
                "required": param.required,
                "doc": param.doc,
                "line": param.place[0],
            }
        return found

    def sections(self) -> Plain:
        """The sections of the graph, parameters put in."""
        written = {} if self.scope is None else self.scope.definition.sections
        return {name: self._masked(written.get(name), _plain(section)) for name, section in self.graph.sections.items()}

    def written_sections(self) -> Plain:
        """The sections as the file has them."""
        return {} if self.scope is None else {k: v.plain() for k, v in self.scope.definition.sections.items()}

    def type(self, value_of: str) -> str:
        """The type of a port of the graph; nothing where it is not known."""
        name, _, port = value_of.rpartition(".")
        node = self.graph.nodes.get(name)
        return "" if node is None or port not in node.types else str(node.types[port])

    def _file(self, entry: Entry) -> str:
        inner = self._inner(entry)
        return "" if inner is None else self.project.shown(inner.file.real)

    def _attrs(self, entry: Entry) -> Plain:
        """Every attr that the block or file has, then those that are written all the same."""
        inner = self._inner(entry)
        params = {} if inner is None else inner.definition.params
        texts = {setting.name: setting.text for setting in entry.settings}
        values = self._values(entry, inner)
        return {
            name: self._written(self._tree(entry, "attrs", name), texts.get(name, ""), values.get(name))
            | ({"info": self._info(params[name])} if name in params else {})
            for name in dict.fromkeys([*values, *texts])
        }

    def _inner(self, entry: Entry) -> FileScope | None:
        """The use of a file that a node is."""
        if not entry.uses_file or self.scope is None:
            return None
        return self.scope.context.scopes.get(f"{self.prefix}{entry.name}/")

    def _info(self, param: Param) -> Plain | None:
        """A param of a file that is used, as an attr of a block is told; None where its values may be of any kind."""
        kind = _LIKE.get(type(param.default), "")
        declared = param.attr or (attr(param.doc).named(param.name, kind) if kind else None)
        if declared is None:
            return None
        default = None if param.required else self._masked(None, _plain(param.default))
        told = {"name": param.name, "required": param.required, "default": default, "doc": param.doc}
        return attr_info(attr_data(declared) | told)

    def _values(self, entry: Entry, inner: FileScope | None) -> Mapping[str, object]:
        """The values of attrs: of a node that is right those that it has, of another the defaults."""
        node = self.graph.nodes.get(self.prefix + entry.name)
        if node is not None:
            return {name: getattr(node.block, name) for name in node.block.signature.attrs}
        if entry.block in blocks:
            known = blocks[entry.block].signature.attrs
            return {attr.name: None if attr.required else attr.default for attr in known.values()}
        if inner is None:
            return {}
        return {name: inner.substitution.values.get(name) for name in inner.definition.params}

    def _input(self, entry: Entry, operand: Operand) -> Plain:
        port, bracket, at = operand.port.partition("[")
        value = self._tree(entry, "inputs", port, int(at.rstrip("]")) if bracket else None)
        node = self.graph.nodes.get(self.prefix + entry.name)
        held = None if node is None or bracket else node.inputs.get(port)
        literal = held.value if isinstance(held, Literal) else None
        return {
            **self._written(value, operand.text, literal),
            "type": self.type(operand.value_of),
            "value_of": operand.value_of,
        }

    def _written(self, value: Value | None, text: str, known: object) -> Plain:
        """A value as the file has it; ``known`` is what the graph has, which comes first."""
        if known is None and value is not None and self.substitution is not None:
            found = self.substitution.resolve(value, "")
            known = None if found.data is BROKEN else found.plain()
        return {"written": text, "value": self._masked(value, _plain(known)), "param": alone(value)}

    def _masked(self, written: Value | None, value: object) -> object:
        return value if self.masks is None else self.masks.shown(written, value)

    def _tree(self, entry: Entry, part: str, name: str, item: int | None = None) -> Value | None:
        """What is written at an attr or input of a node; of inputs in a list by their order."""
        if self.scope is None:
            return None
        node = self.scope.definition.nodes.data[entry.name]
        held = node.data.get(part) if isinstance(node.data, dict) else None
        if held is not None and isinstance(held.data, list):
            ports = [operand.port.partition("[")[0] for operand in entry.operands]
            index = list(dict.fromkeys(ports)).index(name)
            found = held.data[index] if index < len(held.data) else None
        else:
            found = held.data.get(name) if held is not None and isinstance(held.data, dict) else None
        if item is not None and found is not None:
            return found.data[item] if isinstance(found.data, list) and item < len(found.data) else None
        return found


def _apart(scope: FileScope) -> Substitution:
    """What puts parameters in as in this use of a file, without reporting again what is wrong with them."""
    document: Document = replace(scope.document, problems={})
    return Substitution(document, scope.substitution.values)


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if value is BROKEN:
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return jsonable(value)


def _kind(value: object) -> str:
    return "" if value is BROKEN or value is None else type(value).__name__
