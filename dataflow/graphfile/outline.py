"""The outline of a graph file: what is in it in its order, spelled as it is written there, also where it is wrong.

Pictures and editors show a file by it: paragraphs with the comments above them, nodes with what stands on their ports,
and for each port the value in the loaded graph that flows there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dataflow.core.errors import DataflowError
from dataflow.core.ports import In
from dataflow.core.registry import blocks
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.spelling import Spelling, headings
from dataflow.graphfile.subgraphs import is_path
from dataflow.graphfile.tree import BROKEN, Value
from dataflow.graphfile.wires import FileScope, Wires


@dataclass(frozen=True, slots=True)
class Operand:
    """What stands on an input port, or on one place of a port that takes a list: ``values[2]``."""

    port: str
    text: str = ""  # as written, such as "$keep" or "norm.mean"; "" where nothing is
    source: str = ""  # the node or input of the file that it names, "" of numbers
    output: str = ""  # the output of it
    value_of: str = ""  # the port of the graph whose value that is; "" where it is not known
    optional: bool = False
    asked: bool = False  # nothing is, and it must be a value that is known before the run


@dataclass(frozen=True, slots=True)
class Setting:
    """An attr that is written."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of a file, an input or an output; the latter have no block.

    outputs : by output port, the port of the graph whose value it is; "" where that is not known.
    """

    name: str
    block: str = ""  # the name of the block, or the path of a graph file; of an input its type as written
    uses_file: bool = False
    operands: Sequence[Operand] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    settings: Sequence[Setting] = ()
    doc: str = ""
    line: int = 0
    wrong: bool = False  # it has a problem, or what it depends on has


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Nodes that stand together below a comment; without one the title is empty."""

    title: str
    nodes: Sequence[str]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Outline:
    """A graph file as it is written."""

    name: str = ""
    doc: str = ""
    inputs: Mapping[str, Entry] = field(default_factory=dict)
    nodes: Mapping[str, Entry] = field(default_factory=dict)
    outputs: Mapping[str, Entry] = field(default_factory=dict)
    paragraphs: Sequence[Paragraph] = ()


def outline(context: LoadContext, scope: str = "") -> Outline:
    """The outline of the loaded file, or of the graph file that the node ``scope`` of the loaded graph uses.

    Raises DataflowError where no node of that name uses a graph file; of a file that cannot be read it is empty.
    """
    prefix = f"{scope}/" if scope else ""
    if prefix not in context.scopes:
        if scope:
            raise DataflowError(f"scope '{scope}': must be a node whose block is a graph file, got no such node")
        return Outline()
    return _Reader(context, context.scopes[prefix]).outline()


