"""Variables that are frozen after some epochs, and the running statistics of batch normalization among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.freezing import at_rest
from dataflow.training.trainer import Trainer
from training.line import bits, stop_after


def freezing(*rules):
    told = ", ".join(f"{{variables: {names}, after: {after}}}" for names, after in rules)
    return lambda text: text + f"  freeze: [{told}]\n"


def by_epoch(trainer):
    """The bits of the variables at the beginning and after each epoch."""
    return [bits(trainer.state), *(bits(trainer.state) for _ in trainer.run())]


def test_variables_keep_their_values_from_an_epoch_on(load):
    seen = by_epoch(Trainer(load(freezing(("b", 2), ('["w*"]', 3)), epochs=3)))
    assert len({at["b"] for at in seen[:3]}) == 3 and seen[2]["b"] == seen[3]["b"]
    assert len({at["w"] for at in seen}) == 4
    plain = by_epoch(Trainer(load(epochs=3)))
    assert seen[:3] == plain[:3] and seen[3]["w"] != plain[3]["w"]  # b is another one by then


def test_what_is_frozen_from_the_beginning_is_as_if_overridden(load):
    first = by_epoch(Trainer(load(freezing(("b", 0)))))
    override = "inputs: {lr: $rate}, overrides: [{variables: b, frozen: true}]}"
    assert first == by_epoch(Trainer(load(lambda text: text.replace("inputs: {lr: $rate}}", override))))


def test_the_others_go_on_as_an_optimizer_that_has_seen_all_steps(load):
    """Powers and slots are counted on, also where one variable of each setting is frozen."""
    override = "overrides: [{variables: b, inputs: {beta1: 0.5}}]}"
    rule = freezing(("w", 1))
    graph = load(lambda text: rule(text.replace("lr: $rate}}", "lr: $rate}, " + override)), epochs=2)
    trainer = Trainer(graph)
    list(trainer.run())
    kept = {name: float(value) for name, value in trainer.state.items() if "beta1_power" in name}
    assert sorted(kept) == ["train/beta1_power", "train/beta1_power_2"]  # of w, then of b
    assert kept["train/beta1_power_2"] == 0.5**14


@pytest.mark.parametrize("when", [0, 6, 7, 13, 14, 15, 34])
def test_going_on_is_as_if_there_had_been_no_stop(load, when):
    rules = freezing(("b", 1), ('"w*"', 4))
    graph = load(lambda text: rules(text) + "  on_nan: stop\n  clip: {global_norm: 0.1}\n", epochs=4)
    whole = Trainer(graph)
    list(whole.run())
    list(Trainer(graph, Path("kept")).run(stop_after(when)))
    again = Trainer(graph, Path("kept"), resume=True)
    list(again.run())
    assert bits(again.state) == bits(whole.state)


def normalized():
    """A graph that normalizes by its batches, keeps their statistics, counts steps and trains all it can."""
    graph = flow.Graph("normalized")
    x = graph.input("x", "float32", ["N", 1, 1, 3])
    scale, offset = graph.variable("scale", np.float32([1, 1, 1])), graph.variable("offset", np.float32([0, 0, 0]))
    mean = graph.variable("mean", np.float32([0, 0, 0]), trainable=False)
    variance = graph.variable("variance", np.float32([1, 1, 1]), trainable=False)
    norm = flow.blocks.FusedBatchNormV3(is_training=True, exponential_avg_factor=0.5)
    made = norm(x, scale, offset, mean, variance, name="norm")
    kept = flow.blocks.Assign()(mean, made.batch_mean, name="keep_mean")
    flow.blocks.Assign()(variance, made.batch_variance, name="keep_variance")
    graph.output("mean_next", kept)
    w = graph.variable("w", np.float32([[0.5], [1.0], [-1.0]]))
    y = flow.blocks.Reshape()(made.y, [-1, 3]) @ w
    graph.output("loss", flow.blocks.Mean()(flow.blocks.Square()(y - 1.0), [0, 1]))
    graph.sections["train"] = {
        "minimize": "loss",
        "optimizer": {"block": "ApplyGradientDescent", "inputs": {"alpha": 0.1}},
        "epochs": 4,
        "batch_size": 8,
    }
    return graph


def data():
    x = np.random.default_rng(0).normal(2, 3, (32, 1, 1, 3)).astype(np.float32)
    return {"train": {"x": x}}


def test_frozen_statistics_are_what_batches_are_normalized_by():
    graph = normalized()
    graph.sections["train"]["freeze"] = [{"variables": ["mean", "variance"], "after": 2}]
    trainer = Trainer(graph, data=data())
    seen, blocks, losses = [bits(trainer.state)], [], []
    for report in trainer.run():
        seen.append(bits(trainer.state))
        blocks.append(trainer.step_graph.nodes["norm"].block.is_training)
        losses.append(report.train["loss"])
    for name in ("mean", "variance"):
        assert len({at[name] for at in seen[:3]}) == 3 and seen[2][name] == seen[4][name]
    assert blocks == [True, True, False, False]
    assert seen[2]["scale"] != seen[3]["scale"] != seen[4]["scale"] and seen[3]["offset"] != seen[4]["offset"]
    still = at_rest(graph, {"mean", "variance"})
    assert still.outputs["mean_next"].node == "mean" and "keep_mean" not in still.nodes
    given = {n: trainer.state[n] for n in trainer.graph.nodes if trainer.graph.nodes[n].block.stateful}
    x = data()["train"]["x"]
    by_hand = (x - given["mean"]) / np.sqrt(given["variance"] + np.float32(1e-4)) * given["scale"] + given["offset"]
    found = flow.run(still, {"x": x}, state=flow.State(still, values=given))["loss"]
    assert found == pytest.approx(np.mean((by_hand.reshape(-1, 3) @ given["w"] - 1) ** 2), rel=1e-5)


def test_half_of_the_statistics_leaves_the_normalization_as_it_is():
    still = at_rest(normalized(), {"mean", "scale"})
    assert still.nodes["norm"].block.is_training and {*still.updates} == {"variance"}


def test_scale_and_offset_alone_leave_the_statistics_to_the_batch():
    graph = normalized()
    assert at_rest(graph, {"scale", "offset"}) is graph


def test_nothing_left_to_train_is_told(load):
    with pytest.raises(GraphError, match="must leave a variable to train in each of 5 epochs, got none in epoch 4"):
        Trainer(load(freezing(('"*"', 3))))
    graph = load(freezing(('"*"', 5)))
    assert len([*Trainer(graph).run()]) == 5
    with pytest.raises(GraphError, match="in each of 6 epochs, got none in epoch 6; freeze fewer, or end earlier"):
        Trainer(graph, epochs=6)


def test_what_is_changed_together_is_frozen_together():
    graph = normalized()
    slot = graph.variable("slot", np.float32([0, 0, 0]), trainable=False)
    other = graph.variable("other", np.float32([0, 0, 0]), trainable=False)
    flow.blocks.ApplyMomentum()(other, slot, 0.1, np.float32([1, 1, 1]), 0.9, name="own")
    graph.sections["train"]["freeze"] = [{"variables": ["other"], "after": 1}]
    with pytest.raises(GraphError, match=r"node 'own' \(ApplyMomentum\) changes 'slot' with a variable that is frozen"):
        Trainer(graph, data=data())
    graph.sections["train"]["freeze"] = [{"variables": ["other", "slot"], "after": 1}]
    seen = by_epoch(Trainer(graph, data=data()))
    assert seen[0]["slot"] != seen[1]["slot"] == seen[4]["slot"]


def test_another_rule_is_another_training(load):
    list(Trainer(load(freezing(("b", 2)), epochs=3), Path("kept")).run())
    with pytest.raises(GraphError, match="train: freeze"):
        Trainer(load(freezing(("b", 1)), epochs=4), Path("kept"), resume=True)
