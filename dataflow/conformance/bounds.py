"""The check that what a block says of the range of its outputs holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dataflow.conformance.samples import Sample, broken, samples
from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.bounding import bounded
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.ports import In, map_port
from dataflow.core.ranges import Given, Range, limits
from dataflow.core.shapes import TensorType
from dataflow.core.typing_rules import OperandType

DRAWS = 5
_ALIKE: tuple[bool | str, ...] = (False, True, "rows")

Ends = tuple[Array, Array]


def within_bounds(block_class: type[Block]) -> None:
    """No output leaves the range that follows from those of the inputs, wherever in them the inputs lie."""
    for each in samples(block_class):
        if not each.block.pure or not each.arrays:
            continue
        sample = each.mapped(lambda _, array: np.where(array != array, np.ones((), array.dtype), array))
        for alike in _ALIKE:
            for first_alone in (False, True):
                _check(sample, first_alone, alike)


def _check(sample: Sample, first_alone: bool, alike: bool | str) -> None:
    """Check the range for ends about the operands, the same for all elements if ``alike``.

    With ``"rows"`` they are the same along the first dim, whose size is not known.
    """
    rng = np.random.default_rng(0)
    ports = sample.block.signature.inputs
    chosen = list(ports)[:1] if first_alone else list(ports)
    ends: dict[int, Ends] = {}

    def ranged(port: In, array: Array) -> Range:
        if port.name not in chosen or port.static or port.like or array.dtype.kind in "bc" or not array.size:
            return Range.of(array)
        low, high = _about(array, rng, alike)
        unknown = alike == "rows" and array.ndim > 0 and port.shape is None
        if alike == "rows" and array.ndim:
            low, high = np.min(low, 0, keepdims=True), np.max(high, 0, keepdims=True)
        ends[id(array)] = low, high
        return Range(low, high, (None, *array.shape[1:]) if unknown else array.shape)

    pairs = [*zip(ports.values(), sample.arrays, strict=True)]
    ranges = [map_port(lambda array, port=port: ranged(port, array), given) for port, given in pairs]  # type: ignore[misc]
    outputs = sample.outputs
    try:
        types = sample.block.infer(*map(_typed, ranges, sample.types))
    except BlockError:  # sizes that it must know
        return
    found = bounded(sample.block, ranges, types)
    if all(map(_says_nothing, found)):
        return
    for _ in range(DRAWS):
        drawn = sample.mapped(lambda _, array: _between(array, ends.get(id(array)), rng))
        try:
            with np.errstate(all="ignore"):
                results = sample.block.compute(drawn.arrays, outputs)
        except BlockError:  # values that the block does not take
            continue
        for port, type_, result, given in zip(sample.block.signature.outputs, outputs, results, found, strict=True):
            if not _inside(np.asarray(result), given, type_):
                raise broken(
                    type(sample.block), f"'{port}' must lie within its range, got something else for {drawn} in {ends}"
                )


def _typed(given: Given, type_: OperandType) -> OperandType:
    """The type of an operand with the shape of its range, and its value where that is known."""
    if isinstance(given, tuple) and isinstance(type_, tuple):
        return tuple(TensorType(t.dtype, r.shape, r.value) for r, t in zip(given, type_, strict=True))
    if isinstance(given, Range) and isinstance(type_, TensorType):
        return TensorType(type_.dtype, given.shape, given.value)
    return type_


def _says_nothing(range: Range) -> bool:
    """Whether every value of the dtype is within the range."""
    low, high = limits(dtypes.name_of(range.low.dtype))
    return bool((range.low == low).all() and (range.high == high).all())


def _about(array: Array, rng: np.random.Generator, alike: bool | str) -> Ends:
    """Ends on both sides of the elements, or of all of them."""
    with np.errstate(all="ignore"):
        low, high = np.fmin(_moved(array, -1, rng), array), np.fmax(_moved(array, 1, rng), array)
    if alike is True:
        ones = [1] * array.ndim
        low, high = np.asarray(np.min(low)).reshape(ones), np.asarray(np.max(high)).reshape(ones)
    return low, high


def _moved(array: Array, sign: int, rng: np.random.Generator) -> Array:
    """Elements moved by up to 2, or by up to half of themselves."""
    if dtypes.name_of(array.dtype) in dtypes.floating + dtypes.narrow_floats:
        wide = dtypes.widened(array)
        size = np.maximum(rng.uniform(0, 2, array.shape), abs(wide.astype(np.float64)) / 2)
        return (wide + sign * rng.integers(0, 2, array.shape) * size).astype(array.dtype)
    low, high = dtypes.limits(dtypes.name_of(array.dtype))
    moved = array.astype(object) + sign * rng.integers(0, 4, array.shape).astype(object)
    return np.asarray(np.clip(moved, low, high)).astype(array.dtype)


def _between(array: Array, ends: Ends | None, rng: np.random.Generator) -> Array:
    """Elements between two ends, many of them on these."""
    if ends is None:
        return array
    low, high = (np.broadcast_to(end, array.shape) for end in ends)
    picks: list[Callable[[], Array]] = [lambda: low, lambda: high, lambda: array]
    made: Any = np.choose(rng.integers(0, 3, array.shape), [pick().astype(object) for pick in picks])
    return np.asarray(made).astype(array.dtype)


def _inside(result: Array, range: Range, type_: TensorType) -> bool:
    if result.dtype.kind == "c" or not result.size:
        return True
    low, high = range.low, range.high
    with np.errstate(invalid="ignore"):
        return bool(((result != result) | ((result >= low) & (result <= high))).all())
