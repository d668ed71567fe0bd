"""A file's nodes -> a graph. Every node is checked, also where another is wrong; what depends on a wrong one is not
reported again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dataflow.block import Block
from dataflow.errors import BlockError, DataflowError, GraphFileError, Problem, listing, nearest
from dataflow.graph import NAME, Graph, Ref
from dataflow.graphfile.arrays import Arrays
from dataflow.graphfile.definition import Definition, define, known_keys, mapping, short_type, text
from dataflow.graphfile.document import Document, Place, Value, cropped
from dataflow.graphfile.files import confined, project_of, read_document
from dataflow.graphfile.order import order
from dataflow.graphfile.params import BROKEN, Substitution
from dataflow.graphfile.sections import read_data, read_train
from dataflow.registry import blocks
from dataflow.signature import In, Literal

_HINTS = 50_000  # names compared for "did you mean" in one load
_PORT = re.compile(r"\b(input|attr)s? '([^']+)'")
NODE_KEYS = ("block", "inputs", "attrs", "doc")
Wires = Mapping[str, Ref]  # the outputs of a node by name, the first one first


def load(path: str | os.PathLike[str], /, **params: Any) -> Graph:
    """The graph of a file, with its parameters set and its sub-graphs written out.

    Raises GraphFileError that lists every problem with its line and column.

    >>> import dataflow as flow
    >>> graph = flow.load("graphs/line.yaml", slope=2.0)  # doctest: +SKIP
    """
    loading = Loading(path)
    graph = loading.top(params)
    if problems := loading.problems():
        raise GraphFileError(problems)
    return graph


def check(path: str | os.PathLike[str], /, **params: Any) -> list[Problem]:
    """Every problem of a file, in its order; none for a file that `load` takes."""
    loading = Loading(path)
    loading.top(params)
    return sorted(loading.problems())


class Loading:
    """One call of `load`: the graph that grows, and the files read on the way."""

    def __init__(self, path: str | os.PathLike[str]):
        self.shown = os.fspath(path)
        real = Path(os.path.realpath(self.shown)) if "\0" not in self.shown else Path(self.shown)
        self.real = real
        self.project = project_of(real.parent)
        self.graph = Graph()
        self.arrays = Arrays()
        self.definitions: dict[Path, Definition] = {}
        self.included = 0  # nodes that sub-graphs have added
        self.hints = _HINTS

    def definition(self, real: Path, shown: str) -> Definition:
        """A file, read once however often it is used."""
        if real not in self.definitions:
            self.definitions[real] = define(read_document(real, shown))
        return self.definitions[real]

    def top(self, given: Mapping[str, Any]) -> Graph:
        """The graph of the file itself; what is wrong is in `problems`."""
        definition = self.definition(self.real, self.shown)
        if definition.broken:
            return self.graph
        self.graph.name = definition.name or self.real.stem
        self.graph.doc = definition.doc
        reader = Reader(self, definition, self.real, "", _given(definition, given))
        for name, wires in reader.inputs().items():
            reader.wires[name] = wires
        for name, ref in reader.build().items():
            self.graph.output(name, ref)
        reader.sections()
        return self.graph

    def problems(self) -> list[Problem]:
        return [p for d in self.definitions.values() for p in d.document.problems.values()]

    def nearest(self, name: str, known: Any) -> str:
        """A suggestion, while there is time for it: a file of nothing but mistakes must not take minutes."""
        known = list(known)
        if len(name) > 60 or self.hints < 0:
            return ""
        self.hints -= len(known)
        return nearest(name, known)


def _given(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each parameter for a caller in Python; BROKEN where it is wrong or missing."""
    values: dict[str, Any] = {}
    report, params = definition.document.report, definition.params
    for name in given:
        if name not in params:
            hint = nearest(name, params) or (f"it has {listing(params, 'and')}" if params else "it has none")
            report(definition.place, f"the graph has no param '{cropped(name)}'", hint)
    for name, param in params.items():
        try:
            values[name] = param.parse(given[name]) if name in given else param.default
        except ValueError as error:
            values[name] = BROKEN
            report(param.place, f"param '{name}' {error}")
        if param.required and name not in given:
            report(param.place, f"param '{name}' has no default and must be given, got nothing")
    return values


