"""A call of a block, and what calls are made of: random operands by shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt
from typing import Any, NamedTuple

import numpy as np

from dataflow import blocks

_random = np.random.default_rng(0)


class Call(NamedTuple):
    """A block by its name, its attrs, what it is called on, and what is particular about it."""

    block: str
    operands: Sequence[Any]
    attrs: dict[str, Any] = {}
    what: str = ""

    @property
    def title(self) -> str:
        return f"{self.block} {self.what}".rstrip()

    @property
    def inputs(self) -> dict[str, Any]:
        """The operands by port, those of a list with a number behind each, as a recorded case has them."""
        inputs: dict[str, Any] = {}
        for port, operand in zip(blocks[self.block].signature.inputs.values(), self.operands, strict=False):
            stem = port.name.removesuffix("s")
            inputs |= {f"{stem}{i}": part for i, part in enumerate(operand)} if port.many else {port.name: operand}
        return {name: np.asarray(operand) for name, operand in inputs.items()}


Calls = Iterator[Call]


def floats(*shape: int) -> Any:
    """Numbers of a normal distribution."""
    return _random.standard_normal(shape, np.float32)


def between(low: Any, high: Any, shape: Sequence[int], dtype: Any) -> Any:
    """Numbers from `low` to `high`, both included where they are whole."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iub":
        return _random.integers(int(low), int(high) + 1, shape).astype(dtype)
    return _random.uniform(low, high, shape).astype(dtype)


def whole(high: int, *shape: int, dtype: str = "int32") -> Any:
    """Whole numbers from 0 to below `high`."""
    return _random.integers(0, high, shape).astype(dtype)


def sizes(*numbers: int) -> Any:
    return np.array(numbers, np.int32)


def scalars(*numbers: float) -> list[Any]:
    return [np.float32(number) for number in numbers]


def rows(n: int, width: int) -> tuple[int, int]:
    """The shape of about `n` elements in rows."""
    return max(1, n // width), width


def image(n: int, channels: int, largest: int = 32) -> tuple[int, int, int, int]:
    """The shape of about `n` elements in square images, of at most so many pixels to a side."""
    side = min(largest, isqrt(n // channels))
    return max(1, n // (side * side * channels)), side, side, channels


def volume(n: int, channels: int) -> tuple[int, int, int, int, int]:
    """The shape of about `n` elements in cubes of 8 voxels to a side."""
    return max(1, n // (512 * channels)), 8, 8, 8, channels
