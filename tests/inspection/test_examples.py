"""Values on inputs in the examples of blocks."""

from __future__ import annotations

import re

import pytest

import dataflow as flow
from dataflow.core.block import Block
from dataflow.core.ports import In, Out
from dataflow.inspection import examples as module
from dataflow.inspection.examples import example_values

KNOWN_BEFORE_THE_RUN = {
    name: port.name
    for name in flow.blocks
    for port in flow.blocks[name].signature.inputs.values()
    if port.static and not port.optional
}


def test_what_an_example_has_on_inputs_is_as_a_file_writes_it() -> None:
    assert example_values("Mean") == {"input": "[[1.0, 2.0], [3.0, 6.0]]", "axis": "1"}
    assert example_values("Relu")["features"].startswith("[")


def test_values_that_are_computed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Halved(Block, abstract=True):
        """Half of it.

        >>> x = Halved()
        >>> Halved()(x, (1, 2), scale)
        >>> Halved(
        ...     )([3], [4], 1 + 2j)
        array([1.5])
        """

        x = In("float32")
        shape = In("int32", static=True)
        scale = In("float32")
        y = Out("float32")

    monkeypatch.setattr(module, "blocks", {"Halved": Halved})
    assert example_values("Halved") == {"shape": "[1, 2]", "x": "[3]"}


def test_inputs_that_must_be_written_have_an_example_but_those_of_gradients() -> None:
    without = {name: port for name, port in KNOWN_BEFORE_THE_RUN.items() if port not in example_values(name)}
    usual = {"Sum", "Mean", "Max", "ArgMax", "Reshape", "Transpose", "ExpandDims"}
    assert usual <= KNOWN_BEFORE_THE_RUN.keys() - without
    assert [name for name in without if not re.search("Grad|Backprop|Fused", name)] == []
