"""Blocks and graphs as plain data."""

from __future__ import annotations

import json
import sys
import types

import numpy as np
import pytest
from hostile_graph import HOSTILE, hostile_graph

import dataflow as flow
from dataflow.core import dtypes
from dataflow.core.attrs import StoredArray
from dataflow.core.block import In, Out
from dataflow.core.errors import UnknownNameError
from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.inspection.data import brief, category, cut, describe, dtype_text, jsonable, parts, places, split

# -- blocks ---------------------------------------------------------------------------------------------------------


def test_a_block_is_found_by_name_alias_class_and_instance() -> None:
    told = describe("Subtract")
    assert told == describe("Sub") == describe(blocks["Subtract"]) == describe(blocks["Subtract"]())
    assert told["aliases"] == ["Sub"]
    assert (told["category"], told["kind"], told["formula"]) == ("math_ops", "Binary", "x - y")
    assert told["source"] == "tf.math.subtract"
    assert told["example"].startswith(">>> Subtract()")


def test_ports_and_attrs_are_told() -> None:
    told = describe("FakeQuantWithMinMaxArgs")
    bits = next(a for a in told["attrs"] if a["name"] == "num_bits")
    assert (bits["type"], bits["default"], bits["min"], bits["max"], bits["required"]) == ("int", 8, 2, 16, False)
    assert bits["limits"] == "between 2 and 16"
    assert describe("Concat")["inputs"][0]["many"]
    assert describe("Mean")["inputs"][1]["static"]
    assert describe("Variable")["inputs"][0]["optional"]
    assert "int64" in describe("Cast")["outputs"][0]["dtypes"]


def test_gradients_are_told() -> None:
    class Unfinished(flow.Block, abstract=True):
        """Nothing, ``x``."""

    assert [describe(b)["gradient"] for b in ("Add", "ArgMax", Unfinished)] == ["yes", "none flows", "missing"]


def test_the_docstring_is_taken_apart() -> None:
    found = parts("""What, ``a`` of ``b + c``.

    More on
    two lines.

    >>> 1
    1

    Even more.

    Source: somewhere.
    """)
    assert found["formula"] == "b + c"
    assert found["details"] == "More on\ntwo lines.\n\nEven more."
    assert (found["example"], found["source"]) == (">>> 1\n1", "somewhere")
    assert set(parts("").values()) == {""}


def test_the_category_is_the_folder_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def placed(module: str, package: str) -> str:
        made = types.ModuleType(module)
        made.__package__ = package
        monkeypatch.setitem(sys.modules, module, made)
        return category(type("Some", (flow.Block,), {"__module__": module}, abstract=True))

    assert placed("acme.special_ops.one", "acme.special_ops") == "special_ops"
    assert placed("acme_blocks.one", "acme_blocks") == "acme_blocks"
    assert placed("single", "") == "single"


def test_a_name_that_no_block_has() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'Relu'"):
        describe("Rellu")


def test_what_training_gives_a_port_is_told() -> None:
    inputs = {port["name"]: port for port in describe("ApplyMomentum")["inputs"]}
    assert (inputs["accum"]["initial"], inputs["momentum"]["default"]) == (0.0, 0.9)
    assert (inputs["var"]["initial"], inputs["var"]["default"]) == (None, None)


def test_a_port_called_grad_is_no_rule() -> None:
    class Step(flow.Block, abstract=True):
        """A step, ``var - grad``."""

        var = In("float32", "variable")
        grad = In("float32", "gradient")
        out = Out("float32", "next")

    class Slope(flow.Block, abstract=True):
        """A slope, ``x``."""

        x = In("float32", "values")
        grad = Out("float32", "slope")

    assert [describe(block)["gradient"] for block in (Step, Slope)] == ["none flows", "missing"]


@pytest.mark.parametrize("name", blocks)
def test_every_block_is_plain_data(name: str) -> None:
    told = describe(name)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["name"] in (name, blocks[name].__name__)
    assert all(row["doc"] for row in (*told["inputs"], *told["attrs"], *told["outputs"]))


# -- graphs ---------------------------------------------------------------------------------------------------------


