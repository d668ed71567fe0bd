"""Lowering: from a graph and the types of its inputs to a program, pass by pass."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.kinds import View
from dataflow.core.ports import In, flat
from dataflow.core.shapes import TensorType, element_count
from dataflow.core.thread_pool import ThreadLimit
from dataflow.core.typing_rules import OperandType
from dataflow.engine.fusion import fuse
from dataflow.engine.memory_plan import MemoryPlan
from dataflow.engine.parallel import run_in_parallel
from dataflow.engine.program import HIDDEN, Program
from dataflow.engine.settings import Settings
from dataflow.engine.slots import Read
from dataflow.engine.stages import Stage
from dataflow.engine.steps import Step, Storage
from dataflow.graph.gc_pause import gc_paused
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, NodeInput
from dataflow.graph.rewrite import (
    decompose,
    drop_unused_outputs,
    eliminate_dead_code,
    expand_composites,
    fold_constants,
    infer_shapes,
    merge_common_subexpressions,
    shape_only,
)


def lower(
    graph: Graph,
    feeds: Mapping[str, TensorType],
    outputs: Iterable[str],
    settings: Settings,
    watched: Mapping[str, Link] = MappingProxyType({}),
) -> Program:
    """The program that computes the outputs, and the wires that are watched, from inputs of these types, all known.

    Raises RunError that names the node where a constant cannot be computed.
    """
    with gc_paused(), ThreadLimit(settings.threads):
        program: Any
        ((_, program),) = deque(passes(graph, feeds, outputs, settings, watched), maxlen=1)
    lowered: Program = program
    return lowered


def passes(
    graph: Graph,
    feeds: Mapping[str, TensorType],
    outputs: Iterable[str],
    settings: Settings,
    watched: Mapping[str, Link] = MappingProxyType({}),
) -> Iterator[tuple[str, Graph | Sequence[Stage] | Program]]:
    """The passes that `lower` runs, each by its name with what it makes: graphs, then stages, at last the program."""
    if watched:
        hidden = {HIDDEN + name: link for name, link in watched.items()}
        graph, outputs = graph.copy(), [*outputs, *hidden]
        graph.outputs |= hidden
    graph = eliminate_dead_code(graph, outputs)
    yield "dead code elimination", graph
    graph = expand_composites(graph)
    yield "composite expansion", graph
    graph = infer_shapes(graph, feeds)
    yield "shape inference", graph
    graph = decompose(graph)
    yield "decomposition", graph
    graph = fold_constants(graph)
    yield "constant folding", graph
    graph = merge_common_subexpressions(graph)
    yield "common subexpression elimination", graph
    graph = drop_unused_outputs(graph)
    yield "unused outputs", graph
    lowering = _Lowering(graph, feeds)
    steps = lowering.steps()
    yield "lowering", steps
    types, sizes, constants = lowering.types, lowering.sizes, lowering.constants
    kept_slots = {name: lowering.slot(link) for name, link in graph.outputs.items()}
    stages: Sequence[Stage] = fuse(steps, types, sizes, constants, set(kept_slots.values()), settings)
    yield "fusion", stages
    stages = run_in_parallel(stages, sizes, settings.threads)
    yield "parallel steps", stages
    feed_slots = lowering.feed_slots()
    watched_slots = {name: kept_slots.pop(HIDDEN + name) for name in watched}
    plan = MemoryPlan(
        types,
        sizes,
        lowering.roots,
        constants,
        set(feed_slots.values()),
        list(kept_slots.values()),
        list(watched_slots.values()),
        settings.max_bytes,
        settings.compiled,
    )
    stages, buffer_sizes = plan.assign(stages)
    yield (
        "memory plan",
        Program(
            tuple(types),
            tuple(stages),
            feed_slots,
            constants,
            kept_slots,
            plan.buffer_of,
            tuple(buffer_sizes),
            frozenset(plan.in_place),
            plan.peak + sum(buffer_sizes) + plan.bound + plan.kept,
            settings.max_bytes,
            watched_slots,
            plan.bound,
            settings.compiled,
            plan.taken_over,
        ),
    )


class _Lowering:
    """A step for each node whose value is needed, over slots that are numbered as they come up.

    types, sizes : of the slots; sizes are in bytes, -1 where the run decides.
    constants : the values of slots that are known.
    roots : for each view the slot whose memory it shows.
    """

    def __init__(self, graph: Graph, feeds: Mapping[str, TensorType]):
        self.graph, self.nodes, self.feeds = graph, graph.nodes, feeds
        self.slots: dict[Link, int] = {}
        self.types: list[TensorType] = []
        self.sizes: list[int] = []
        self.constants: dict[int, Array] = {}
        self.roots: dict[int, int] = {}

    def steps(self) -> list[Step]:
        needed = self._needed()
        # `eliminate_dead_code` has put the nodes in order
        steps = [self._step(node) for node in self.nodes.values() if node.name in needed]
        return [step for step in steps if step is not None]

    def slot(self, link: Link) -> int:
        """The slot of a wire, made when it is first asked for; known values become constants."""
        slot = self.slots.get(link)
        if slot is None:
            type_ = self._type(link)
            slot = self.slots[link] = self._new(type_)
            if type_.value is not None:
                self.constants[slot] = type_.value
        return slot

    def feed_slots(self) -> dict[str, int]:
        """The slots of the inputs that are read, by name."""
        return {name: self.slots[link] for name in self.feeds if (link := self._first(name)) in self.slots}

    def _new(self, type_: TensorType) -> int:
        self.types.append(type_ if type_.value is None else TensorType(type_.dtype, type_.shape))
        count = element_count(type_.shape)
        self.sizes.append(-1 if count is None else count * dtypes.storage(type_.dtype).itemsize)
        return len(self.types) - 1

    def _constant(self, type_: TensorType, value: Array) -> int:
        slot = self._new(type_)
        self.constants[slot] = value
        return slot

    def _first(self, node: str) -> Link:
        return Link(node, next(iter(self.nodes[node].types))) if node in self.nodes else Link(node, "")

    def _needed(self) -> set[str]:
        """Nodes whose values are needed: not those known already, nor those read for their shape alone."""
        needed: set[str] = set()
        todo = list(self.graph.outputs.values())
        while todo:
            link = todo.pop()
            node = self.nodes[link.node]
            if node.name in needed or node.types[link.port].value is not None:
                continue
            needed.add(node.name)
            if node.name in self.feeds:
                continue
            for port, value in zip(node.block.signature.inputs.values(), node.inputs.values(), strict=True):
                for operand in value if isinstance(value, tuple) else (value,):
                    if isinstance(operand, Link) and not (port.like and self._type(operand).known):
                        todo.append(operand)
        return needed

    def _type(self, link: Link) -> TensorType:
        return self.nodes[link.node].types[link.port]

    def _step(self, node: Node) -> Step | None:
        if node.name in self.feeds:
            self.slot(self._first(node.name))
            return None
        ports = node.block.signature.inputs.values()
        values = node.inputs.values()
        plain = all(isinstance(value, Link) and not port.like for port, value in zip(ports, values, strict=True))
        reads: tuple[Read, ...]
        types: Sequence[OperandType]
        if plain and not isinstance(node.block, View):
            reads, types = tuple([self.slot(node.link(port)) for port in node.inputs]), ()  # the types are not needed
        else:
            types = self.graph.operand_types(node)
            reads = tuple(self._read(p, v, t) for p, v, t in zip(ports, values, types, strict=True))
        writes = tuple([self.slot(Link(node.name, port)) for port in node.types])
        storage, source = Storage.NEW, reads[0] if reads else None
        if isinstance(node.block, View) and isinstance(source, int) and self._is_view(node.block, types):
            storage = Storage.VIEW
            self.roots[writes[0]] = self.roots.get(source, source)
        elif node.block.takes_out and min([self.sizes[slot] for slot in (*flat(reads), *writes)]) >= 0:
            storage = Storage.OUT
        return Step(node.name, node.block, reads, writes, storage)

    def _is_view(self, block: View, types: Sequence[Any]) -> bool:
        """Whether the block gives a view; some copy, or fold rows, for inputs of certain types."""
        return not block.copies(*types) and block.row_width(*types) is None

    def _read(self, port: In, value: NodeInput, type_: OperandType) -> Read:
        if isinstance(value, tuple) and isinstance(type_, tuple):
            return tuple(self._read_one(port, v, t) for v, t in zip(value, type_, strict=True))
        return self._read_one(port, value, type_) if isinstance(type_, TensorType) else None

    def _read_one(self, port: In, value: NodeInput, type_: TensorType) -> int:
        if port.like and type_.known:
            return self._constant(type_, shape_only(type_))
        return self.slot(value) if isinstance(value, Link) else self._constant(type_, type_.value)
