"""A file's inputs, nodes and outputs -> a graph.

Every node is checked, also where another is wrong; what depends on a wrong one is not reported again.
"""

from __future__ import annotations

import re
from typing import Any

from dataflow.core.block import Block
from dataflow.core.errors import BlockError, DataflowError, cropped
from dataflow.core.registry import blocks
from dataflow.graph.graph import NAME, Ref, wrong_name
from dataflow.graphfile.definition import WRONG, known_keys, mapping, short_type, text
from dataflow.graphfile.include import add_subgraph, is_path
from dataflow.graphfile.operands import Draft, Scope
from dataflow.graphfile.order import order
from dataflow.graphfile.sections import read_data, read_train
from dataflow.graphfile.tree import BROKEN, Place, Value

NODE_KEYS = ("block", "inputs", "attrs", "doc")
_PORT = re.compile(r"\b(input|attr)s? '([^']+)'")


class Reader(Scope):
    """Reads one use of a file into the graph of the session."""

    # -- inputs and outputs -------------------------------------------------------------------------------------

    def input_type(self, name: str) -> Any:
        """The dtype, shape and doc of a graph input as a dict; BROKEN where they are wrong."""
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
            known_keys(self.document, value, ("dtype", "shape", "doc"), who)
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
        return found

    def add_inputs(self) -> None:
        """Adds a Placeholder for each graph input."""
        section = self.definition.inputs
        for name in section.data:
            self.wires[name] = BROKEN
            found = self.input_type(name)
            if self._named("input", name, section.keys[name]) and found is not BROKEN:
                try:
                    ref = self.session.graph.input(name, found["dtype"], found["shape"], found["doc"])
                except DataflowError as error:
                    self.document.report(section.data[name].place, str(error))
                else:
                    self.wires[name] = {ref.port: ref}

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
            elif value.data is not BROKEN:
                self.document.report(value.place, f"{who} must be a wire, got {value.kind}")
        return result

    def add_sections(self) -> None:
        """Keeps `data` and `train` in the graph, with parameters put in."""
        for key, section, read in (
            ("data", self.definition.data, read_data),
            ("train", self.definition.train, read_train),
        ):
            if section is not None and section.data is not None:
                self.session.graph.sections[key] = read(self, self.substitution.resolve(section, f"'{key}'"))

    # -- nodes --------------------------------------------------------------------------------------------------

    def build(self) -> dict[str, Ref]:
        """Adds the nodes and gives the outputs by name."""
        inputs = self.definition.inputs.data
        drafts = {name: self._draft(name, value) for name, value in self.definition.nodes.data.items()}
        for name, draft in drafts.items():
            if name in inputs:
                self.report(draft, draft.place, f"{draft.who}: an input has this name already; rename one of them")
        needs = {name: [s for w in draft.wires() if (s := _source(w)) in drafts] for name, draft in drafts.items()}
        names, cycles = order(needs)
        for cycle in cycles:
            self._report_cycle(cycle, drafts[cycle[0]])
        self.wires |= {name: BROKEN for name in drafts if name not in inputs}
        for name in names:
            wires = self._add(drafts[name])
            if name not in inputs:
                self.wires[name] = wires
        return self.outputs()

    def _draft(self, name: str, value: Value) -> Draft:
        place = self.definition.nodes.keys[name]
        draft = Draft(name, f"node '{cropped(self.prefix + name)}'", place)
        draft.ok = self._named("node", name, place)
        if not isinstance(value.data, dict):
            self.report(draft, value.place, f"{draft.who} must be a mapping with 'block', got {value.kind}")
            return draft
        known_keys(self.document, value, NODE_KEYS, draft.who)
        entries = value.data
        resolved = {k: self.substitution.resolve(entries[k], draft.who) for k in NODE_KEYS[:3] if k in entries}
        block = resolved.get("block")
        if block is None:
            self.report(draft, place, f"{draft.who}: 'block' must be given, got nothing")
        elif isinstance(block.data, str):
            draft.block = block
        elif block.data is not BROKEN:
            self.report(draft, block.place, f"{draft.who}: 'block' must be text, got {block.kind}")
        draft.inputs = mapping(self.document, resolved.get("inputs"), "'inputs' must map ports to wires", draft.who)
        draft.attrs = mapping(self.document, resolved.get("attrs"), "'attrs' must map names to values", draft.who)
        draft.ok &= draft.inputs is not WRONG and draft.attrs is not WRONG
        if "doc" in entries:
            draft.doc = text(self.document, entries["doc"], f"{draft.who}: 'doc'")
        return draft

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

    def _report_cycle(self, cycle: list[str], first: Draft) -> None:
        back = next((w.place for w in first.wires() if _source(w) == cycle[-1]), first.place)
        names = [self.prefix + name for name in (*cycle, cycle[0])]
        if len(names) > 50:
            names[25:-25] = [f"... {len(names) - 50} more ..."]
        self.report(first, back, f"cycle: {' -> '.join(names)}")

    def _add(self, draft: Draft) -> Any:
        """Adds a node, or the nodes of a sub-graph, and gives its outputs; BROKEN where something is wrong."""
        if draft.block is None or draft.block.data not in blocks:
            if draft.block is not None and is_path(draft.block.data):
                return add_subgraph(self, draft)
            if draft.block is not None:
                self.no_block(draft, draft.block)
            self.operands(draft, {})
            return BROKEN
        kind = blocks[draft.block.data]
        ports = kind.signature.inputs
        block = self.block(draft, kind)
        self.check_ports(draft, ports, kind.signature.attrs, kind.__name__)
        operands = self.operands(draft, ports)
        if block is BROKEN or not draft.ok or any(o is BROKEN for o in operands.values()):
            return BROKEN
        return self.append(draft, draft.name, block, [operands.get(p) for p in ports])

    def append(self, draft: Draft, name: str, block: Block, operands: list[Any]) -> Any:
        """Type-checks a node and adds it to the graph."""
        try:
            graph = self.session.graph
            graph.add(block, operands, name=self.prefix + name, doc=draft.doc)
        except DataflowError as error:
            message = str(error)
        except Exception as error:  # a block of a plugin, say, whose shape_of fails: still an error with a line
            message = f"{draft.who} ({type(block).__name__}): {type(error).__name__}: {error}"
        else:
            return {port: Ref(graph, self.prefix + name, port) for port in block.signature.outputs}
        return self.report(draft, self._blamed(draft, message), message)

    def _blamed(self, draft: Draft, message: str) -> Place:
        """Where to point: at the value of the port or attr that a message names, else at the block."""
        if found := _PORT.search(message.partition(": ")[2]):
            value = (draft.inputs if found[1] == "input" else draft.attrs).data.get(found[2])
            if value is not None:
                place: Place = value.place
                return place
        return draft.block.place if draft.block else draft.place

    def no_block(self, draft: Draft, block: Value) -> None:
        name = cropped(block.data)
        if name.endswith((".yaml", ".yml")):
            hint = f"write './{name}' to use another graph"
        else:
            hint = self.session.hints.nearest(block.data, blocks.names()) or "`dataflow blocks` lists them all"
        self.report(draft, block.place, f"{draft.who}: no block '{name}'", hint)

    def block(self, draft: Draft, kind: type[Block]) -> Any:
        """The block with its attrs; BROKEN where they are wrong."""
        known, who = kind.signature.attrs, f"{draft.who} ({kind.__name__})"
        attrs: dict[str, Any] = {}
        for name, value in draft.attrs.data.items():
            if name not in known:
                self._no_attr(draft, name, kind)
                continue
            plain = self.value(draft, f"{who}: attr '{name}'", value, array=known[name].kind == "Tensor")
            try:
                if plain is not BROKEN:
                    known[name].parse(plain)
                attrs[name] = plain
            except ValueError as error:
                self.report(draft, value.place, f"{who}: attr '{name}' {error}")
        for name, attr in known.items():
            if attr.required and draft.attrs is not WRONG and name not in draft.attrs.data:
                self.report(draft, draft.place, f"{who}: attr '{name}' must be given: {attr.doc}")
        if not draft.ok or any(value is BROKEN for value in attrs.values()):
            return BROKEN
        try:
            return kind(**attrs)
        except BlockError as error:
            message = who + str(error).removeprefix(kind.__name__)
            return self.report(draft, self._blamed(draft, message), message)

    def _no_attr(self, draft: Draft, name: str, kind: type[Block]) -> None:
        known = kind.signature.attrs
        hint = self.session.hints.nearest(name, known) or self.having(known)
        if name in kind.signature.inputs:
            hint = "it is an input, so write it under 'inputs'"
        self.report(draft, draft.attrs.keys[name], f"{draft.who}: {kind.__name__} has no attr '{cropped(name)}'", hint)


def _source(wire: Value) -> str:
    """The node that a wire names."""
    name: str = wire.data.partition(".")[0]
    return name
