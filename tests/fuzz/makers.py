"""Nodes for a random graph, made by the kind of their block; any block can be made of its samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dataflow.conformance.samples import Sample, samples
from dataflow.core import dtypes
from dataflow.core.block import Block, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.ports import In, Literal, flat
from dataflow.core.typing_rules import accepted_dtypes

from .growth import Growth, Refused


def elementwise(growth: Growth, block_class: type[Block], first: Any = None) -> Any:
    """A block whose operands broadcast: each is large, a row, a column or a number; the first one may be given."""
    block = attrs_of(growth, block_class)
    bound: dict[str, str] = {}
    main: Any = None
    operands: list[Any] = []
    for port in block.signature.inputs.values():
        accepted = (bound[port.dtype],) if port.dtype in bound else accepted_dtypes(block, port.dtype)
        if main is None and port.shape is None:
            if first is not None and not dtypes.fit(first.dtype, accepted):
                raise Refused("of another dtype")
            ref = growth.any(accepted) if first is None else first
            main, bound[port.dtype] = ref.shape, dtypes.fit(ref.dtype, accepted) or ref.dtype
            operands.append(
                (ref, *(growth.of(ref.dtype, main) for _ in range(growth.random.integers(0, 4)))) if port.many else ref
            )
            continue
        dtype = (
            accepted[0] if len(accepted) == 1 else growth.pick([d for d in growth.dtypes if d in accepted] or accepted)
        )
        bound.setdefault(port.dtype, dtype)
        if port.shape is None:
            operands.append(growth.beside(dtype, main) if block_class.broadcasts else growth.of(dtype, main))
        elif not main and port.shape:
            raise Refused("no channels")
        else:
            shape = tuple(main[getattr(block, "axis", -1)] for _ in port.shape)
            operands.append(small(growth, block_class, port.name, dtype, shape))
    return growth.add(block, operands)


def chain(growth: Growth, classes: Sequence[type[Block]]) -> Any:
    """A few blocks of elements, each on what the one before gave, so that a compiler may put them into one loop."""
    ref = growth.any(("float32", "float64"))
    for _ in range(growth.random.integers(3, 8)):
        try:
            made = elementwise(growth, growth.pick(classes), ref)
            ref = made[0] if isinstance(made, tuple) else made  # what is folded is no element of a chain
        except Refused:  # another block may do
            continue
    return ref


def attrs_of(growth: Growth, block_class: type[Block]) -> Block:
    """The block with the attrs of one of its samples."""
    known = samples(block_class)
    if not known:
        raise Refused("no samples")
    block: Block = growth.pick(known).block
    return block


def small(growth: Growth, block_class: type[Block], port: str, dtype: str, shape: Sequence[int]) -> Any:
    """An operand of declared shape, mostly with values that the block is known to take."""
    if growth.chance(0.2):
        return growth.of(dtype, shape)
    position = list(block_class.signature.inputs).index(port)
    given = np.resize(samples(block_class)[0].arrays[position], shape).astype(dtypes.storage(dtype))
    return Literal(given) if growth.chance(0.5) else growth.source(dtype, shape, lambda random: given)


def reduction(growth: Growth, block_class: type[Block]) -> Any:
    """Any axes folded, kept or not; half of the time the result goes on beside what was folded."""
    block = attrs_of(growth, block_class)
    attrs = block.attrs() | {"keep_dims": bool(growth.chance(0.5))}
    ref = growth.any(accepted_dtypes(block, block.signature.inputs["input"].dtype))
    rank = len(ref.shape)
    ways = [range(rank), range(1), range(rank - 1, rank), [a for a in range(rank) if growth.chance(0.5)]]
    axes = [int(a) - (rank if growth.chance(0.3) else 0) for a in ways[growth.random.integers(0, 4)] if a < rank]
    made = growth.add(block_class(**attrs), [ref, np.array(axes, np.int32)])
    if ref.dtype in dtypes.number and growth.chance(0.5) and attrs["keep_dims"] and made.dtype == ref.dtype:
        return growth.call(growth.pick(("Subtract", "Multiply", "Add")), ref, made)
    return made


def sampled(growth: Growth, block_class: type[Block]) -> Any:
    """Any block: with a sample of its own, values of the graph in place of some operands where it takes them."""
    known = samples(block_class)
    if not known:
        raise Refused("no samples")
    sample = growth.pick(known)
    ports = list(sample.block.signature.inputs.values())
    for share in (0.9, 0.5, 0.0):
        operands = []
        for port, array in zip(ports, sample.arrays, strict=True):
            many = tuple(_operand(growth, sample, port, a, share) for a in flat([array]))
            operands.append(many if isinstance(array, tuple) else many[0] if many else None)
        try:
            return growth.add(sample.block, operands)
        except Refused:
            continue
    raise Refused("cannot be wired")


def _operand(growth: Growth, sample: Sample, port: In, array: Array, share: float) -> Any:
    type_ = TensorType.of(array)
    if port.name in sample.block.assigns:
        return _variable(growth, array)
    if port.static or sample.block.stateful:  # what a variable begins with is known before the run
        return Literal(array)
    floats = type_.dtype in (*dtypes.floating, *dtypes.complexes)
    if floats and not port.static and growth.chance(share):
        return growth.any((type_.dtype,)) if growth.chance(0.7) else growth.of(type_.dtype, array.shape)
    return growth.source(type_.dtype, array.shape, lambda random: array)


def _variable(growth: Growth, array: Array) -> Any:
    name = f"v{len(growth.graph.nodes)}"
    return growth.graph.variable(name, array)