@dataclass(eq=False)
class Draft:
    """A node as the file has it, with parameters put in; ``ok`` until something in it is wrong."""

    name: str
    who: str
    place: Place
    block: Value | None = None
    inputs: Value = field(default_factory=lambda: Value({}, Place(1, 1)))
    attrs: Value = field(default_factory=lambda: Value({}, Place(1, 1)))
    doc: str = ""
    ok: bool = True

    def wires(self) -> Iterator[Value]:
        """Every text on an input."""
        for value in self.inputs.data.values():
            for item in value.data if isinstance(value.data, list) else (value,):
                if isinstance(item.data, str):
                    yield item


class Reader:
    """One use of a file: the graph itself, or a sub-graph, whose node names get a prefix."""

    def __init__(self, loading: Loading, definition: Definition, real: Path, prefix: str, params: Mapping[str, Any]):
        self.loading, self.definition, self.real, self.prefix = loading, definition, real, prefix
        self.graph = loading.graph
        self.document: Document = definition.document.within(prefix) if prefix else definition.document
        self.substitution = Substitution(self.document, params)
        self.wires: dict[str, Wires | None] = {}  # None: reported already
        self.chain: tuple[Path, ...] = (real,)  # the files from the top one to this one

    def report(self, draft: Draft, place: Place, message: str, hint: str = "") -> None:
        draft.ok = False
        self.document.report(place, message, hint)

    # -- inputs and outputs -------------------------------------------------------------------------------------

    def input_type(self, name: str, value: Value) -> dict[str, Any] | None:
        """The dtype and shape of a graph input, and its doc; None where they are wrong."""
        who = f"input '{self.prefix}{name}'"
        value = self.substitution.resolve(value, who)
        report = self.document.report
        found: dict[str, Any] = {"doc": ""}
        if value.data is BROKEN:
            return None
        if isinstance(value.data, str):
            try:
                written = short_type(value.data)
            except ValueError as error:
                return report(value.place, f"{who}: {error}")
            entries = {key: Value(v, value.place) for key, v in written.items()}
        elif isinstance(value.data, dict):
            known_keys(self.document, value, ("dtype", "shape", "doc"), who)
            entries = value.data
            found["doc"] = text(self.document, entries.get("doc"), f"{who}: 'doc'")
        else:
            return report(value.place, f"{who} must be a type such as float32[N, 64], got {value.kind}")
        if "dtype" not in entries:
            return report(value.place, f"{who}: 'dtype' must be given, got nothing")
        for key, attr in blocks["Placeholder"].signature.attrs.items():
            entry = entries.get(key, Value(None, value.place))
            if entry.data is BROKEN:
                return None
            try:
                found[key] = attr.parse(entry.plain())
            except ValueError as error:
                return report(entry.place, f"{who}: {key} {error}")
        return found

    def inputs(self) -> dict[str, Wires | None]:
        """A Placeholder for each graph input."""
        result: dict[str, Wires | None] = {}
        section = self.definition.inputs
        for name, value in section.data.items():
            type_ = self.input_type(name, value)
            result[name] = None
            if not NAME.fullmatch(name):
                self._misnamed("input", name, section.keys[name])
            elif type_ is not None:
                ref = self.graph.input(name, type_["dtype"], type_["shape"], type_["doc"])
                result[name] = {ref.port: ref}
        return result

    def outputs(self) -> dict[str, Ref]:
        """The wires that the file gives names as outputs; those that were reported are left out."""
        result = {}
        section = self.definition.outputs
        for name, value in section.data.items():
            who = f"output '{cropped(name)}'"
            value = self.substitution.resolve(value, who)
            if isinstance(value.data, str):
                ref = self.wire(value, who)
                if isinstance(ref, Ref):
                    result[name] = ref
            elif value.data is not BROKEN:
                self.document.report(value.place, f"{who} must be a wire, got {value.kind}")
        return result

    # -- nodes --------------------------------------------------------------------------------------------------

    def build(self) -> dict[str, Ref]:
        """Adds the nodes and gives the outputs by name."""
        section = self.definition.nodes
        drafts = {name: self.draft(name, value) for name, value in section.data.items()}
        for name, draft in drafts.items():
            if name in self.definition.inputs.data:
                self.report(draft, draft.place, f"{draft.who}: a graph input has this name too; rename one of them")
        sources = {name: [source_of(w.data) for w in draft.wires()] for name, draft in drafts.items()}
        names, cycles = order({name: [s for s in needed if s in drafts] for name, needed in sources.items()})
        for cycle in cycles:
            self._report_cycle(cycle, drafts)
        self.wires |= {name: None for name in drafts if name not in self.wires}
        for name in names:
            wires = self.add(drafts[name])
            if name not in self.definition.inputs.data:
                self.wires[name] = wires
        return self.outputs()

    def draft(self, name: str, value: Value) -> Draft:
        place = self.definition.nodes.keys[name]
        draft = Draft(name, f"node '{cropped(self.prefix + name)}'", place)
        if not NAME.fullmatch(name):
            self._misnamed("node", name, place)
            draft.ok = False
        if not isinstance(value.data, dict):
            self.report(draft, value.place, f"{draft.who} must be a mapping with 'block', got {value.kind}")
            return draft
        known_keys(self.document, value, NODE_KEYS, draft.who)
        entries = value.data
        resolved = {k: self.substitution.resolve(entries[k], draft.who) for k in NODE_KEYS[:3] if k in entries}
        draft.block = resolved.get("block")
        if draft.block is None:
            self.report(draft, place, f"{draft.who}: 'block' must be given, got nothing")
        elif not isinstance(draft.block.data, str):
            if draft.block.data is not BROKEN:
                self.report(draft, draft.block.place, f"{draft.who}: 'block' must be text, got {draft.block.kind}")
            draft.block, draft.ok = None, False
        draft.inputs = mapping(self.document, resolved.get("inputs"), f"{draft.who}: 'inputs' must map ports to wires")
        draft.attrs = mapping(self.document, resolved.get("attrs"), f"{draft.who}: 'attrs' must map names to values")
        draft.doc = text(self.document, entries.get("doc"), f"{draft.who}: 'doc'")
        return draft

    def _misnamed(self, what: str, name: str, place: Place) -> None:
        better = re.sub(r"[^A-Za-z0-9_]+", "_", name[:60]).strip("_")
        hint = f"write '{better}'" if NAME.fullmatch(better) else ""
        wanted = "names must be letters, digits and _, starting with a letter"
        self.document.report(place, f"{what} '{cropped(self.prefix + name)}': {wanted}", hint)

    def _report_cycle(self, cycle: list[str], drafts: Mapping[str, Draft]) -> None:
        first = drafts[cycle[0]]
        back = next((w.place for w in first.wires() if source_of(w.data) == cycle[-1]), first.place)
        names = [self.prefix + name for name in (*cycle, cycle[0])]
        if len(names) > 50:
            names[25:-25] = [f"... {len(names) - 50} more ..."]
        self.report(first, back, f"cycle: {' -> '.join(names)}")

    def add(self, draft: Draft) -> Wires | None:
        """Adds a node, or the nodes of a sub-graph; None where something is wrong."""
        from dataflow.graphfile.include import add_subgraph, is_path

        if draft.block is None:
            self.operands(draft, {})
            return None
        name = draft.block.data
        if is_path(name):
            return add_subgraph(self, draft)
        if name not in blocks:
            self._no_block(draft, name)
            self.operands(draft, {})
            return None
        block = self.block(draft, blocks[name])
        ports = blocks[name].signature.inputs
        self.check_ports(draft, ports, f"{blocks[name].__name__}")
        operands = self.operands(draft, ports)
        if block is None or not draft.ok or any(o is BROKEN for o in operands.values()):
            return None
        return self.append(draft, block, [operands.get(p) for p in ports])

    def append(self, draft: Draft, block: Block, operands: list[Any]) -> Wires | None:
        """Type-checks a node and adds it to the graph."""
        full = self.prefix + draft.name
        try:
            self.graph.add(block, operands, name=full, doc=draft.doc)
        except DataflowError as error:
            message = str(error)
        except Exception as error:
            message = f"{draft.who} ({type(block).__name__}): {type(error).__name__}: {error}"
        else:
            return {port: Ref(self.graph, full, port) for port in self.graph.nodes[full].types}
        self.report(draft, self._blamed(draft, message), message)
        return None

    def _blamed(self, draft: Draft, message: str) -> Place:
        """Where to point: at the value of the port or attr that a message names, else at the block."""
        if found := _PORT.search(message.partition(": ")[2]):
            value = (draft.inputs if found[1] == "input" else draft.attrs).data.get(found[2])
            if value is not None:
                return value.place
        return draft.block.place if draft.block else draft.place

    def _no_block(self, draft: Draft, name: str) -> None:
        assert draft.block is not None
        if name.endswith((".yaml", ".yml")):
            hint = f"write './{cropped(name)}' to use another graph"
        else:
            hint = self.loading.nearest(name, blocks.names()) or "`dataflow blocks` lists them all"
        self.report(draft, draft.block.place, f"{draft.who}: no block '{cropped(name)}'", hint)

    # -- attrs and ports ----------------------------------------------------------------------------------------

    def block(self, draft: Draft, kind: type[Block]) -> Block | None:
        """The block with its attrs; None where they are wrong."""
        known, who = kind.signature.attrs, f"{draft.who} ({kind.__name__})"
        attrs: dict[str, Any] = {}
        for name, value in draft.attrs.data.items():
            if name not in known:
                hint = self.loading.nearest(name, known)
                if name in kind.signature.inputs:
                    hint = "it is an input; write it under 'inputs'"
                hint = hint or (f"it has {listing(known, 'and')}" if known else "it has none")
                self.report(draft, draft.attrs.keys[name], f"{draft.who}: {kind.__name__} has no attr '{cropped(name)}'", hint)
                continue
            plain = self.value(draft, f"{who}: attr '{name}'", value, array=known[name].kind == "Tensor")
            if plain is BROKEN:
                draft.ok = False
                continue
            try:
                known[name].parse(plain)
                attrs[name] = plain
            except ValueError as error:
                self.report(draft, value.place, f"{who}: attr '{name}' {error}")
        for name, attr in known.items():
            if attr.required and name not in draft.attrs.data:
                self.report(draft, draft.place, f"{who}: attr '{name}' must be given", attr.doc)
        if not draft.ok:
            return None
        try:
            return kind(**attrs)
        except BlockError as error:
            message = who + str(error).removeprefix(kind.__name__)
            self.report(draft, self._blamed(draft, message), message)
            return None

    def value(self, draft: Draft, who: str, value: Value, array: bool) -> Any:
        """The plain value of an attr or literal; a mapping is an array in a file, where one may stand."""
        if not isinstance(value.data, dict):
            return value.data if value.data is BROKEN else value.plain()
        if not array:
            self.report(draft, value.place, f"{who} must be a plain value, got a mapping")
            return BROKEN
        known_keys(self.document, value, ("path", "array"), who)
        path, name = (value.data.get(key) for key in ("path", "array"))
        if path is None or not isinstance(path.data, str) or (name is not None and not isinstance(name.data, str)):
            broken = any(v is not None and v.data is BROKEN for v in (path, name))
            if not broken:
                self.report(draft, value.place, f"{who} must be {{path: file.npz, array: name}}, got {value.kind}")
            return BROKEN
        try:
            real = confined(self.real.parent, self.loading.project, path.data)
            return self.loading.arrays.read(real, name.data if name else None)
        except ValueError as error:
            self.report(draft, path.place, f"{who}: {error}")
            return BROKEN

    def check_ports(self, draft: Draft, ports: Mapping[str, In], of: str) -> None:
        """Reports inputs that the block has not, and those that are not wired."""
        for name in draft.inputs.data:
            if name not in ports:
                hint = self.loading.nearest(name, ports)
                hint = hint or (f"it has {listing(ports, 'and')}" if ports else "it has none")
                self.report(draft, draft.inputs.keys[name], f"{draft.who}: {of} has no input '{cropped(name)}'", hint)
        missing = [name for name, port in ports.items() if name not in draft.inputs.data and not port.optional]
        if missing:
            names = listing([f"'{name}'" for name in missing], "and")
            self.report(draft, draft.place, f"{draft.who} ({of}): input {names} must be wired, got nothing")

    def operands(self, draft: Draft, ports: Mapping[str, In]) -> dict[str, Any]:
        """What stands on each input, by port; BROKEN where it was reported."""
        result = {}
        for name, value in draft.inputs.data.items():
            port = ports.get(name)
            result[name] = self.operand(draft, f"{draft.who}: input '{name}'", value, port.many if port else None)
        return result

    def operand(self, draft: Draft, who: str, value: Value, many: bool | None) -> Any:
        """A wire or a literal; a tuple of them where the port takes many. Of an unknown port only wires are checked."""
        if value.data is BROKEN:
            return BROKEN
        if many is False or not isinstance(value.data, list):
            if many and value.data is not None:
                self.report(draft, value.place, f"{who} must be a list of wires, got {value.kind}", "put it in [ ]")
                return BROKEN
            return self.single(draft, who, value)
        if many and not value.data:
            self.report(draft, value.place, f"{who} must have at least one value, got an empty list")
            return BROKEN
        items = tuple(self.single(draft, who, item) for item in value.data if many or isinstance(item.data, str))
        return BROKEN if any(item is BROKEN for item in items) else items

    def single(self, draft: Draft, who: str, value: Value) -> Any:
        data = value.data
        if isinstance(data, str):
            return self.wire(value, who, draft)
        if data is None:
            self.report(draft, value.place, f"{who} must be a wire or a number, got nothing")
            return BROKEN
        if isinstance(data, list) and (wrong := _not_number(value)):
            hint = "only a port that takes many values has a list of wires" if isinstance(wrong.data, str) else ""
            self.report(draft, wrong.place, f"{who}: a list must hold numbers, got {wrong.kind}", hint)
            return BROKEN
        plain = self.value(draft, who, value, array=True)
        return plain if plain is BROKEN else Literal(plain)

    def wire(self, value: Value, who: str, draft: Draft | None = None) -> Any:
        """The wire that a text names; BROKEN where there is none, or where it comes from a node that is wrong."""
        name, dot, port = value.data.partition(".")
        wires = self.wires.get(name)
        if wires is not None and (port in wires if dot else wires):
            return wires[port] if dot else next(iter(wires.values()))
        if draft is not None:
            draft.ok = False
        if wires is not None:
            whose = f"{who}: '{name}' has no output" + f" '{cropped(port)}'" * bool(dot)
            hint = self.loading.nearest(port, wires) or (f"it has {listing(wires, 'and')}" if wires else "it has none")
            self.document.report(value.place, whose, hint)
        elif name not in self.wires:
            hint = self.loading.nearest(name, self.wires)
            self.document.report(value.place, f"{who}: no node or input named '{cropped(name)}'", hint)
        return BROKEN

    def sections(self) -> None:
        """Keeps `data` and `train` in the graph, with parameters put in."""
        names = {*self.wires, *self.definition.outputs.data}
        for key, value, read in (("data", self.definition.data, read_data), ("train", self.definition.train, read_train)):
            if value is not None and value.data is not None:
                found = read(self, self.substitution.resolve(value, f"'{key}'"), names)
                if found:
                    self.graph.sections[key] = found


def source_of(wire: str) -> str:
    """The node that a wire names."""
    return wire.partition(".")[0]


def _not_number(value: Value) -> Value | None:
    """The first item within a list that is no number."""
    for item in value.data:
        if isinstance(item.data, list):
            if wrong := _not_number(item):
                return wrong
        elif not isinstance(item.data, bool | int | float):
            return item if isinstance(item, Value) else None
    return None
