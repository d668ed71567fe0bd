"""Verification: what differs, by how much, where, and in which rounding it would not."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import images, quantized, residual

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.graph.graph import Graph
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model
from dataflow.quantize.verify import FAR, compare, is_lowered_to, is_quantized, verify
from dataflow.training.array_split import ArraySplit

B = flow.blocks


def _split(graph: Graph, rows: int = 700) -> ArraySplit:
    sizes = [d for d in graph.inputs["x"].shape or () if isinstance(d, int)]
    return ArraySplit(graph, "x", {"x": np.random.default_rng(9).standard_normal((rows, *sizes)).astype(np.float32)})


def _models(graph: Graph, rounding: str = "half_up") -> tuple[Model, Model, ArraySplit]:
    data = _split(graph)
    model = quantized(graph, 8, data.rows()["x"])
    return model, lower(model, rounding).model, data


@pytest.mark.parametrize("graph", [residual(), images()], ids=lambda g: g.name)
def test_a_lowered_graph_agrees_with_the_quantized_one_from_either_side(graph: Graph) -> None:
    model, lowered, data = _models(graph)
    found = verify(lowered, model, data)
    assert {each.kind for each in found} == {"codes", "sums"}
    codes = [each for each in found if each.kind == "codes"]
    assert len(codes) >= 5
    assert all(each.within(1, 0) and each.equal >= 0.999 * each.elements for each in codes)
    again = verify(model, lowered, data)
    assert [(a.node, a.equal, a.largest) for a in found] == [(b.node, b.equal, b.largest) for b in again]
    rows = {each.node: each.elements for each in found}
    assert all(elements % 700 == 0 for elements in rows.values())


def test_another_rounding_is_found_and_named() -> None:
    graph = residual()
    _, lowered, data = _models(graph)
    floor = _models(graph, "floor")[1]
    first = next(each for each in verify(lowered, floor, data) if each.largest)
    assert first.node == "first_relu_q"
    assert first.rounding == "floor"
    assert first.largest == 1
    assert first.found == first.wanted + 1  # type: ignore[operator]


def test_sums_that_follow_from_other_codes_are_not_judged_where_a_step_is_allowed() -> None:
    graph = residual()
    model, _, data = _models(graph)
    found = {each.node: each for each in verify(lower(model, "floor").model, model, data)}
    assert found["first_relu_q"].largest == 1
    assert not found["first"].follows
    assert found["inner"].largest > 100  # steps of a sum for each step of a code
    assert found["inner"].within(1, 0)
    assert not found["inner"].within(0, 0)
    assert not found["joined_q"].within(1, 0)  # codes are judged wherever they are


def test_a_graph_with_learned_steps_agrees_with_the_one_it_was_lowered_to() -> None:
    graph = residual()
    data = _split(graph)
    model = quantized(graph, 4, data.rows()["x"], learn="lsq")
    lowered = lower(model, "half_even").model
    found = verify(lowered, model, data)
    assert {each.kind for each in found} == {"codes", "sums"}
    assert [each.node for each in found] == [each.node for each in verify(model, lowered, data)]
    assert all(each.within(1, 0) for each in found)


def test_a_quantized_graph_and_its_float_graph_are_compared_as_they_are() -> None:
    graph = residual()
    model, _, data = _models(graph)
    found = verify(model, Model.of(graph), data)
    assert {each.kind for each in found} == {"values"}
    assert "last_sum" in {each.node for each in found}


def test_the_first_element_that_differs_has_its_row() -> None:
    graph = residual()
    model, data = Model.of(graph), _split(graph)
    moved = data.rows()["x"].copy()
    other = Model.of(graph, {"last_b": model.values["last_b"] + np.float32(1)})
    found = {each.node: each for each in verify(model, other, data)}
    assert found["joined"].largest == 0
    assert found["last_sum"].index == (0, 0)
    assert found["last_sum"].equal == 0
    assert moved.shape == (700, 8)


def test_samples_and_the_first_row_in_a_later_batch() -> None:
    graph = flow.Graph("g")
    x = graph.input("x", "float32", ["N"])
    graph.output("y", B["Relu"]()(x, name="y"))
    other = flow.Graph("g")
    x = other.input("x", "float32", ["N"])
    other.output("y", B["Identity"]()(x, name="y"))
    rows = np.ones(1000, np.float32)
    rows[777] = -1
    data = ArraySplit(graph, "x", {"x": rows})
    (found,) = verify(Model.of(graph), Model.of(other), data)
    assert (found.index, found.found, found.wanted, found.equal) == ((777,), 0.0, -1.0, 999)
    (sampled,) = verify(Model.of(graph), Model.of(other), data, samples=10)
    assert (sampled.elements, sampled.largest) == (10, 0)


def _floats(*values: float) -> Array:
    return np.array(values, np.float32)


def test_floats_are_apart_by_units_in_the_last_place() -> None:
    one = np.float32(1)
    up = np.nextafter(one, np.float32(2))
    found = compare("y", "values", _floats(1, up, 0.0, np.nan, np.nan), _floats(1, 1, -0.0, np.nan, 1))
    assert (found.equal, found.by_one, found.largest, found.index) == (3, 1, FAR, (1,))
    assert compare("y", "values", _floats(-1e-45), _floats(1e-45)).largest == 2
    assert compare("y", "values", np.array([1.0]), np.array([1.0 + 2**-52])).within(0, 1)


def test_integers_are_counted_by_steps() -> None:
    found = compare("y", "integers", np.array([1, 2, 3, 250], np.uint8), np.array([1, 1, 1, 3], np.uint8))
    assert (found.equal, found.by_one, found.by_two, found.more, found.largest) == (1, 1, 1, 1, 247)
    assert not found.within(246, 10**6)
    assert found.within(247, 0)


def test_other_shapes_are_an_error() -> None:
    with pytest.raises(DataflowError, match=r"node 'y': must have shape \(2,\)"):
        compare("y", "values", _floats(1), _floats(1, 2))


def test_graphs_without_a_node_in_common_are_refused() -> None:
    other = flow.Graph("other")
    other.output("z", B["Relu"]()(other.input("x", "float32", ["N", 8]), name="z"))
    with pytest.raises(DataflowError, match="must have nodes of the same names, got none"):
        verify(Model.of(residual()), Model.of(other), _split(residual()))


def test_a_graph_whose_weights_alone_are_rounded_is_no_quantized_one() -> None:
    graph = residual()
    x = _split(graph).rows()["x"]
    whole = quantized(graph, 8, x)
    assert not is_lowered_to(Model.of(graph), lower(whole).model)
    assert not is_lowered_to(quantized(graph, 8, x, activations=None, bias=None), lower(whole).model)
    assert is_lowered_to(whole, lower(whole).model)


@pytest.mark.parametrize("bits", [1, 2, 8])
def test_symmetric_quantizers_are_compared_by_codes_too(bits: int) -> None:
    graph = residual()
    data = _split(graph)
    settings = {"bits": bits, "symmetric": True}
    model = quantized(graph, 8, data.rows()["x"], activations=settings)
    found = {each.node: each for each in verify(lower(model, "half_even").model, model, data)}
    assert is_quantized(model)
    assert not is_quantized(lower(model).model)
    assert {each.kind for each in found.values()} == {"codes", "sums"}
    assert found["first_relu_q"].equal >= 0.999 * found["first_relu_q"].elements
