"""The sample graphs reach the numbers that they promise; derivatives wired by hand are those of the reverse pass."""

from __future__ import annotations

import json
import shutil
import struct

import numpy as np
import places
import pytest
from click.testing import CliRunner

import dataflow as flow
from dataflow.cli import group
from dataflow.engine.plan import Plan
from dataflow.training.data import load_data
from dataflow.training.step_graph import expand
from dataflow.training.trainer import Trainer

pytestmark = pytest.mark.slow

GRAPHS = places.GRAPHS


def steps(name, count, watch=(), **params):
    """The state after so many steps, and the outputs at those that are watched, counted from 1."""
    graph = flow.load(GRAPHS / f"{name}.yaml", **params)
    graph = expand(graph) if graph.sections.get("train") else graph
    plan, state, seen = Plan(graph, steps=True), flow.State(graph), {}
    for step in range(1, count + 1):
        outputs = plan.run({}, state=state)
        if step in watch:
            seen[step] = {name: np.copy(value) for name, value in outputs.items()}
    return state.variables, seen


def train(graph, folder=None):
    """The reports of all epochs, and the trainer."""
    trainer = Trainer(graph, folder)
    return list(trainer.run()), trainer


def cosine(a, b):
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def test_matmul():
    np.testing.assert_array_equal(flow.run(flow.load(GRAPHS / "basic" / "matmul.yaml"))["v"], [[19], [-3]])


def test_one_hot():
    graph = flow.load(GRAPHS / "components" / "one_hot.yaml")
    labels = graph.nodes["labels"].block.value
    np.testing.assert_array_equal(flow.run(graph)["rows"], np.eye(10)[np.asarray(labels)])
    assert len(labels) == 100


# -- gradient descent -----------------------------------------------------------------------------------------------


def descended(rate, count):
    """w of y = x * w after so many steps: each brings it nearer to 1 by a fixed part."""
    return 1 + 99 * (1 - rate * 14 / 3) ** count


@pytest.mark.parametrize(("name", "rate"), [("assign_manual", 0.1), ("apply_manual", 1e-4), ("auto", 1e-4)])
def test_xw(name, rate):
    variables, seen = steps(f"gradient_descent/xw_{name}", 20, watch=(1, 20))
    assert seen[1]["cost"] == pytest.approx(99**2 * 14 / 3)
    assert seen[20]["cost"] == pytest.approx((descended(rate, 19) - 1) ** 2 * 14 / 3)
    assert variables["w"] == pytest.approx([descended(rate, 20)])


def test_regression_after_one_step():
    variables, seen = steps("gradient_descent/multivariable_manual", 1, watch=(1,))
    assert seen[1]["cost"] == pytest.approx(2790.3125)
    np.testing.assert_allclose(variables["w"], [[1.803375, 3.7354375, 1.7618125]], rtol=1e-12)
    np.testing.assert_array_equal(seen[1]["w"], variables["w"])


def test_regression_after_a_hundred_thousand_steps():
    variables, _ = steps("gradient_descent/multivariable_manual", 100_000)
    np.testing.assert_allclose(variables["w"], [[1.0002, 2.0002, 3.0002]], atol=5e-5)
    np.testing.assert_allclose(variables["b"], [[4.986]], atol=5e-4)


def test_regression_by_the_reverse_pass_takes_the_same_steps():
    by_hand, _ = steps("gradient_descent/multivariable_manual", 5000)
    (report,), trainer = train(flow.load(GRAPHS / "gradient_descent" / "multivariable_auto.yaml", epochs=1))
    assert trainer.state.step == 5000
    assert report.train["cost"] == pytest.approx(2 * report.train["half_cost"])
    for name in ("w", "b"):
        np.testing.assert_allclose(trainer.state.variables[name], by_hand[name], rtol=1e-9)


# -- exclusive or ---------------------------------------------------------------------------------------------------


def test_xor_by_cross_entropy():
    _, seen = steps("xor/ce_manual", 10_000, watch=(1, 5000, 10_000))
    assert [round(float(seen[n]["cost"]), d) for n, d in ((1, 3), (5000, 4), (10_000, 4))] == [0.642, 0.0148, 0.0036]
    np.testing.assert_allclose(seen[10_000]["y"].ravel(), [0.071, 0.949, 0.949, 0.058], atol=6e-4)


def test_xor_by_squared_error():
    _, seen = steps("xor/mse_manual", 10_000, watch=(1, 5000, 10_000))
    assert [float(seen[n]["cost"]) for n in seen] == pytest.approx([0.362, 0.2457, 0.0277], abs=1e-4)


