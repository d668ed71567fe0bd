"""Blocks that fit a port."""

from __future__ import annotations

from pathlib import Path

import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError
from dataflow.graphfile.suggest.fits import before, behind, input_type
from dataflow.graphfile.wires import FileScope

TEXT = """\
dataflow: 1
inputs:
  x: float32[N, 4]
  image: float32[N, 8, 8, 3]
  b: bool[N]
nodes:
  m: {block: MatMul, inputs: {a: x}}
  a: {block: AddV2, inputs: [x]}
  n: {block: LogicalNot}
  p: {block: Pack, inputs: {values: [b]}}
  q: {block: QuantizeV2, inputs: [x, 0.0, 1.0], attrs: {T: quint8}}
  d: {block: dataflow:layers/dense.yaml, attrs: {units: 3}}
"""


@pytest.fixture
def scope() -> FileScope:
    return flow.edit("g.yaml", TEXT).context().scopes[""]


def of(text: str) -> dict[str, object]:
    return flow.edit("g.yaml", text).tree


def test_dtypes_and_ranks_decide_what_fits_behind_a_value(scope: FileScope) -> None:
    found = {name: set(behind(scope, of(TEXT), name)) for name in ("x", "image", "b")}
    assert "MatMul" in found["x"] and not {"MatMul", "dataflow:layers/dense.yaml"} & found["image"]
    assert {"dataflow:layers/conv2d.yaml", "Conv2D", "Relu"} <= found["image"]
    assert {"LogicalNot", "Cast", "Where", "SelectV2"} & found["b"] and not {"Relu", "MatMul"} & found["b"]
    assert "dataflow:layers/dense.yaml" in found["x"]
    assert "Dequantize" in behind(scope, of(TEXT), "q") and "Relu" not in behind(scope, of(TEXT), "q")
    assert "Dequantize" not in behind(scope, of(TEXT), "b")


def test_of_a_node_that_is_wrong_its_block_counts(scope: FileScope) -> None:
    found = behind(scope, of(TEXT), "n")
    assert "LogicalAnd" in found and "Relu" not in found
    assert "Relu" in behind(scope, of(TEXT), "d")


def test_what_stands_beside_decides_what_fits_before_an_input(scope: FileScope) -> None:
    found = before(scope, of(TEXT), "a", "y")
    assert "Relu" in found and "LogicalNot" not in found and "ArgMax" not in found
    assert "LogicalNot" in before(scope, of(TEXT), "p", "values") and "Relu" not in before(
        scope, of(TEXT), "p", "values"
    )
    assert "Greater" in before(scope, of(TEXT), "n", "x")
    assert {"Relu", "dataflow:layers/dense.yaml"} <= {*before(scope, of(TEXT), "d", "x")}


def test_before_a_port_of_known_rank_blocks_that_never_give_it_are_left_out(scope: FileScope) -> None:
    text = TEXT + "  l: {block: BiasAdd, inputs: {value: a}}\n"
    found = before(flow.edit("g.yaml", text).context().scopes[""], of(text), "l", "bias")
    assert found[0] == "Variable" and not {"MatMul", "LRN"} & {*found}
    assert {"Const", "Relu", "Add", "Gather", "Mean", "Reshape"} <= {*found}
    assert "MatMul" in before(scope, of(TEXT), "m", "b")


def test_what_is_usual_comes_first(scope: FileScope) -> None:
    cnn = flow.edit("dataflow:digits/cnn.yaml")
    found = behind(cnn.context().scopes[""], cnn.tree, "pool1")
    assert found[:2] == ["Reshape", "dataflow:layers/conv2d_batch_norm.yaml"]
    often = TEXT + "".join(f"  s{i}: {{block: Softsign, inputs: [a]}}\n" for i in range(30))
    assert behind(flow.edit("g.yaml", often).context().scopes[""], of(often), "a")[0] == "Softsign"


def test_inputs_and_outputs_of_the_graph_are_offered_too(scope: FileScope) -> None:
    assert "output" in behind(scope, of(TEXT), "image") and "input" not in behind(scope, of(TEXT), "image")
    assert "input" in before(scope, of(TEXT), "m", "a")[:5] and "input" in before(scope, of(TEXT), "d", "x")
    assert "output" not in before(scope, of(TEXT), "d", "x")
    text = TEXT + "  s: {block: Sum}\n  v: {block: Variable}\n  g: {block: Assign, inputs: {ref: v}}\n"
    wanted = flow.edit("g.yaml", text).context().scopes[""]
    assert "input" in before(wanted, of(text), "s", "input") and "input" not in before(wanted, of(text), "s", "axis")
    assert input_type(wanted, "g", "ref") == "" and "input" not in before(wanted, of(text), "g", "ref")


@pytest.mark.parametrize(
    ("node", "port", "type_"),
    [
        ("a", "y", "float32"), ("n", "x", "bool"), ("p", "values", "bool"), ("f", "min", "float32[]"),
        ("d", "x", "float32"), ("e", "params", "float32"), ("m", "b", "float32[4, n]"), ("e", "indices", "int32"),
    ],
)  # fmt: skip
def test_the_type_of_an_input_of_the_graph(node: str, port: str, type_: str) -> None:
    text = TEXT + "  e: {block: Gather}\n  f: {block: FakeQuantWithMinMaxVars}\n"
    assert input_type(flow.edit("g.yaml", text).context().scopes[""], node, port) == type_


def test_graph_files_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("dataflow: 1\ninputs: {v: 'float32[M, M]'}\nnodes: {}\noutputs: {w: v}\n")
    scope = flow.edit(tmp_path / "g.yaml", TEXT).context().scopes[""]
    own = (tmp_path / "own.yaml").read_text()
    (tmp_path / "user.yaml").write_text(own.replace("{}", "{f: {block: ./g.yaml}, r: {block: ./user.yaml}}"))
    (tmp_path / "far.yaml").write_text(own.replace("{}", "{f: {block: ./user.yaml}}"))
    (tmp_path / "g.yaml").write_text(TEXT)
    files = ["./own.yaml", "./none.yaml", "./g.yaml", "./user.yaml", "./far.yaml"]
    assert not {"./g.yaml", "./user.yaml", "./far.yaml"} & {
        *behind(scope, of(TEXT), "x", files=files)
    }  # it would use itself
    assert "./own.yaml" in behind(scope, of(TEXT), "x", files=files)
    assert "./own.yaml" not in behind(scope, of(TEXT), "b", files=files)
    assert "./own.yaml" in before(scope, of(TEXT), "a", "y", files=files)
    flags = "dataflow: 1\ninputs: {v: {dtype: bool, shape: [M]}, w: '${t}[]'}\nnodes: {}\n"
    (tmp_path / "flags.yaml").write_text(flags)
    text = TEXT + "  f: {block: ./flags.yaml}\n  k: {block: ./none.yaml}\n"
    scope = flow.edit(tmp_path / "g.yaml", text).context().scopes[""]
    assert [input_type(scope, *each) for each in (("f", "v"), ("f", "w"), ("k", "x"))] == ["bool", "float32", "float32"]


def test_names_that_are_wrong_are_told(scope: FileScope) -> None:
    for ask, message in (
        (lambda: behind(scope, of(TEXT), "k"), "no node or input 'k'"),
        (lambda: behind(scope, of(TEXT), "x", "z"), "'x' has no output 'z'"),
        (lambda: before(scope, of(TEXT), "k", "x"), "no node 'k'"),
        (lambda: before(scope, of(TEXT), "a", "z"), "node 'a' has no input 'z'; it has x and y"),
    ):
        with pytest.raises(DataflowError, match=message):
            ask()
