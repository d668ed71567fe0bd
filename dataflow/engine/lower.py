"""From a graph and the shapes of its inputs to a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dataflow.core.kinds import View
from dataflow.core.ports import flat
from dataflow.core.shapes import TensorType, nbytes
from dataflow.core.thread_pool import ThreadLimit
from dataflow.engine.form_regions import Regions
from dataflow.engine.memory_plan import Placement
from dataflow.engine.parallel import at_the_same_time
from dataflow.engine.program import Program, Step
from dataflow.engine.settings import Settings
from dataflow.graph.gc_pause import gc_paused
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graph.rewrite import (
    decompose,
    drop_unused_outputs,
    eliminate_dead_code,
    fold_constants,
    infer_shapes,
    merge_common_subexpressions,
    shape_only,
)


def program(graph: Graph, feeds: Mapping[str, TensorType], outputs: Iterable[str], settings: Settings) -> Program:
    """Lay out a run that computes the outputs from feeds of these types."""
    with gc_paused(), ThreadLimit(settings.threads):
        graph = decompose(infer_shapes(eliminate_dead_code(graph, outputs), feeds))
        graph = drop_unused_outputs(merge_common_subexpressions(fold_constants(graph)))
        return _Builder(graph, feeds, settings).build()


class _Builder:
    def __init__(self, graph: Graph, feeds: Mapping[str, TensorType], settings: Settings):
        self.graph, self.feeds, self.settings = graph, feeds, settings
        self.slots: dict[Link, int] = {}
        self.types: list[TensorType] = []
        self.sizes: list[int] = []
        self.constants: dict[int, Any] = {}
        self.roots: dict[int, int] = {}  # a view's slot -> the slot whose memory it shows

    def build(self) -> Program:
        wanted = self._wanted()
        # `eliminate_dead_code` has put the nodes in order
        made = [self._step(node) for node in self.graph.nodes.values() if node.name in wanted]
        steps = [step for step in made if step is not None]
        outputs = {name: self.slot(link) for name, link in self.graph.outputs.items()}
        feeds = {n: self.slots[link] for n in self.feeds if (link := self._first(n)) in self.slots}
        in_order = Regions(steps, self.types, self.sizes, self.constants, set(outputs.values()), self.settings).stages()
        stages = at_the_same_time(in_order, self.sizes, self.settings.threads)
        most = self.settings.max_bytes
        held = Placement(
            self.types, self.sizes, self.roots, self.constants, set(feeds.values()), list(outputs.values()), most
        )
        placed, sizes = held.place(stages)
        return Program(
            tuple(self.types),
            tuple(placed),
            feeds,
            self.constants,
            outputs,
            held.buffer_of,
            tuple(sizes),
            frozenset(held.in_place),
            held.peak + sum(sizes),
            most,
        )

    def slot(self, link: Link) -> int:
        """The slot of a wire, made when it is first asked for; known values become constants."""
        slot = self.slots.get(link)
        if slot is None:
            type_ = self.graph.nodes[link.node].types[link.port]
            slot = self.slots[link] = self._new(type_)
            if type_.value is not None:
                self.constants[slot] = type_.value
        return slot

    def _new(self, type_: TensorType) -> int:
        self.types.append(type_ if type_.value is None else TensorType(type_.dtype, type_.shape))
        self.sizes.append(nbytes(type_) if type_.known else -1)
        return len(self.types) - 1

    def _constant(self, type_: TensorType, value: Any) -> int:
        slot = self._new(type_)
        self.constants[slot] = value
        return slot

    def _first(self, node: str) -> Link:
        return Link(node, next(iter(self.graph.nodes[node].types))) if node in self.graph.nodes else Link(node, "")

    def _wanted(self) -> set[str]:
        """Nodes whose values are needed: not those known already, nor those that only lend their shape."""
        wanted: set[str] = set()
        todo = list(self.graph.outputs.values())
        while todo:
            link = todo.pop()
            node = self.graph.nodes[link.node]
            if node.name in wanted or node.types[link.port].value is not None:
                continue
            wanted.add(node.name)
            if node.name in self.feeds:
                continue
            for port, value in zip(node.block.signature.inputs.values(), node.inputs.values(), strict=True):
                links = [o for o in (value if isinstance(value, tuple) else (value,)) if isinstance(o, Link)]
                todo += [link for link in links if not self._lends(port, link)] if port.like else links
        return wanted

    def _lends(self, port: Any, link: Link) -> bool:
        return port.like and self.graph.nodes[link.node].types[link.port].known

    def _step(self, node: Node) -> Step | None:
        if node.name in self.feeds:
            self.slot(self._first(node.name))
            return None
        ports = node.block.signature.inputs.values()
        values = node.inputs.values()
        plain = all(isinstance(value, Link) and not port.like for port, value in zip(ports, values, strict=True))
        if plain and not isinstance(node.block, View):
            reads: tuple[Any, ...] = tuple(map(self.slot, map(node.link, node.inputs)))  # slots are all that is needed
            types: Sequence[Any] = ()
        else:
            types = self.graph.operand_types(node)
            reads = tuple(self._read(p, v, t) for p, v, t in zip(ports, values, types, strict=True))
        writes = tuple([self.slot(Link(node.name, port)) for port in node.types])
        how = "make"
        view = isinstance(node.block, View) and reads[0] is not None and not node.block.copies(*types)
        if view and node.block.row_width(*types) is None:
            how = "view"
            self.roots[writes[0]] = self.roots.get(reads[0], reads[0])
        elif node.block.takes_out and min([self.sizes[slot] for slot in (*flat(reads), *writes)]) >= 0:
            how = "into"
        return Step(node.name, node.block, reads, writes, how)

    def _read(self, port: Any, value: Any, type_: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, tuple):
            return tuple(self._read(port, v, t) for v, t in zip(value, type_, strict=True))
        if port.like and type_.known:
            return self._constant(type_, shape_only(type_))
        if isinstance(value, Link):
            return self.slot(value)
        return self._constant(type_, type_.value)