def test_a_graph_is_plain_data() -> None:
    told = describe(hostile_graph())
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["name"], told["doc"]) == ("sample", HOSTILE)
    assert told["inputs"] == [{"name": "x", "dtype": "float32", "shape": ["N", 4], "doc": "pixels & <more>"}]
    nodes = {n["name"]: n for n in told["nodes"]}
    assert nodes["x_q"]["inputs"] == {"inputs": {"wire": "x"}, "min": {"value": -1.0}, "max": {"value": 1.0}}
    assert nodes["x_q"]["attrs"] == {"num_bits": 4}
    assert nodes["x_q"]["outputs"] == [{"name": "outputs", "dtype": "float32", "shape": ["N", 4]}]
    assert nodes["part/wide"]["inputs"]["values"][:2] == [{"wire": "x_q"}, {"wire": "x"}]
    assert nodes["kept"]["inputs"] == {"initvalues": None}
    assert told["outputs"] == {HOSTILE: "part/wide", "kept": "kept"}


def test_an_empty_graph() -> None:
    assert describe(Graph("g")) == {"name": "g", "doc": "", "inputs": [], "nodes": [], "outputs": {}}


def test_nodes_are_told_in_running_order_and_inputs_apart() -> None:
    graph = Graph()
    graph.input("b", "float32")
    graph.input("a", "float32")
    late = blocks["Square"]()(graph.ref("a"), name="late")
    blocks["Square"]()(late, name="last")
    inputs, nodes = split(graph)
    assert [node.name for node in inputs] == ["b", "a"]
    assert [node.name for node in nodes] == ["late", "last"]


def test_operands_have_the_labels_of_their_places() -> None:
    node = hostile_graph().nodes["part/wide"]
    assert [label for label, _ in places(node)] == ["values[0]", "values[1]", "values[2]", "axis"]


# -- values ---------------------------------------------------------------------------------------------------------


def test_values_are_told_in_short() -> None:
    assert [brief(v) for v in (1, 1.0, True, None, "SAME", (1, 2))] == ["1", "1.0", "true", "null", "SAME", "[1, 2]"]
    assert brief(np.array([0.1, np.nan, np.inf], np.float32)) == "[0.1, .nan, .inf]"
    assert brief(np.zeros((100, 3))) == "float64[100, 3]"
    assert brief(list(range(60))).endswith("…")


def stored(shape: tuple[int, ...], origin: tuple[str, str] | None) -> StoredArray:
    array = np.zeros(shape, np.int8).view(StoredArray)
    array.origin = origin
    return array


@pytest.mark.parametrize(
    "value, told",
    [
        (1, 1),
        (np.float32(0.1), 0.1),
        (float("inf"), "inf"),
        ([float("nan"), [1]], ["nan", [1]]),
        (1 + 2j, "(1+2j)"),
        (np.complex64([1j]), ["1j"]),
        (("a", None), ["a", None]),
        (np.zeros(64, np.int8), [0] * 64),
        (np.zeros((5, 13), np.int8), {"dtype": "int8", "shape": [5, 13]}),
        (stored((2,), ("w.npz", "a")), {"path": "w.npz", "array": "a"}),
        (stored((2,), None), [0, 0]),
    ],
)
def test_values_for_json(value: object, told: object) -> None:
    assert jsonable(value) == told


def test_an_array_of_a_file_is_told_by_its_name_there() -> None:
    assert brief(stored((2,), ("w.npz", "weights"))) == "weights"


@pytest.mark.parametrize("text, limit, short", [("", 1, ""), ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("abcd", 1, "…")])
def test_text_that_is_cut(text: str, limit: int, short: str) -> None:
    assert cut(text, limit) == short
    assert len(short) <= limit


@pytest.mark.parametrize(
    "names, told",
    [
        ([], ""),
        (["bool"], "bool"),
        (dtypes.every, "any"),
        (dtypes.with_zero, "any but float8_e8m0fnu"),
        (("float32", *dtypes.narrow_integers), "integer of 2 or 4 bits, float32"),
        (dtypes.narrow_floats, "floating of 4 to 8 bits"),
        (dtypes.number, "number"),
        (dtypes.real, "real"),
        ((*dtypes.floating, "int8"), "floating, int8"),
        ((*dtypes.signed, *dtypes.unsigned), "integer"),
        ((*dtypes.complexes, "bool", "bool"), "complex, bool"),
        (dtypes.quantized, "quantized"),
    ],
)
def test_dtypes_in_few_words(names: tuple[str, ...], told: str) -> None:
    assert dtype_text(names) == told


def test_only_blocks_and_graphs_are_described() -> None:
    with pytest.raises(flow.DataflowError, match="describe: must be given a block, its name or a graph, got an int"):
        describe(3)  # type: ignore[arg-type]
