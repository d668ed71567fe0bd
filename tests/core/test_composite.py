"""Composite blocks on types and arrays: what follows from a body, and what is said where it is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from composites import Fade, Moments, Noise, Swish, Total

from dataflow import Graph, blocks
from dataflow.conformance.equality import same
from dataflow.core import composite, dtypes, evaluator
from dataflow.core.block import In, Out, TensorType
from dataflow.core.composite import Composite
from dataflow.core.errors import BlockError, GraphError

X = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)


def sigmoid(x):
    return blocks["Sigmoid"]()(x)


def test_values_are_those_of_the_blocks_one_after_the_other():
    assert same(Swish(beta=2.0)(X), X * sigmoid(X * np.float32(2)))


def test_without_an_engine_too(monkeypatch):
    expected = Moments()(X, [1])
    monkeypatch.setattr(evaluator, "_loader", evaluator._loader)
    evaluator.register(evaluator.WholeArrays)
    alone = Moments()(X, [1])
    evaluator.current.cache_clear()
    assert all(map(same, alone, expected))


def test_types_follow_from_the_body():
    x, axis = TensorType("float16", ("N", 4)), TensorType("int32", (), np.int32(1))
    assert Moments().infer(x, axis) == [TensorType("float16", ("N",)), TensorType("float16", ("N", 4))]
    unknown = Moments().infer(TensorType("float64", None), TensorType("int32", ()))
    assert unknown == [TensorType("float64", None), TensorType("float64", None)]


def test_only_static_inputs_have_values_in_a_body():
    seen = []

    class Seen(Moments, abstract=True):
        def body(self, x, axis):
            seen.append((x.type.value, axis.type.value))
            return super().body(x, axis)

    Seen()(X, [0])
    assert seen[0][0] is None
    assert seen[0][1].tolist() == [0]


def test_a_body_is_traced_once_for_inputs_of_one_type(monkeypatch):
    monkeypatch.setattr(composite, "_bodies", {})
    first = Swish().traced([TensorType.of(X)])
    assert Swish().traced([TensorType.of(X + 1)]) is first
    assert Swish(beta=2.0).traced([TensorType.of(X)]) is not first
    monkeypatch.setattr(composite, "_MOST", 1)
    Swish().traced([TensorType("float64", ())])
    assert len(composite._bodies) == 1


def test_variadic_and_optional_inputs():
    assert Total()([X, X, X]).tolist() == (X * 3).tolist()
    assert Total()([X], more=X).tolist() == (X * 2).tolist()


def test_an_output_that_is_an_input_is_a_copy():
    class Same(Swish, abstract=True):
        def body(self, x):
            return x

    made = Same()(X)
    assert same(made, X)
    assert not np.may_share_memory(made, X)


def test_random_numbers_have_a_key_per_node():
    x = np.ones(1000, np.float32)
    made = Noise()(x)
    assert same(made, Noise()(x))
    kept = (made > 0).mean()
    assert 0.5 < kept < 0.62, "two independent draws keep 9 of 16"


def made(**members):
    """Swish with other members."""
    return type(Composite)("Made", (Swish,), members, abstract=True)()


class OfNumbers(Swish, abstract=True):
    def body(self, x):
        return sigmoid(x) + np.ones((7,), np.float64)


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (
            made(y=Out("float64", "y")),
            "Made: output 'y' must be float64[2, 3], got float32[2, 3] from its body",
        ),
        (
            made(shape_of=lambda self, x: (2,)),
            "Made: output 'y' must be float32[2], got float32[2, 3] from its body",
        ),
        (
            made(body=lambda self, x: (x, x)),
            "Made: body must give a wire for each output (y), got a BodyWire and a BodyWire",
        ),
        (made(body=lambda self, x: X), "Made: body must give a wire for each output (y), got a ndarray"),
        (
            made(body=lambda self, x: x + np.ones(7, np.float32)),
            "Made: in its body, AddV2: inputs 'x' and 'y' must broadcast, got [2, 3] and [7]",
        ),
        (
            made(body=lambda self, x: OfNumbers()(x)),
            "Made: in its body, OfNumbers: in its body, AddV2: input 'y' must be float32 like 'x', got float64; "
            "convert it with Cast",
        ),
        (
            made(body=lambda self, x: blocks["Dropout"]()(x, 0.5).output),
            "Made: body must give the same each time, got 'dropout'; set pure = False",
        ),
        (
            made(body=lambda self, x: blocks["AssignAdd"]()(x, x), pure=False),
            "Made: body must not change variables without assigns, got 'assign_add'; say which change",
        ),
        (made(body=lambda self, x: blocks["Cast"]()(x)), "Made: in its body, Cast: attr 'DstT' must be given"),
    ],
)
def test_a_wrong_body_is_told(block, text):
    with pytest.raises(BlockError) as caught:
        block(X)
    assert text in str(caught.value)


def test_wires_from_elsewhere_are_refused():
    graph = Graph()
    other = graph.input("other", "float32", [2, 3])
    with pytest.raises(BlockError, match=r"Made: in its body, wires must be its inputs .*<other: float32"):
        made(body=lambda self, x: blocks["AddV2"]()(x, other))(X)


def test_a_composite_without_a_body_says_so():
    class Empty(Composite, abstract=True):
        x = In("float32", "x")
        y = Out("float32", "y")

    with pytest.raises(TypeError, match="Empty: a composite must have a body, got none; write one"):
        Empty()(X)


def test_what_a_body_refuses_when_it_runs_names_the_composite():
    class Picked(Composite, abstract=True):
        T = dtypes.floating
        x = In("T", "x")
        i = In("int32", "i")
        y = Out("T", "y")

        def body(self, x, i):
            return blocks["Gather"]()(x, i)

    for x in (X, np.ones((5000, 2), np.float32)):
        with pytest.raises(BlockError, match=r"^Picked: in its body, Gather: input 'indices' must"):
            Picked()(x, [10_000])


def test_an_error_of_its_own_keeps_its_words():
    def refuse(self, x):
        raise self.error("input 'x' must be blue")

    graph = Graph()
    x = graph.input("x", "float32", [2])
    with pytest.raises(GraphError, match=r"^node 'made' \(Made\): input 'x' must be blue$"):
        made(body=refuse)(x)
    with pytest.raises(GraphError, match=r"^node 'made' \(Made\): in its body, AddV2: inputs"):
        made(body=lambda self, x: x + np.ones(7, np.float32))(x)


def test_assigns_give_the_next_value():
    assert Fade()([1.0, 2.0], 0.5).tolist() == [0.5, 1.0]
