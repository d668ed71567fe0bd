"""What this target says for each block: a table by name, each with the function that writes its C code."""

from __future__ import annotations

from math import prod

import numpy as np

from dataflow.quantize.export.c_layer import Layer, Lines, Writer, broadcast, loop, place, strides, wrapped
from dataflow.quantize.export.c_products import conv2d, depthwise, matmul, max_pool

# what gives the elements of its first input in the same order: no code, another name for the same memory
SAME = ("Identity", "Reshape", "Squeeze", "ExpandDims")


def bias_add(layer: Layer) -> Lines:
    """A number for each channel added."""
    axis = 1 if layer.attrs["data_format"] == "NCHW" else -1
    count, inner = layer.one("bias").size, prod(layer.out.shape[axis:][1:])
    channel = f"i / {inner} % {count}" if inner > 1 else f"i % {count}"
    return layer.each(wrapped(layer.one("value").at("i"), "+", layer.one("bias").at(channel), layer.out.dtype))


def _combined(operator: str) -> Writer:
    def write(layer: Layer) -> Lines:
        operands = [layer.number(port, broadcast(layer, layer.one(port), port)) for port in [*layer.inputs][:2]]
        return layer.each(wrapped(operands[0], operator, operands[1], layer.out.dtype))

    return write


def add_n(layer: Layer) -> Lines:
    """The sum of arrays of one shape."""
    (operands,) = layer.inputs.values()
    total = operands[0].at("i")
    for each in operands[1:]:
        total = f"({layer.out.type})({wrapped(total, '+', each.at('i'), layer.out.dtype)})"
    return layer.each(total)


def relu(layer: Layer) -> Lines:
    """What is negative becomes 0."""
    x = next(iter(layer.inputs.values()))[0].at("i")
    return layer.each(f"{x} > 0 ? {x} : 0")


def cast(layer: Layer) -> Lines:
    """Elements of another type."""
    return layer.each(layer.one("x").at("i"))


def concat(layer: Layer) -> Lines:
    """Arrays one after the other along an axis."""
    axis, shape = layer.constant("axis")[0] % len(layer.out.shape), layer.out.shape
    outer, row = prod(shape[:axis]), prod(shape[axis:])
    lines, start = [], 0
    for each in layer.inputs["values"]:
        own = prod(each.shape[axis:])
        at = f"i / {own} * {row} + i % {own}" if outer > 1 else "i"
        lines += loop("i", each.size, [f"out[{at}{f' + {start}' if start else ''}] = {each.at('i')};"])
        start += own
    return lines


def sums(layer: Layer) -> Lines:
    """Sums along axes."""
    x = layer.one("input")
    axes = {axis % len(x.shape) for axis in layer.constant("axis")}
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    steps = [0 if axis in axes else step for axis, step in enumerate(strides(kept))]
    at = place(x.shape, steps)
    added = wrapped(f"out[{at}]", "+", x.at("i"), layer.out.dtype)
    return [
        *loop("i", layer.out.size, ["out[i] = 0;"]),
        *loop("i", x.size, [f"out[{at}] = ({layer.out.type})({added});"]),
    ]


def transpose(layer: Layer) -> Lines:
    """Axes in another order."""
    x, order = layer.one("x"), layer.constant("perm")
    steps = strides(x.shape)
    return layer.each(x.at(place(layer.out.shape, [steps[axis] for axis in order])))


def pad(layer: Layer) -> Lines:
    """Zeros around an array."""
    x, shape = layer.one("input"), layer.out.shape
    before = layer.constant("paddings")[::2]
    steps = strides(shape)
    start = sum(count * step for count, step in zip(before, steps, strict=True))
    return [
        *loop("i", layer.out.size, ["out[i] = 0;"]),
        *loop("i", x.size, [f"out[{place(x.shape, steps, start)}] = {x.at('i')};"]),
    ]


def requantize(layer: Layer) -> Lines:
    """Sums as codes."""
    x, attrs = layer.one("input"), layer.attrs
    if x.dtype == "int64":
        raise layer.error("must requantize int32 sums in C, got int64")
    channel = "0"
    if attrs["axis"] is not None:
        inner = prod(x.shape[attrs["axis"] % len(x.shape) :][1:])
        channel = f"i / {inner} % {x.shape[attrs['axis']]}" if inner > 1 else f"i % {x.shape[attrs['axis']]}"
    numbers = ", ".join(layer.number(port, channel) for port in ("multiplier", "shift", "zero_point"))
    return layer.each(
        f"{layer.prefix}_requantize_{attrs['rounding']}({x.at('i')}, {numbers}, {layer.macro}_LOW, {layer.macro}_HIGH)"
    )


def ends(layer: Layer) -> tuple[str, str]:
    """The lowest and the highest code of a requantization."""
    limits = np.iinfo(layer.out.dtype)
    low, high = (
        int(own if layer.attrs[key] is None else layer.attrs[key])
        for key, own in (("low", limits.min), ("high", limits.max))
    )
    return "INT32_MIN" if low == -(2**31) else str(low), str(high)


WRITERS: dict[str, Writer] = {
    "IntegerMatMul": matmul,
    "IntegerConv2D": conv2d,
    "IntegerDepthwiseConv2D": depthwise,
    "MaxPool": max_pool,
    "BiasAdd": bias_add,
    "Add": _combined("+"),
    "AddV2": _combined("+"),
    "Subtract": _combined("-"),
    "AddN": add_n,
    "Relu": relu,
    "Cast": cast,
    "Concat": concat,
    "Sum": sums,
    "Transpose": transpose,
    "Pad": pad,
    "FixedPointRequantize": requantize,
}
