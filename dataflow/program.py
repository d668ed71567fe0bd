"""From a graph and the shapes of its inputs to a program: a flat list of steps over numbered slots and buffers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dataflow import dtypes
from dataflow.block import Block
from dataflow.buffers import Buffers, last_uses
from dataflow.graph import Graph, Link, Node
from dataflow.kinds import View
from dataflow.rewrite import cull, fold_constants, merge_equals, shape_only, specialize
from dataflow.shapes import TensorType, element_count
from dataflow.signature import flat

SMALL = 1 << 14  # bytes: up to here, copying a value costs less than binding a call anew


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a kernel: the slots it reads, in port order, and those it writes.

    how : ``view`` (the output is the first input's memory), ``into`` (written into a buffer that is there before the
        run), ``make`` (the kernel makes the array).
    releases : slots whose values nobody needs after this step.
    """

    node: str
    block: Block
    reads: tuple[Any, ...]
    writes: tuple[int, ...]
    how: str
    releases: tuple[int, ...] = ()

    @property
    def who(self) -> str:
        return f"node '{self.node}' ({type(self.block).__name__})"


@dataclass(frozen=True, slots=True)
class Program:
    """A run laid out for one set of input shapes. Slots hold values; some slots have a buffer of their own."""

    types: tuple[TensorType, ...]
    steps: tuple[Step, ...]
    feeds: Mapping[str, int]
    constants: Mapping[int, Any]
    outputs: Mapping[str, int]
    buffer_of: Mapping[int, int]
    buffer_sizes: tuple[int, ...]
    in_place: frozenset[int]

    @property
    def buffer_bytes(self) -> int:
        """Bytes of scratch memory that a run holds beside inputs, constants and outputs."""
        return sum(self.buffer_sizes)

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def program(graph: Graph, feeds: Mapping[str, TensorType], outputs: Iterable[str]) -> Program:
    """Lay out a run that computes the outputs from feeds of these types."""
    graph = specialize(cull(graph, outputs), feeds)
    graph = merge_equals(fold_constants(graph))
    return _Builder(graph, feeds).build()


def nbytes(type_: TensorType) -> int:
    """Size of a value in bytes; its shape must be known."""
    return (element_count(type_.shape) or 0) * dtypes.storage(type_.dtype).itemsize


