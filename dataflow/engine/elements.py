"""One element of a block's outputs as source text, for compilers; the bits are those of the kernel of NumPy's."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from dataflow.core.block import Block
from dataflow.core.dtypes import DType, compute

# The formula of one element of a ufunc. Of ufuncs that are not here a compiler gives other bits than NumPy.
FORMULAS: dict[Callable[..., Any], str] = {
    np.add: "x + y",
    np.subtract: "x - y",
    np.multiply: "x * y",
    np.divide: "x / y",
    np.fmod: "np.fmod(x, y)",
    np.negative: "-x",
    np.positive: "x",
    np.absolute: "abs(x)",
    np.square: "x * x",
    np.sqrt: "np.sqrt(x)",
    np.reciprocal: "np.reciprocal(x)",
    np.sign: "np.sign(x) + 0",  # that of -0.0 is 0.0
    np.floor: "np.floor(x)",
    np.ceil: "np.ceil(x)",
    np.rint: "np.rint(x)",
    np.greater: "x > y",
    np.greater_equal: "x >= y",
    np.less: "x < y",
    np.less_equal: "x <= y",
    np.equal: "x == y",
    np.not_equal: "x != y",
    np.logical_and: "x & y",
    np.logical_or: "x | y",
    np.logical_not: "not x",
}
# which NumPy computes without vectors or by shorter ones: compiled they are faster, also alone
ALONE = {np.fmod, np.sign, np.sqrt}
FOLDS: dict[np.ufunc, str] = {np.add: "+", np.multiply: "*"}  # of elements in columns, in float64


def element(block: Block, dtype: DType) -> str | None:
    """The source of a function ``element`` that computes one element as the block does; None if there is none.

    ``dtype`` is that of the output.
    """
    call = block.kernel_for(dtype)
    if isinstance(call, np.ufunc):
        if (formula := FORMULAS.get(call)) is None:
            return None
        return f"def element({', '.join('xy'[: len(block.signature.inputs)])}):\n    return {formula}\n"
    return None if block.element is None else written(block.element)


def widens(block: Block, given: Iterable[DType], made: DType) -> bool:
    """Whether the element may take 16-bit floats in float32, and what it gives be rounded to 16 bits."""
    call = block.kernel_for(made)
    if np.dtype(np.float64) in given and compute(made) != made:  # which would be rounded twice
        return False
    # the sign of -0.0 in bfloat16 is -0.0
    return block.rounds_once or (isinstance(call, np.ufunc) and (call is not np.sign or made.kind == "f"))


def parameters(block: Block, dtype: DType) -> list[str]:
    """The names of what the element function takes, but for elements of a variadic input."""
    call = block.kernel_for(dtype)
    if isinstance(call, np.ufunc):
        return ["xy"[i] for i in range(call.nin)]
    found = inspect.signature(block.element).parameters.values()
    return [each.name for each in found if each.kind is not each.VAR_POSITIONAL]


@cache
def written(function: Callable[..., Any], name: str = "element") -> str | None:
    """The source of a function under another name; None where no file has it."""
    try:
        source = textwrap.dedent(inspect.getsource(function)).removeprefix("@staticmethod\n")
    except (OSError, TypeError):
        return None
    return source[: source.index("(")].replace(function.__name__, name) + source[source.index("(") :]
