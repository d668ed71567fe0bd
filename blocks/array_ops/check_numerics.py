"""Values passed on if they are finite, and whether they are."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from blocks.kernels.casting import cast_into
from blocks.kernels.chunked import TILE, part_bytes, pieces
from dataflow.core import dtypes
from dataflow.core.blas import one_thread
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, storage
from dataflow.core.kinds import Elementwise, Opaque
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace


class CheckNumerics(Elementwise):
    """The value itself, ``tensor``, or an error if it holds NaN or an infinity.

    The error says ``message``, what was found and at which index first.

    >>> CheckNumerics(message="loss")([1.0, 2.0])
    array([1., 2.], dtype=float32)

    Source: tf.debugging.check_numerics.
    """

    found_by = ("nan", "inf", "finite")
    monotone = True
    # not a View: the planner may leave out a call that only gives memory another name
    T = dtypes.floating
    tensor = In("T", "values to check")
    output = Out("T", "`tensor`, unchanged")
    message: str = attr("what the error says")
    reuses = ("tensor",)
    streams = False  # the error tells of the whole value

    def bind(self, memory: Workspace, tensor: TensorType) -> Kernel:
        memory.borrowed += part_bytes(1, tensor)
        dtype = storage(tensor.dtype)

        def kernel(tensor: Array, out: Array | None = None) -> Array:
            if not all(np.isfinite(part).all() for (part,) in pieces(TILE, tensor)):
                raise self.error(f"input 'tensor' must be finite, got {_found(tensor)}: {self.message}")
            return np.array(tensor) if out is None else cast_into(tensor, dtype, out)

        return kernel

    def grad(self, tensor: Wire, output: Wire, dy: Wire) -> Wire:
        return CheckNumerics(message=f"gradient of: {self.message}")(dy)


class AllFinite(Opaque):
    """Whether no value of any input is NaN or infinite, ``all(isfinite(inputs))``.

    Inputs may have different shapes.

    >>> AllFinite()([[1.0, 2.0], [[3.0]]]), AllFinite()([[1.0, 2.0], [float("inf")]])
    (array(True), array(False))

    Source: numpy.isfinite.
    """

    found_by = ("isfinite", "isnan", "overflow")
    T = (*dtypes.floating, *dtypes.complexes)
    inputs = In("T", "values to check", many=True)
    finite = Out("bool", "true if all of them are finite", shape=())
    grad = None

    contiguous_inputs = False  # the order in which values are looked at does not matter

    def bind(self, memory: Workspace, inputs: Sequence[TensorType]) -> Kernel:
        memory.borrowed += max(part_bytes(1, each) for each in inputs)

        def kernel(inputs: Sequence[Array], out: Array | None = None) -> Array:
            result = np.empty((), np.bool_) if out is None else out
            with one_thread:
                result[...] = all(map(_is_finite, inputs))
            return result

        return kernel


def _found(tensor: Array) -> str:
    """What there is that is not finite, and where the first of it."""
    first = np.argwhere(~np.isfinite(tensor))[0].tolist()
    kinds = {"NaN": np.isnan(tensor), "Inf": tensor == np.inf, "-Inf": tensor == -np.inf}
    counts = [f"{kind} ({found.sum()} times)" for kind, found in kinds.items() if found.any()]
    return f"{' and '.join(counts)}, first at {first}"


def _is_finite(value: Array) -> bool:
    # NaN and infinities make the sum of squares NaN or infinite; so may large numbers, which are then looked at singly
    if value.dtype.char in "fd" and value.flags.c_contiguous:
        with one_thread:
            squares = np.vdot(value, value)
        if math.isfinite(squares):
            return True
    return all(np.isfinite(part).all() for (part,) in pieces(TILE, value))
