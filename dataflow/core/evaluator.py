"""The evaluator: runs blocks that are called on arrays and compiles their loops; an engine registers its own.

Without an engine kernels run on whole arrays and Python runs the loops: the same bits, more slowly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from dataflow.core.block import Block
    from dataflow.core.random import Key
    from dataflow.core.shapes import TensorType

Loop = Callable[..., None]


class Evaluator(Protocol):
    """What an engine does for blocks that are called by themselves.

    WHOLE : elements of an array up to which it runs kernels on whole arrays.
    """

    WHOLE: float

    def compute(self, block: Block, arrays: Sequence[Any], outputs: Sequence[TensorType], **key: Key) -> list[Any]:
        """The outputs, of the given types, of a block for arrays in port order; a ``key`` for random draws."""

    def compile_loop(self, function: Loop) -> Loop:
        """The function, compiled."""


class WholeArrays:
    """The evaluator where no engine is registered."""

    WHOLE = math.inf

    def compute(self, block: Block, arrays: Sequence[Any], outputs: Sequence[TensorType], **key: Key) -> list[Any]:
        """The outputs of the kernel."""
        return block.compute(arrays, outputs, **key)

    def compile_loop(self, function: Loop) -> Loop:
        """The function as it is."""
        return function


_loader: Callable[[], Evaluator] = WholeArrays


def register(loader: Callable[[], Evaluator]) -> None:
    """Use the evaluator that this function returns from now on; it is called when the first block runs."""
    global _loader
    _loader = loader
    current.cache_clear()


@cache
def current() -> Evaluator:
    """The evaluator that is registered."""
    return _loader()


class jit_loop:
    """A function that the engine compiles at its first call.

    The function works on flat arrays and scalars. The decorator itself imports no compiler.
    """

    def __init__(self, function: Loop):
        self.function, self.__doc__ = function, function.__doc__
        self.compiled: Loop | None = None

    def __call__(self, *args: object) -> None:
        """Run the loop, compiled."""
        if self.compiled is None:
            self.compiled = current().compile_loop(self.function)
        self.compiled(*args)
