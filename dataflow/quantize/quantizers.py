"""The nodes of a quantizer: the block that a recipe asks for, and the variables that hold its range or step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.registry import blocks
from dataflow.graph.node import Ref
from dataflow.graph.rebuild import Rebuild
from dataflow.quantize.section import Activations, Weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass
class Quantized:
    """A wire that carries rounded values, and how the wire that carries their step is made: once, when it is needed."""

    wire: Ref
    make_scale: Callable[[Rebuild], Ref]
    _scale: Ref | None = None

    def scale(self, new: Rebuild) -> Ref:
        """The wire of the step, a scalar or one per channel."""
        if self._scale is None:
            self._scale = self.make_scale(new)
        return self._scale


def quantize_weights(
    new: Rebuild, wire: Ref, name: str, settings: Weights, ends: Array, axis: int, summed: int, learn: str | None
) -> Quantized:
    """Weights rounded in ranges that end at ``-ends`` and ``ends``, the nodes named after ``name``."""
    along: dict[str, Any] = {"channel": {"axis": axis}, "group": {"axis": summed, "group": settings.group}}.get(
        settings.per, {}
    )
    bits = settings.bits
    if learn == "lsq":
        if settings.per == "group":
            raise DataflowError(f"{name}: steps are learned for a tensor or each channel, got groups")
        return _learned_step(new, wire, name, ends / _most(bits), bits, True, along)
    made = _Making(new, name, trainable=learn is not None)
    end = made.variable("max", ends)
    made.add("FakeQuantSymmetric", [wire, end], num_bits=bits, **along)
    return made.quantized(lambda new: end if bits == 1 else _scale(new, name, [end], bits, True))


def quantize_activations(
    new: Rebuild, wire: Ref, name: str, settings: Activations, range: tuple[float, float], learn: str | None
) -> Quantized:
    """Values rounded in a range, which is widened to have 0.0 in it, the nodes named after ``name``."""
    low, high = (np.float32(min(range[0], 0.0)), np.float32(max(range[1], 0.0)))
    bits, symmetric = settings.bits, settings.symmetric
    if low == high:
        high = np.float32(1.0)  # all that was seen is 0.0, which is on every grid
    end = np.maximum(-low, high)
    if learn == "lsq":
        signed = symmetric or bool(low < 0)
        return _learned_step(new, wire, name, end / (_most(bits) if signed else 2**bits - 1), bits, signed, {})
    made = _Making(new, name, trainable=learn is not None)
    if symmetric:
        top = made.variable("max", end)
        made.add("FakeQuantSymmetric", [wire, top], num_bits=bits)
        return made.quantized(lambda new: top if bits == 1 else _scale(new, name, [top], bits, True))
    if bits == 1:
        raise DataflowError(f"{name}: values of 1 bit are signs; write activations 1/symmetric, or give them 2 bits")
    ends = [made.variable("min", low), made.variable("max", high)]
    made.add("FakeQuantWithMinMaxVars", [wire, *ends], num_bits=bits)
    return made.quantized(lambda new: _scale(new, name, ends[::-1], bits, False))


def _most(bits: int) -> int:
    """The highest code of a signed integer."""
    return max(1, (1 << bits - 1) - 1)


def _learned_step(
    new: Rebuild, wire: Ref, name: str, step: Array, bits: int, signed: bool, along: dict[str, Any]
) -> Quantized:
    made = _Making(new, name, trainable=True)
    variable = made.variable("step", step.astype(np.float32))
    made.add("LearnedStepQuantize", [wire, variable], num_bits=bits, **({} if signed else {"signed": False}), **along)
    return made.quantized(lambda new: variable)


def _scale(new: Rebuild, name: str, ends: list[Ref], bits: int, narrow: bool) -> Ref:
    made: Any = new.add(
        blocks["ScaleOf"](num_bits=bits, narrow_range=narrow),
        ends,
        name=free_name(new, f"{name}/scale"),
    )
    scale: Ref = made.scale
    return scale


class _Making:
    def __init__(self, new: Rebuild, name: str, trainable: bool):
        self.new, self.name, self.trainable = new, name, trainable
        self.wire: Ref | None = None

    def variable(self, what: str, value: ArrayLike) -> Ref:
        kept = {} if self.trainable else {"trainable": False}
        made: Ref = self.new.add(
            blocks["Variable"](**kept), [np.asarray(value, np.float32)], name=free_name(self.new, f"{self.name}/{what}")
        )
        return made

    def add(self, block: str, operands: list[Ref], **attrs: object) -> None:
        self.wire = self.new.add(blocks[block](**attrs), operands, name=free_name(self.new, f"{self.name}_q"))

    def quantized(self, scale: Callable[[Rebuild], Ref]) -> Quantized:
        assert self.wire is not None
        return Quantized(self.wire, scale)


def free_name(new: Rebuild, name: str) -> str:
    """The name, or one like it that no node has, neither in the graph nor in the copy."""
    found, count = name, 1
    while found in new.result.nodes or found in new.graph.nodes:
        count += 1
        found = f"{name}_{count}"
    return found
