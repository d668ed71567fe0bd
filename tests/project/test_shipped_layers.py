"""Layers that ship: each trains, with gradients that difference quotients or a net wired by hand give too."""

from __future__ import annotations

import numpy as np
import places
import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.format import format_file
from dataflow.graphfile.load import check, defaults
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.shipped import names
from dataflow.training.step_graph import expand

LAYERS = [name for name in names() if name.startswith("layers/")]
RANDOM = np.random.RandomState(0)
ROWS, IMAGES = RANDOM.standard_normal((6, 5)), RANDOM.standard_normal((4, 6, 5, 3))
TOKENS = RANDOM.randint(0, 7, (4, 3))
CASES = {  # layer: attrs, values for x, shape of y
    "dense": ("{units: 4, activation: Tanh}", ROWS, (6, 4)),
    "conv2d": ("{filters: 4, strides: 2, padding: VALID, activation: Softplus}", IMAGES, (4, 2, 2, 4)),
    "batch_norm": ("{training: true}", IMAGES, IMAGES.shape),
    "conv2d_batch_norm": ("{filters: 4, kernel_size: 2, training: true}", IMAGES, (4, 6, 5, 4)),
    "separable_conv2d": ("{filters: 4, multiplier: 2, strides: 2, training: true}", IMAGES, (4, 3, 3, 4)),
    "dropout": ("{rate: 0.4, training: true}", ROWS, ROWS.shape),
    "layer_norm": ("{channels: 3}", IMAGES, IMAGES.shape),
    "embedding": ("{size: 7, units: 2, dtype: float64}", TOKENS, (4, 3, 2)),
    "quantized_dense": ("{units: 4, num_bits: 4, x_max: 1.5, activation: Relu6}", ROWS, (6, 4)),
    "quantized_conv2d": ("{filters: 4, num_bits: 4, x_max: 1.5}", IMAGES, (4, 6, 5, 4)),
}
SMOOTH = ["dense", "conv2d", "layer_norm", "embedding", "dropout"]  # these have a dtype of their own, float64 say
SLOPES = {"dropout": ["x"]}  # of what has no variable


@pytest.fixture
def layered(read):
    """Loads a graph of a layer and a loss; its feeds."""

    def load(name, dtype="float32", attrs=None):
        given, x, shape = CASES[name]
        kind = "int64" if x.dtype.kind == "i" else dtype
        text = (
            f"inputs: {{x: '{kind}{list(x.shape)}', t: '{dtype}{list(shape)}'}}\nnodes:\n"
            f"  layer: {{block: dataflow:layers/{name}.yaml, inputs: {{x: x}}, attrs: {attrs or given}}}\n"
            "  error: {block: SquaredDifference, inputs: [layer, t]}\n"
            f"  loss: {{block: Mean, inputs: {{input: error, axis: {list(range(len(shape)))}}}}}\n"
            "outputs: {y: layer, loss: loss}\n"
        )
        target = (3 * np.random.RandomState(1).standard_normal(shape)).astype(dtype)
        return read(text), {"x": x.astype(kind), "t": target}

    return load


def step_of(graph):
    """The training step of a graph with a loss."""
    graph.sections["train"] = {"minimize": "loss", "optimizer": {"block": "ApplyAdam", "inputs": {"lr": 0.02}}}
    return expand(graph)


def trainable(graph):
    return [name for name, node in graph.nodes.items() if node.block.stateful and node.block.trainable]


def test_each_layer_has_a_case():
    assert [f"layers/{name}.yaml" for name in sorted(CASES)] == LAYERS


@pytest.mark.parametrize("name", CASES)
def test_the_type_of_the_result(layered, name):
    graph, feeds = layered(name, "float64" if name in SMOOTH else "float32")
    assert flow.run(graph, feeds)["y"].shape == CASES[name][2]
    assert graph.deref(graph.outputs["y"]).type.shape == CASES[name][2]


@pytest.mark.parametrize("name", [name for name in CASES if name != "dropout"])
def test_the_loss_falls_and_every_variable_changes(layered, name):
    graph, feeds = layered(name, "float64" if name in SMOOTH else "float32")
    step = step_of(graph)
    state = flow.State(step)
    before = dict(state)
    many = 100 if name.startswith("quantized") else 8  # ranges change once weights have left them
    losses = [float(flow.run(step, feeds, state=state)["loss"]) for _ in range(many)]
    assert losses[-1] < losses[0] and np.isfinite(losses).all()
    kept = [name for name in before if name.startswith("layer/")]
    assert kept and [name for name in kept if np.array_equal(before[name], state[name])] == []


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_by_difference_quotients(layered, name):
    graph, feeds = layered(name, "float64")
    wanted = SLOPES.get(name) or trainable(graph)
    state = flow.State(graph)
    found = flow.run(flow.gradient(graph, of="loss", wrt=wanted), {**feeds, **state})
    for variable in wanted:
        value = feeds[variable] if variable in feeds else state[variable]
        way = np.random.RandomState(2).standard_normal(value.shape)
        ahead, behind = (flow.run(graph, {**feeds, **state, variable: value + e * way})["loss"] for e in (1e-6, -1e-6))
        np.testing.assert_allclose((found[f"grad_{variable}"] * way).sum(), (ahead - behind) / 2e-6, rtol=1e-6)


