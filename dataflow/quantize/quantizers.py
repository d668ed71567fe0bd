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
    if learn in ("lsq", "tqt"):
        if settings.per == "group":
            raise DataflowError(f"{name}: steps are learned for a tensor or each channel, got groups")
        return (_learned_step if learn == "lsq" else _threshold)(new, wire, name, ends, bits, True, along)
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
    signed = symmetric or bool(low < 0)
    if learn in ("lsq", "tqt"):
        return (_learned_step if learn == "lsq" else _threshold)(new, wire, name, end, bits, signed, {})
    if learn == "pact" and not signed:
        return _clipped(new, wire, name, end, bits)
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


def _most(bits: int, signed: bool = True) -> int:
    """The highest code of an integer."""
    return max(1, (1 << bits - signed) - 1)


def _learned_step(
    new: Rebuild, wire: Ref, name: str, end: Array, bits: int, signed: bool, along: dict[str, Any]
) -> Quantized:
    """A quantizer whose step is trained, begun so that the highest level is the end of the range."""
    made = _Making(new, name, trainable=True)
    step = made.variable("step", end / _most(bits, signed))
    made.add("LearnedStepQuantize", [wire, step], num_bits=bits, **({} if signed else {"signed": False}), **along)
    return made.quantized(lambda new: step)


def _threshold(
    new: Rebuild, wire: Ref, name: str, end: Array, bits: int, signed: bool, along: dict[str, Any]
) -> Quantized:
    """A quantizer whose step is a power of two, begun where the highest level is the nearest to the end."""
    made = _Making(new, name, trainable=True)
    log2_step = np.log2(end / _most(bits, signed)) - 0.5  # which is rounded up
    log2_t = made.variable("log2_t", log2_step + (bits - signed))
    made.add(
        "TrainedThresholdQuantize", [wire, log2_t], num_bits=bits, **({} if signed else {"signed": False}), **along
    )
    return made.quantized(lambda new: _added(new, "PowerOfTwo", [log2_t - float(bits - signed)], f"{name}/scale"))


def _clipped(new: Rebuild, wire: Ref, name: str, end: Array, bits: int) -> Quantized:
    """A quantizer from 0.0 to a threshold that is trained."""
    made = _Making(new, name, trainable=True)
    alpha = made.variable("alpha", end)
    made.add("PactQuantize", [wire, alpha], num_bits=bits)
    return made.quantized(lambda new: _added(new, "RealDiv", [alpha, float(_most(bits, False))], f"{name}/scale"))


def _added(new: Rebuild, block: str, operands: list[Any], name: str) -> Ref:
    made: Ref = new.add(blocks[block](), operands, name=free_name(new, name))
    return made


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
