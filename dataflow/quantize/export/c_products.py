"""C code of products and windows: dense layers, convolutions, the largest of a window."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from dataflow.quantize.export.c_arrays import CArray
from dataflow.quantize.export.c_layer import Layer, Lines, indented, loop, loops

MOST_TERMS = (2**31 - 1) // 255**2  # products of 8-bit codes less zero points, whose sum int32 holds


def matmul(layer: Layer) -> Lines:
    """Products of matrices, the sums of rows with columns."""
    a, b = layer.one("a"), layer.one("b")
    turned_a, turned_b = layer.attrs["transpose_a"], layer.attrs["transpose_b"]
    (rows, columns), terms = layer.out.shape[-2:], a.shape[-2 if turned_a else -1]
    lead = layer.out.shape[:-2]
    matrices = prod(lead)
    offsets = []
    for port, given in (("a", a), ("b", b)):
        if given.shape[:-2] not in (lead, ()) and prod(given.shape[:-2]) != 1:
            raise layer.error(f"input '{port}' must have leading dims {lead} or none, got {given.shape[:-2]}")
        alone = prod(given.shape[:-2]) == 1
        offsets.append("" if alone else f"matrix * {prod(given.shape[-2:])} + ")
    left = f"{offsets[0]}term * {rows} + row" if turned_a else f"{offsets[0]}row * {terms} + term"
    right = f"{offsets[1]}column * {terms} + term" if turned_b else f"{offsets[1]}term * {columns} + column"
    sums = _sum(layer, (a, left, "a_zero_point"), (b, right, "b_zero_point"), "column", terms)
    counts = {**({"matrix": matrices} if matrices > 1 else {}), "row": rows, "column": columns}
    at = (f"matrix * {rows * columns} + " if matrices > 1 else "") + f"row * {columns} + column"
    body = [f"{sums.type} sum = 0;", *loop("term", terms, [sums.line]), f"out[{at}] = ({layer.out.type})sum;"]
    return loops(counts, body)


@dataclass(frozen=True)
class _Sum:
    type: str
    line: str


def _sum(layer: Layer, left: tuple[CArray, str, str], right: tuple[CArray, str, str], channel: str, terms: int) -> _Sum:
    """How products are added up: in int32 where no sum of theirs can leave it, otherwise in int64."""
    narrow = left[0].itemsize == right[0].itemsize == 1 and terms <= MOST_TERMS
    kind = "int32_t" if narrow else "int64_t"
    factors = []
    for given, index, port in (left, right):
        zero = layer.number(port, channel)
        factors.append(f"({kind}){given.at(index)}" if zero == "0" else f"(({kind}){given.at(index)} - {zero})")
    return _Sum(kind, f"sum += {factors[0]} * {factors[1]};")


@dataclass(frozen=True)
class _Window:
    """A window over images: sizes of the images in and out, of the window, its steps, and what lies around."""

    batch: int
    size: tuple[int, int]
    channels: int
    made: tuple[int, int]
    window: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    before: tuple[int, int]
    last: bool  # channels

    def at(self, row: str, column: str, channel: str, size: tuple[int, int], channels: int) -> str:
        """The index of a pixel's channel."""
        first = f"image * {size[0] if self.last else channels} + " if self.batch > 1 else ""
        if self.last:
            return f"({_group(first + row)} * {size[1]} + {column}) * {channels} + {channel}"
        return f"({_group(first + channel)} * {size[0]} + {row}) * {size[1]} + {column}"

    def over(self, channels: int, before: Lines, inner: Lines, after: Lines) -> Lines:
        """Code for each element of the output, with code for each place of its window that lies in the image."""
        height, width = self.size
        places = [
            f"{_times(at, step)} + {_times(of, apart)}" + f" - {before}" * (before > 0)
            for at, step, of, apart, before in zip(
                ("row", "column"), self.strides, "vh", self.dilations, self.before, strict=True
            )
        ]
        rows = [
            f"const int32_t y = {places[0]};",
            f"if (y < 0 || y >= {height}) {{ continue; }}",
            *loop(
                "h",
                self.window[1],
                [
                    f"const int32_t x = {places[1]};",
                    f"if (x < 0 || x >= {width}) {{ continue; }}",
                    *inner,
                ],
            ),
        ]
        counts = {"image": self.batch} if self.batch > 1 else {}
        counts |= {"row": self.made[0], "column": self.made[1], "channel": channels}
        return loops(counts, [*before, *loop("v", self.window[0], rows), *after])


