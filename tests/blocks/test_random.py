"""Random blocks: seed, node and step alone decide what they draw; shapes, mistakes, gradients."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from distributions import draw, gamma_cdf

import dataflow as flow
from dataflow import blocks
from dataflow.core.errors import BlockError, RunError
from dataflow.core.random import CHUNK, Key

N = 40_000
STANDARD = ("RandomUniform", "RandomNormal", "TruncatedNormal")


def placed(graph, name, block, *inputs):
    """The outputs of a new node."""
    return graph.add(block, block.signature.bind("test", inputs, {}), name=name)


def node(name, *inputs, **attrs):
    """A graph of one block, called ``node``; its outputs have the names of the ports."""
    graph = flow.Graph("random")
    block = blocks[name](**attrs)
    placed(graph, "node", block, *inputs)
    for port in block.signature.outputs:
        graph.output(port, f"node.{port}")
    return graph


# -- what decides the numbers ----------------------------------------------------------------------------------

BLOCKS = {
    "RandomUniform": ({"dtype": "float32"}, [[20]]),
    "RandomNormal": ({"dtype": "float32"}, [[20]]),
    "TruncatedNormal": ({"dtype": "float32"}, [[20]]),
    "RandomUniformInt": ({}, [[20], 0, 1000]),
    "ParameterizedTruncatedNormal": ({}, [[20], 0.0, 1.0, -1.0, 2.0]),
    "RandomGamma": ({}, [[20], [1.0, 2.0]]),
    "Multinomial": ({}, [[[0.0] * 50], 20]),
    "RandomShuffle": ({}, [np.arange(50)]),
    "Dropout": ({}, [np.ones(50, np.float32), 0.5]),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_seed_node_step_and_attrs_decide(name):
    attrs, inputs = BLOCKS[name]
    block = blocks[name]

    def bits(key, **more):
        result = draw(block(**attrs, **more), *inputs, key=key)
        return (result[0] if isinstance(result, tuple) else result).tobytes()

    keys = [Key(0, "node"), Key(1, "node"), Key(0, "other"), Key(0, "node", 1)]
    found = [bits(key) for key in keys] + [bits(keys[0], seed=5)]
    if "seed2" in block.signature.attrs:
        found += [bits(keys[0], seed2=5), bits(keys[0], seed=5, seed2=5)]
    assert found == [bits(key) for key in keys] + found[4:]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", BLOCKS)
def test_runs(name):
    attrs, inputs = BLOCKS[name]
    graph = node(name, *inputs, **attrs)
    port = next(iter(graph.outputs))

    def run(**given):
        return flow.run(graph, **given)[port].tobytes()

    assert run() == run(seed=0) != run(seed=1) == run(seed=1)
    state, again, other = (flow.State(graph, seed=seed) for seed in (1, 1, 2))
    steps = [run(state=state) for _ in range(3)]
    assert steps == [run(state=again) for _ in range(3)]
    assert steps[0] == run(seed=1)
    assert len({*steps, run(state=other)}) == 4
    assert state.step == 3
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: run(seed=1), range(16))) == {steps[0]}


def test_without_a_graph_the_numbers_are_those_of_the_plain_key():
    for name, (attrs, inputs) in BLOCKS.items():
        block = blocks[name](**attrs)
        results = [block(*inputs), draw(block, *inputs, key=Key())]
        first, second = (r[0] if isinstance(r, tuple) else r for r in results)
        assert np.array_equal(first, second)


def test_order_and_neighbours_do_not_matter():
    def built(names):
        graph = flow.Graph("order")
        for name in names:
            graph.output(name, placed(graph, name, blocks["RandomNormal"](dtype="float32"), [100]))
        return graph

    one = flow.run(built(["a", "b", "c"]), seed=3)
    other = flow.run(built(["c", "d", "a"]), seed=3)
    assert np.array_equal(one["a"], other["a"]) and np.array_equal(one["c"], other["c"])
    assert not np.array_equal(one["a"], one["b"])


def test_streams_of_nodes_and_steps_are_not_correlated():
    block = blocks["RandomNormal"](dtype="float64")
    keys = [Key(seed, name, step) for seed in (0, 1) for name in ("a", "b", "a1") for step in (0, 1, 2)]
    streams = np.array(
        [draw(block, [N], key=key) for key in keys]
        + [draw(blocks["RandomNormal"](dtype="float64", seed=1), [N], key=keys[0])]
    )
    far = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(far).max() < 4.5 / math.sqrt(N)
    shifted = [np.corrcoef(streams[0, :-lag], streams[0, lag:])[0, 1] for lag in (1, 2, 4, 1000)]
    assert np.abs(shifted).max() < 4.5 / math.sqrt(N)


@pytest.mark.parametrize("name", STANDARD)
def test_chunks_can_be_drawn_in_any_order(name):
    block, key = blocks[name](dtype="float32", seed=4), Key(2, "node", 7)
    whole = draw(block, [3 * CHUNK + 5], key=key)
    assert np.array_equal(whole[: 2 * CHUNK], draw(block, [2 * CHUNK], key=key))
    assert np.array_equal(whole.reshape(-1, 1), draw(block, [3 * CHUNK + 5, 1], key=key))
    if name == "RandomUniform":
        parts = {i: key.generator(4, 0, chunk=i).random(CHUNK, np.float32) for i in (2, 0, 1)}
        assert np.array_equal(whole[: 3 * CHUNK], np.concatenate([parts[i] for i in range(3)]))


def test_elements_with_distributions_of_their_own_are_drawn_by_chunks_too():
    key, size = Key(2, "node", 7), CHUNK + 10
    gamma = draw(blocks["RandomGamma"](), [size], [0.5, 3.0], key=key).reshape(-1)
    assert np.array_equal(gamma[:CHUNK], draw(blocks["RandomGamma"](), [CHUNK // 2], [0.5, 3.0], key=key).reshape(-1))
    cut = blocks["ParameterizedTruncatedNormal"]()
    whole = draw(cut, [size], 0.0, 1.0, 0.5, 2.0, key=key)
    assert np.array_equal(whole[:CHUNK], draw(cut, [CHUNK], 0.0, 1.0, 0.5, 2.0, key=key))


def test_nodes_on_the_same_wires_draw_each_their_own():
    graph = flow.Graph("twins")
    for name in ("a", "b"):
        graph.output(name, placed(graph, name, blocks["RandomUniform"](dtype="float32"), [5]))
    result = flow.run(graph)
    assert not np.array_equal(result["a"], result["b"])


# -- shapes and mistakes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in BLOCKS if "shape" in blocks[n].signature.inputs])
@pytest.mark.parametrize("dtype", ("int32", "int64"))
def test_shapes_known_only_at_run_time(name, dtype):
    attrs, (_, *rest) = BLOCKS[name]
    graph = flow.Graph("late")
    shape = graph.input("shape", dtype, ["rank"])
    graph.output("output", placed(graph, "node", blocks[name](**attrs), shape, *rest))
    for size in ([6, 2], [1], [0, 3], [2, 1, 3]):
        known = node(name, np.array(size, dtype), *rest, **attrs)
        got, wanted = flow.run(graph, shape=size, seed=1)["output"], flow.run(known, seed=1)["output"]
        assert got.shape == wanted.shape and np.array_equal(got, wanted)
    with pytest.raises(RunError, match=r"node 'node'.*'shape' must be sizes of at least 0, got"):
        flow.run(graph, shape=[2, -1])


def test_a_count_known_only_at_run_time():
    graph = flow.Graph("late")
    logits, count = graph.input("logits", "float32", ["N", "C"]), graph.input("count", "int32", [])
    graph.output("y", blocks["Multinomial"]()(logits, count))
    assert graph.ref("y").shape == ("N", None)
    assert flow.run(graph, logits=np.zeros((2, 3), np.float32), count=4)["y"].shape == (2, 4)
    with pytest.raises(RunError, match="'num_samples' must be at least 0, got -1"):
        flow.run(graph, logits=np.zeros((2, 3), np.float32), count=-1)


SHAPED = [n for n in BLOCKS if "shape" in blocks[n].signature.inputs]
ROWED = {"ParameterizedTruncatedNormal"}  # a row for each set of parameters, so there is no scalar


@pytest.mark.parametrize(
    "name, shape", [(n, s) for n in SHAPED for s in ([0], [3, 0], [0, 0, 2], []) if s or n not in ROWED]
)
def test_empty_and_scalar_shapes(name, shape):
    attrs, (_, *rest) = BLOCKS[name]
    more = (2,) if name == "RandomGamma" else ()
    assert draw(blocks[name](**attrs), np.array(shape, np.int32), *rest).shape == (*shape, *more)


def test_nothing_in_nothing_out():
    assert draw(blocks["Multinomial"](), np.zeros((0, 3)), 2).shape == (0, 2)
    assert draw(blocks["Multinomial"](), np.zeros((2, 3)), 0).shape == (2, 0)
    assert draw(blocks["RandomShuffle"](), np.zeros((0, 3))).shape == (0, 3)
    assert draw(blocks["RandomGamma"](), [2], np.zeros((0, 3))).shape == (2, 0, 3)
    assert draw(blocks["RandomUniformInt"](), [0], 3, 3).shape == (0,)
    assert [a.shape for a in draw(blocks["Dropout"](), np.zeros((0, 3)), 0.5)] == [(0, 3)] * 2


@pytest.mark.parametrize(
    "name, inputs, message",
    [
        ("RandomUniform", [[2, -1]], "input 'shape' must be sizes of at least 0, got [2, -1]"),
        ("RandomUniform", [3], "input 'shape' must have rank 1"),
        ("RandomUniformInt", [[2], 3, 3], "input 'minval' must be below 'maxval', got 3 and 3"),
        ("RandomUniformInt", [[2], [3], 4], "input 'minval' must have rank 0"),
        ("ParameterizedTruncatedNormal", [np.zeros(0, int), 0.0, 1.0, 0.0, 1.0], "input 'shape' must have at least"),
        ("ParameterizedTruncatedNormal", [[2], [0.0] * 3, 1.0, 0.0, 1.0], "'means' must be one number or one per row"),
        ("ParameterizedTruncatedNormal", [[2], 0.0, 1.0, [[0.0]], 1.0], "'minvals' must be one number or one per row"),
        ("ParameterizedTruncatedNormal", [[2], np.nan, 1.0, 0.0, 1.0], "input 'means' must be finite, got nan"),
        ("ParameterizedTruncatedNormal", [[2], 0.0, 0.0, 0.0, 1.0], "'stdevs' must be above 0 and finite, got 0.0"),
        ("ParameterizedTruncatedNormal", [[2], 0.0, 1.0, 1.0, 1.0], "'minvals' must be below 'maxvals', got 1.0"),
        ("ParameterizedTruncatedNormal", [[2], 0.0, 1.0, -np.inf, np.inf], "'minvals' or 'maxvals' must be finite"),
        ("RandomGamma", [[-1], 1.0], "input 'shape' must be sizes of at least 0, got [-1]"),
        ("Multinomial", [[0.0], 1], "input 'logits' must have rank 2"),
        ("Multinomial", [np.zeros((2, 0)), 1], "input 'logits' must have at least one class, got none"),
        ("Multinomial", [[[0.0]], -1], "input 'num_samples' must be at least 0, got -1"),
        ("Dropout", [[1.0], 1.0], "input 'rate' must be in [0, 1), got 1"),
        ("Dropout", [[1.0], -0.5], "input 'rate' must be in [0, 1), got -0.5"),
        ("Dropout", [[1.0], np.nan], "input 'rate' must be in [0, 1), got nan"),
        ("Dropout", [[1.0], [0.5]], "input 'rate' must have rank 0"),
    ],
)  # fmt: skip
def test_mistakes(name, inputs, message):
    attrs = {"dtype": "float32"} if name == "RandomUniform" else {}
    with pytest.raises(BlockError) as caught:
        blocks[name](**attrs)(*inputs)
    assert str(caught.value).startswith(f"{name}: ") and message in str(caught.value)


# -- gradients ---------------------------------------------------------------------------------------------------


def test_dropout_without_a_rate_is_the_identity():
    x = np.array([1.5, -0.0, np.nan, np.inf], np.float32)
    output, mask = draw(blocks["Dropout"](), x, 0.0)
    assert output.tobytes() == x.tobytes() and output is not x
    assert np.array_equal(mask, np.ones(4))


def test_dropout_leaves_out_what_is_not_finite():
    x = np.full(100, np.nan, np.float32)
    output, mask = draw(blocks["Dropout"](), x, 0.5)
    assert (output[mask == 0] == 0).all() and np.isnan(output[mask != 0]).all()


@pytest.mark.parametrize("dims", ([50, 3], ["N", 3]))
def test_the_gradient_of_dropout_is_its_mask(dims):
    graph = flow.Graph("dropout")
    x = graph.input("x", "float32", dims)
    dropped = blocks["Dropout"](seed=2)(x, 0.4, name="dropped")
    graph.output("y", dropped.output)
    backward = flow.gradient(graph, of="y", wrt=["x"])
    backward.output("mask", "dropped.mask")
    given = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    first, second = (flow.run(backward, x=given, seed=seed) for seed in (1, 2))
    for result in (first, second):
        assert np.array_equal(result["grad_x"], result["mask"])
        assert np.array_equal(result["y"], given * result["mask"])
    assert not np.array_equal(first["mask"], second["mask"])


def test_gradient_of_gamma():
    """At a fixed quantile, a number of the distribution moves with alpha as the gradient says."""
    alphas = [0.2, 1.0, 4.0, 30.0]
    graph = flow.Graph("gamma")
    alpha = graph.input("alpha", "float64", [4])
    graph.output("y", blocks["RandomGamma"]()([50], alpha, name="drawn"))
    backward = flow.gradient(graph, of="y", wrt=["alpha"])
    result = flow.run(backward, alpha=alphas, seed=1)
    step = 1e-5
    for i, a in enumerate(alphas):
        x = result["y"][:, i]
        by_alpha = (gamma_cdf(a + step, x) - gamma_cdf(a - step, x)) / (2 * step)
        density = np.exp((a - 1) * np.log(x) - x - math.lgamma(a))
        assert result["grad_alpha"][i] == pytest.approx(np.sum(-by_alpha / density), rel=1e-6)


def test_slope_of_gamma_does_not_jump_where_it_is_computed_another_way():
    slope = blocks["RandomGammaGrad"]()
    for x in (9000.0, 10000.0, 10300.0):
        below, above = slope(np.array([1e4 - 1e-6, 1e4]), np.float64(x))
        assert below == pytest.approx(above, rel=1e-9)
    for a in (0.5, 1.5, 700.0):
        ends = slope(np.float64(a), np.array([max(a, 1.0) * (1 - 1e-12), max(a, 1.0) * (1 + 1e-12)]))
        assert ends[0] == pytest.approx(ends[1], rel=1e-9)
