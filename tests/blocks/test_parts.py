"""Kernels that work part by part give what they give for the whole, however their operands lie and broadcast."""

from __future__ import annotations

import numpy as np
import pytest

from blocks.kernels.chunked import in_parts, parts
from dataflow import blocks

pytestmark = pytest.mark.slow

SHAPES = [
    ((900,), ()),
    ((30, 40), (40,)),
    ((30, 40), (30, 1)),
    ((2, 3, 400), (3, 1)),
    ((2, 3, 400), (2, 1, 400)),
    ((1, 900), (1, 1)),
    ((900, 1), (900, 1)),
    ((0, 5), (5,)),
]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_parts_are_put_together(shapes, order):
    random = np.random.default_rng(0)
    x, y = (np.asarray(random.integers(0, 99, shape), order=order) for shape in shapes)
    seen = []

    def step(x, y, out):
        seen.append(out.size)
        np.subtract(x, y, out=out)

    out = np.full(x.shape, -1000)
    assert in_parts(step, out, x, y, size=64) is out
    np.testing.assert_array_equal(out, x - y)
    assert sum(seen) == x.size and max(seen, default=0) <= 64


def test_an_array_may_have_dims_behind():
    rows, out = np.arange(2 * 50 * 3).reshape(2, 50, 3), np.empty((2, 50), int)
    for some, into in parts(16, out, rows):
        into[...] = some.sum(-1)
    np.testing.assert_array_equal(out, rows.sum(-1))


N = 300_007
random = np.random.default_rng(1)
floats = random.normal(size=(N, 2)).astype(np.float32)
whole = random.integers(-5, 5, (N, 2)).astype(np.int32)
LARGE = {
    "ArgMax": ({}, [np.where(whole == 1, np.nan, floats), 1]),
    "DivNoNan": ({}, [floats, whole.astype(np.float32)]),
    "Div": ({}, [whole, np.int32(-3)]),
    "Xlogy": ({}, [whole.astype(np.float16), np.abs(floats).astype(np.float16)]),
    "SelectV2": ({}, [whole[:, :1] > 0, floats, np.float32(0)]),
    "Sigmoid": ({}, [floats + 1j * whole.astype(np.float32)]),
    "OneHot": ({"axis": 0}, [whole[:, 0], 4, np.float32(1), np.float32(0)]),
    "QuantizeV2": ({"T": "qint8"}, [floats, np.float32(-1), np.float32(2)]),
    "Dequantize": ({"axis": 1, "dtype": "bfloat16"}, [whole.astype(np.int8), [-1.0, -2.0], [1.0, 3.0]]),
    "Requantize": ({"out_type": "quint8"}, [whole << 28, *map(np.float32, (-2, 2, 0, 1))]),
    "FakeQuantWithMinMaxVars": ({}, [floats.astype(np.float16), np.float32(-1), np.float32(2)]),
    "RandomGammaGrad": ({}, [np.abs(whole[:, :1]).astype(np.float32) + 1, np.abs(floats)]),
    "CosineDecay": ({"initial_learning_rate": 0.1, "decay_steps": 7}, [np.abs(whole)]),
    "GatherNd": ({}, [floats, np.stack([np.abs(whole[:, 0]) * 99, np.abs(whole[:, 1]) % 2], 1)]),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_arrays_give_what_their_halves_give(name):
    attrs, operands = LARGE[name]
    block, cut = blocks[name](**attrs), [N // 7, N // 3]

    def called(part):
        cut_too = [np.ndim(o) and len(o) == N and (i or name != "GatherNd") for i, o in enumerate(operands)]
        given = [o[part] if along else o for o, along in zip(operands, cut_too, strict=True)]
        made = block(*given)
        return made[0] if isinstance(made, tuple) else made

    axis = attrs["axis"] + 1 if name == "OneHot" else 0
    pieces = [called(slice(*ends)) for ends in zip([0, *cut], [*cut, N], strict=True)]
    together = np.concatenate(pieces, axis)
    assert called(slice(None)).tobytes() == together.tobytes()
