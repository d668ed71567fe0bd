"""Shapes: a dim is a size, a name, or None where it is not known; an unknown rank is the shape None.

A named dim equals itself and may be any size; a plan is made when all dims are sizes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dataflow.core import dtypes
from dataflow.core.dtypes import Array

Dim = int | str | None
Shape = tuple[Dim, ...] | None

MOST_DIMS = 64  # of a NumPy array
MOST_BYTES = sys.maxsize  # of any array: more have no address
_CERTAIN = MOST_BYTES >> 4  # elements that fit into it in any dtype


@dataclass(frozen=True, slots=True, eq=False)
class TensorType:
    """Dtype and shape of a value, and the value itself where it is known before the run (``axis``, ``perm``)."""

    dtype: str
    shape: Shape
    value: Any = None

    def __str__(self) -> str:
        return f"{self.dtype}{show(self.shape)}"

    @classmethod
    def of(cls, array: Array, dtype: str | None = None) -> TensorType:
        """The type of an array, which is its value; of another dtype where that is stored alike."""
        return cls(dtype or dtypes.name_of(array.dtype), array.shape, array)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorType) and (self.dtype, self.shape) == (other.dtype, other.shape)

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    @property
    def rank(self) -> int | None:
        """The number of dims; None where it is not known."""
        return None if self.shape is None else len(self.shape)

    @property
    def known(self) -> bool:
        """Whether all dims are sizes."""
        return element_count(self.shape) is not None

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape where all dims are `known`."""
        return self.shape  # type: ignore[return-value]

    def same_shape(self, other: TensorType) -> bool:
        """Whether both shapes are certainly equal."""
        return self.shape is not None and self.shape == other.shape and None not in self.shape


def show(shape: Shape) -> str:
    """``[N, 64, ?]``; an unknown rank is ``[...]``."""
    if shape is None:
        return "[...]"
    return f"[{', '.join('?' if d is None else str(d) for d in shape)}]"


def agree(a: Dim, b: Dim) -> bool:
    """Whether two dims may be the same size."""
    return not (isinstance(a, int) and isinstance(b, int)) or a == b


def fits(actual: Shape, declared: Shape) -> bool:
    """Whether a value of the actual shape may be given where the declared one is expected."""
    if actual is None or declared is None:
        return True
    return len(actual) == len(declared) and all(map(agree, actual, declared))


def merge(a: Shape, b: Shape) -> Shape:
    """All that two descriptions of one shape say about it; they must fit."""
    if a is None or b is None:
        return b if a is None else a
    return tuple(x if isinstance(x, int) or y is None else y for x, y in zip(a, b, strict=True))


def broadcast(*shapes: Shape) -> Shape:
    """The shape that all broadcast to, as in NumPy; ValueError where two sizes clash."""
    if None in shapes:
        return None
    known = [shape for shape in shapes if shape]
    if not known:
        return ()
    if known.count(known[0]) == len(known):
        return known[0]
    rank = max(map(len, known))
    result: list[Dim] = []
    for axis in range(-rank, 0):
        dims = [s[axis] for s in known if -axis <= len(s) and s[axis] != 1]
        sizes = {d for d in dims if isinstance(d, int)}
        if len(sizes) > 1:
            raise ValueError(f"shapes {' and '.join(map(show, shapes))} do not broadcast")
        result.append(sizes.pop() if sizes else _one_name(dims))
    return tuple(result)


def _one_name(dims: Sequence[Dim]) -> Dim:
    return 1 if not dims else dims[0] if all(d == dims[0] for d in dims) else None


def axes_of(axis: Array, rank: int) -> tuple[int, ...]:
    """Axes as sorted non-negative numbers; ValueError when one is out of range or named twice."""
    axes = [int(a) for a in axis.reshape(-1)]
    if bad := [a for a in axes if not -rank <= a < rank]:
        raise ValueError(f"must lie in [{-rank}, {rank}) for a value of rank {rank}, got {bad[0]}")
    positive = sorted(a % rank for a in axes)
    if len(set(positive)) < len(positive):
        raise ValueError(f"must name each axis once, got {axes}")
    return tuple(positive)


def element_count(shape: Shape) -> int | None:
    """Number of elements, exact for any size, or None when not known."""
    if shape is None:
        return None
    count = 1
    for dim in shape:
        if not isinstance(dim, int):
            return None
        count *= dim
    return count


def nbytes(type_: TensorType) -> int:
    """Size of a value in bytes, 0 where its shape is not known."""
    return (element_count(type_.shape) or 0) * dtypes.storage(type_.dtype).itemsize


def impossible(type_: TensorType) -> str:
    """Why no array can have this type, as its dims or bytes are too many; nothing if one can."""
    shape = type_.shape
    if not shape:
        return ""
    count = 1
    for dim in shape:
        if dim and isinstance(dim, int):  # NumPy ignores sizes of 0 here: an empty array may be too large
            count *= dim
    if count <= _CERTAIN and len(shape) <= MOST_DIMS:
        return ""
    if len(shape) > MOST_DIMS:
        return f"must have at most {MOST_DIMS} dims, got {len(shape)}"
    size = count * dtypes.storage(type_.dtype).itemsize
    return "" if size <= MOST_BYTES else f"must take at most {MOST_BYTES} bytes, got {size} for {type_}"


def contract(rule: str, shapes: Sequence[Shape]) -> Shape:
    """The output shape by a rule such as ``... m k, ... k n -> ... m n``; leading ``...`` dims broadcast.

    Raises ValueError with the position of the argument that does not fit and what it should have been.
    """
    left, right = rule.split("->")
    patterns = [part.split() for part in left.split(",")]
    bound: dict[str, Dim] = {}
    leading: list[Shape] = []
    unknown = False
    for position, (pattern, shape) in enumerate(zip(patterns, shapes, strict=True)):
        names = [p for p in pattern if p != "..."]
        if shape is None:
            unknown = True
            continue
        free = len(shape) - len(names)
        if free < 0 or (free and "..." not in pattern):
            wanted = "at least " * ("..." in pattern) + str(len(names))
            raise ContractError(position, f"must have rank {wanted}, got shape {show(shape)}")
        leading.append(shape[:free])
        for name, dim in zip(names, shape[free:], strict=True):
            if not agree(bound.get(name), dim):
                raise ContractError(position, f"must have size {bound[name]} in dim '{name}', got shape {show(shape)}")
            if not isinstance(bound.get(name), int):
                bound[name] = dim
    if unknown:
        return None
    out: list[Dim] = []
    for name in right.split():
        out.extend(broadcast(*leading) or () if name == "..." else (bound[name],))
    return tuple(out)


class ContractError(ValueError):
    """An argument that does not fit a shape rule, by its position."""

    def __init__(self, position: int, message: str):
        self.position = position
        super().__init__(message)