# -- nets wired by hand -----------------------------------------------------------------------------------------------


class Hand:
    """A graph that grows block by block, under the names that the parts of a layer have."""

    def __init__(self, feeds):
        self.graph = flow.Graph("hand")
        self.x, self.t = (self.graph.input(name, "float32", list(feeds[name].shape)) for name in ("x", "t"))

    def variable(self, name, *value, **attrs):
        return self.graph.variable(f"layer/{name}", *value, **attrs)

    def weights(self, name, *shape, initializer="zeros", trainable=True):
        return self.variable(name, shape=shape, dtype="float32", initializer=initializer, trainable=trainable)

    def add(self, block, *wires, **attrs):
        return flow.blocks[block](**attrs)(*wires)

    def done(self, y):
        error = self.add("SquaredDifference", y, self.t)
        self.graph.output("loss", self.add("Mean", error, list(range(y.type.rank))))
        self.graph.output("y", y)
        return self.graph


def normalized(hand, name, x, channels):
    scale = hand.weights(f"{name}scale", channels, initializer="ones")
    offset = hand.weights(f"{name}offset", channels)
    mean = hand.weights(f"{name}mean", channels, trainable=False)
    variance = hand.weights(f"{name}variance", channels, initializer="ones", trainable=False)
    y = hand.add("FusedBatchNormV3", x, scale, offset, mean, variance, exponential_avg_factor=0.1)
    hand.add("Assign", mean, y.batch_mean)
    hand.add("Assign", variance, y.batch_variance)
    return y.y


def batch_norm(hand):
    return normalized(hand, "", hand.x, 3)


def conv2d_batch_norm(hand):
    filters = hand.weights("filter", 2, 2, 3, 4, initializer="he_normal")
    conv = hand.add("Conv2D", hand.x, filters, strides=[1, 1, 1, 1], padding="SAME")
    return hand.add("Relu", normalized(hand, "norm/", conv, 4))


def separable_conv2d(hand):
    filters = hand.weights("filter", 3, 3, 3, 2, initializer="he_normal")
    depthwise = hand.add("DepthwiseConv2dNative", hand.x, filters, strides=[1, 2, 2, 1], padding="SAME")
    mixture = hand.weights("pointwise/filter", 1, 1, 6, 4, initializer="he_normal")
    conv = hand.add("Conv2D", depthwise, mixture, strides=[1, 1, 1, 1], padding="SAME")
    return hand.add("Relu", normalized(hand, "pointwise/norm/", conv, 4))


def quantized(hand, name, initializer, *shape):
    """x and weights on grids whose ranges are variables, and the bias."""
    low, high = hand.variable("x_low", np.float32(0)), hand.variable("x_high", np.float32(1.5))
    x = hand.add("FakeQuantWithMinMaxVars", hand.x, low, high, num_bits=4)
    weights = hand.weights(name, *shape, initializer=initializer)
    drawn = hand.add("MinMaxObserver", weights, axis=len(shape) - 1, symmetric=True)
    low, high = hand.variable("low", drawn.min), hand.variable("high", drawn.max)
    rounded = hand.add("FakeQuantWithMinMaxVarsPerChannel", weights, low, high, num_bits=4, narrow_range=True)
    return x, rounded, hand.weights("bias", shape[-1])


def quantized_dense(hand):
    x, weights, bias = quantized(hand, "weights", "glorot_uniform", 5, 4)
    return hand.add("Relu6", hand.add("BiasAdd", hand.add("MatMul", x, weights), bias))


def quantized_conv2d(hand):
    x, filters, bias = quantized(hand, "filter", "he_normal", 3, 3, 3, 4)
    conv = hand.add("Conv2D", x, filters, strides=[1, 1, 1, 1], padding="SAME")
    return hand.add("Relu6", hand.add("BiasAdd", conv, bias))


@pytest.mark.parametrize(
    "wired",
    [batch_norm, conv2d_batch_norm, separable_conv2d, quantized_dense, quantized_conv2d],
    ids=lambda f: f.__name__,
)
def test_steps_are_those_of_a_net_wired_by_hand(layered, wired):
    graph, feeds = layered(wired.__name__)
    hand = Hand(feeds)
    steps = step_of(graph), step_of(hand.done(wired(hand)))
    states = [flow.State(step, seed=3) for step in steps]
    for _ in range(3):
        ours, theirs = (flow.run(step, feeds, state=state) for step, state in zip(steps, states, strict=True))
        assert ours["y"].tobytes() == theirs["y"].tobytes() and ours["loss"] == theirs["loss"]
    assert set(states[0]) == set(states[1])
    assert [name for name in states[0] if states[0][name].tobytes() != states[1][name].tobytes()] == []