class _Reader:
    """Makes the outline of one use of a file."""

    def __init__(self, context: LoadContext, scope: FileScope):
        self.context, self.scope, self.definition = context, scope, scope.definition
        self.spelling = Spelling(scope.document)

    def outline(self) -> Outline:
        definition = self.definition
        inputs = {name: self.input(name, value) for name, value in definition.inputs.data.items()}
        nodes = {name: self.node(name, value) for name, value in definition.nodes.data.items() if name not in inputs}
        outputs = {name: self.output(name, value) for name, value in definition.outputs.data.items()}
        places = {name: place for name, place in definition.nodes.keys.items() if name in nodes}
        paragraphs = [
            Paragraph(title, names, line) for title, names, line in headings(self.scope.document.lines, places)
        ]
        name = definition.name or self.scope.file.real.stem
        return Outline(name, definition.doc, inputs, nodes, outputs, paragraphs)

    def input(self, name: str, value: Value) -> Entry:
        whole = isinstance(value.data, dict)
        dtype, shape, doc = (value.data.get(key) for key in ("dtype", "shape", "doc")) if whole else (None, None, None)
        type_ = self.spelling.text(("inputs", name), value)
        if whole:
            type_ = "".join(
                self.spelling.text(("inputs", name, key), part)
                for key, part in (("dtype", dtype), ("shape", shape))
                if part is not None
            )
        told = doc.data if doc is not None and isinstance(doc.data, str) else ""
        wires = self.scope.wires.get(name, BROKEN)
        line = self.definition.inputs.keys[name][0]
        return Entry(
            name,
            type_,
            outputs=_values(wires, ["output"] if wires is BROKEN else []),
            doc=told,
            line=line,
            wrong=wires is BROKEN,
        )

    def output(self, name: str, value: Value) -> Entry:
        operand = self.operand(("outputs", name), "value", value)
        wrong = not operand.value_of
        return Entry(name, operands=[operand], line=self.definition.outputs.keys[name][0], wrong=wrong)

    def node(self, name: str, value: Value) -> Entry:
        line, wires = self.definition.nodes.keys[name][0], self.scope.wires.get(name, BROKEN)
        if not isinstance(value.data, dict):
            return Entry(name, line=line, wrong=True)
        parts = value.data
        block = self.resolved(parts.get("block"))
        uses_file = is_path(block)
        ins, outs = self.ports(name, block)
        attrs, doc = parts.get("attrs"), parts.get("doc")
        settings = [
            Setting(key, self.spelling.text(("nodes", name, "attrs", key), each))
            for key, each in (attrs.data.items() if attrs is not None and isinstance(attrs.data, dict) else ())
        ]
        told = doc.data if doc is not None and isinstance(doc.data, str) else ""
        operands = self.operands(name, parts.get("inputs"), ins)
        return Entry(name, block, uses_file, operands, _values(wires, outs), settings, told, line, wires is BROKEN)

    def ports(self, name: str, block: str) -> tuple[Mapping[str, In], Sequence[str]]:
        """The ports of the block or graph file that a node uses; of one that is not known none."""
        if block in blocks:
            return blocks[block].signature.inputs, [*blocks[block].signature.outputs]
        inner = self.context.scopes.get(f"{self.scope.prefix}{name}/")
        if inner is None:
            return {}, []
        return {port: In("T") for port in inner.definition.inputs.data}, [*inner.definition.outputs.data]

    def operands(self, node: str, inputs: Value | None, ports: Mapping[str, In]) -> list[Operand]:
        """What is on the ports in their order, then on those that the block does not have."""
        given: dict[str, tuple[str | int, Value]] = {}
        if inputs is not None and isinstance(inputs.data, dict):
            given = {port: (port, value) for port, value in inputs.data.items()}
        elif inputs is not None and isinstance(inputs.data, list):
            names = [*ports, *map(str, range(len(ports), len(inputs.data)))]
            given = {name: (i, value) for i, (name, value) in enumerate(zip(names, inputs.data, strict=False))}
        found = []
        for port in dict.fromkeys([*ports, *given]):
            optional = port in ports and ports[port].optional
            if port not in given:
                found.append(Operand(port, optional=optional, asked=ports[port].static and not optional))
                continue
            key, value = given[port]
            path = ("nodes", node, "inputs", key)
            if port in ports and ports[port].many and isinstance(value.data, list) and value.data:
                found += [self.operand((*path, i), f"{port}[{i}]", each) for i, each in enumerate(value.data)]
            else:
                found.append(self.operand(path, port, value, optional))
        return found

    def operand(self, path: tuple[str | int, ...], port: str, value: Value, optional: bool = False) -> Operand:
        text = self.spelling.text(path, value)
        name, _, output = self.resolved(value).partition(".")
        if not name:
            return Operand(port, text, optional=optional)
        wires = self.scope.wires.get(name, BROKEN)
        if wires is not BROKEN:
            output = output or next(iter(wires), "")
            return Operand(port, text, name, output, _values(wires, [output])[output], optional)
        return Operand(port, text, name, output or self.first_output(name), "", optional)

    def first_output(self, name: str) -> str:
        """The first output of a node that is wrong."""
        value = self.definition.nodes.data.get(name)
        parts = value.data if value is not None and isinstance(value.data, dict) else {}
        return next(iter(self.ports(name, self.resolved(parts.get("block")))[1]), "")

    def resolved(self, value: Value | None) -> str:
        """A text with parameters put in; nothing where it is no text."""
        if value is None:
            return ""
        data = value.data
        if isinstance(data, str) and "$" in data:
            data = self.scope.substitution.resolve(value, "").data
        return data if isinstance(data, str) else ""


def _values(wires: Wires, ports: Sequence[str]) -> dict[str, str]:
    """The port of the graph behind each output of a node or input; of one that is wrong nothing for its ports."""
    if wires is BROKEN:
        return dict.fromkeys(ports, "")
    return {port: f"{ref.node}.{ref.port}" for port, ref in wires.items()} | {p: "" for p in ports if p not in wires}
