"""Keys of random numbers. Seed, node and step alone decide which numbers are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

CHUNK = 1 << 16  # elements drawn from one generator, so that any part of an array can be drawn without the rest


@dataclass(frozen=True, slots=True)
class Key:
    """Seed, node and step: equal keys give equal random numbers, different keys independent ones."""

    seed: int = 0
    node: str = ""
    step: int = 0

    def generator(self, *more: int, chunk: int = 0) -> np.random.Generator:
        """A counter-based generator (Philox); ``more`` whole numbers, such as a block's own seeds, give another one."""
        text = "\0".join(map(str, (self.seed, self.node, *more)))
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        words = np.frombuffer(digest, "<u8")
        return np.random.Generator(np.random.Philox(key=words, counter=[0, 0, chunk, self.step]))

    def draw(self, shape: tuple[int, ...], sample: Callable[[np.random.Generator, int], Any], *more: int) -> Any:
        """An array of this shape, drawn chunk by chunk; ``sample(generator, n)`` returns n values."""
        size = prod(shape)
        first = sample(self.generator(*more), min(CHUNK, size))
        if len(first) == size:
            return first.reshape(shape)
        values = np.empty(shape, first.dtype)  # in its final shape: results that are views are copied
        row = values.reshape(-1)
        row[:CHUNK] = first
        del first
        for start in range(CHUNK, size, CHUNK):
            stop = min(start + CHUNK, size)
            row[start:stop] = sample(self.generator(*more, chunk=start // CHUNK), stop - start)
        return values