# -- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in CASES if "trainable" in defaults(f"dataflow:layers/{name}.yaml")])
def test_variables_may_be_kept_from_training(layered, name):
    attrs = CASES[name][0].replace("{", "{trainable: false, ")
    graph, _ = layered(name, "float64" if name in SMOOTH else "float32", attrs)
    assert trainable(graph) == []


def test_outside_of_training_nothing_is_left_out_and_running_statistics_are_used(layered):
    graph, feeds = layered("dropout", attrs="{rate: 0.4}")
    assert flow.run(graph, feeds)["y"].tobytes() == feeds["x"].tobytes()
    graph, feeds = layered("batch_norm", attrs="{epsilon: 0.0}")
    state = flow.State(graph)
    y = flow.run(graph, feeds, state=state)["y"]
    np.testing.assert_array_equal(y, feeds["x"])  # by a mean of 0 and a variance of 1, which stay
    assert not state["layer/mean"].any() and (state["layer/variance"] == 1).all()


def test_running_statistics_move_towards_those_of_the_batch(layered):
    graph, feeds = layered("batch_norm", attrs="{training: true, exponential_avg_factor: 0.25}")
    state = flow.State(graph)
    flow.run(graph, feeds, state=state)
    x = feeds["x"].astype(float).reshape(-1, 3)
    np.testing.assert_allclose(state["layer/mean"], 0.25 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(state["layer/variance"], 0.75 + 0.25 * x.var(0, ddof=1), rtol=1e-5)


def test_ranges_start_as_those_of_the_weights(layered):
    graph, _ = layered("quantized_conv2d")
    state = flow.State(graph, seed=5)
    largest = np.abs(state["layer/filter"]).max((0, 1, 2))
    np.testing.assert_array_equal(state["layer/high"], largest)
    np.testing.assert_array_equal(state["layer/low"], -largest)


@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_documented_and_in_order(name):
    path = places.GRAPHS / "layers" / f"{name}.yaml"
    _, layer = LoadContext(path).top()
    assert layer.name == name and layer.doc and layer.inputs.data["x"].data["doc"].data
    assert [param for param, declared in layer.params.items() if not declared.doc] == []
    assert format_file(path, write=False) is False


def test_what_is_forgotten_is_told_at_the_layer(read):
    text = "inputs: {x: 'float32[N, 5]'}\nnodes:\n  y: {block: dataflow:layers/dense.yaml, inputs: {x: x}}\n"
    with pytest.raises(GraphFileError) as caught:
        read(text)
    assert [p.message for p in caught.value.problems] == [
        "node 'y' (dataflow:layers/dense.yaml): attr 'units' must be given, got nothing"
    ]
    assert check("dataflow:layers/dense.yaml", units=2, channels=3, dtype="float32") == []


# -- the network of digits --------------------------------------------------------------------------------------------


def test_the_network_of_digits_trains_as_its_flat_form():
    short, flat = (places.GRAPHS / "digits" / f"{name}.yaml" for name in ("cnn", "cnn_flat"))
    assert len(short.read_text("utf-8").splitlines()) <= 0.6 * len(flat.read_text("utf-8").splitlines())
    graphs = [flow.load(path, training=True) for path in (short, flat)]
    blocks = [{name: node.block for name, node in graph.nodes.items()} for graph in graphs]
    assert blocks[0].pop("logits/y") == flow.blocks["Identity"]()
    assert blocks[0] == blocks[1]
    assert graphs[0].sections == graphs[1].sections
    steps = [expand(graph) for graph in graphs]
    states = [flow.State(step, seed=4) for step in steps]
    feeds = {"image": RANDOM.random_sample((8, 64)).astype(np.float32), "label": np.arange(8)}
    for _ in range(2):
        losses = [flow.run(step, feeds, state=state)["loss"] for step, state in zip(steps, states, strict=True)]
        assert losses[0] == losses[1]
    assert {name: value.tobytes() for name, value in states[0].items()} == {
        name: value.tobytes() for name, value in states[1].items()
    }


def test_an_activation_that_is_none_is_told_where_it_is_asked_for(read):
    use = "{block: dataflow:layers/dense.yaml, inputs: {x: x}, attrs: {units: 2, activation: Rellu}}"
    with pytest.raises(GraphFileError) as caught:
        read("inputs: {x: 'float32[N, 5]'}\nnodes:\n  h: " + use)
    used, asked = caught.value.problems
    assert (asked.line, asked.message) == (4, "node 'h': attr 'activation': node 'h/y': no block 'Rellu'")
    assert used.path == "dataflow:layers/dense.yaml"
    assert {asked.hint, used.hint} == {"did you mean 'Relu'?"}
