"""Questions to the reference, and where the families of blocks put theirs."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

size = 1  # how many times more random values than usual


class Question(NamedTuple):
    """One call to record; an attr that the reference takes as an input may stand among the attrs.

    ``slopes`` asks for the gradients too: of every floating or complex output, weighted at random, by every such input.
    """

    name: str
    attrs: dict[str, Any]
    inputs: dict[str, Any]
    slopes: bool = False


class Agreement(NamedTuple):
    """How near the answers must be. ``ulps`` None means relative: ``|got - wanted| <= relative * max |wanted|``.

    ``wide`` stands for ``relative`` in float64 and complex128. Complex numbers agree to ``complex_ulps`` of the
    absolute value, as processors may multiply and add in one step.
    """

    ulps: int | None = 0
    relative: float = 1e-5
    wide: float = 1e-12
    complex_ulps: int = 0


Asking = Callable[[np.random.Generator], Iterator[Question]]
TABLE: dict[str, Asking] = {}
AGREEMENTS: dict[str, Agreement] = {}
TO_TORCH: set[str] = set()  # ops that torch answers about, see ``torch_answers.py``


def asks(
    *ops: str,
    ulps: int | None = 0,
    relative: float = 1e-5,
    wide: float = 1e-12,
    complex_ulps: int | None = None,
    torch: bool = False,
) -> Callable[[Asking], Asking]:
    """Mark a function as the questions for these ops, whose outputs must agree as `Agreement` says.

    Gradients that were asked for must agree relatively. ``torch`` says that it is torch that is asked.
    """

    def mark(function: Asking) -> Asking:
        agreement = Agreement(ulps, relative, wide, ulps or 0 if complex_ulps is None else complex_ulps)
        for op in ops:
            TABLE[op], AGREEMENTS[op] = function, agreement
            if torch:
                TO_TORCH.add(op)
        return function

    return mark


def questions(op: str, seed: int = 0) -> Iterator[Question]:
    """The questions for an op; another seed asks with other random numbers."""
    return TABLE[op](np.random.default_rng(zlib.crc32(op.encode()) + seed))
