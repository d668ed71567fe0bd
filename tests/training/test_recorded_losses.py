"""Training gives the losses that TensorFlow gives for the same graph, first weights and batches."""

from __future__ import annotations

import json

import numpy as np
import pytest

import dataflow as flow
from dataflow.training.step_graph import expand
from training import setting

GRAPHS = setting.DIGITS.parents[1]
RECORDED = json.loads(setting.LOSSES.read_text())


@pytest.mark.parametrize("model, near", [("mlp", 1e-5), ("cnn", 1e-4)])
@pytest.mark.parametrize("optimizer", setting.OPTIMIZERS)
def test_losses(model, near, optimizer):
    graph = flow.load(GRAPHS / "digits" / f"{model}.yaml", **({"training": True} if model == "cnn" else {}))
    graph.sections["train"] = {
        "minimize": "loss",
        "optimizer": {"block": optimizer, "inputs": setting.OPTIMIZERS[optimizer]},
    }
    step = expand(graph)
    state = flow.State(step, values=setting.first_values(model))
    losses = [float(flow.run(step, image=x, label=y, state=state)["loss"]) for x, y in setting.batches()]
    np.testing.assert_allclose(losses, RECORDED[model][optimizer], rtol=near)


def test_gradient_of_the_convolutional_sample():
    """The sample's page wires it by hand, wrongly: it passes by ReLU and pooling."""
    graph = flow.load(GRAPHS / "mnist" / "cnn_train.yaml")
    image, label = setting.pictures()
    values = setting.weights("mnist")
    found = flow.run(flow.gradient(graph, of="loss", wrt=list(values)), {"image": image, "label": label, **values})
    with np.load(setting.SLOPES) as recorded:
        for name in values:
            wanted = recorded[name]
            assert found[f"grad_{name}"].shape == wanted.shape
            np.testing.assert_allclose(found[f"grad_{name}"], wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)
