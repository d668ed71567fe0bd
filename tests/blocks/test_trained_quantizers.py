"""Quantizers that train: their grids, the same bits however they are run, and what they refuse."""

import numpy as np
import pytest

import dataflow as flow
from dataflow import blocks
from dataflow.core.errors import BlockError

X = np.random.default_rng(3).normal(size=(6, 10, 4)).astype(np.float32) * 2
STEPS = {None: (), 0: (6,), 1: (10,), -1: (4,)}
# each quantizer with what its number per channel is called and made of a step
QUANTIZERS = [
    ("LearnedStepQuantize", "step", lambda step: step, {}),
    ("LearnedStepQuantize", "step", lambda step: step, {"signed": False}),
    ("TrainedThresholdQuantize", "log2_t", lambda step: np.log2(step) + 2, {}),
    ("TrainedThresholdQuantize", "log2_t", lambda step: np.log2(step) + 2, {"signed": False}),
    ("PactQuantize", "alpha", lambda step: 4 * step, {}),
    ("FakeQuantSymmetric", "m", lambda step: 4 * step, {}),
    ("FakeQuantSymmetric", "m", lambda step: 4 * step, {"narrow_range": False}),
]


def steps(shape, seed=5):
    return np.asarray(np.random.default_rng(seed).uniform(0.2, 0.9, shape), np.float32)


@pytest.mark.parametrize("axis", STEPS)
@pytest.mark.parametrize(("name", "port", "number", "attrs"), QUANTIZERS)
def test_what_comes_out_lies_on_the_grid(name, port, number, attrs, axis):
    for bits in (1, 2, 3, 4, 8, 16):
        made = blocks[name](num_bits=bits, axis=axis, **attrs)
        given = np.asarray(number(steps(STEPS[axis])), np.float32)
        y, grid = made(X, given), made.grid(None, given)
        codes = grid.codes(y)
        assert grid.bits == bits
        assert grid.values(codes).tobytes() == (y + 0.0).tobytes()
        ends = grid.codes(made(X * 1e6, given))
        assert (ends.min(), ends.max()) == (grid.low, grid.high)
        assert np.array_equal(made(y, given), y)  # rounding again changes nothing


