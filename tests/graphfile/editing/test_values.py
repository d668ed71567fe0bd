"""What setting, appending and removing mean for params, types of inputs, lists and sections."""

from __future__ import annotations

import pytest

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.edit import edit

TEXT = """\
dataflow: 1
params:
  bits: {type: int, default: 8, doc: width}
  open: {type: int}
  rate: 0.5
inputs:
  x: float32[N, 4]
  y: "float32[N, ${bits}]"
  z: {dtype: float32, shape: [N]}
nodes:
  a: {block: AddN, inputs: {inputs: [x, x]}}
outputs:
  a: a
"""
NODE = "a: {block: AddN, inputs: {inputs: [x, x]}}"


def changed(place: str, value: object = None, method: str = "set") -> dict[str, str]:
    """The lines that an edit changes, and what they become."""
    file = edit("g.yaml", TEXT)
    getattr(file, method)(place, *(() if method == "remove" else (value,)))
    old, new = TEXT.splitlines(), file.text.splitlines()
    if len(old) != len(new):
        return {"+": "\n".join(line for line in new if line not in old), "-": "\n".join(l for l in old if l not in new)}
    return {a.strip(): b.strip() for a, b in zip(old, new, strict=True) if a != b}


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("params.bits", 4, {"bits: {type: int, default: 8, doc: width}": "bits: {type: int, default: 4, doc: width}"}),
        ("params.open", 4, {"open: {type: int}": "open: {type: int, default: 4}"}),
        ("params.rate", 1, {"rate: 0.5": "rate: 1"}),
        ("params.bits", {"type": "int"}, {"bits: {type: int, default: 8, doc: width}": "bits: {type: int}"}),
        ("params.new", "a b", {"+": "  new: a b", "-": ""}),
        ("x.shape", ["N", 8], {"x: float32[N, 4]": "x: float32[N, 8]"}),
        ("x.dtype", "int8", {"x: float32[N, 4]": "x: int8[N, 4]"}),
        ("x.shape", None, {"x: float32[N, 4]": "x: float32"}),
        ("x.doc", "rows", {"x: float32[N, 4]": "x: {dtype: float32, shape: [N, 4], doc: rows}"}),
        ("x.shape", ["N", "$bits"], {"x: float32[N, 4]": "x: {dtype: float32, shape: [N, $bits]}"}),
        ("y.dtype", "int8", {'y: "float32[N, ${bits}]"': 'y: "int8[N, ${bits}]"'}),
        ("z.shape.0", 3, {"z: {dtype: float32, shape: [N]}": "z: {dtype: float32, shape: [3]}"}),
        ("inputs.w", "float32[N, 2]", {"+": "  w: float32[N, 2]", "-": ""}),
        ("a.inputs.inputs.1", "y", {NODE: NODE.replace("[x, x]", "[x, y]")}),
        ("a.inputs.inputs.2", 1.5, {NODE: NODE.replace("[x, x]", "[x, x, 1.5]")}),
        ("train.epochs", 3, {"+": "\ntrain:\n  epochs: 3", "-": ""}),
        ("outputs.b.c", "x", {"+": "  b.c: x", "-": ""}),
        ("doc", "about", {"+": "doc: about", "-": ""}),
    ],
)  # fmt: skip
def test_setting(place: str, value: object, expected: dict[str, str]) -> None:
    assert changed(place, value) == expected


def test_appending() -> None:
    assert changed("a.inputs.inputs", "y", "append") == {
        "a: {block: AddN, inputs: {inputs: [x, x]}}": "a: {block: AddN, inputs: {inputs: [x, x, y]}}"
    }
    assert changed("train.metrics", "a", "append") == {"+": "\ntrain:\n  metrics: [a]", "-": ""}
    with pytest.raises(GraphFileError, match=r"'nodes.a.inputs' must be a list, got a mapping"):
        changed("nodes.a.inputs", "y", "append")
    with pytest.raises(GraphFileError, match=r"'params.rate' must be a list, got 0.5"):
        changed("params.rate", "y", "append")


def test_removing() -> None:
    assert changed("x.shape", method="remove") == {"x: float32[N, 4]": "x: float32"}
    assert changed("z.shape", method="remove") == {"z: {dtype: float32, shape: [N]}": "z: {dtype: float32}"}
    assert changed("params.open", method="remove") == {"+": "", "-": "  open: {type: int}"}
    assert changed("a", method="remove") == {"+": "", "-": f"nodes:\n  {NODE}\noutputs:\n  a: a"}


@pytest.mark.parametrize(
    ("method", "place", "value", "message"),
    [
        ("set", "nodes.1a", {"block": "Relu"}, "names must be letters"),
        ("set", "inputs.a", "float32", "'a' is a name in 'nodes' already"),
        ("set", "a.block.x", 1, "'nodes.a.block' must be a mapping to have 'x', got 'AddN'"),
        ("set", "x.dtype.y", 1, "'inputs.x' must be a mapping to have 'dtype', got 'float32[N, 4]'"),
        ("remove", "train", None, "the file has no 'train'"),
        ("remove", "a.doc", None, "'nodes.a' has no 'doc'; it has block and inputs"),
    ],
)
def test_what_has_no_meaning_is_refused(method: str, place: str, value: object, message: str) -> None:
    with pytest.raises(GraphFileError) as error:
        changed(place, value, method)
    assert message in str(error.value)


def test_a_type_that_is_wrong_is_told() -> None:
    file = edit("g.yaml", TEXT.replace("float32[N, 4]", "float32(4)"))
    with pytest.raises(GraphFileError, match=r"input 'x' must be a type such as float32\[N, 64\]"):
        file.set("x.dtype", "int8")
    with pytest.raises(GraphFileError, match="a path must have a key, got none"):
        file.set((), 1)
