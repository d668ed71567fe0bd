"""Every elementwise block has an element function or a reason; compiled they give the bits of NumPy's kernels."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.conformance.samples import documented, retyped
from dataflow.core import dtypes
from dataflow.core.composite import Composite
from dataflow.core.kinds import Elementwise
from dataflow.core.ports import flat
from dataflow.engine import jit, render_numba, tiling

OWN = "functions that NumPy has compiled in its own way: a compiler gives other bits"
ONE = "one number for a step of training"
WITHOUT = {
    "CheckNumerics": "looks at the whole value before it gives any",
    "Conj": "changes complex numbers alone, which are not compiled",
    "RandomGammaGrad": "a series whose length differs from element to element",
    "PowerOfTwo": "scales of quantizers, which are few",
    **dict.fromkeys(("OnesLike", "ZerosLike"), "a plan knows its value"),
    "FixedPointRequantize": "integers of 64 bits and more",
    "QuantizeWithMinMaxVarsPerChannel": "a range for each channel",
    **dict.fromkeys(("Exp", "Log", "Pow", "Sigmoid", "Tanh", "Xlogy"), OWN),
    **dict.fromkeys(("Elu", "Selu", "Softplus", "SoftplusGrad"), OWN),
    **dict.fromkeys(("CosineDecay", "ExponentialDecay", "PolynomialDecay", "StepDecay"), ONE),
}
OURS = [block for block in blocks.values() if block.__module__.startswith("blocks.")]
ELEMENTWISE = sorted(
    (block for block in OURS if issubclass(block, Elementwise) and not issubclass(block, Composite)),
    key=lambda block: block.__name__,
)


def variants(block):
    """What the block's example is called with, in every dtype that it takes."""
    first, *_ = documented(block)
    return [first, *retyped(first)]


def has_element(sample):
    """Whether the block is compiled for inputs of these dtypes, element by element."""
    block, arrays = sample.block, flat(sample.arrays)
    made = dtypes.storage(sample.outputs[0].dtype)
    if not {made, *(a.dtype for a in arrays)} <= jit.DTYPES:
        return False
    refused = not block.precomputed_ports and block.element_args(arrays[0].dtype, None) is None
    return not refused and render_numba.element(block, made) is not None


ELEMENTS = [block for block in ELEMENTWISE if any(map(has_element, variants(block)))]
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    6.0,
    1e-40,
    -1e-40,
    3e38,
    -3e38,
    127.4999,
    np.inf,
    -np.inf,
    np.nan,
]
SIZE = 8000


@pytest.mark.parametrize("block", ELEMENTWISE, ids=lambda block: block.__name__)
def test_a_block_has_an_element_or_a_reason(block):
    assert (block in ELEMENTS) != (block.__name__ in WITHOUT)