@pytest.mark.parametrize("cost", ["ce", "mse"])
@pytest.mark.parametrize("count", [0, 300])
def test_xor_gradients_by_hand_are_those_of_the_reverse_pass(cost, count):
    variables, _ = steps(f"xor/{cost}_manual", count)
    by_hand = flow.run(flow.load(GRAPHS / "xor" / f"{cost}_manual.yaml"), variables)
    graph = flow.load(GRAPHS / "xor" / f"{cost}_auto.yaml")
    found = flow.run(flow.gradient(graph, of="cost", wrt=list(variables)), variables)
    # by hand it is that of half the sum over four rows for the weights, of half the mean for the biases
    for name, factor in {"w1": 2, "w2": 2, "b1": 0.5, "b2": 0.5}.items():
        np.testing.assert_allclose(by_hand[f"d_{name}"], factor * found[f"grad_{name}"], rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize(("cost", "rate"), [("ce", 1.0), ("mse", 2.0)])
def test_xor_is_learned_by_the_reverse_pass(cost, rate):
    graph = flow.load(GRAPHS / "xor" / f"{cost}_auto.yaml", rate=rate, epochs=1)
    _, trainer = train(graph)
    y = flow.run(graph, trainer.state.variables)["y"]
    np.testing.assert_allclose(y.ravel(), [0, 1, 1, 0], atol=0.1)


@pytest.mark.parametrize(("bits", "tolerance"), [(8, 0.1), (4, 0.07)])
def test_xor_is_learned_with_few_bits(bits, tolerance):
    graph = flow.load(GRAPHS / "xor" / "fake_quant.yaml", num_bits=bits, epochs=5)
    reports, trainer = train(graph)
    assert reports[-1].train["cost"] < 0.1 * reports[0].train["cost"]
    levels = flow.run(graph, trainer.state.variables)["y"].ravel() * (2**bits - 1)
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-4)
    np.testing.assert_allclose(levels / (2**bits - 1), [0, 1, 1, 0], atol=tolerance)


# -- components -----------------------------------------------------------------------------------------------------


def test_symbolic_gradients():
    """The loss and its gradients, worked out here without any block."""
    graph = flow.load(GRAPHS / "components" / "symbolic_gradients.yaml")
    v = {name: value.astype(float) for name, value in flow.State(graph).variables.items()}
    found = flow.run(flow.gradient(graph, of="loss", wrt=list(v)))
    layers = [np.array([[0.531663, 0.571184, 0.601764]])]
    for i in "123":
        layers.append(np.tanh(layers[-1] @ v[f"w{i}"] + v[f"b{i}"]))
    loss = (layers[3].item() - 1) ** 2 + 0.01 * sum((v[f"w{i}"] ** 2).sum() / 2 for i in "123")
    assert found["loss"] == pytest.approx(loss, rel=1e-6)
    slope = 2 * (layers[3] - 1)
    for i in (3, 2, 1):
        slope = slope * (1 - layers[i] ** 2)
        np.testing.assert_allclose(found[f"grad_b{i}"], slope, rtol=1e-5)
        np.testing.assert_allclose(found[f"grad_w{i}"], layers[i - 1].T @ slope + 0.01 * v[f"w{i}"], rtol=1e-5)
        slope = slope @ v[f"w{i}"].T


def test_symbolic_gradients_train():
    graph = flow.load(GRAPHS / "components" / "symbolic_gradients.yaml")
    reports, trainer = train(graph)
    losses = [report.train["loss"] for report in reports]
    assert losses == sorted(losses, reverse=True)
    assert 0.9 < flow.run(graph, trainer.state.variables)["y"] < 1


# -- MNIST's files --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """The graphs beside a small data set of MNIST's form: 8x8 digits enlarged to 24x24 with a border."""
    project = tmp_path_factory.mktemp("project")
    (project / ".dataflow").touch()
    for folder in ("mnist", "components"):
        shutil.copytree(GRAPHS / folder, project / folder)
    (project / "data" / "mnist").mkdir(parents=True)
    digits = np.load(GRAPHS / "data" / "digits.npz")
    for split, array, count in (("train", "train", 200), ("t10k", "test", 60)):
        small = digits[f"x_{array}"][:count].reshape(-1, 8, 8)
        images = np.pad(small.repeat(3, 1).repeat(3, 2), ((0, 0), (2, 2), (2, 2)))
        for kind, values in (("images-idx3", np.rint(images * 255)), ("labels-idx1", digits[f"y_{array}"][:count])):
            head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
            file = project / "data" / "mnist" / f"{split}-{kind}-ubyte"
            file.write_bytes(head + values.astype(np.uint8).tobytes())
    return project


