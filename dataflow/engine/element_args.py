"""What an element function takes beside one element of each input: scalars, and numbers per channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from dataflow.core.dtypes import Array


class ElementArgs:
    """The numbers that a block's ``element_args`` gives.

    made : by ``precompute``, from which they come.
    numbers : scalars, and arrays of those that each channel has; None where the formula of an element is not all there
        is to the block, so that it cannot be compiled.
    """

    def __init__(self, made: object, numbers: tuple[Any, ...] | None):
        self.made, self.numbers = made, numbers
        self.rows: dict[tuple[int, int, int], Array] = {}

    def row(self, which: int, inner: int, units: int) -> Array:
        """The numbers of channels, each for ``inner`` neighbours, ``units`` times; remembered."""
        key = which, inner, units
        if key not in self.rows:
            self.rows[key] = np.tile(np.repeat((self.numbers or ())[which], inner), units)
        return self.rows[key]
