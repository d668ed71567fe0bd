"""What the fuzzer draws from: shapes of all kinds, values with everything odd among them, and layouts of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from ..questions.inputs import COMPLEX, FLOATS, SIGNED, UNSIGNED, numbers, special, stored

LARGE = 600_000  # elements: more than one tile
PLAIN = ("plain", "ties")
EVERY = (*PLAIN, "special", "wide", "bits")


@dataclass
class Draw:
    """The dice of one case.

    ``dtype`` is that of the block's first values, ``large`` asks for more than one tile. Without ``subnormal`` there
    are no subnormal numbers, which count as zeros in the reference.
    """

    random: np.random.Generator
    dtype: str
    large: bool = False
    subnormal: bool = True

    def chance(self, part: float) -> bool:
        return bool(self.random.random() < part)

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int(self.random.integers(len(choices)))]

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.random.integers(low, high + 1))

    def count(self, most: int = 6000) -> int:
        """How many elements to take: mostly few."""
        return LARGE if self.large else int(most ** self.random.random())

    def shape(self, low: int = 0, high: int = 5, most: int = 6000) -> tuple[int, ...]:
        """A shape of so many dims, some of them 1, now and then one 0."""
        rank = self.between(max(low, self.large), high)
        left = self.count(most)
        dims: list[int] = []
        for i in range(rank):
            last = i == rank - 1
            dim = left if last else self.pick([1, 2, 3, 4, 5, 7, 8, 16, 33])
            dims.append(max(1, min(dim, left)))
            left = -(-left // dims[-1])
        self.random.shuffle(dims)
        if dims and not self.large and self.chance(0.04):
            dims[self.between(0, rank - 1)] = 0
        return tuple(dims)

    def within(self, shape: tuple[int, ...], alike: float = 0.4) -> tuple[int, ...]:
        """A shape that broadcasts to this one."""
        if self.chance(alike):
            return shape
        if self.chance(0.2):
            return ()
        own = [1 if self.chance(0.3) else dim for dim in shape]
        return tuple(own[self.between(0, len(own)) :] if self.chance(0.4) else own)

    def axes(self, rank: int) -> Any:
        """Some axes, each counted from either end."""
        chosen = [axis for axis in range(rank) if self.chance(0.5)]
        self.random.shuffle(chosen)
        kind = self.pick(["int32", "int64"])
        return np.array([axis - rank * self.chance(0.3) for axis in chosen], kind)

    def axis(self, rank: int) -> int:
        return self.between(-rank, rank - 1)

    def values(self, shape: Any, dtype: str | None = None, kinds: Sequence[str] = EVERY) -> Any:
        """Values of one kind, drawn too: usual ones, halves, edges of the dtype, all sizes, any bits."""
        dtype = (dtype or self.dtype).removeprefix("q")  # quantized numbers are stored as plain ones
        if dtype in COMPLEX or dtype == "bool":
            kinds = [kind for kind in kinds if kind in PLAIN]
        x = np.asarray(_DRAWN[self.pick(kinds)](self.random, dtype, shape)).astype(stored(dtype), copy=False)
        return x if self.subnormal or dtype not in FLOATS else np.where(subnormal(x), x.dtype.type(0), x)

    def whole(self, low: int, high: int, shape: Any = (), dtype: str = "int32") -> Any:
        return self.random.integers(low, high, shape).astype(dtype)


def subnormal(x: Any) -> Any:
    """Where floats are subnormal."""
    tiny = float(ml_dtypes.finfo(x.dtype).tiny)  # type: ignore[no-untyped-call]
    with np.errstate(invalid="ignore"):
        return (x != 0) & (np.abs(x) < x.dtype.type(tiny))


def _ties(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    x = random.integers(-40, 40, shape)
    if dtype in COMPLEX:
        return x / 2 + 1j * random.integers(-9, 9, shape)
    return np.abs(x) if dtype in UNSIGNED else x if dtype in (*SIGNED, "bool") else x / 2


def _edges(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    x = numbers(random, dtype, shape)
    edges = special(dtype)
    return np.where(random.random(shape) < 0.4, random.choice(edges, shape), x).astype(x.dtype)


def _wide(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    if dtype in (*SIGNED, *UNSIGNED):
        x = 2.0 ** random.uniform(0, 8 * stored(dtype).itemsize - (dtype in SIGNED) - 1e-9, shape)
        return (x if dtype in UNSIGNED else x * random.choice([-1, 1], shape)).astype(stored(dtype))
    low, high = {"float16": (-14, 15.9), "float64": (-1021, 1023)}.get(dtype, (-125, 127))
    return (2.0 ** random.uniform(low, high, shape)) * random.choice([-1, 1], shape)


def _bits(random: np.random.Generator, dtype: str, shape: Any) -> Any:
    kind = stored(dtype)
    raw = random.bytes(int(np.prod(shape, dtype=np.int64)) * kind.itemsize)
    x = np.frombuffer(raw, kind).reshape(shape)
    with np.errstate(invalid="ignore"):
        return x if dtype not in FLOATS else np.where(np.isnan(x), x.dtype.type(1), x)


_DRAWN = {"plain": numbers, "ties": _ties, "special": _edges, "wide": _wide, "bits": _bits}


def laid_out(random: np.random.Generator, array: Any) -> Any:
    """The same values in other memory: steps, negative steps, other orders of axes, the other byte order, read-only."""
    array = np.asarray(array)
    if random.random() < 0.3:
        return array
    if not array.ndim:
        return array.astype(array.dtype.newbyteorder(">")) if array.dtype.kind in "iufc" else array
    perm = random.permutation(array.ndim)
    array = np.ascontiguousarray(array.transpose(perm)).transpose(np.argsort(perm))
    for axis in range(array.ndim):
        how = random.random()
        if how < 0.2:
            array = np.repeat(array, 2, axis)[(slice(None),) * axis + (slice(None, None, 2),)]
        elif how < 0.4:
            array = np.flip(np.ascontiguousarray(np.flip(array, axis)), axis)
    if random.random() < 0.25 and array.dtype.kind in "iufc" and array.itemsize > 1:
        array = array.astype(array.dtype.newbyteorder(">"))
    if random.random() < 0.2:
        array = array.view()
        array.flags.writeable = False
    return array
