"""Training gives the losses that TensorFlow gives for the same graph, first weights and batches."""

from __future__ import annotations

import json

import numpy as np
import pytest
from training import setting

import dataflow as flow
from dataflow.expand import expand

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
    state = flow.State(step, values=setting.weights(model))
    losses = [float(flow.run(step, image=x, label=y, state=state)["loss"]) for x, y in setting.batches()]
    np.testing.assert_allclose(losses, RECORDED[model][optimizer], rtol=near)
