"""Quantization-aware training: a network of digits with few bits learns again what rounding took from it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import places
import pytest

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.graph.graph import Graph
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.insert import insert_quantizers
from dataflow.quantize.model import Model
from dataflow.quantize.recipe import recipe
from dataflow.quantize.sites import activation_wires
from dataflow.training.trainer import Trainer

CNN = places.ROOT / "graphs" / "digits" / "cnn.yaml"


@cache
def digits() -> dict[str, Array]:
    with np.load(places.ROOT / "graphs" / "data" / "digits.npz") as found:
        return {name: found[name] for name in ("x_train", "y_train", "x_test", "y_test")}


def rows(split: str) -> dict[str, Array]:
    return {"image": digits()[f"x_{split}"], "label": digits()[f"y_{split}"]}


@cache
def trained() -> Model:
    """The network, trained for a while, its normalizations folded."""
    trainer = Trainer(flow.load(CNN, training=True, epochs=8), data={"train": rows("train")})
    list(trainer.run())
    values = {name: value for name, value in trainer.state.items() if not name.startswith("train/")}
    return fold_batch_norm(Model.of(flow.load(CNN), values))


def quantized(bits: int, learn: str) -> Model:
    """Weights by channel and values in this many bits, in ranges of the least squared error."""
    asked = recipe({"weights": {"bits": bits}, "activations": {"bits": bits}, "learn": learn})
    seen = trained().graph.copy()
    wires = activation_wires(seen, asked)
    seen.outputs = {str(i): link for i, link in enumerate(wires)}
    found = flow.run(seen, rows("train"), state=flow.State(seen, values=trained().values))
    of = flow.blocks.RangeOfValues(method="mse", num_bits=bits)
    ends = [of(found[str(i)].reshape(-1)) for i in range(len(wires))]
    return insert_quantizers(trained(), asked, {link: (e.min, e.max) for link, e in zip(wires, ends, strict=True)})


def training(model: Model, epochs: int, **more: object) -> Graph:
    graph = model.graph.copy()
    rate = {"initial_learning_rate": 0.002, "decay_steps": "end"}
    graph.sections["train"] = {
        "minimize": "loss",
        "optimizer": {"block": "ApplyAdam", "overrides": [{"variables": ["*/step"], "inputs": {"lr": 0.001}}]},
        "schedule": {"block": "CosineDecay", "attrs": rate},
        "epochs": epochs,
        "batch_size": 64,
        **more,
    }
    return graph


def accuracy(graph: Graph, values: dict[str, Array]) -> float:
    kept = {name: values[name] for name, node in graph.nodes.items() if node.block.stateful}
    return float(flow.run(graph, rows("test"), state=flow.State(graph, values=kept))["accuracy"])


@pytest.mark.slow
@pytest.mark.parametrize("learn", ["range", "lsq", "pact", "tqt"])
def test_two_bits_come_near_the_real_numbers(learn: str) -> None:
    model = quantized(2, learn)
    graph = training(model, 6)
    if learn != "lsq":
        del graph.sections["train"]["optimizer"]["overrides"]
    trainer = Trainer(graph, values=model.values, data={"train": rows("train")})
    list(trainer.run())
    before, after = accuracy(model.graph, dict(model.values)), accuracy(model.graph, dict(trainer.state))
    real = accuracy(trained().graph, dict(trained().values))
    assert real > 0.97 and before < real - 0.05
    assert after > real - 0.04 and after > before + 0.04


@pytest.mark.slow
def test_steps_that_are_frozen_stay_and_a_training_goes_on_bit_for_bit(tmp_path: Path) -> None:
    model = quantized(4, "lsq")
    graph = training(model, 3, freeze=[{"variables": "*/step", "after": 1}])
    whole = Trainer(graph, values=model.values, data={"train": rows("train")})
    steps = []
    for _ in whole.run():
        steps.append({name: value.tobytes() for name, value in whole.state.items() if name.endswith("/step")})
    assert len(steps[0]) == 7  # of three weights and three values, and that of the training
    moved = {name for name in steps[0] if steps[0][name] != steps[2][name]}
    assert moved == {"train/step"}
    seen = 0

    def stop(trainer: Trainer) -> None:
        nonlocal seen
        seen += 1
        if seen == 40:  # in the second epoch
            trainer.stop()

    first = Trainer(graph, tmp_path / "kept", values=model.values, data={"train": rows("train")})
    list(first.run(stop))
    again = Trainer(graph, tmp_path / "kept", resume=True, data={"train": rows("train")})
    list(again.run())
    assert {n: a.tobytes() for n, a in again.state.items()} == {n: a.tobytes() for n, a in whole.state.items()}