def test_groups_are_quantized_as_if_each_were_alone():
    random = np.random.default_rng(1)
    for axis, group, bits in ((0, 4, 3), (1, 5, 4), (1, 3, 1), (-1, 3, 8), (2, 9, 2)):
        shape = list(X.shape)
        shape[axis] = -(-shape[axis] // group)
        m = random.uniform(0.5, 3, shape).astype(np.float32)
        made = blocks.FakeQuantSymmetric(num_bits=bits, axis=axis, group=group)
        y, grid = made(X, m), made.grid(None, m)
        assert grid.values(grid.codes(y)).tobytes() == (y + 0.0).tobytes()
        for place in np.ndindex(*shape):
            own = [slice(p, p + 1) for p in place]
            own[axis] = slice(place[axis] * group, place[axis] * group + group)
            alone = blocks.FakeQuantSymmetric(num_bits=bits, axis=0)(X[tuple(own)].reshape(1, -1), m[place][None])
            assert y[tuple(own)].tobytes() == alone.tobytes()


def test_a_symmetric_range_is_that_of_fake_quant():
    for bits in (2, 4, 8, 16):
        m = np.float32(2.7)
        theirs = blocks.FakeQuantWithMinMaxVars(num_bits=bits, narrow_range=True)
        assert blocks.FakeQuantSymmetric(num_bits=bits)(X, m).tobytes() == theirs(X, -m, m).tobytes()
        wide = blocks.FakeQuantSymmetric(num_bits=bits, narrow_range=False)
        assert wide.grid(None, m).scale == pytest.approx(2.7 / 2 ** (bits - 1))
        assert wide(np.float32([-9, 9]), m) == pytest.approx([-2.7, 2.7 - 2.7 / 2 ** (bits - 1)])


def test_a_bias_is_whole_in_steps_of_its_accumulator():
    bias, sx, sw = X[0, :, 0], np.float32(0.013), steps((10,)) * np.float32(0.01)
    made = blocks.QuantizeBias()(bias, sx, sw)
    grid = blocks.QuantizeBias().grid(None, sx, sw)
    wanted = np.rint(bias.astype(np.float64) / (np.float64(sx) * sw.astype(np.float64)))
    assert np.array_equal(grid.codes(made), wanted.astype(np.int64))
    few = blocks.QuantizeBias(num_bits=4)
    codes = few.grid(None, sx, sw).codes(few(bias, sx, sw))
    assert (codes.min(), codes.max()) == (-8, 7)


def test_gates_of_adaround_begin_where_weights_are_and_end_up_or_down():
    step = steps((10,)) / 2
    attrs = {"axis": 1, "num_bits": 8}
    v = blocks.AdaRoundStart(axis=1)(X, step)
    soft = blocks.AdaRoundWeights(**attrs)(X, step, v)
    assert np.abs(soft - X).max() < 1e-6
    hard = blocks.AdaRoundWeights(**attrs, hard=True)
    nearest = np.rint(X / step[:, None])
    assert np.array_equal(hard.grid(None, step).codes(hard(X, step, v)), nearest)
    floor = np.floor(X / step[:, None])
    for side in (-9.0, 9.0):
        codes = hard.grid(None, step).codes(hard(X, step, np.full_like(X, side)))
        assert np.array_equal(codes, floor + (side > 0))
        assert blocks.AdaRoundRegularizer()(np.full_like(X, side), 3.0) == 0


def trained(name, port, attrs, axis, x, numbers):
    """A graph of a quantizer with the gradient of a weighted sum."""
    graph = flow.Graph("trained")
    values, given = graph.input("x", "float32", x.shape), graph.input("number", "float32", numbers.shape)
    weights = graph.input("weights", "float32", x.shape)
    made = blocks[name](num_bits=3, axis=axis, **attrs)(values, given)
    graph.output("y", made)
    graph.output("loss", blocks.Sum()(blocks.Reshape()(made * weights, [-1]), 0))
    slopes = flow.gradient(graph, of="loss", wrt=["x", "number"])
    slopes.output("y", slopes.ref(graph.outputs["y"].node))
    return slopes, {"x": x, "number": numbers, "weights": np.sin(np.arange(x.size, dtype=np.float32)).reshape(x.shape)}


@pytest.mark.slow
@pytest.mark.parametrize("axis", STEPS)
@pytest.mark.parametrize(("name", "port", "number", "attrs"), QUANTIZERS)
def test_the_same_bits_however_it_is_run(name, port, number, attrs, axis):
    for repeats in (1, 2200):  # 528,000 elements
        x = np.concatenate([X] * repeats, axis=1 if axis == 0 else 0)
        shape = () if axis is None else (x.shape[axis],)
        graph, feeds = trained(name, port, attrs, axis, x, np.asarray(number(steps(shape)), np.float32))
        plain = flow.plan(graph, kernels="numpy", fuse=False).run(feeds)
        turned = {n: np.array(a, order="F") for n, a in feeds.items()}
        for kernels, threads, given in (
            ("numpy", 1, feeds),
            ("numpy", 3, turned),
            ("jit", 1, feeds),
            ("jit", 3, turned),
        ):
            made = flow.plan(graph, kernels=kernels, threads=threads).run(given)
            for key, array in plain.items():
                assert made[key].tobytes() == array.tobytes(), (key, kernels, threads)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: blocks.LearnedStepQuantize()(X, [0.1, 0.2]),
            "input 'step' must have shape [] where attr 'axis' is left",
        ),
        (
            lambda: blocks.LearnedStepQuantize(axis=1)(X, [0.1]),
            "input 'step' must have shape [10] like dim 1 of float32",
        ),
        (lambda: blocks.PactQuantize(axis=3)(X, [0.1]), "attr 'axis' must lie in [-3, 3) for 'x' of rank 3, got 3"),
        (lambda: blocks.LearnedStepQuantize(axis=1)(X, np.ones(10), [0.1]), "input 'offset' must have shape [10]"),
        (lambda: blocks.FakeQuantSymmetric(group=4), "attr 'axis' must be given with attr 'group'"),
        (
            lambda: blocks.FakeQuantSymmetric(group=4, axis=1)(X, np.ones((6, 2, 4))),
            "input 'm' must have shape [6, 3, 4]",
        ),
        (
            lambda: blocks.QuantizeBias()([0.1, 0.2], 0.1, [0.1]),
            "input 'weight_scale' must be a scalar or have shape [2]",
        ),
        (lambda: blocks.AdaRoundWeights(num_bits=1), "attr 'num_bits' must be 2 or more for a signed integer"),
        (lambda: blocks.AdaRoundWeights()(X, 0.1, X[0]), "input 'v' must have the shape of 'w', [6, 10, 4]"),
    ],
)
def test_what_does_not_fit_is_told(make, message):
    with pytest.raises(BlockError) as told:
        make()
    assert message in str(told.value)


def test_an_axis_from_the_front_takes_a_known_rank():
    graph = flow.Graph("open")
    x, step = graph.input("x", "float32"), graph.input("step", "float32", [3])
    with pytest.raises(flow.DataflowError, match="input 'x' must have a known rank"):
        blocks.LearnedStepQuantize(axis=0)(x, step)
