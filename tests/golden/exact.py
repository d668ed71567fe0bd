"""Correctly rounded values, for where the reference is far off: subnormals count as zero there, and edges are rough.

Computed in the widest float of the machine that records, which must have 64 bits of precision, and rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np

SELU_SCALE = np.longdouble("1.0507009873554804934193349852946")
SELU_FLOOR = np.longdouble("1.7580993408473768599402175208123")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Add": np.add,
    "AddV2": np.add,
    "Ceil": np.ceil,
    "ClipByValue": lambda t, low, high: np.maximum(np.minimum(t, high), low),
    "Div": np.divide,
    "Elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "Exp": np.exp,
    "Floor": np.floor,
    "Inv": lambda x: 1 / x,
    "Log": np.log,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Pow": np.power,
    "RealDiv": np.divide,
    "Reciprocal": lambda x: 1 / x,
    "Rint": np.rint,
    "Round": np.rint,
    "Rsqrt": lambda x: np.where(np.isinf(x), 0, 1 / np.sqrt(x + 0)) if x.dtype.kind == "c" else 1 / np.sqrt(x),
    "Selu": lambda x: np.where(x > 0, SELU_SCALE * x, SELU_FLOOR * np.expm1(x)),
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Sign": np.sign,
    "Sqrt": np.sqrt,
    "Square": np.square,
    "SquaredDifference": lambda x, y: (x - y) * np.conj(x - y),
    "Sub": np.subtract,
    "Tanh": np.tanh,
}
FAR = 4  # ulps
ROUGH = {"Elu", "Selu"}  # off by hundreds of ulps there: no value is taken from it that is not right
NARROW = {"float64": np.float64, "complex64": np.complex64, "complex128": np.complex128}


def right(op: str, inputs: list[Any], output: Any) -> Any:
    """The correctly rounded values of what has this output; None for an op that has no function here."""
    function = FUNCTIONS.get(op)
    if function is None or output.dtype.kind in "iub":
        return None
    wide = np.clongdouble if output.dtype.kind == "c" else np.longdouble
    with np.errstate(all="ignore"):
        values = np.asarray(function(*(a.astype(wide) for a in inputs)))
        return values.astype(NARROW.get(output.dtype.name, np.float32)).astype(output.dtype)


def corrected(op: str, inputs: list[Any], output: Any) -> tuple[Any, int]:
    """The output, correctly rounded where that is subnormal or ``FAR`` away; and for how many values it is."""
    values = right(op, inputs, output)
    if values is None:
        return output, 0
    with np.errstate(all="ignore"):
        far = distance(output, values) > far_off(op)
        if output.dtype.kind != "c":
            tiny = float(ml_dtypes.finfo(output.dtype).tiny)  # type: ignore[no-untyped-call]
            far |= (abs(values) < tiny) & (values != output)
    return np.where(far, values, output), int(far.sum())


def far_off(op: str) -> int:
    """Ulps beyond which the reference is not believed."""
    return 0 if op in ROUGH else FAR


def distance(a: Any, b: Any) -> Any:
    """Ulps between the elements of two arrays: numbers of the dtype that lie between; NaN is far from all but NaN.

    Of complex numbers it is those of the absolute value.
    """
    if a.dtype.kind == "c":
        with np.errstate(invalid="ignore"):
            apart = np.where(a == b, 0, abs(a - b) / np.spacing(abs(b)))
    else:
        places = _on_line(a), _on_line(b)
        apart = np.maximum(*places) - np.minimum(*places)
    missing = [array != array for array in (a, b)]
    return np.where(missing[0] & missing[1], 0, np.where(missing[0] | missing[1], np.inf, apart))


def _on_line(array: Any) -> Any:
    """The place of each element in the order of all numbers of its dtype, zero in the middle of 64 bits."""
    size = array.dtype.itemsize
    bits = np.ascontiguousarray(array).view(f"u{size}").astype(np.uint64).reshape(array.shape)
    sign = np.uint64(1 << 8 * size - 1)
    zero, magnitude = np.uint64(1 << 63), bits & ~sign
    return np.where(bits & sign, zero - magnitude, zero + magnitude)
