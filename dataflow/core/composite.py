"""Composite blocks: blocks whose body is graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, NoReturn, cast

import numpy as np

from dataflow.core.attrs import key as value_key
from dataflow.core.block import THROUGH_BODY, Block
from dataflow.core.body import Arrays, Body, BodyWire
from dataflow.core.bounding import bounded
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError, listing
from dataflow.core.ports import In, Literal, flat, map_port
from dataflow.core.random import Key
from dataflow.core.ranges import Given, Range
from dataflow.core.shapes import TensorType, fits, merge
from dataflow.core.typing_rules import OperandType
from dataflow.core.workspace import likes

_MOST = 1024  # bodies that are kept
_bodies: dict[Hashable, Body] = {}


class Composite(Block, abstract=True):
    """A block that is made of other blocks: a subclass writes ``body``, and no kernel.

    body(self, <inputs>) -> a wire, or a tuple of wires, one per output
        On wires, with blocks and operators, as ``grad``. A variadic input is a tuple of wires, an optional one that is
        not wired None. Only wires of static ports have values.

    From the body follow the types of the outputs, where neither port nor ``shape_of`` declares them; the values; the
    gradient, unless ``grad`` is written; and how a plan runs the block: as those that it is made of. In graphs, files
    and pictures it is one node. Nodes of its body are called ``<node>/<block>``; so are the keys of random numbers. A
    body that draws some, or changes variables, needs ``pure = False``.
    """

    def _no_body(self, *inputs: object) -> NoReturn:
        raise TypeError(f"{self._who}: a composite must have a body, got none; write one")

    body: ClassVar[Callable[..., Any]] = _no_body
    grad: ClassVar[Any] = THROUGH_BODY

    def traced(self, types: Sequence[OperandType]) -> Body:
        """The body for operands of these types, in port order."""
        ports = self.signature.inputs
        given = {p.name: map_port(partial(_seen, p), t) for p, t in zip(ports.values(), types, strict=True)}
        key = self, *(map_port(_key, type_) for type_ in given.values())
        found = _bodies.get(key)
        if found is None:
            if len(_bodies) >= _MOST:
                _bodies.clear()
            found = _bodies[key] = self._trace(given)
        return found

    def _trace(self, types: Mapping[str, OperandType]) -> Body:
        traced = Body(types)
        with self.errors_named():
            given = self.body(*traced.inputs)
        wires = list(given) if isinstance(given, tuple | list) else [given]
        names = list(self.signature.outputs)
        if len(wires) != len(names) or not all(isinstance(wire, BodyWire) for wire in wires):
            got = listing([f"a {type(wire).__name__}" for wire in wires], "and")
            raise self.error(f"body must give a wire for each output ({listing(names, 'and')}), got {got}")
        traced.finish(wires)
        for node in traced.nodes.values():
            if self.pure and not node.block.pure:
                raise self.error(f"body must give the same each time, got '{node.name}'; set pure = False")
            if node.block.assigns and not self.assigns:
                raise self.error(f"body must not change variables without assigns, got '{node.name}'; say which change")
        return traced

    @contextmanager
    def errors_named(self) -> Iterator[None]:
        """A ``with`` block in which errors of blocks in the body name this block first."""
        try:
            yield
        except BlockError as error:
            if str(error).startswith(f"{self._who}:"):
                raise
            raise self.error(f"in its body, {error}") from error

    def infer(self, *types: OperandType) -> list[TensorType]:
        """What ports and ``shape_of`` declare, and what the body says beyond it; BlockError where they disagree."""
        declared = super().infer(*types)
        made = [wire.type for wire in self.traced(types).outputs]
        for name, type_, wanted in zip(self.signature.outputs, made, declared, strict=True):
            if type_.dtype != wanted.dtype or not fits(type_.shape, wanted.shape):
                raise self.error(f"output '{name}' must be {wanted}, got {type_} from its body")
        return [TensorType(d.dtype, merge(d.shape, m.shape)) for d, m in zip(declared, made, strict=True)]

    def _shapes_of_body(self, *types: OperandType) -> Any:
        """The shapes that the body gives."""
        return [wire.type.shape for wire in self.traced(types).outputs]

    shape_of: ClassVar[Callable[..., Any]] = _shapes_of_body

    def bound(self, *ranges: Given) -> list[Range]:
        """The ranges that follow from those of the body, node by node."""
        body = self.traced([map_port(Range.type_of, given) for given in ranges])
        known: dict[tuple[str, str], Range] = {}
        for wires, given in zip(body.inputs, ranges, strict=True):
            known |= {("", wire.port): each for wire, each in zip(flat([wires]), flat([given]), strict=True)}

        def range_of(operand: object) -> Range:
            if isinstance(operand, BodyWire):
                return known[operand.node, operand.port]
            return Range.of(cast(Literal, operand).value)

        for node in body.nodes.values():
            made = bounded(node.block, [map_port(range_of, operand) for operand in node.operands], node.types)
            known |= {(node.name, port): each for port, each in zip(node.block.signature.outputs, made, strict=True)}
        return [known[wire.node, wire.port] for wire in body.outputs]

    def body_for(self, arrays: Sequence[Arrays]) -> Body:
        """The body for arrays, in port order; that of the last call is kept."""
        wanted = likes(self, arrays)
        last = self.__dict__.get("_last_body")
        if last is None or last[0] != wanted:
            body = self.traced([map_port(TensorType.of, given) for given in arrays])
            last = self.__dict__["_last_body"] = wanted, body  # one tuple: other threads never see half of it
        found: Body = last[1]
        return found

    def kernel(self, *arrays: Arrays, key: Key | None = None) -> Any:
        """The outputs, made by the kernels of the body one after the other."""
        body = self.body_for(arrays)
        with self.errors_named():
            made = body.run(arrays, key or Key(node=self.node_name))
        given = flat(arrays)
        made = [np.array(m) if _shares(m, given) else m for m in made]
        return tuple(made) if len(made) > 1 else made[0]


def _shares(made: Array, given: Sequence[Array]) -> bool:
    """Whether an array is one of those given, or may show memory of theirs."""
    if made.base is None:
        return any(made is array for array in given)
    return any(np.may_share_memory(made, array) for array in given)


def _seen(port: In, type_: TensorType) -> TensorType:
    """The type of an operand as the body sees it: values may decide shapes on static ports alone."""
    return type_ if port.static or type_.value is None else TensorType(type_.dtype, type_.shape)


def _key(type_: TensorType) -> Hashable:
    return type_.dtype, type_.shape, None if type_.value is None else value_key(type_.value)