def evaluated(*args):
    done = CliRunner().invoke(group, ["evaluate", *map(str, args), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_idx_reader(mnist):
    graph = flow.load(mnist / "components" / "idx_reader.yaml")
    feeds = {name: array[:25] for name, array in load_data(graph, "train").items()}
    state = flow.State(graph)
    for expected in (range(10), range(10, 20), [20, 21, 22, 23, 24, 0, 1, 2, 3, 4]):
        outputs = flow.run(graph, feeds, state=state)
        np.testing.assert_array_equal(outputs["label"], feeds["labels"][list(expected)])
        images = feeds["images"][list(expected)].reshape(10, 784) / np.float32(255)
        np.testing.assert_array_equal(outputs["image"], images)
        np.testing.assert_array_equal(state.variables["x"], images)
    assert state.variables["place"] == 5


@pytest.mark.parametrize("name", ["softmax", "subtract"])
def test_linear_step_is_that_of_the_formula(mnist, name):
    graph = flow.load(mnist / "mnist" / f"linear_{name}.yaml", rate=0.001)
    feeds = {key: rows[:100] for key, rows in load_data(graph, "train").items()}
    step, state = expand(graph), flow.State(graph)
    for _ in range(2):
        before = dict(state.variables)
        flow.run(step, feeds, state=state)
        x = feeds["image"].reshape(100, 784).astype(float)
        y = x @ before["w"].T + before["b"]
        if name == "softmax":
            y = np.exp(y) / np.exp(y).sum(1, keepdims=True)
        error = y - np.eye(10)[feeds["label"]]
        np.testing.assert_allclose(state.variables["w"], before["w"] - 0.001 * error.T @ x, atol=1e-6)
        np.testing.assert_allclose(state.variables["b"], before["b"] - 0.001 * error.sum(0, keepdims=True), atol=1e-6)


@pytest.mark.parametrize("name", ["softmax", "subtract"])
def test_linear_learns_and_is_evaluated(mnist, name, tmp_path):
    path = mnist / "mnist" / f"linear_{name}.yaml"
    reports, _ = train(flow.load(path, epochs=8, batch_size=50), tmp_path)
    losses = [report.train["loss"] for report in reports]
    assert losses[-1] < 0.7 * losses[0]
    told = evaluated(path, "-s", "validation", "--checkpoints", tmp_path, "--which", "latest")
    assert told == reports[-1].validate
    told = evaluated(path, "--checkpoints", tmp_path, "--which", "latest")
    assert told["accuracy"] > 0.6
    alone = evaluated(mnist / "mnist" / "linear_eval.yaml", "--checkpoints", tmp_path, "--which", "latest")
    assert alone["accuracy"] == told["accuracy"]


def test_cnn_learns_and_is_evaluated(mnist, tmp_path):
    path = mnist / "mnist" / "cnn_train.yaml"
    reports, _ = train(flow.load(path, epochs=2, batch_size=10, rate=0.003), tmp_path)
    assert reports[-1].train["loss"] < 0.6 * reports[0].train["loss"]
    kept = ("--checkpoints", tmp_path, "--which", "latest")
    told = evaluated(path, "-s", "validation", *kept)
    assert told["accuracy"] == reports[-1].validate["accuracy"] > 0.5
    alone = evaluated(mnist / "mnist" / "cnn_eval.yaml", *kept)
    assert alone["accuracy"] == evaluated(path, *kept)["accuracy"] > 0.5


@pytest.fixture(scope="module")
def cnn(mnist):
    """The convolutional graph, twenty images, its variables, and the gradients of the summed loss."""
    graph = flow.load(mnist / "mnist" / "cnn_train.yaml")
    feeds = {key: rows[:20] for key, rows in load_data(graph, "train").items()}
    variables = flow.State(graph).variables
    found = flow.run(flow.gradient(graph, of="loss", wrt=list(variables)), {**feeds, **variables})
    return graph, feeds, variables, {name: found[f"grad_{name}"].astype(float) for name in variables}


@pytest.mark.parametrize("name", ["w1", "w2", "w3", "b"])
def test_cnn_gradient_by_difference_quotient(cnn, name):
    graph, feeds, variables, slopes = cnn
    length = np.linalg.norm(slopes[name])
    move = (slopes[name] / length * 2e-3).astype(np.float32)
    ahead, behind = (
        flow.run(graph, {**feeds, **variables, name: variables[name] + sign * move})["loss"].sum(dtype=float)
        for sign in (1, -1)
    )
    assert (ahead - behind) / 4e-3 == pytest.approx(length, rel=0.01)


def test_cnn_gradient_without_relu_and_pooling_is_wrong(cnn):
    """What the graph's doc says of a gradient that leaves them out, as one easily wires it by hand."""
    graph, feeds, variables, slopes = cnn
    graph = graph.copy()
    for wire in ("x", "pool1", "flat", "xent.backprop"):
        graph.output(wire, wire)
    at = flow.run(graph, {**feeds, **variables})
    strides = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    by_filter, by_input = flow.blocks["Conv2DBackpropFilter"](**strides), flow.blocks["Conv2DBackpropInput"](**strides)
    d_flat = (at["xent.backprop"] @ variables["w3"]).reshape(-1, 7, 7, 64)
    d_pool1 = by_input([20, 14, 14, 32], variables["w2"], d_flat)
    wrong = {
        "w3": at["xent.backprop"].T @ at["flat"],
        "w2": by_filter(at["pool1"], [3, 3, 32, 64], d_flat),
        "w1": by_filter(at["x"], [3, 3, 1, 32], d_pool1),
    }
    found = {name: cosine(wrong[name].astype(float), slopes[name]) for name in wrong}
    assert found["w3"] > 0.9999
    assert found["w2"] == pytest.approx(0.7, abs=0.1) and found["w1"] == pytest.approx(0.5, abs=0.1)
