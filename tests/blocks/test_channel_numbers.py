"""Numbers of channels in compiled loops: converted codes have the bits of NumPy's kernels, beside other blocks too."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core.dtypes import name_of

CODES = np.random.default_rng(0).integers(-128, 128, (7000, 3)).astype(np.int8)
VALUES = np.random.default_rng(1).normal(0, 3, (7000, 3)).astype(np.float32)
VALUES[:5, 0] = np.nan, np.inf, -np.inf, -0.0, 1e-40
SCALES, POINTS = np.float32([0.5, 1, 0.0234]), np.int32([3, 0, -3])
ENDS = np.float32([-1, -2, -0.5]), np.float32([1, 2, 3])
CASES = [
    (blocks["Dequantize"](axis=1), [CODES, *ENDS], True),
    (blocks["Dequantize"](axis=1, mode="SCALED"), [CODES, *ENDS], True),
    (blocks["Dequantize"](axis=1), [CODES, ENDS[0], ENDS[0] + np.float32([1, 1e-40, 1])], False),  # subnormal steps
    (blocks["DequantizeLinear"](axis=-1), [CODES, SCALES, POINTS], True),
    (blocks["DequantizeLinear"](axis=1), [CODES, SCALES, POINTS[0]], False),  # one number and several
    (blocks["DequantizeLinear"](axis=1), [CODES, SCALES, np.int32([0, -(2**31), 1])], False),
    (blocks["QuantizeLinear"](axis=1, out_type="int8"), [VALUES, SCALES, POINTS], True),
    (blocks["QuantizeLinear"](axis=1, out_type="int8"), [VALUES, SCALES[0], POINTS], False),
]


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "arrays", "compiles"), CASES, ids=[f"{block} {i}" for i, (block, *_) in enumerate(CASES)]
)
def test_numbers_of_channels_in_a_loop(block, arrays, compiles):
    graph, feeds = Graph(), {f"x{i}": np.asarray(array) for i, array in enumerate(arrays)}
    wires = [graph.input(name, name_of(array.dtype), array.shape) for name, array in feeds.items()]
    made = block(*wires)
    graph.output("made", made)
    graph.output("then", blocks["Equal"]()(made, made))
    planned = plan(graph, kernels="jit")
    got, expected = planned.run(feeds), plan(graph, kernels="numpy").run(feeds)
    assert all(same(got[name], value) for name, value in expected.items())
    (stage,) = planned.at().stages
    numbers = [args.numbers for args in stage.element_args]
    assert stage.jit.looped == {0, 1}
    assert (numbers[0] is not None) == compiles, "which form was taken"
