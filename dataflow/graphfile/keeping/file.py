"""The file that a graph came from, changed to say what the graph is now."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.graph.graph import Graph
from dataflow.graph.layout import Source
from dataflow.graph.node import Node
from dataflow.graphfile import shipped
from dataflow.graphfile.editing.changes import plain_value
from dataflow.graphfile.emit import escaped, flow
from dataflow.graphfile.entries import is_input
from dataflow.graphfile.graph_file import KEYS
from dataflow.graphfile.keeping.nodes import Nodes, in_order
from dataflow.graphfile.keeping.text import CannotRewrite, Target, rewritten
from dataflow.graphfile.keeping.uses import Raw
from dataflow.graphfile.load import read
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.params import Param
from dataflow.graphfile.placement import Placement
from dataflow.graphfile.sections import names

_PARAM = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


def kept_text(graph: Graph, apart: Collection[str], placement: Placement) -> str | None:
    """The text of the file that a graph came from with what has changed since; None where that cannot be written.

    ``apart`` are nodes that no graph used as a block may make: it is written out.
    """
    source = graph.layout.source
    if source is None or any(isinstance(value, np.ndarray) for value in source.params.values()):
        return None
    path = source.path if shipped.is_shipped(source.path) else source.real
    old = read(path, source.params, origins=True, texts=source.texts, arrays=placement.arrays)
    if old.problems():
        return None
    file = _File(graph, source, old, placement, apart)
    target, document = file.target(), file.definition.document
    if repr(target.tree) == repr(file.raw):
        return document.mark + document.text
    try:
        return document.mark + rewritten(document.text, target)
    except CannotRewrite:
        return None


class _File:
    def __init__(self, graph: Graph, source: Source, old: LoadContext, placement: Placement, apart: Collection[str]):
        self.graph, self.source, self.old, self.placement = graph, source, old, placement
        self.definition = old.top()[1]
        root = self.definition.document.root
        assert root is not None
        self.raw: Raw = root.plain()
        self.folder = Path(source.real).parent
        self.moved = self.folder != placement.folder
        nodes = self.raw.get("nodes") or {}
        self.nodes = Nodes(old, nodes, graph, placement, self.moved, apart)

    def target(self) -> Target:
        """All sections; one that becomes empty goes."""
        order = self.nodes.order()
        entries = {name: self.placement.node(name, entry) for name, entry in order.entries.items()}
        found: Raw = {**self.raw, "name": self._name(), "doc": self._doc()}
        found |= {"inputs": self._inputs(), "nodes": entries, "outputs": self._outputs(), **self._sections()}
        found = self._filled(found)
        found = self._filled({**found, "params": self._params(found)})
        tree = in_order(found, (*KEYS, *names()), self.raw)
        target = Target(plain_value(tree))
        target.comments = {("nodes", name): lines for name, lines in order.comments.items()}
        target.renamed = {("nodes", name): now for name, now in order.renamed.items()}
        renamed = {name: now for name, now in self.nodes.renamed.items() if name in (self.raw.get("inputs") or {})}
        target.renamed |= {("inputs", name): now for name, now in renamed.items()}
        target.anew = {("nodes", name) for name in order.anew}
        target.headed = {("nodes", name) for name in order.headed}
        target.behind = {("nodes", name) for name in order.behind}
        return target

    def _filled(self, found: Raw) -> Raw:
        """Without the sections that are empty now; those that were are as they were."""
        empty = {name: value for name, value in self.raw.items() if not value}
        return {n: v if v else empty[n] for n, v in found.items() if v or n in empty}

    def _name(self) -> Any:
        raw = self.raw.get("name")
        return raw if (raw or self.placement.stem) == self.graph.name else self.graph.name

    def _doc(self) -> Any:
        raw = self.raw.get("doc")
        return raw if (raw or "") == self.graph.doc else self.graph.doc

    def _inputs(self) -> Raw:
        raw, result = self.raw.get("inputs") or {}, {}
        entries = self.nodes.entries
        placeholders = {n.name: n for n in self.graph.nodes.values() if is_input(n) and n.name not in self.nodes.raw}
        for name, text in raw.items():
            now = self.nodes.renamed.get(name, name)
            if now in placeholders:
                result[now] = self._input(text, self.old.graph.nodes[name], placeholders[now])
        return result | {name: entries.input(node) for name, node in placeholders.items() if name not in result}

    def _input(self, text: object, was: Node, now: Node) -> Any:
        if was.identity == now.identity:
            return text
        new = self.nodes.entries.input(now)
        if isinstance(text, dict):
            return merged(text, self.nodes.was.input(was), new)
        return short(new) if new.keys() <= {"dtype", "shape"} else new

    def _outputs(self) -> Raw:
        raw, graph = self.raw.get("outputs") or {}, self.graph
        texts = {
            name: text
            for name, text in raw.items()
            if name in graph.outputs
            and graph.outputs[name] == self.old.graph.outputs[name]
            and self.nodes.uses.keeps(graph.outputs[name])
        }
        new = self.nodes.entries.outputs()
        return {name: texts.get(name, new[name]) for name in (*(n for n in raw if n in new), *new)}

    def _sections(self) -> Raw:
        if not self._changed():
            return {}
        new = self.nodes.entries.sections(self.placement.path)
        new = {name: self.graph.layout.respelled((name,), section) for name, section in new.items()}
        old = self.nodes.was.sections(lambda _, path: self._as_was(path))
        given = {name: self.raw[name] for name in names() if self.raw.get(name) is not None}
        return {name: merged(given.get(name), old.get(name), new.get(name)) for name in {**given, **new}}

    def _changed(self) -> bool:
        spelled = any(keys[0] in names() for keys in self.graph.layout.written)
        return self.moved or spelled or self.graph.sections != self.old.graph.sections

    def _as_was(self, path: str) -> str:
        """How the file named another one."""
        return shipped.reference(Path(path)) or Path(os.path.relpath(path, self.folder)).as_posix()

    # -- parameters ---------------------------------------------------------------------------------------------

    def _params(self, found: Raw) -> Raw:
        """Those that are used still, with the values that the caller gave as their defaults, and those that are new."""
        declared, params = self.raw.get("params") or {}, self.definition.params
        raw = {n: self._default(params[n], text, self.source.params) for n, text in declared.items()}
        raw |= {keys[1]: text for keys, text in self.graph.layout.written.items() if keys[0] == "params"}
        before, after = ({*_used({**tree, "params": None})} for tree in (self.raw, found))
        return {n: text for n, text in raw.items() if n in after or (n in declared and n not in before)}

    def _default(self, param: Param, text: object, given: Mapping[str, object]) -> Any:
        if param.name not in given:
            return text
        value = param.parse(given[param.name])
        if not param.required and repr(value) == repr(param.default):
            return text
        return {**text, "default": escaped(value)} if isinstance(text, dict) else escaped(value)


def merged(raw: object, old: object, new: object) -> Any:
    """What a file has, changed where what it comes to has changed from ``old`` to ``new``."""
    if repr(old) == repr(new):
        return raw
    if isinstance(raw, dict) and isinstance(old, dict) and isinstance(new, dict):
        stays = [name for name in raw if name in new or name not in old]
        added = [name for name in new if name not in raw and repr(new[name]) != repr(old.get(name))]
        return {name: merged(raw.get(name), old.get(name), new.get(name)) for name in (*stays, *added)}
    if isinstance(raw, list) and isinstance(old, list) and isinstance(new, list) and len(raw) == len(old) == len(new):
        return [merged(*each) for each in zip(raw, old, new, strict=True)]
    return new


def short(entry: Raw) -> str:
    """A type as ``float32[N, 64]``."""
    shape = entry.get("shape")
    return entry["dtype"] if shape is None else f"{entry['dtype']}[{', '.join(map(flow, shape))}]"


def _used(value: object) -> Iterator[str]:
    """The names of the parameters that stand in a tree."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _used(each)
    elif isinstance(value, list):
        for each in value:
            yield from _used(each)
    elif isinstance(value, str):
        yield from (found[1] or found[2] for found in _PARAM.finditer(value))