class _Builder:
    def __init__(self, graph: Graph, feeds: Mapping[str, TensorType]):
        self.graph, self.feeds = graph, feeds
        self.slots: dict[Link, int] = {}
        self.types: list[TensorType] = []
        self.constants: dict[int, Any] = {}
        self.roots: dict[int, int] = {}  # a view's slot -> the slot whose memory it shows

    def build(self) -> Program:
        made = [self._step(node) for node in self.graph.order() if node.name in self._wanted()]
        steps = [step for step in made if step is not None]
        outputs = {name: self.slot(link) for name, link in self.graph.outputs.items()}
        feeds = {n: self.slots[link] for n in self.feeds if (link := self._first(n)) in self.slots}
        last = last_uses([flat(s.reads) for s in steps], self.roots, outputs.values())
        placed, buffer_of, sizes, in_place = self._place(steps, last, set(outputs.values()))
        return Program(
            tuple(self.types), tuple(placed), feeds, self.constants, outputs, buffer_of, tuple(sizes), in_place
        )

    def slot(self, link: Link) -> int:
        """The slot of a wire, made when it is first asked for; known values become constants."""
        if link not in self.slots:
            type_ = self.graph.nodes[link.node].types[link.port]
            self.slots[link] = self._new(type_)
            if type_.value is not None:
                self.constants[self.slots[link]] = type_.value
        return self.slots[link]

    def _new(self, type_: TensorType) -> int:
        self.types.append(TensorType(type_.dtype, type_.shape))
        return len(self.types) - 1

    def _constant(self, type_: TensorType, value: Any) -> int:
        slot = self._new(type_)
        self.constants[slot] = value
        return slot

    def _first(self, node: str) -> Link:
        return Link(node, next(iter(self.graph.nodes[node].types))) if node in self.graph.nodes else Link(node, "")

    def _wanted(self) -> set[str]:
        """Nodes whose values are needed: not those known already, nor those that only lend their shape."""
        if not hasattr(self, "wanted"):
            self.wanted: set[str] = set()
            todo = list(self.graph.outputs.values())
            while todo:
                link = todo.pop()
                node = self.graph.nodes[link.node]
                if node.name in self.wanted or node.types[link.port].value is not None:
                    continue
                self.wanted.add(node.name)
                if node.name not in self.feeds:
                    ports = zip(node.block.signature.inputs.values(), node.inputs.values(), strict=True)
                    todo.extend(o for p, v in ports for o in flat([v]) if isinstance(o, Link) and not self._lends(p, o))
        return self.wanted

    def _lends(self, port: Any, link: Link) -> bool:
        return port.like and self.graph.nodes[link.node].types[link.port].known

    def _step(self, node: Node) -> Step | None:
        if node.name in self.feeds:
            self.slot(self._first(node.name))
            return None
        operands = [_refs(self.graph, v) for v in node.inputs.values()]
        types = node.block.typed(operands, lambda ref: ref.type)
        ports = list(node.block.signature.inputs.values())
        reads = tuple(self._read(p, v, t) for p, v, t in zip(ports, node.inputs.values(), types, strict=True))
        writes = tuple(self.slot(Link(node.name, port)) for port in node.types)
        how = "make"
        if isinstance(node.block, View) and reads[0] is not None:
            how = "view"
            self.roots[writes[0]] = self.roots.get(reads[0], reads[0])
        elif node.block.takes_out and all(t.known for t in node.types.values()) and self._all_known(reads):
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

    def _all_known(self, reads: Iterable[Any]) -> bool:
        return all(self.types[slot].known for slot in flat(reads))

    def _place(
        self, steps: list[Step], last: Mapping[int, int], outputs: set[int]
    ) -> tuple[list[Step], dict[int, int], list[int], frozenset[int]]:
        """Give every value that is written into memory a buffer, reusing those whose value is no longer needed."""
        pool = Buffers()
        buffer_of: dict[int, int] = {}
        in_place: set[int] = set()
        placed = []
        output_roots = {self.roots.get(o, o) for o in outputs}
        for i, step in enumerate(steps):
            gone = [
                r
                for r in dict.fromkeys(self.roots.get(s, s) for s in flat(step.reads))
                if last[r] == i and r not in self.constants
            ]
            for position, slot in enumerate(step.writes):
                size = nbytes(self.types[slot]) if self.types[slot].known else -1
                held = (position == 0 and step.how == "into") or (step.how != "view" and 0 <= size <= SMALL)
                if not held or (slot in output_roots and size > SMALL):
                    continue
                if (donor := self._donor(step, slot, gone, buffer_of)) is not None and position == 0:
                    buffer_of[slot] = buffer_of.pop(donor)
                    buffer_of[donor] = buffer_of[slot]
                    gone.remove(donor)
                    in_place.add(slot)
                else:
                    buffer_of[slot] = pool.take(size)
            for slot in gone:
                if slot in buffer_of:
                    pool.give_back(buffer_of[slot])
            unused = [s for s in step.writes if s not in last and s in buffer_of]
            for slot in unused:
                pool.give_back(buffer_of[slot])
            placed.append(Step(step.node, step.block, step.reads, step.writes, step.how, tuple(gone)))
        return placed, buffer_of, pool.sizes, frozenset(in_place)

    def _donor(self, step: Step, slot: int, gone: list[int], buffer_of: Mapping[int, int]) -> int | None:
        """The input whose buffer the output may take over: the block allows it, and no one else reads it any more."""
        if step.how != "into":
            return None
        roots = [self.roots.get(s, s) for s in flat(step.reads)]
        for name, read in zip(step.block.signature.inputs, step.reads, strict=True):
            alone = roots.count(read) == 1 or (
                isinstance(step.block.call, np.ufunc) and step.reads.count(read) == len(roots)
            )
            mine = name in step.block.reuses and read in gone and read in buffer_of and alone
            if mine and self.types[read] == self.types[slot]:
                return int(read)
        return None


def _refs(graph: Graph, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_refs(graph, v) for v in value)
    return graph.deref(value) if isinstance(value, Link) else value


def _lines(program: Program) -> Iterable[str]:
    """One line per step, then the sums."""

    def name(slot: int) -> str:
        if slot in program.constants:
            value = np.asarray(program.constants[slot])
            return str(value) if value.size == 1 else f"const{list(value.shape)}"
        return names.get(slot, f"%{slot}")

    names = {slot: feed for feed, slot in program.feeds.items()}
    names |= {
        s: step.node + (f".{p}" if i else "")
        for step in program.steps
        for i, (s, p) in enumerate(zip(step.writes, step.block.signature.outputs, strict=True))
    }
    rows = []
    for step in program.steps:
        slot = step.writes[0] if step.writes else None
        where = (
            ""
            if slot is None
            else f"buffer {program.buffer_of[slot]}"
            if slot in program.buffer_of
            else {"view": "view"}.get(step.how, "new array")
        )
        if slot in program.in_place:
            where += ", in place"
        reads = ", ".join(name(s) for s in flat(step.reads))
        result = " ".join(str(program.types[s]) for s in step.writes)
        rows.append((step.node, f"{type(step.block).__name__}({reads})", result, where))
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip()
    yield f"{len(rows)} steps, {len(program.buffer_sizes)} buffers, {program.buffer_bytes} bytes of scratch"
