"""Compiled conversions of 16-bit floats give the bits of NumPy and ml_dtypes, by the processor or by bits alone."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow import Graph, blocks, plan
from dataflow.conformance.equality import same
from dataflow.core.dtypes import storage
from dataflow.engine import half_floats, jit, render_numba


@pytest.fixture
def way(request, monkeypatch, numba):
    """Both ways of conversion, the first one where the processor has it."""
    by_processor = request.param == "processor"
    if by_processor and not jit.converts_halves():
        pytest.skip("the processor has no instructions for float16")
    monkeypatch.setattr(jit, "converts_halves", lambda: by_processor)
    render_numba.fused.cache_clear()
    yield
    render_numba.fused.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "name"), [("processor", "float16"), ("bits", "float16"), ("bits", "bfloat16")], indirect=["way"]
)
def test_every_number_and_what_lies_between_two(way, name):
    every = np.arange(1 << 16, dtype=np.uint16).view(storage(name))
    numbers = every.astype(np.float32)
    finite = np.sort(numbers[np.isfinite(numbers)]).astype(np.float64)
    middles = ((finite[1:] + finite[:-1]) / 2).astype(np.float32)
    beyond = np.float32([65519.996, 65520, 3.3961775e38, 3.4e38, np.inf, np.nan, 1e-45, 2.0**-25, -(2.0**-134)])
    near = [np.nextafter(middles, np.float32(end)) for end in (-np.inf, np.inf)]
    given = np.concatenate([numbers, middles, *near, beyond, -beyond])
    graph = Graph()
    half, single = graph.input("half", name, every.shape), graph.input("single", "float32", given.shape)
    graph.output("widened", blocks["Cast"](DstT="float32")(half))
    graph.output("narrowed", blocks["Cast"](DstT=name)(single))
    planned = plan(graph, kernels="jit")
    assert all(stage.jit.looped for stage in planned.at().stages)
    made = planned.run(half=every, single=given)
    assert same(made["widened"], numbers)
    with np.errstate(over="ignore", invalid="ignore"):
        assert same(made["narrowed"], given.astype(storage(name)))


@pytest.mark.slow
def test_a_value_of_16_bits_is_rounded_between_two_blocks_of_one_loop(numba):
    rng = np.random.default_rng(0)
    x, y = (rng.normal(0, 3, 9000).astype(np.float16) for _ in range(2))
    graph = Graph()
    wires = graph.input("x", "float16", x.shape), graph.input("y", "float16", y.shape)
    product = wires[0] * wires[1]
    graph.output("sum", blocks["Relu"]()(product + wires[1]))
    graph.output("total", blocks["Sum"]()(product, [0]))
    planned = plan(graph, kernels="jit")
    (stage,) = planned.at().stages
    assert stage.jit.looped == {0, 1, 2, 3}
    got = planned.run(x=x, y=y)
    assert same(got["sum"], np.maximum(x * y + y, np.float16(0)))
    assert got["total"] == np.float16(np.sum((x * y).astype(np.float64)))


NAMES = (
    *("Abs", "Negate", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Floor", "Ceil", "Rint", "Relu", "Relu6"),
    *("Add", "Subtract", "Multiply", "RealDiv", "DivNoNan", "MulNoNan", "Xdivy", "ReluGrad", "Relu6Grad"),
    *("Greater", "LessEqual", "Equal", "ClipByValue", "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars"),
    *("FakeQuantWithMinMaxArgsGradient", "FakeQuantWithMinMaxVarsGradient", "QuantizeAndDequantizeV4Grad"),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_blocks_in_one_loop_give_the_bits_of_numpy(name, numba):
    rng, half, graph = np.random.default_rng(0), storage(name), Graph()
    with np.errstate(over="ignore"):
        special = np.array([0.0, -0.0, 0.5, -1.0, 2.0, 1e-40, 6e-8, 7e4, np.inf, -np.inf, np.nan]).astype(half)
    feeds = {x: rng.normal(0, 3, 9001).astype(half) for x in "xy"}
    for array in feeds.values():
        array[rng.integers(0, 9001, 4000)] = rng.choice(special, 4000)
    wires = [graph.input(x, name, array.shape) for x, array in feeds.items()]
    casts = [blocks["Cast"](DstT=dtype) for dtype in ("float32", "float64", "int8", "int32", "int64", "bool")]
    for block in (*(blocks[each]() for each in NAMES), *casts):
        numbers = iter([half.type(-1), half.type(2)])
        ports = enumerate(block.signature.inputs.values())
        made = block(*(wires[i] if port.shape is None and i < 2 else next(numbers) for i, port in ports))
        for i, wire in enumerate(made if isinstance(made, tuple) else (made,)):
            graph.output(f"{block} {i}", wire)
    planned = plan(graph, kernels="jit")
    got, expected = planned.run(feeds), plan(graph, kernels="numpy").run(feeds)
    assert sum(len(stage.jit.looped) for stage in planned.at().stages) >= len(NAMES) + len(casts)
    for output, value in expected.items():
        assert same(got[output], value), output


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_where_numba_is_told_to_compile_nothing_python_converts(name, monkeypatch, numba):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert not jit.converts_halves()
    every = np.arange(0, 1 << 16, 97, dtype=np.uint16)
    read, write = (getattr(half_floats, f"{way}_{name}") for way in ("from", "to"))
    with np.errstate(all="ignore"):
        widened = every.view(storage(name)).astype(np.float32)
        assert same(np.array([read(bits) for bits in every]), widened)
        given = widened * np.float32(1.0004)
        made = np.array([write(number) for number in given], np.uint16).view(storage(name))
        assert same(made, given.astype(storage(name)))


def test_only_16_bit_floats_are_halves():
    assert [half_floats.half(storage(name)) for name in ("float16", "bfloat16", "uint16")] == [
        "float16",
        "bfloat16",
        "",
    ]
