"""Where the families put the functions that draw their cases, and for which dtypes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from dataflow import blocks
from dataflow.core import dtypes

from ..draw import Draw

Attrs = dict[str, Any]
Drawn = tuple[Attrs, dict[str, Any]]


class Case(NamedTuple):
    """Attrs and inputs by name, as a question to the recorder has them."""

    attrs: Attrs
    inputs: dict[str, Any]


class Asked(NamedTuple):
    """How the cases of an op are drawn: the function is given the op where ``named``."""

    function: Callable[..., Drawn]
    dtypes: tuple[str, ...] | None
    subnormal: bool


CASES: dict[str, Asked] = {}


def fuzzes(*ops: str, dtypes: tuple[str, ...] | None = None, subnormal: bool = False) -> Callable[..., Any]:
    """Mark a function of an op and a `Draw` as what draws attrs and inputs for these ops.

    The dtypes are those of the block's first type variable unless given; ``subnormal`` is for blocks that move numbers
    without looking at them, go element by element, or count subnormal numbers as the reference does.
    """

    def mark(function: Callable[..., Drawn]) -> Callable[..., Drawn]:
        for op in ops:
            CASES[op] = Asked(function, dtypes, subnormal)
        return function

    return mark


def dtypes_of(op: str) -> tuple[str, ...]:
    """The dtypes in which to ask about an op; quantized ones only where plain integers are not taken."""
    if (given := CASES[op].dtypes) is not None:
        return given
    block = blocks[op]
    variables = [port.dtype for port in block.signature.inputs.values()]
    variable = "T" if "T" in variables else variables[0]
    accepted = (variable,) if variable in dtypes.every else getattr(block, variable)
    return tuple(t for t in accepted if t.removeprefix("q") not in accepted or not t.startswith("q"))


def drawn(op: str, dtype: str, number: int, seed: int, large: bool) -> tuple[Case, np.random.Generator]:
    """The case of a number, always the same for a seed; and the dice with which to lay out its arrays."""
    random = np.random.default_rng([seed, zlib.crc32(f"{op} {dtype}".encode()), number, large])
    attrs, inputs = CASES[op].function(op, Draw(random, dtype, large, CASES[op].subnormal))
    return Case(attrs, {name: np.asarray(array) for name, array in inputs.items()}), random
