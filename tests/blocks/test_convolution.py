"""Convolutions where the recorded vectors do not reach: other layouts, gradients with groups and dilations, errors."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import blocks
from dataflow.core.errors import BlockError

pytestmark = pytest.mark.usefixtures("slab")

FAMILIES = {
    "Conv2D": ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"),
    "Conv3D": ("Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"),
    "Depthwise": (
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropInput",
        "DepthwiseConv2dNativeBackpropFilter",
    ),
}
MARGINS = {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 1, 2, 3, 0, 0, 0]}
# family, input, filter, attrs
CASES = {
    "plain": ("Conv2D", (2, 6, 7, 3), (3, 2, 3, 4), {}),
    "many_channels": ("Conv2D", (2, 6, 7, 20), (3, 2, 20, 4), {}),
    "strided": ("Conv2D", (2, 7, 8, 20), (3, 2, 20, 4), {"strides": [1, 2, 3, 1]}),
    "groups": ("Conv2D", (2, 6, 7, 6), (3, 2, 2, 9), {"strides": [1, 1, 2, 1]}),
    "large_groups": ("Conv2D", (2, 5, 4, 40), (3, 2, 20, 4), {"padding": "SAME"}),
    "dilated": ("Conv2D", (2, 9, 8, 3), (3, 2, 3, 4), {"dilations": [1, 2, 3, 1], "padding": "SAME"}),
    "dilated_many_channels": ("Conv2D", (2, 9, 8, 20), (3, 2, 20, 4), {"dilations": [1, 3, 2, 1]}),
    "dilated_strided_groups": (
        "Conv2D",
        (2, 9, 8, 4),
        (3, 2, 2, 4),
        {"dilations": [1, 2, 2, 1], "strides": [1, 2, 1, 1], **MARGINS},
    ),
    "margin_over_window": ("Conv2D", (1, 4, 5, 20), (1, 2, 20, 3), MARGINS),
    "each_channel": ("Depthwise", (2, 6, 7, 3), (3, 2, 3, 2), {"padding": "SAME"}),
    "each_channel_dilated": ("Depthwise", (2, 9, 8, 3), (3, 2, 3, 1), {"dilations": [1, 2, 3, 1], **MARGINS}),
    "each_channel_strided": ("Depthwise", (2, 9, 8, 3), (3, 2, 3, 2), {"strides": [1, 3, 2, 1]}),
    "volume": ("Conv3D", (2, 4, 5, 6, 3), (2, 3, 2, 3, 4), {"strides": [1, 2, 1, 2, 1], "padding": "SAME"}),
    "volume_dilated": ("Conv3D", (2, 5, 6, 5, 3), (2, 3, 2, 3, 4), {"dilations": [1, 3, 2, 1, 1]}),
}


def made(case, dtype="float64"):
    family, input, filter, more = CASES[case]
    attrs = {"strides": [1] * len(input), "padding": "VALID"} | more
    random = np.random.default_rng(5)
    x, w = (random.integers(-4, 5, shape).astype(dtype) for shape in (input, filter))
    y = blocks[FAMILIES[family][0]](**attrs)(x, w)
    return family, attrs, x, w, random.integers(-4, 5, y.shape).astype(dtype)


def direct(x, w, attrs, apart):
    """The definition, position by position."""
    strides, dilations = (attrs.get(name, [1] * x.ndim)[1:-1] for name in ("strides", "dilations"))
    extents = [(k - 1) * d + 1 for k, d in zip(w.shape, dilations, strict=False)]
    pads = [(0, 0)] * len(strides)
    if attrs["padding"] == "SAME":
        needed = [max((-(-n // s) - 1) * s + e - n, 0) for n, s, e in zip(x.shape[1:], strides, extents, strict=False)]
        pads = [(n // 2, n - n // 2) for n in needed]
    elif attrs["padding"] == "EXPLICIT":
        pads = list(zip(attrs["explicit_paddings"][2:-2:2], attrs["explicit_paddings"][3:-2:2], strict=True))
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    if apart:
        w = w.reshape(*w.shape[:-2], 1, -1)
    depth, groups = w.shape[-2], x.shape[-1] // w.shape[-2]
    outputs = w.shape[-1] // groups
    sizes = [(n - e) // s + 1 for n, e, s in zip(x.shape[1:-1], extents, strides, strict=True)]
    y = np.zeros((len(x), *sizes, w.shape[-1]), x.dtype)
    for at in np.ndindex(*sizes):
        window = x[:, *(slice(i * s, i * s + e, d) for i, s, e, d in zip(at, strides, extents, dilations, strict=True))]
        for g in range(groups):
            part, mine = window[..., g * depth : (g + 1) * depth], slice(g * outputs, (g + 1) * outputs)
            y[:, *at, mine] = np.tensordot(part, w[..., mine], w.ndim - 1)
    return y


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("case", CASES)
def test_definition(case, dtype):
    family, attrs, x, w, _ = made(case)
    # whole numbers: exact in any dtype but for the last rounding
    wanted = direct(x, w, attrs, family == "Depthwise").astype(dtype)
    assert (blocks[FAMILIES[family][0]](**attrs)(x.astype(dtype), w.astype(dtype)) == wanted).all()


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_adjoint(case, dtype):
    """Moving the input or the filter moves the output by what the gradient says, exactly in whole numbers."""
    family, attrs, x, w, dy = made(case)
    forward, by_input, by_filter = (blocks[name](**attrs) for name in FAMILIES[family])
    total = (forward(x, w) * dy).sum()
    x16, w16, dy16 = (a.astype(dtype) for a in (x, w, dy))
    assert ((by_input(np.array(x.shape, np.int32), w16, dy16)) * x).sum() == total
    assert (by_filter(x16, np.array(w.shape, np.int32), dy16).astype("float64") * w).sum() == total
    other = np.random.default_rng(6).integers(-4, 5, x.shape).astype(float)
    assert (by_input(np.array(x.shape, np.int32), w, dy) * other).sum() == (forward(other, w) * dy).sum()


@pytest.mark.parametrize("case", CASES)
def test_channels_first(case):
    family, attrs, x, w, dy = made(case)
    first = {name: swapped(value, 2 if name == "explicit_paddings" else 1) for name, value in attrs.items()}
    first |= {"data_format": "NCDHW" if x.ndim == 5 else "NCHW"}
    x1, dy1 = np.moveaxis(x, -1, 1), np.moveaxis(dy, -1, 1)
    sizes = [np.array(a.shape, np.int32) for a in (x, w, x1)]
    last, turned = ([blocks[name](**given) for name in FAMILIES[family]] for given in (attrs, first))
    pairs = [
        (turned[0](x1, w), np.moveaxis(last[0](x, w), -1, 1)),
        (turned[1](sizes[2], w, dy1), np.moveaxis(last[1](sizes[0], w, dy), -1, 1)),
        (turned[2](x1, sizes[1], dy1), last[2](x, sizes[1], dy)),
    ]
    for got, wanted in pairs:
        assert got.shape == wanted.shape
        assert (got == wanted).all()


def swapped(value, each):
    """A list attr with the numbers of the last dim moved behind those of the first."""
    return value if isinstance(value, str) else [*value[:each], *value[-each:], *value[each:-each]]


def test_height_and_width_are_enough():
    block = blocks["Conv2DBackpropInput"](strides=[1, 1, 1, 1], padding="VALID")
    filter, dy = np.ones((3, 3, 2, 4), np.float32), np.ones((1, 3, 3, 4), np.float32)
    assert (block([5, 5], filter, dy) == block([1, 5, 5, 2], filter, dy)).all()


@pytest.mark.parametrize("case", ["plain", "many_channels", "groups", "each_channel", "volume"])
@pytest.mark.parametrize("what", ["images", "rows", "outputs"])
@pytest.mark.parametrize("stride", [1, 4])
def test_nothing(case, what, stride):
    """No images, a window larger than them, no outputs: the output is empty, gradients are zero."""
    family, attrs, x, w, _ = made(case)
    attrs = attrs | {"padding": "VALID", "strides": [1, *[stride] * (x.ndim - 2), 1]}
    x = x[:0] if what == "images" else x[:, :, : w.shape[1] - 1] if what == "rows" else x
    w = w[..., :0] if what == "outputs" else w
    forward, by_input, by_filter = (blocks[name](**attrs) for name in FAMILIES[family])
    y = forward(x, w)
    assert y.size == 0
    found = by_input(np.array(x.shape, np.int32), w, y), by_filter(x, np.array(w.shape, np.int32), y)
    assert [g.shape for g in found] == [x.shape, w.shape]
    assert not any(g.any() for g in found)


def test_each_image_of_a_fused_batch_is_its_own():
    images = np.random.default_rng(0).normal(size=(3, 4, 5, 2)).astype(np.float32)
    filter = np.random.default_rng(1).normal(size=(2, 2, 2, 3)).astype(np.float32)
    paddings = [[0, 0], [1, 2], [0, 1], [0, 0]]
    block = blocks["FusedResizeAndPadConv2D"](mode="SYMMETRIC", strides=[1, 1, 1, 1], padding="SAME")
    together = block(images, [6, 3], paddings, filter)
    alone = np.concatenate([block(images[i : i + 1], [6, 3], paddings, filter) for i in range(3)])
    np.testing.assert_allclose(together, alone, 1e-6, 1e-6)


X, W = np.zeros((1, 5, 5, 4), np.float32), np.zeros((3, 3, 4, 2), np.float32)
PLAIN = {"strides": [1, 1, 1, 1], "padding": "VALID"}
WRONG = {
    "attr 'strides'": [{"strides": [1, 1, 1]}, {"strides": [2, 1, 1, 1]}, {"strides": [1, 0, 1, 1]}],
    "attr 'dilations'": [{"dilations": [1, 1]}, {"dilations": [1, 1, 1, 2]}, {"dilations": [1, -1, 1, 1]}],
    "attr 'explicit_paddings'": [
        {"explicit_paddings": [0] * 8},
        {"padding": "EXPLICIT"},
        {"padding": "EXPLICIT", "explicit_paddings": [0, 0, -1, 0, 0, 0, 0, 0]},
        {"padding": "EXPLICIT", "explicit_paddings": [0, 0, 0, 0, 0, 0, 1, 0]},
    ],
}


@pytest.mark.parametrize("named", WRONG)
def test_bad_attrs(named):
    for attrs in WRONG[named]:
        with pytest.raises(BlockError, match=named):
            blocks["Conv2D"](**PLAIN | attrs)


@pytest.mark.parametrize(
    ("name", "named", "inputs"),
    [
        ("Conv2D", "'input'", (X[0], W)),
        ("Conv2D", "'input'", (X[:, :1], W)),
        ("Conv2D", "'filter'", (X, W[:, :, :3])),
        ("Conv2D", "'filter'", (X, np.zeros((3, 3, 2, 3), np.float32))),
        ("Conv2D", "'filter'", (X, W[:0])),
        ("Conv2D", "'filter'", (X[..., :0], W)),
        ("DepthwiseConv2dNative", "'filter'", (X, W[:, :, :2])),
        ("Conv3D", "'filter'", (X[None], np.zeros((1, 1, 1, 2, 2), np.float32))),
        ("Conv2DBackpropInput", "'input_sizes'", ([1, 5, 5], W, X)),
        ("Conv2DBackpropInput", "'input_sizes'", ([1, -5, 5, 4], W, X)),
        ("Conv2DBackpropInput", "'out_backprop'", ([1, 5, 5, 4], W, X)),
        ("Conv2DBackpropFilter", "'filter_sizes'", (X, [3, 3, 3, 2], X[:, :3, :3, :2])),
        ("Conv2DBackpropFilter", "'out_backprop'", (X, [3, 3, 4, 2], X[0])),
        ("FusedPadConv2D", "'paddings'", (X, [[1, 0], [0, 0], [0, 0], [0, 0]], W)),
        ("FusedPadConv2D", "'paddings'", (X, [[0, 0], [5, 0], [0, 0], [0, 0]], W)),
        ("FusedPadConv2D", "'paddings'", (X, [[0, 0], [0, 0], [0, -1], [0, 0]], W)),
        ("FusedResizeAndPadConv2D", "'size'", (X, [0, 4], [[0, 0]] * 4, W)),
        ("FusedResizeAndPadConv2D", "'input'", (X[:, :0], [4, 4], [[0, 0]] * 4, W)),
    ],
)
def test_bad_inputs(name, named, inputs):
    attrs = {"strides": [1] * (5 if name == "Conv3D" else 4), "padding": "VALID"}
    attrs |= {"mode": "REFLECT"} if name.startswith("Fused") else {}
    with pytest.raises(BlockError, match=named):
        blocks[name](**attrs)(*inputs)


@pytest.mark.parametrize("name", ["Conv2DBackpropInput", "Conv2DBackpropFilter", "Conv3DBackpropInputV2"])
@pytest.mark.parametrize("shape", [(), (2,), (1, 1), (1,) * 6], ids=str)
def test_gradients_of_any_rank_are_taken_or_refused_by_name(name, shape):
    """What is no gradient of such a convolution is an error that names the port, of whatever rank it is."""
    rank = 5 if "3D" in name else 4
    block = blocks[name](strides=[1] * rank, padding="VALID")
    first, second = np.ones([1] * rank, np.float32), np.int32([1] * rank)
    operands = [first, second] if "Filter" in name else [second, first]
    with pytest.raises(BlockError, match="input 'out_backprop' must have"):
        block(*operands, np.ones(shape, np.float32))
