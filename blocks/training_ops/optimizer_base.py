"""What optimizers share: their ports, and a step that is done element by element, tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, ClassVar

import numpy as np

from blocks.kernels.chunked import SMALL, TILE
from blocks.math_ops.exponential import Rsqrt
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Update
from dataflow.core.roles import Gradient, LearningRate, PowerOf, Setting, Slot, Variable
from dataflow.core.scratch import one_array_bytes, scratch

rsqrt = Rsqrt().kernel


def toward(mean: Array, value: Array, share: Array, out: Array) -> None:
    """A mean moved by a share of its distance from a value, written to ``out``, which may be the value."""
    np.add(mean, np.multiply(np.subtract(value, mean, out), share, out), out)


# -- ports, which each optimizer lists in TensorFlow's order ------------------------------------------------------


def variable() -> In:
    """The port of the variable that is trained."""
    return In("T", "the variable", role=Variable())


def gradient() -> In:
    """The port of the gradient."""
    return In("T", "gradient of the loss by the variable", role=Gradient())


def slot(what: str, initial: float = 0.0) -> In:
    """The port of a variable that is kept from step to step."""
    return In("T", f"variable that keeps {what}, of the same shape", role=Slot(initial))


def rate(default: float, limits: str = "") -> In:
    """The port of the learning rate."""
    return In("T", f"learning rate{limits}", shape=(), role=LearningRate(default))


def setting(doc: str, default: float) -> In:
    """The port of another number that is the same for all elements."""
    return In("T", doc, shape=(), role=Setting(default))


def power_of(base: str) -> In:
    """The port of a setting to the power of the steps done."""
    return In("T", f"`{base}` to the power of the steps done", shape=(), role=PowerOf(base=base))


class Optimizer(Update, abstract=True):
    """A step for one variable and the slots beside it, done tile by tile.

    A subclass writes its inputs and ``step``, which takes what the kernel does, an array for each output to write it
    to, and as many arrays to work in as ``scratch_arrays`` says. Outputs follow from the inputs: ``out`` is the next
    value of the variable, ``<slot>_out`` that of a slot.
    """

    T = dtypes.floating
    scratch_arrays: ClassVar[int] = 1
    step: ClassVar[Callable[..., None]]
    out: ClassVar[Out]

    def __init_subclass__(cls, **options: Any) -> None:
        assigns = {}
        for name, port in [*vars(cls).items()]:
            match port.role if isinstance(port, In) else None:
                case Variable():
                    assigns[name], cls.out = "out", Out("T", "the variable's next value")
                case Slot():
                    assigns[name] = f"{name}_out"
                    setattr(cls, assigns[name], Out("T", f"next value of `{name}`"))
        if assigns:
            cls.assigns = assigns
        super().__init_subclass__(**options)

    def kernel(self, *arrays: Array) -> Array | tuple[Array, ...]:
        shape, dtype, size = arrays[0].shape, arrays[0].dtype, arrays[0].size
        outs = [np.empty(shape, dtype) for _ in self.signature.outputs]
        if size <= SMALL:
            self.step(*arrays, *outs, *[np.empty(shape, dtype) for _ in range(self.scratch_arrays)])
            return tuple(outs) if len(outs) > 1 else outs[0]
        flat = [a.reshape(-1) if a.ndim else a for a in (*arrays, *outs)]
        with scratch(((self.scratch_arrays, min(size, TILE)), dtype)) as (space,):
            for start in range(0, size, TILE):
                tile = slice(start, start + TILE)
                self.step(*[a[tile] if a.ndim else a for a in flat], *space[:, : size - start])
        return tuple(outs) if len(outs) > 1 else outs[0]

    def workspace(self, *types: TensorType) -> int:
        size: int = prod(types[0].shape)  # type: ignore[arg-type]
        nbytes = self.scratch_arrays * min(size, TILE) * dtypes.storage(types[0].dtype).itemsize
        return nbytes if size <= SMALL else one_array_bytes(nbytes)