def _times(name: str, factor: int) -> str:
    return name if factor == 1 else f"{name} * {factor}"


def _group(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def _window(layer: Layer, given: CArray, window: tuple[int, int]) -> _Window:
    attrs = layer.attrs
    layout = attrs.get("data_format", "NHWC")
    if layout not in ("NHWC", "NCHW"):
        raise layer.error(f"must have the layout NHWC or NCHW, got {layout}")
    at = [layout.index(axis) for axis in "HW"]
    pairs = {
        name: (int(values[at[0]]), int(values[at[1]]))
        for name, values in (
            ("size", given.shape),
            ("made", layer.out.shape),
            ("strides", attrs["strides"]),
            ("dilations", attrs.get("dilations") or (1, 1, 1, 1)),
        )
    }
    before = []
    for i in range(2):
        if attrs["padding"] == "SAME":
            reach = (window[i] - 1) * pairs["dilations"][i] + 1
            lacking = (pairs["made"][i] - 1) * pairs["strides"][i] + reach - pairs["size"][i]
            before.append(max(lacking, 0) // 2)
        else:
            explicit = attrs.get("explicit_paddings") or (0,) * 8
            before.append(int(explicit[2 * at[i]]))
    last = layout == "NHWC"
    channels = given.shape[3 if last else 1]
    return _Window(given.shape[0], window=window, channels=channels, before=(before[0], before[1]), last=last, **pairs)


def conv2d(layer: Layer) -> Lines:
    """Convolutions; the channels of a filter with fewer than the image are those of a group."""
    x, weights = layer.one("input"), layer.one("filter")
    height, width, depth, outputs = weights.shape
    window = _window(layer, x, (height, width))
    channel = "c"
    if depth != window.channels:
        channel = f"channel / {outputs // (window.channels // depth)} * {depth} + c"
    index = f"((v * {width} + h) * {depth} + c) * {outputs} + channel"
    sums = _sum(
        layer,
        (x, window.at("y", "x", channel, window.size, window.channels), "input_zero_point"),
        (weights, index, "filter_zero_point"),
        "channel",
        height * width * depth,
    )
    return _convolved(layer, window, outputs, sums, loop("c", depth, [sums.line]))


def depthwise(layer: Layer) -> Lines:
    """Convolutions of each channel by itself."""
    x, weights = layer.one("input"), layer.one("filter")
    height, width, depth, times = weights.shape
    window = _window(layer, x, (height, width))
    outputs = depth * times
    channel = "channel" if times == 1 else f"channel / {times}"
    sums = _sum(
        layer,
        (x, window.at("y", "x", channel, window.size, depth), "input_zero_point"),
        (weights, f"(v * {width} + h) * {outputs} + channel", "filter_zero_point"),
        "channel",
        height * width,
    )
    return _convolved(layer, window, outputs, sums, [sums.line])


def _convolved(layer: Layer, window: _Window, outputs: int, sums: _Sum, inner: Lines) -> Lines:
    at = window.at("row", "column", "channel", window.made, outputs)
    return window.over(outputs, [f"{sums.type} sum = 0;"], inner, [f"out[{at}] = ({layer.out.type})sum;"])


def max_pool(layer: Layer) -> Lines:
    """The largest element of each window."""
    x, sizes = layer.one("input"), layer.attrs["ksize"]
    last = layer.attrs["data_format"] == "NHWC"
    if prod(sizes) != prod(sizes[1:3] if last else sizes[2:]):
        raise layer.error(f"its window must lie on rows and columns alone, got {tuple(sizes)}")
    window = _window(layer, x, (sizes[1], sizes[2]) if last else (sizes[2], sizes[3]))
    lowest = f"{x.dtype.upper()}_MIN" if x.dtype.startswith("i") else "0"
    value = x.at(window.at("y", "x", "channel", window.size, window.channels))
    at = window.at("row", "column", "channel", window.made, window.channels)
    inner = [f"if ({value} > largest) {{", *indented([f"largest = {value};"]), "}"]
    return window.over(window.channels, [f"{x.type} largest = {lowest};"], inner, [f"out[{at}] = largest;"])