def awkward(dtype, rng):
    """Numbers of a dtype, the ends of its range and special values among them."""
    if dtype.kind == "b":
        return rng.integers(0, 2, SIZE).astype(bool)
    if dtype.kind in "iu":
        ends = np.iinfo(dtype)
        near = np.array([ends.min, ends.min + 1, 0, 1, 2, ends.max // 2, ends.max - 1, ends.max], dtype)
        return np.where(rng.random(SIZE) < 0.5, rng.choice(near, SIZE), rng.integers(-9, 99, SIZE).astype(dtype))
    with np.errstate(over="ignore"):
        special = np.array(SPECIAL).astype(dtype)
        some = rng.normal(0, 3, SIZE).astype(dtype)
    return np.where(rng.random(SIZE) < 0.5, rng.choice(special, SIZE), some)


def wired(sample, seed):
    """A graph of the block on awkward values, and of an op behind it, with the feeds."""
    rng = np.random.default_rng(seed)
    graph, feeds, wires = Graph(), {}, []
    ports = zip(sample.block.signature.inputs.values(), sample.arrays, strict=True)
    channels = next((len(array) for port, array in ports if port.shape), 1)
    for port, value in zip(sample.block.signature.inputs.values(), sample.arrays, strict=True):
        given = []
        for array in value if isinstance(value, tuple) else (value,):
            own = port.shape is not None or port.name in sample.block.precomputed_ports
            name = f"x{len(feeds)}"
            feeds[name] = array if own else awkward(array.dtype, rng).reshape(-1, channels)
            given.append(graph.input(name, dtypes.name_of(array.dtype), feeds[name].shape))
        wires.append(given if isinstance(value, tuple) else given[0])
    made = sample.block(*wires)
    outputs = made if isinstance(made, tuple) else (made,)
    for i, wire in enumerate(outputs):
        graph.output(f"made{i}", wire)
    graph.output("then", blocks["Equal"]()(outputs[0], outputs[0]))  # NumPy computes a ufunc that is alone
    return graph, feeds


def is_its_turn(block, sample):
    """Whether to try a sample: of those of integers one in three, as a loop takes a quarter of a second to compile.

    Another block tries the others, so that all blocks together try each dtype many times.
    """
    given = {dtypes.name_of(array.dtype) for array in flat(sample.arrays) if array is not None}
    turns = {dtypes.integer.index(name) + ELEMENTS.index(block) for name in given if name in dtypes.integer}
    return not turns or any(turn % 3 == 0 for turn in turns)


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("block", ELEMENTS, ids=lambda block: block.__name__)
def test_compiled_elements_give_the_bits_of_numpy(block, monkeypatch):
    monkeypatch.setattr(tiling, "COMPILED", 0)
    tried = 0
    samples = [(seed, sample) for seed, sample in enumerate(variants(block)) if has_element(sample)]
    for seed, sample in [each for each in samples if is_its_turn(block, each[1])] or samples:
        try:
            graph, feeds = wired(sample, seed)
            expected = plan(graph, kernels="numpy").run(feeds)
        except Exception as error:  # a block that refuses these numbers
            assert "must" in str(error)
            continue
        compiled = plan(graph, kernels="jit")
        got = compiled.run(feeds)
        (stage,) = compiled.at().stages
        assert stage.jit.looped, f"{sample} was not compiled"
        for name in expected:
            assert same(got[name], expected[name]), f"{name} of {sample}"
        tried += 1
    assert tried


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("block", "numbers"),
    [
        (blocks["Dequantize"](axis=1), np.float32([[-1, -2, 0], [1, 2, 3]])),
        (blocks["DequantizeLinear"](axis=1), [np.float32([0.5, 1, 2]), np.int32([3, 0, -3])]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_numbers_for_channels_beside_a_compiled_loop(block, numbers, monkeypatch):
    codes = np.random.default_rng(0).integers(-128, 127, (7000, 3)).astype(np.int8)
    graph = Graph()
    x = graph.input("x", "int8", codes.shape)
    ends = [graph.input(f"n{i}", dtypes.name_of(n.dtype), n.shape) for i, n in enumerate(numbers)]
    graph.output("y", blocks["Square"]()(block(x, *ends) + 1.0))
    feeds = {"x": codes} | {f"n{i}": n for i, n in enumerate(numbers)}
    assert same(plan(graph, kernels="jit").run(feeds)["y"], plan(graph, kernels="numpy").run(feeds)["y"])


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("given", sorted(map(dtypes.name_of, jit.DTYPES)))
def test_compiled_casts_to_every_dtype(given, monkeypatch):
    monkeypatch.setattr(tiling, "COMPILED", 0)
    values = awkward(dtypes.storage(given), np.random.default_rng(0))
    graph = Graph()
    x = graph.input("x", given, values.shape)
    for made in sorted(map(dtypes.name_of, jit.DTYPES)):
        y = blocks["Cast"](DstT=made)(x)
        graph.output(made, y)
        graph.output(f"{made} and back", blocks["Cast"](DstT=given)(y))
    expected, got = (plan(graph, kernels=kernels).run(x=values) for kernels in ("numpy", "jit"))
    for name in expected:
        assert same(got[name], expected[name]), name
