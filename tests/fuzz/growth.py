"""A random graph as it grows: its inputs, its wires by dtype and shape, and where operands come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from dataflow import Graph, blocks
from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.errors import DataflowError
from dataflow.core.ports import Literal
from dataflow.core.typing_rules import accepted_dtypes
from dataflow.graph.node import Ref

from .values import values

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NUMBER = 64  # elements up to which an operand may be a constant in the graph


Make = Callable[[np.random.Generator], Any]  # a value of random numbers


class Refused(Exception):
    """Nothing can be made here that the block would take."""


class Growth:
    """A graph and what it is made of.

    shapes : the shapes of about the same size that its large values have.
    most : elements of the largest value.
    given : for each input a function that makes its value from random numbers.
    """

    def __init__(
        self, random: np.random.Generator, shapes: Sequence[tuple[int, ...]], dtypes: Sequence[str], most: int
    ) -> None:
        self.random, self.shapes, self.dtypes, self.most = random, shapes, dtypes, most
        self.graph = Graph("fuzz")
        self.given: dict[str, Make] = {}
        self.wires: list[Any] = []
        self.crashes: list[str] = []  # blocks that did not say what they were given wrongly

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, items: Sequence[Any], weights: Sequence[float] | None = None) -> Any:
        """One of the items."""
        if weights is None:
            return items[int(self.random.integers(0, len(items)))]
        return items[self.random.choice(len(items), p=np.array(weights) / sum(weights))]

    # -- new nodes ----------------------------------------------------------------------------------------------

    def add(self, block: Block, operands: Sequence[Any] = (), port: str | None = None) -> Any:
        """A node; its first output, or that of a name. Refused where it does not fit or grows too large."""
        try:
            # a block of its own: what it remembers of its calls must not outlive this graph
            block = type(block)(**block.attrs())
            # nodes that may run in any order do so by their names
            name = f"{self.pick(LETTERS)}{len(self.graph.nodes)}_{type(block).__name__}"
            made = self.graph.add(block, block.signature.bind(type(block).__name__, list(operands), {}), name)
        except DataflowError as error:
            raise Refused(str(error)) from None
        except Exception as error:
            self.crashes.append(f"{block!r} must refuse {_types(operands)}, got {type(error).__name__}: {error}")
            raise Refused(str(error)) from None
        refs = [] if made is None else [made] if isinstance(made, Ref) else list(made)
        if any(not ref.type.known or prod(ref.type.sizes) > self.most for ref in refs):
            self.graph.drop([next(iter(refs)).node])
            raise Refused("too large, or of unknown shape")
        self.wires += refs
        return made if port is None else next(ref for ref in refs if ref.port == port)

    def call(self, name: str, *operands: Any, **attrs: object) -> Any:
        """The wire that a block makes of the operands."""
        return self.add(blocks[name](**attrs), operands)

    def source(self, dtype: str, shape: Sequence[int], make: Make | None = None) -> Any:
        """A value from outside: an input, a variable or a constant."""
        make = make or (lambda random: values(random, dtype, shape))
        name = f"x{len(self.given)}"
        way = self.random.random()
        if way < 0.1 and prod(shape) <= NUMBER:
            ref = self.graph.constant(make(self.random), dtype)
        elif way < 0.2:
            ref = self.graph.variable(name, dtype=dtype, shape=shape)
            self.given[name] = make
        else:
            ref = self.graph.input(name, dtype, shape)
            self.given[name] = make
        self.wires.append(ref)
        return ref

    # -- operands -----------------------------------------------------------------------------------------------

    def any(self, accepted: Sequence[str], large: float = 0.8) -> Any:
        """A wire of one of these dtypes, mostly a large one and mostly one that is there."""
        found = [ref for ref in self.wires if dtypes.fit(ref.dtype, tuple(accepted))]
        main = [ref for ref in found if ref.shape in self.shapes]
        if main and self.chance(large):
            return self.pick(main[-12:])
        if found and self.chance(0.8):
            return self.pick(found)
        mine = [dtype for dtype in self.dtypes if dtype in accepted] or list(accepted)
        return self.of(self.pick(mine), self.pick(self.shapes))

    def of(self, dtype: str, shape: Sequence[int]) -> Any:
        """A wire of this dtype and shape: one that is there, one made of another, or a new source."""
        shape = tuple(map(int, shape))
        if shape and self.chance(0.12):
            return self.repeated(dtype, shape)
        there = [ref for ref in self.wires if ref.shape == shape and dtypes.fit(ref.dtype, (dtype,))]
        if there and self.chance(0.85):
            return self.pick(there)
        if self.chance(0.7):
            try:
                return self._made(dtype, shape)
            except Refused:
                pass
        return self.source(dtype, shape)

    def repeated(self, dtype: str, shape: Sequence[int]) -> Any:
        """A wire of this type that repeats a row, a column or a number."""
        short = [d if self.chance(0.4) else 1 for d in shape][self.random.integers(0, len(shape) + 1) :]
        return self.call("BroadcastTo", self.of(dtype, short), list(shape))

    def _made(self, dtype: str, shape: Sequence[int]) -> Any:
        """A wire of this type made of another wire by a few nodes."""
        size = prod(shape)
        same = [ref for ref in self.wires if dtypes.fit(ref.dtype, (dtype,))]
        if not same:
            if not self.wires or dtype not in dtypes.number:
                raise Refused("nothing to cast")
            other = self.pick(self.wires)
            return self._shaped(self.call("Cast", other, DstT=dtype), shape, size)
        return self._shaped(self.pick(same), shape, size)

    def _shaped(self, ref: Any, shape: Sequence[int], size: int) -> Any:
        """The wire in another shape: reshaped, repeated, or folded."""
        own = prod(ref.shape)
        if ref.shape == shape:
            return ref
        if own == size:
            return self.call("Reshape", ref, list(shape) if shape else np.zeros(0, np.int32))
        if _broadcasts(ref.shape, shape):
            return self.call("BroadcastTo", ref, list(shape))
        if not _broadcasts(shape, ref.shape):
            raise Refused("of another size")
        lead = len(ref.shape) - len(shape)
        folded = [i for i, d in enumerate(ref.shape) if i < lead or (shape[i - lead] == 1 and d != 1)]
        name = self.pick(
            [n for n in ("Sum", "Mean", "Max", "Min") if ref.dtype in accepted_dtypes(blocks[n](), "T")] or [None]
        )
        if name is None:
            raise Refused("cannot be folded")
        return self.call("Reshape", self.call(name, ref, np.array(folded, np.int32)), np.array(shape, np.int32))

    def beside(self, dtype: str, shape: Sequence[int]) -> Any:
        """An operand that broadcasts to a shape: as large, a row, a column, a single one, a number."""
        way = self.pick(("full", "row", "column", "single", "number", "some"), (8, 2, 2, 2, 2, 1))
        shape, rank = tuple(shape), len(shape)
        if way == "number" and dtype != "bool":
            return Literal(values(self.random, dtype, ()))
        if way == "single":
            return self.of(dtype, self.pick([(), (1,) * rank]))
        if way == "row" and rank > 1:
            cut = int(self.random.integers(1, rank))
            return self.of(dtype, (1,) * self.random.integers(0, cut + 1) + shape[cut:])
        if way == "column" and rank > 1:
            cut = int(self.random.integers(1, rank))
            return self.of(dtype, shape[:cut] + (1,) * (rank - cut))
        if way == "some" and rank > 1:
            return self.of(dtype, [d if self.chance(0.5) else 1 for d in shape])
        return self.of(dtype, shape)


def _types(operands: Sequence[Any]) -> str:
    return ", ".join(str(getattr(operand, "type", operand)) for operand in operands)


def _broadcasts(own: Sequence[int], shape: Sequence[int]) -> bool:
    return len(own) <= len(shape) and all(a in (1, b) for a, b in zip(own[::-1], shape[::-1], strict=False))
