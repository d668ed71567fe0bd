"""Keys of random numbers. Seed, node and step alone decide which numbers are drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dataflow.core.dtypes import Array

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

    def fill(self, values: Array, sample: Callable[[np.random.Generator, Array], object], *more: int) -> Array:
        """The contiguous array, filled chunk by chunk: ``sample(generator, part)`` fills a part, of one dim."""
        row = values.reshape(-1)
        for chunk, start in enumerate(range(0, values.size, CHUNK)):
            sample(self.generator(*more, chunk=chunk), row[start : start + CHUNK])
        return values
