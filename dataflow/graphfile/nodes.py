"""A file's inputs, nodes and outputs -> a graph.

Every node is checked, also where another is wrong; what depends on a wrong one is not reported again.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from dataflow.core.block import Block
from dataflow.core.errors import BlockError, DataflowError, cropped
from dataflow.core.registry import all_of_them, blocks
from dataflow.core.run_errors import described
from dataflow.core.shapes import TensorType
from dataflow.graph.declared_range import declared_range
from dataflow.graph.names import NAME, wrong_name
from dataflow.graph.node import Ref
from dataflow.graphfile import shipped
from dataflow.graphfile.graph_file import NOTHING, WRONG, known_keys, mapping, parts_of, short_type, text
from dataflow.graphfile.kind import Spot
from dataflow.graphfile.order import topological_order
from dataflow.graphfile.origins import note, note_made, note_node
from dataflow.graphfile.sections import declaration
from dataflow.graphfile.subgraphs import add_subgraph, is_path
from dataflow.graphfile.tree import BROKEN, Place, Value
from dataflow.graphfile.wires import FileScope, NodeSpec

NODE_KEYS = ("block", "inputs", "attrs", "range", "doc")
_PORT = re.compile(r"\b(input|attr)s? '([^']+)'")


class GraphBuilder(FileScope):
    """Reads one use of a file into the graph that a load builds."""

    # -- inputs and outputs -------------------------------------------------------------------------------------

    def input_type(self, name: str) -> Any:
        """The dtype, shape, range and doc of a graph input as a dict; BROKEN where they are wrong."""
        who = f"input '{cropped(self.prefix + name)}'"
        value = self.definition.inputs.data[name]
        if isinstance(value.data, dict):  # a doc has no parameters, here as elsewhere
            entries = {k: v if k == "doc" else self.substitution.resolve(v, who) for k, v in value.data.items()}
            value = Value(entries, value.place, value.keys)
        else:
            value = self.substitution.resolve(value, who)
        try:
            entries = short_type(value) if isinstance(value.data, str) else value.data
        except ValueError as error:
            return self.document.report(value.place, f"{who} {error}")
        if entries is BROKEN:
            return BROKEN
        if not isinstance(entries, dict):
            return self.document.report(value.place, f"{who} must be a type such as float32[N, 64], got {value.kind}")
        if entries is value.data:
            known_keys(self.document, value, ("dtype", "shape", "range", "doc"), who)
        if "dtype" not in entries:
            return self.document.report(value.place, f"{who}: 'dtype' must be given, got nothing")
        found: dict[str, Any] = {"doc": text(self.document, entries.get("doc"), f"{who}: 'doc'")}
        for key, attr in blocks["Placeholder"].signature.attrs.items():
            entry = entries.get(key, Value(None, value.place))
            if entry.data is BROKEN:
                return BROKEN
            try:
                found[key] = attr.parse(entry.plain())
            except ValueError as error:
                return self.document.report(entry.place, f"{who}: {key} {error}")
        if "range" in entries:
            found["range"] = self.range(entries["range"], found["dtype"], who)
        return BROKEN if found.get("range") is BROKEN else found

    def range(self, value: Value, dtype: str, who: str) -> Any:
        """A declared range for values of this dtype; BROKEN where it is wrong."""
        if value.data is BROKEN:
            return BROKEN
        try:
            return declared_range(value.plain(), [TensorType(dtype, None)])
        except ValueError as error:
            return self.document.report(value.place, f"{who}: range {error}")

    def add_inputs(self) -> None:
        """Add a Placeholder for each graph input."""
        section = self.definition.inputs
        for name in section.data:
            self.wires[name] = BROKEN
            found = self.input_type(name)
            if self._named("input", name, section.keys[name]) and found is not BROKEN:
                try:
                    ref = self.context.graph.input(name, **found)
                except DataflowError as error:
                    self.document.report(section.data[name].place, str(error))
                else:
                    self.wires[name] = {ref.port: ref}
                    if self.context.origins is not None:
                        note(self, ("inputs", name), self.substitution.resolve(section.data[name], name))

    def outputs(self) -> dict[str, Ref]:
        """The wires that have names as outputs; those that were reported are left out."""
        result = {}
        for name, value in self.definition.outputs.data.items():
            who = f"output '{cropped(name)}'"
            if wrong := wrong_name(name):
                self.document.report(self.definition.outputs.keys[name], f"{who}: {wrong}")
                continue
            value = self.substitution.resolve(value, who)
            if isinstance(value.data, str):
                ref = self.wire(who, value)
                if ref is not BROKEN:
                    result[name] = ref
                    note(self, ("outputs", name), value)
            elif value.data is not BROKEN:
                self.document.report(value.place, f"{who} must be a wire, got {value.kind}")
        return result

    def add_sections(self) -> None:
        """Keep the registered sections in the graph as plain data, and in the context, with parameters put in."""
        for name, section in self.definition.sections.items():
            if section.data is not None:
                spot = Spot(self, name, self.definition.places[name], top=True)
                value = self.substitution.resolve(section, spot.name)
                if value.data is not BROKEN:
                    self.context.sections[name] = value, spot.place
                    note(self, (name,), value)
                    self.context.graph.sections[name] = declaration(name).read(spot, value)

    # -- nodes --------------------------------------------------------------------------------------------------

    def build(self) -> dict[str, Ref]:
        """Add the nodes; return the outputs by name."""
        inputs = self.definition.inputs.data
        specs = {name: self._draft(name, place, value) for name, place, value in self._entries()}
        for name, spec in specs.items():
            if name in inputs:
                self.report(spec, spec.place, f"{spec.who}: an input has this name already; rename one of them")
        needs = {name: [s for w in spec.wires() if (s := _source(w)) in specs] for name, spec in specs.items()}
        names, cycles = topological_order(needs)
        for cycle in cycles:
            self._report_cycle(cycle, specs[cycle[0]])
        self.wires |= {name: BROKEN for name in specs if name not in inputs}
        for name in names:
            before = len(self.context.graph.nodes)
            wires = self._add(specs.pop(name))
            if name not in inputs:
                self.wires[name] = wires
            if wires is not BROKEN:
                note_made(self, name, len(self.context.graph.nodes) - before, wires)
        return self.outputs()

    def _entries(self) -> Iterator[tuple[str, Place, Value]]:
        """The nodes as the file has them, with the places of their names; each is let go of if nobody asks for it."""
        places, entries = self.definition.nodes.keys, deque(self.definition.nodes.data.items())
        if self.context.lets_go and not self.prefix:
            self.definition.nodes, self.document.root = NOTHING, None
        while entries:
            name, value = entries.popleft()
            yield name, places[name], value

    def _draft(self, name: str, place: Place, value: Value) -> NodeSpec:
        spec = NodeSpec(name, f"node '{cropped(self.prefix + name)}'", place)
        spec.ok = self._named("node", name, place)
        if not isinstance(value.data, dict):
            self.report(spec, value.place, f"{spec.who} must be a mapping with 'block', got {value.kind}")
            return spec
        entries = value.data
        resolved = {k: self.substitution.resolve(entries[k], spec.who) for k in NODE_KEYS[:4] if k in entries}
        block = resolved.get("block")
        known_keys(self.document, value, NODE_KEYS, spec.who, within=parts_of(block.data if block else None))
        if block is None:
            self.report(spec, place, f"{spec.who}: 'block' must be given, got nothing")
        elif isinstance(block.data, str):
            spec.block = block
        elif block.data is not BROKEN:
            self.report(spec, block.place, f"{spec.who}: 'block' must be text, got {block.kind}")
        spec.inputs = mapping(
            self.document, self._by_port(spec, resolved.get("inputs")), "'inputs' must map ports to wires", spec.who
        )
        spec.attrs = mapping(self.document, resolved.get("attrs"), "'attrs' must map names to values", spec.who)
        spec.ok &= spec.inputs is not WRONG and spec.attrs is not WRONG
        spec.range = resolved.get("range")
        spec.ok &= spec.range is None or spec.range.data is not BROKEN
        if "doc" in entries:
            spec.doc = text(self.document, entries["doc"], f"{spec.who}: 'doc'")
        return spec

    def _by_port(self, spec: NodeSpec, inputs: Value | None) -> Value | None:
        """Inputs that are listed, in the order of the ports of the block, under the names of these ports."""
        if inputs is None or not isinstance(inputs.data, list) or spec.block is None or is_path(spec.block.data):
            return inputs
        known = spec.block.data in blocks
        ports = list(blocks[spec.block.data].signature.inputs) if known else list(map(str, range(len(inputs.data))))
        if len(inputs.data) > len(ports):
            extra = inputs.data[len(ports)].place
            count = f"{len(ports)} input{'s' * (len(ports) != 1)}"
            self.report(spec, extra, f"{spec.who}: {spec.block.data} has {count}, got {len(inputs.data)}")
        listed = dict(zip(ports, inputs.data, strict=False))
        return Value(listed, inputs.place, {port: item.place for port, item in listed.items()})

    def _named(self, what: str, name: str, place: Place) -> bool:
        who = f"{what} '{cropped(self.prefix + name)}'"
        if NAME.fullmatch(name):
            if wrong := wrong_name(self.prefix + name):
                self.document.report(place, f"{who}: {wrong}")
            return not wrong
        better = re.sub(r"[^A-Za-z0-9_]+", "_", name[:60]).strip("_")
        hint = f"write '{better}'" if NAME.fullmatch(better) else ""
        wanted = "names must be letters, digits and _, starting with a letter"
        self.document.report(place, f"{who}: {wanted}", hint)
        return False

    def _report_cycle(self, cycle: list[str], first: NodeSpec) -> None:
        back = next((w.place for w in first.wires() if _source(w) == cycle[-1]), first.place)
        names = [self.prefix + name for name in (*cycle, cycle[0])]
        if len(names) > 50:
            names[25:-25] = [f"... {len(names) - 50} more ..."]
        self.report(first, back, f"cycle: {' -> '.join(names)}")

    def _add(self, spec: NodeSpec) -> Any:
        """Add a node, or the nodes of a sub-graph; return its outputs, or BROKEN where something is wrong."""
        if spec.block is None or spec.block.data not in blocks:
            if spec.block is not None and is_path(spec.block.data):
                if spec.range is not None:
                    wrong = f"{spec.who}: 'range' must stand on a node with a block, got one with a file"
                    self.report(spec, spec.range.place, wrong, "declare it at a node in that file")
                return add_subgraph(self, spec)
            if spec.block is not None:
                self.no_block(spec, spec.block)
            self.operands(spec, {})
            return BROKEN
        kind = blocks[spec.block.data]
        ports = kind.signature.inputs
        block = self.block(spec, kind)
        self.check_ports(spec, ports, kind.signature.attrs, kind.__name__)
        operands = self.operands(spec, ports)
        if block is BROKEN or not spec.ok or any(o is BROKEN for o in operands.values()):
            return BROKEN
        return self.append(spec, spec.name, block, [operands.get(p) for p in ports])

    def append(self, spec: NodeSpec, name: str, block: Block, operands: list[Any]) -> Any:
        """Type-check a node and add it to the graph."""
        try:
            graph = self.context.graph
            declared = None if spec.range is None else spec.range.plain()
            graph.add(block, operands, name=self.prefix + name, doc=spec.doc, range=declared)
        except DataflowError as error:
            message = str(error)
        except Exception as error:  # a block of a plugin, say, whose shape_of fails: still an error with a line
            message = f"{spec.who} ({type(block).__name__}): {described(error)}"
        else:
            note_node(self, spec)
            return {port: Ref(graph, self.prefix + name, port) for port in block.signature.outputs}
        return self.report_value(spec, self._blamed(spec, message), message)

    def _blamed(self, spec: NodeSpec, message: str) -> Value:
        """What to point at: the value of the port or attr that a message names, else the block."""
        if spec.range is not None and message.partition(": ")[2].startswith("range "):
            return spec.range
        if found := _PORT.search(message.partition(": ")[2]):
            value: Value | None = (spec.inputs if found[1] == "input" else spec.attrs).data.get(found[2])
            if value is not None:
                return value
        return spec.block or Value(None, spec.place)

    def no_block(self, spec: NodeSpec, block: Value) -> None:
        """Report that no block has the name that a node gives."""
        name = cropped(block.data)
        if fault := blocks.fault(block.data):
            self.report(spec, block.place, f"{spec.who}: no block '{name}': {fault}")
            return
        if layer := shipped.layer(block.data):
            hint = f"write '{layer}', which is a layer"
        elif name.endswith((".yaml", ".yml")):
            hint = f"write './{name}' to use another graph"
        else:
            affordable = self.context.hints.afford(block.data, len(blocks))
            hint = (blocks.nearest(block.data) if affordable else "") or all_of_them()
        self.report_value(spec, block, f"{spec.who}: no block '{name}'; {hint}")

    def block(self, spec: NodeSpec, kind: type[Block]) -> Any:
        """The block with its attrs; BROKEN where they are wrong."""
        known, who = kind.signature.attrs, f"{spec.who} ({kind.__name__})"
        attrs: dict[str, Any] = {}
        for name, value in spec.attrs.data.items():
            if name not in known:
                self._no_attr(spec, name, kind)
                continue
            plain = self.value(spec, f"{who}: attr '{name}'", value, array=known[name].kind == "Tensor")
            try:
                if plain is not BROKEN:
                    known[name].parse(plain)
                attrs[name] = plain
            except ValueError as error:
                self.report_value(spec, value, f"{who}: attr '{name}' {error}")
        for name, attr in known.items():
            if attr.required and spec.attrs is not WRONG and name not in spec.attrs.data:
                self.report(spec, spec.place, f"{who}: attr '{name}' must be given: {attr.doc}")
        if not spec.ok or any(value is BROKEN for value in attrs.values()):
            return BROKEN
        try:
            return kind(**attrs)
        except BlockError as error:
            message = who + str(error).removeprefix(kind.__name__)
        except Exception as error:  # in the `check` of a plugin's block, say
            message = f"{who}: {described(error)}"
        return self.report_value(spec, self._blamed(spec, message), message)

    def _no_attr(self, spec: NodeSpec, name: str, kind: type[Block]) -> None:
        known = kind.signature.attrs
        hint = self.context.hints.nearest(name, known) or self.having(known)
        if name in kind.signature.inputs:
            hint = "it is an input, so write it under 'inputs'"
        self.report(spec, spec.attrs.keys[name], f"{spec.who}: {kind.__name__} has no attr '{cropped(name)}'", hint)


def _source(wire: Value) -> str:
    """The node that a wire names."""
    name: str = wire.data.partition(".")[0]
    return name
