"""Loss scaling: gradients that vanish in float16 arrive where the loss is scaled, and are what they are in float32."""

from __future__ import annotations

import numpy as np

from dataflow import Graph, blocks, gradient, run
from dataflow.engine.plan import Plan

X = np.full(8, 1e-4, np.float32)


def slope(scale):
    """The gradient by a float32 variable of a small loss in float16, and the loss."""
    graph = Graph()
    w = graph.variable("w", 1.0)
    own = w if scale is None else blocks["ScaleGradient"]()(w, 1 / scale, name="back")
    half = blocks["Cast"](DstT="float16")(own)
    x = blocks["Cast"](DstT="float16")(graph.constant(X))
    loss = blocks["Mean"]()(blocks["Square"]()(half * x), 0)
    graph.output("loss", loss if scale is None else blocks["ScaleGradient"]()(loss, scale, name="forth"))
    return run(gradient(graph, of="loss", wrt=["w"]))


def test_a_gradient_that_vanishes_arrives_when_it_is_scaled():
    assert slope(None)["grad_w"] == 0
    np.testing.assert_allclose(slope(32768.0)["grad_w"], np.mean(2 * X.astype(np.float64) ** 2), rtol=0.01)


def test_the_loss_stays_what_it_is_and_no_step_is_added():
    graph = Graph()
    x = graph.input("x", "float16", [4])
    graph.output("y", blocks["ScaleGradient"]()(x, 8.0) * 2.0)
    assert [step.node for step in Plan(graph).at().steps] == ["multiply"]
    assert run(graph, x=[1, 2, 3, 4])["y"].tolist() == [2, 4, 6, 8]
