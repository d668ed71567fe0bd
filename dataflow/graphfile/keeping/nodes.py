"""The nodes of the file that a graph came from, changed to say what the graph is now.

What has not changed stays as it was spelled: parameters, inputs that are listed, graphs used as blocks.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dataflow.core.attrs import key
from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.graphfile.entries import Entries, is_input
from dataflow.graphfile.keeping.uses import Raw, Uses, form
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.nodes import NODE_KEYS
from dataflow.graphfile.placement import Placement
from dataflow.graphfile.spelling import written_out


@dataclass
class Order:
    """The entries under `nodes`: their values in order, and the comments above some."""

    entries: Raw = field(default_factory=dict)
    comments: dict[str, list[str]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)  # entries that have other names now
    anew: set[str] = field(default_factory=set)  # entries that are another thing now
    headed: set[str] = field(default_factory=set)  # those that begin what is written out, or what follows it
    behind: set[str] = field(default_factory=set)  # those that go on with what is written out above them


class Nodes:
    """How the entries of a file follow a graph; of ``apart`` see `Uses`."""

    def __init__(
        self, old: LoadContext, raw: Raw, graph: Graph, placement: Placement, moved: bool, apart: Collection[str]
    ):
        self.old, self.raw, self.graph, self.moved = old, raw, graph, moved
        self.uses = Uses(old, raw, graph, placement, moved, apart)
        self.renamed = self._renamed()  # entries that have other names now
        self.known = {now: name for name, now in self.renamed.items()}
        self.entries = Entries(graph, placement.inline, self.uses.wire)
        self.was = Entries(old.graph, placement.inline)
        self.listed = Entries(graph, sys.maxsize, self.uses.wire)  # with all arrays as numbers where that is the same

    def _renamed(self) -> dict[str, str]:
        """The other names of nodes and inputs that are gone, where there is one that is the same but for its name."""
        names: dict[Any, list[str]] = {}
        for node in self.graph.nodes.values():
            if node.name not in self.old.graph.nodes and node.name not in self.raw:
                names.setdefault((is_input(node), *form(node, {})), []).append(node.name)
        result: dict[str, str] = {}
        for node in self.old.graph.nodes.values():
            if node.name not in self.graph.nodes and (is_input(node) or node.name in self.raw) and names:
                found = names.get((is_input(node), *form(node, result)))
                if found:
                    result[node.name] = found.pop(0)
        return result

    # -- the section --------------------------------------------------------------------------------------------

    def order(self) -> Order:
        """The entries, each new one before the first that reads it, in the order of the graph; else at the end."""
        names: list[str] = []
        for name in self.raw:
            now = self.renamed.get(name, name)
            if now in self.uses.kept or now in self.graph.nodes:
                names.append(now)
            elif self.old.made[name].file is not None:
                names += self.uses.names(name)
        place = {name: i for i, name in enumerate(names)}
        place |= {node: place[use] for node, use in self.uses.owner.items()}
        inputs = {node.name for node in self.graph.nodes.values() if is_input(node)} - self.raw.keys()
        added = [n for n in self.graph.nodes if n not in place and n not in inputs]
        before = self._readers(added, place, len(names))
        waiting: dict[int, list[str]] = {}
        for name in added:
            waiting.setdefault(before[name], []).append(name)
        return self._commented(names, {i: _grouped(each, self.graph.layout.comments) for i, each in waiting.items()})

    def _readers(self, added: list[str], place: Mapping[str, int], end: int) -> dict[str, int]:
        """The place of the first entry that reads each new node, by itself or through others."""
        found = dict.fromkeys(added, end)
        for node in reversed([*self.graph.nodes.values()]):
            at = found.get(node.name, place.get(node.name, end))
            for source in node.sources:
                if source in found:
                    found[source] = min(found[source], at)
        return found

    def _commented(self, names: list[str], added: Mapping[int, list[str]]) -> Order:
        result = Order()
        result.renamed |= {name: now for name, now in self.renamed.items() if name in self.raw}
        before = ""
        for i, name in enumerate([*names, ""]):
            comment, use = "", self.uses.within.get(name, "")
            for new in added.get(i, ()):
                told = self.graph.layout.comments.get(new, "")
                if told and told != comment:
                    result.comments[new] = told.splitlines()
                comment = told
                result.entries[new] = self._spelled(new, self.entries.node(self.graph.nodes[new]))
            if use and use == before:
                result.behind |= {name, *added.get(i, ())}
            elif before:  # what follows is no part of it
                result.headed |= {*[*added.get(i, ()), name][:1]} - {""}
            if use and use != before:
                result.headed.add(name)
                result.comments[name] = [written_out(use, self.raw[use]["block"])]
                if use not in self.graph.nodes:
                    result.renamed[use] = name
                    result.anew.add(name)
            before = use
            if name:
                result.entries[name] = self._entry(name)
        return result

    # -- an entry -----------------------------------------------------------------------------------------------

    def _entry(self, name: str) -> Any:
        if name in self.uses.kept:
            return self._spelled(name, self.uses.entry(name))
        if name in self.uses.apart:
            return self._spelled(name, self._written_out(self.graph.nodes[name]))
        was, now = self.old.graph.nodes.get(self.known.get(name, name)), self.graph.nodes[name]
        if was is None:  # it was a graph used as a block
            return self._spelled(name, self.entries.node(now))
        return self._node(was, now)

    def _written_out(self, node: Node) -> Raw:
        """A node of a graph that was used as a block, with the parameters of this file that its values are."""
        entry, kind, was = self.entries.node(node), type(node.block), self.old.graph.nodes[node.name]
        attrs, given = dict(entry.get("attrs", {})), self._params(node.name, "attrs")
        for name, param in given.items():
            if _same_attr(was, node, name) and key(kind.signature.attrs[name].parse(self.old.values[param])) == key(
                getattr(node.block, name)
            ):
                attrs[name] = f"${param}"
        for port, param in self._params(node.name, "inputs").items():
            if isinstance(node.inputs[port], Literal) and was.inputs.get(port) == node.inputs[port]:
                entry["inputs"][port] = f"${param}"
        return entry | ({"attrs": attrs} if attrs else {})

    def _params(self, node: str, part: str) -> dict[str, str]:
        """The parameters of the loaded file that are the whole values of attrs or inputs of a node."""
        block = self.graph.nodes[node].block.signature
        origins, names = self.old.origins or {}, block.attrs if part == "attrs" else block.inputs
        found = {name: origins.get(("nodes", node, part, name)) for name in names}
        return {name: origin.param for name, origin in found.items() if origin is not None and origin.param}

    def _node(self, was: Node, now: Node) -> Any:
        raw, new = self.raw[was.name], self.entries.node(now)
        same = type(was.block) is type(now.block)
        parts = {
            "block": raw["block"] if same else new["block"],
            "inputs": self._inputs(raw.get("inputs"), was, now, new.get("inputs", {})),
            "attrs": self._attrs(raw.get("attrs"), was, now, new.get("attrs", {})),
            "range": raw.get("range") if was.range == now.range else new.get("range"),
            "doc": raw.get("doc") if was.doc == now.doc else now.doc,
        }
        found = {part: value for part, value in parts.items() if value or (part in raw and value == raw[part])}
        return self._spelled(now.name, in_order({k: found[k] for k in (*raw, *found) if k in found}, NODE_KEYS, raw))

    def _attrs(self, raw: object, was: Node, now: Node, new: Raw) -> Any:
        given = raw if isinstance(raw, dict) else {}
        old = self.was.attrs(was.block)
        result: Raw = {}
        for name, text in given.items():
            if _same_attr(was, now, name) and not (self.moved and isinstance(text, dict)):
                result[name] = text
            elif name in new:
                result[name] = new[name]
        result |= {n: v for n, v in new.items() if n not in given and not (n in old and _same_attr(was, now, n))}
        return result or (None if given else raw)

    def _inputs(self, raw: object, was: Node, now: Node, new: Raw) -> Any:
        ports = [*was.block.signature.inputs]
        given = dict(zip(ports, raw, strict=False)) if isinstance(raw, list) else raw if isinstance(raw, dict) else {}
        listed = self.listed.inputs(now)
        result: Raw = {
            port: self._operand(text, was.inputs.get(port), now.inputs[port], new[port], listed[port])
            for port, text in given.items()
            if port in new
        }
        result |= {port: value for port, value in new.items() if port not in given}
        if isinstance(raw, list):
            wanted = [*now.block.signature.inputs][: len(result)]
            return [result[port] for port in wanted] if result.keys() == {*wanted} else result
        return result or (None if given else raw)

    def _operand(self, text: object, was: NodeInput, now: NodeInput, new: object, listed: object) -> object:
        """What stands on a port: the text as it was where it still means the same."""
        if isinstance(now, tuple):
            if not isinstance(was, tuple) or not isinstance(text, list) or not len(text) == len(was) == len(now):
                return new
            assert isinstance(new, Sequence) and isinstance(listed, Sequence)
            return [self._operand(*each) for each in zip(text, was, now, new, listed, strict=True)]
        if now != was or (isinstance(now, Link) and not self.uses.keeps(now)):
            return new
        named = isinstance(text, dict)  # an array in a file; numbers may be read in another dtype now
        return new if (self.moved if named else isinstance(listed, np.ndarray)) else text

    def _spelled(self, name: str, entry: Raw) -> Raw:
        """An entry with what passes say of how its values are written."""
        return in_order(self.graph.layout.respelled(("nodes", name), entry), NODE_KEYS, entry)


def in_order(entries: Raw, order: Iterable[str], fixed: Mapping[str, Any]) -> Raw:
    """A mapping whose new keys, those that are not ``fixed``, stand behind the ones that come before in an order."""
    ranks = {name: i for i, name in enumerate(order)}
    names = [name for name in entries if name in fixed]
    for name in entries:
        if name not in fixed:
            above = [i for i, each in enumerate(names) if each in ranks and ranks[each] < ranks[name]]
            names.insert(above[-1] + 1 if above else len(names), name)
    return {name: entries[name] for name in names}


def _grouped(names: list[str], comments: Mapping[str, str]) -> list[str]:
    """Names with those under one comment together, each group where its first is."""
    groups: dict[str, list[str]] = {}
    for i, name in enumerate(names):
        groups.setdefault(comments.get(name) or f"\0{i}", []).append(name)
    return [name for group in groups.values() for name in group]


def _same_attr(was: Node, now: Node, name: str) -> bool:
    """Whether both blocks have the attr, with the same value."""
    if name not in was.block.signature.attrs or name not in now.block.signature.attrs:
        return False
    return bool(key(getattr(was.block, name)) == key(getattr(now.block, name)))
