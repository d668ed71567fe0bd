"""The integer part of a graph: what is in it, and what its integers stand for."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.export.exporting import prepared
from quantize.nets import images, residual

import dataflow as flow
from dataflow.quantize.export.manifest import MANIFEST
from dataflow.quantize.export.net import integer_net
from dataflow.quantize.export.vectors import vectors
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model


def test_inputs_steps_and_outputs_of_a_network() -> None:
    net = integer_net(prepared(residual())[0])
    assert (net.inputs, net.outputs, net.rounding) == (("x_q",), ("last_sum",), ["half_up"])
    seen = {*net.inputs, *net.constants}
    for step in net.steps:
        assert seen.issuperset(name for names in step.reads.values() for name in names)
        seen.add(step.name)
    assert [step.block for step in net.steps][:4] == ["IntegerMatMul", "BiasAdd", "Relu", "FixedPointRequantize"]
    assert net.constants["first_relu_q.zero_point"] == 0


def test_what_real_numbers_compute_is_left_out() -> None:
    net = integer_net(prepared(residual(), skip=["inner"])[0])
    assert len(net.inputs) == 2
    assert "inner" not in {step.name for step in net.steps}
    assert set(net.outputs) > {"last_sum"}


def test_a_lowered_graph_gives_the_same_arrays_and_knows_the_scales_of_its_ends() -> None:
    model, data = prepared(images())
    whole, part = (vectors(integer_net(each), data, 3) for each in (model, lower(model).model))
    assert {n: b for n, b in whole.items() if n != MANIFEST} == {n: b for n, b in part.items() if n != MANIFEST}
    nets = integer_net(model), integer_net(lower(model).model)
    assert nets[1].numbers.keys() == {"x_q", "last_sum"}
    for name in ("x_q", "last_sum"):
        known, told = (each.numbers[name] for each in nets)
        np.testing.assert_allclose(told.scale, known.scale, rtol=1e-7)
        assert int(told.zero_point) == int(known.zero_point)


def test_a_graph_without_integers_is_refused() -> None:
    graph = flow.Graph("plain")
    graph.output("y", graph.input("x", "float32", ["N"]) + 1.0)
    with pytest.raises(flow.DataflowError, match="must compute with integers to be exported, got none"):
        integer_net(Model.of(graph))
