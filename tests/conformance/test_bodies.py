"""The checks of composite blocks: right ones pass, and each check finds what it is there to find."""

from __future__ import annotations

import composites
import numpy as np
import pytest
from composites import Swish

from dataflow import Graph, blocks
from dataflow.conformance import ConformanceError, check, checks
from dataflow.core.kinds import Unary


class Placed(Unary, abstract=True):
    """Depends on the place of an element in what it is given, so not on that in the whole array."""

    def kernel(self, x, out=None):
        return np.multiply(x, np.arange(x.size, dtype=np.float32).reshape(x.shape).astype(x.dtype), out=out)


class Steep(Unary, abstract=True):
    ufunc = np.negative

    def grad(self, x, y, dy):
        return dy * 3


def composed(**members):
    """A composite like Swish, but for the members given."""
    return type(Swish)("Made", (Swish,), {"__doc__": Swish.__doc__.replace("Swish", "Made")} | members, abstract=True)


WRONG = [
    ("methods", composed(body=lambda self, x, y: x), "body must take (x), got (x, y)"),
    ("gradient_declared", composed(assigns={"x": "y"}, pure=False), "must have a grad method"),
    (
        "accepted",
        composed(body=lambda self, x: blocks["Cast"](DstT="float32")(x)),
        "must accept Made()(bfloat16[2]), got the error: Made: output 'y' must be bfloat16[2], got float32[2]",
    ),
    ("gradient_matches", composed(body=lambda self, x: Steep()(x)), "must be the slope"),
    ("body_written_out", composed(kernel=lambda self, x: Swish().kernel(x) + x), "must give the same written out"),
    ("body_fused", composed(body=lambda self, x: Placed()(x)), "must give the same fused"),
]


@pytest.mark.parametrize("block", composites.ALL)
def test_right_composites_pass(block, monkeypatch):
    monkeypatch.setitem(blocks._blocks, block.__name__, block)
    check(block)


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=[name for name, _, _ in WRONG])
def test_a_wrong_composite_does_not(name, block, text):
    with pytest.raises(ConformanceError) as caught:
        checks()[name](block)
    assert text in str(caught.value)


def test_a_body_that_is_not_written_out_as_it_should_be_is_found(monkeypatch):
    monkeypatch.setattr("dataflow.conformance.bodies.write_out", lambda graph: (graph, {}))
    with pytest.raises(ConformanceError, match="Swish: must be written out whole, got 'node'"):
        checks()["body_written_out"](Swish)
    named = Graph()
    named.output("out_0", named.input("x_0", "float32", [2]) * 2.0)
    monkeypatch.setattr("dataflow.conformance.bodies.write_out", lambda graph: (named, {}))
    with pytest.raises(ConformanceError, match=r"Swish: nodes of its body must be called node/\.\.\., got 'multiply'"):
        checks()["body_written_out"](Swish)


def test_a_gradient_that_a_file_loses_is_found(monkeypatch):
    monkeypatch.setattr("dataflow.conformance.bodies.load", lambda path: Graph())
    with pytest.raises(ConformanceError, match="Swish: its gradient must be the same after a graph file"):
        checks()["body_gradient"](Swish)
