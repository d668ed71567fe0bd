"""The base of blocks that draw random numbers: their seeds."""

from __future__ import annotations

from dataflow.core.block import Block, attr

SEED = "makes other numbers for the same run, node and step"
SHAPE = "shape of the output"


class Seeded(Block, abstract=True):
    """Draws random numbers: seeds beside that of the run, and another value in each step."""

    seed: int = attr(SEED, default=0)
    seed2: int = attr("makes other numbers, beside `seed`", default=0)
    pure, draws = False, True
