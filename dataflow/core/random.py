"""Keys of random numbers: who draws them, in which step, under which seed. Nothing else decides what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

CHUNK = 1 << 16  # elements that are drawn together; any part of an array can be made from the chunks it lies in


@dataclass(frozen=True, slots=True)
class Key:
    """Where the random numbers of a node come from: the same for the same seed, node and step, unlike any others."""

    seed: int = 0
    node: str = ""
    step: int = 0

    def generator(self, *more: int, chunk: int = 0) -> np.random.Generator:
        """A counter-based (Philox) generator; further whole numbers, such as a block's own seeds, make it another."""
        text = "\0".join(map(str, (self.seed, self.node, *more)))
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        words = np.frombuffer(digest, "<u8")
        return np.random.Generator(np.random.Philox(key=words, counter=[0, 0, chunk, self.step]))

    def draw(self, shape: tuple[int, ...], sample: Callable[[np.random.Generator, int], Any], *more: int) -> Any:
        """An array of a shape, filled by chunks; ``sample`` gives so many values from a generator."""
        size = prod(shape)
        first = sample(self.generator(*more), min(CHUNK, size))
        if len(first) == size:
            return first.reshape(shape)
        values = np.empty(shape, first.dtype)  # as its caller gets it: a reshaped array would be copied once more
        row = values.reshape(-1)
        row[:CHUNK] = first
        del first
        for start in range(CHUNK, size, CHUNK):
            stop = min(start + CHUNK, size)
            row[start:stop] = sample(self.generator(*more, chunk=start // CHUNK), stop - start)
        return values
