"""Which graphs that a file uses as blocks stay in it: those whose nodes are as they made them.

What feeds such a graph may have changed. Others are written out: their nodes stand in the file, and graphs that they
use as blocks stay in their turn where they can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput, Ref
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.origins import Made
from dataflow.graphfile.placement import Placement
from dataflow.graphfile.shipped import is_shipped
from dataflow.graphfile.tree import Value

Raw = dict[str, Any]  # a mapping of a graph file, in which parameters still stand


class Uses:
    """What becomes of the graphs that a file uses as blocks; those that made nodes ``apart`` are written out."""

    def __init__(
        self, old: LoadContext, raw: Raw, graph: Graph, placement: Placement, moved: bool, apart: Collection[str]
    ):
        self.old, self.raw, self.graph, self.placement, self.moved = old, raw, graph, placement, moved
        self.kept: dict[str, dict[Link, Link]] = {}  # by name, and which of the wires they read are others now
        self.apart: dict[str, str] = {}  # nodes that are written out, and the entry of the file that made them
        self.within: dict[str, str] = {}  # the same, with the uses among them that stay
        self.owner: dict[str, str] = {}  # of nodes, the use that makes them still
        self._made = {name: made for name, made in old.made.items() if made.file is not None}
        self._hidden = {*self._read_inside()}
        for name, made in self._made.items():
            if not made.inside:
                self._choose(name, apart, name)

    def _choose(self, name: str, apart: Collection[str], entry: str) -> None:
        made = self._made[name]
        taken = name in self._hidden or name in self.graph.nodes or any(node in apart for node in made.nodes)
        rewired = None if taken else self._rewired(made)
        if rewired is not None and self._may_name(name, made):
            self.kept[name] = rewired
            self.owner |= dict.fromkeys(made.nodes, name)
            if made.inside:
                self.within[name] = entry
            return
        for inner, each in self._made.items():
            if each.inside == name and each.nodes:
                self._choose(inner, apart, entry)
        self.apart |= {node: entry for node in made.nodes if node not in self.owner}
        self.within |= self.apart

    def _read_inside(self) -> Iterator[str]:
        """The uses of which a wire is read that is none of their outputs."""
        above: dict[str, list[str]] = {}
        for name, made in self._made.items():
            for node in made.nodes:
                above.setdefault(node, []).append(name)
        outputs = {name: {link_of(ref) for ref in made.wires.values()} for name, made in self._made.items()}
        for reader, link in self._links():
            for name in above.get(link.node, ()):
                if name not in above.get(reader, ()) and link not in outputs[name]:
                    yield name

    def _links(self) -> Iterator[tuple[str, Link]]:
        """Every wire with the name of the node that reads it, of outputs nothing."""
        for node in self.graph.nodes.values():
            yield from ((node.name, operand) for operand in node.operands() if isinstance(operand, Link))
        yield from (("", link) for link in self.graph.outputs.values())

    def _rewired(self, made: Made) -> dict[Link, Link] | None:
        """What is read now in the place of each wire from outside; None if the nodes changed in any other way."""
        inside, found = set(made.nodes), dict[Link, Link]()
        for name in made.nodes:
            was, now = self.old.graph.nodes[name], self.graph.nodes.get(name)
            if now is None or (was.block, was.range, was.doc) != (now.block, now.range, now.doc):
                return None
            for before, after in zip(was.inputs.values(), now.inputs.values(), strict=True):
                if not _same_form(before, after):
                    return None
                for a, b in zip(_flat(before), _flat(after), strict=True):
                    if isinstance(a, Link) and isinstance(b, Link) and a.node not in inside and b.node not in inside:
                        if found.setdefault(a, b) != b:
                            return None
                    elif a != b:
                        return None
        return found

    def _may_name(self, name: str, made: Made) -> bool:
        """Whether the file that is written may name the graph, and what is given to it."""
        entry = self.raw.get(name)
        if entry is not None and not self.moved:
            return True
        if entry is not None and ("$" in str(entry["block"]) or _names_file(entry)):
            return False
        return self._named(made) is not None and not any(isinstance(v.data, dict) for v in made.attrs.values())

    def _named(self, made: Made) -> str | None:
        """How the file that is written names the graph."""
        assert made.file is not None
        found = self.placement.named(made.file)
        return found if found is None or found.startswith("../") or is_shipped(found) else f"./{found}"

    # -- what stands in the file --------------------------------------------------------------------------------

    def names(self, entry: str) -> list[str]:
        """What stands in the file in the place of an entry that is written out: nodes and uses, in order."""
        found: dict[str, None] = {}
        for node in self.old.made[entry].nodes:
            if node in self.owner:
                found[self.owner[node]] = None
            elif node in self.graph.nodes:
                found[node] = None
        return [*found]

    def wire(self, link: Link) -> str:
        """How the file names a wire."""
        if use := self.owner.get(link.node):
            wires = self._made[use].wires
            first, name = next(iter(wires)), next(name for name, ref in wires.items() if link_of(ref) == link)
            return use if name == first else f"{use}.{name}"
        return self.graph.deref(link).wire

    def keeps(self, link: Link) -> bool:
        """Whether a text that meant a wire still does."""
        top = self.owner.get(link.node, "")
        return link.node not in self.apart and (not top or not self._made[top].inside)

    def entry(self, name: str) -> Raw:
        """The entry of a use that stays."""
        made, rewired = self._made[name], self.kept[name]
        raw = self.raw.get(name) or self._inner(made)
        inputs = dict(raw.get("inputs") or {})
        for port, operand in made.operands.items():
            if isinstance(operand, Ref):
                was = link_of(operand)
                now = rewired.get(was, was)
                if now != was or not self.keeps(now) or made.inside:
                    inputs[port] = self.wire(now)
        block = self._named(made) if self.moved or made.inside else raw["block"]
        return {**raw, "block": block} | ({"inputs": inputs} if inputs else {})

    def _inner(self, made: Made) -> Raw:
        """The entry of a use that stood in another file: its values, or the parameters of this file that they are."""
        literals = {port: each.value for port, each in made.operands.items() if isinstance(each, Literal)}
        attrs = {name: _spelled(value) for name, value in made.attrs.items()}
        attrs = {name: value for name, value in attrs.items() if repr(value) != repr(made.params[name].default)}
        parts = {"block": "", "inputs": dict.fromkeys(made.operands) | literals, "attrs": attrs}
        return {part: value for part, value in parts.items() if value or part == "block"}


def link_of(ref: Ref) -> Link:
    """The link that means a wire of any graph."""
    return Link(ref.node, ref.port)


def form(node: Node, renamed: Mapping[str, str]) -> tuple[object, ...]:
    """What a node is beside its name, where others have been renamed."""

    def moved(operand: Link | Literal) -> Link | Literal:
        known = isinstance(operand, Link) and operand.node in renamed
        return Link(renamed[operand.node], operand.port) if known and isinstance(operand, Link) else operand

    return node.block, node.doc, node.range, *(tuple(map(moved, _flat(value))) for value in node.inputs.values())


def _spelled(value: Value) -> object:
    return f"${value.origin.param}" if value.origin is not None and value.origin.param else value.plain()


def _flat(value: NodeInput) -> tuple[Link | Literal, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _same_form(a: NodeInput, b: NodeInput) -> bool:
    return isinstance(a, tuple) == isinstance(b, tuple) and len(_flat(a)) == len(_flat(b))


def _names_file(value: object) -> bool:
    """Whether a value names a file, as an array does."""
    if isinstance(value, dict):
        return "path" in value or any(map(_names_file, value.values()))
    return isinstance(value, list) and any(map(_names_file, value))
