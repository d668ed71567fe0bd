"""Orders of rows: shuffled, by parts and in folds, the same for the same seed; of any number of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.core.random import Key

MANY = 1 << 24  # rows; with more, an order is computed where it is read and takes no memory
_ROUNDS = 4
_GOLDEN = 0.6180339887498949  # its multiples lie evenly between whole numbers


class Permutation:
    """The numbers below ``length``, each once, in an order that is computed where it is read.

    A Feistel network of four rounds permutes the numbers below the next power of 4; those that are too large are
    permuted again.
    """

    def __init__(self, length: int, key: Key):
        self.length = length
        self.half = np.uint64(max((length - 1).bit_length() + 1, 2) // 2)
        self.mask = np.uint64((1 << int(self.half)) - 1)
        self.keys = key.generator().integers(0, 1 << 63, (_ROUNDS, 2), np.uint64)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, part: slice) -> Array:
        found = np.arange(*part.indices(self.length), dtype=np.uint64)
        found = self._once(found)
        while (outside := found >= self.length).any():
            found[outside] = self._once(found[outside])
        return found.astype(np.int64)

    def _once(self, numbers: Array) -> Array:
        left, right = numbers >> self.half, numbers & self.mask
        for factor, addend in self.keys:
            mixed = (right + addend) * (factor | np.uint64(1))
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(0xBF58476D1CE4E5B9)
            left, right = right, left ^ ((mixed >> np.uint64(32)) & self.mask)
        return (left << self.half) | right


Order = Array | Permutation


def shuffled(length: int, seed: int, epoch: int) -> Order:
    """The order of rows in an epoch: the same for the same seed and epoch."""
    return permutation(length, Key(seed, "shuffle", epoch))


def permutation(length: int, key: Key) -> Order:
    """The numbers below ``length``, each once, in an order that the key determines."""
    if length > MANY:
        return Permutation(length, key)
    return key.generator().permutation(length)


def bounds(length: int, fraction: Sequence[float]) -> tuple[int, int]:
    """From where to where a part of the shuffled rows reaches; GraphError where there are too many to be shuffled."""
    if length > MANY:
        raise GraphError(
            f"'fraction' may be of at most {MANY:,} rows, got {length:,}; give 'rows', of a file whose rows are mixed"
        )
    return round(fraction[0] * length), round(fraction[1] * length)


def part(length: int, fraction: Sequence[float], seed: int, groups: Array | None = None) -> Array:
    """The rows of a part of the shuffled rows, in the order of the file.

    groups : a number per row; each part then has about the same share of every group.
    """
    start, stop = bounds(length, fraction)
    order = Key(seed, "split", 0).generator().permutation(length)
    if groups is not None:
        order = order[_spread(groups[order])]
    return np.sort(order[start:stop])


def _spread(groups: Array) -> Array:
    """An order in which the members of each group lie evenly among all.

    Each group begins at another place: else what many groups have only one of would all lie in the middle.
    """
    _, firsts, group, counts = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    by_group = np.argsort(group, kind="stable")
    rank = np.empty(len(groups), np.int64)
    rank[by_group] = np.arange(len(groups)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin = np.empty(len(counts))
    begin[np.argsort(firsts)] = (0.5 + _GOLDEN * np.arange(len(counts))) % 1
    result: Array = np.argsort((rank + begin[group]) / counts[group], kind="stable")
    return result
