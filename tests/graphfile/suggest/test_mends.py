"""What makes a refused wire right."""

from __future__ import annotations

import pytest

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile.suggest.mends import MOST, try_wire

TEXT = """\
dataflow: 1
inputs:
  x: float32[N, 4]
  i: int32[N, 4]
  b: bool[N, 4]
  p: float32[N, 8, 8, 3]
  o: float32[N, 1, 4]
  e: float32[4]
  k: float32[3, 4]
  r: {dtype: float32, shape: [N, 4], range: [0, 1]}
nodes:
  m: {block: MatMul, inputs: {b: k}}
  a: {block: AddV2, inputs: {x: x}}
  t: {block: Relu, inputs: {features: x}}
  z: {block: Neg, inputs: [t]}
  q: {block: QuantizeV2, inputs: [r, 0.0, 1.0], attrs: {T: quint8}}
  l: {block: QuantizeLinear, inputs: [x, 0.1, 0], attrs: {out_type: int8}}
  n: {block: LogicalNot}
  d: {block: dataflow:layers/dense.yaml, attrs: {units: 3}}
  sum: {block: AddN, inputs: {inputs: [x, r]}}
  lone: {block: AddN, inputs: {inputs: [x]}}
  join: {block: ConcatV2, inputs: {values: [x, r], axis: 0}}
  f: {block: QuantizedRelu, inputs: {min_features: 0.0, max_features: 1.0}, attrs: {out_type: quint8}}
"""


@pytest.mark.parametrize(
    ("source", "target", "title", "written"),
    [
        ("i", ("a", "y"), "Cast to float32", "cast: {block: Cast, inputs: {x: i}, attrs: {DstT: float32}}"),
        ("x", ("n", "x"), "Cast to bool", "cast: {block: Cast, inputs: {x: x}, attrs: {DstT: bool}}"),
        ("q", ("a", "y"), "Dequantize", "{input: q, min_range: q.output_min, max_range: q.output_max}"),
        ("l", ("a", "y"), "Dequantize", "{block: DequantizeLinear, inputs: {x: l, scale: 0.1, zero_point: 0}}"),
        ("r", ("f", "features"), "Quantize to quint8, 0 to 1", "{input: r, min_range: 0.0, max_range: 1.0}"),
        ("x", ("m", "a"), "Set transpose_b of m to true", "attrs: {transpose_b: true}"),
        ("o", ("m", "a"), "Squeeze axis 1", "squeeze: {block: Squeeze, inputs: {input: o}, attrs: {axis: [1]}}"),
        ("e", ("m", "a"), "Expand dims at 0", "expand_dims: {block: ExpandDims, inputs: {input: e, axis: 0}}"),
        ("p", ("d", "x"), "Reshape to [N, 192]", "{tensor: p, shape: [-1, 192]}"),
        ("z", ("t", "features"), None, ""),
        ("e", ("t", "features"), "Wire e in the place of x", "t: {block: Relu, inputs: {features: e}}"),
        ("r", ("t", "features"), "Add both", "add_v2: {block: AddV2, inputs: {x: x, y: r}}"),
        ("b", ("t", "features"), "Cast to float32, in the place of x", "t: {block: Relu, inputs: {features: cast}}"),
        ("q", ("z", "x"), "Dequantize, in the place of t", "z: {block: Neg, inputs: [dequantize]}"),
        ("i", ("sum", "inputs"), "Cast to float32", "sum: {block: AddN, inputs: {inputs: [x, r, cast]}}"),
        ("i", ("sum", "inputs.1"), "Cast to float32", "sum: {block: AddN, inputs: {inputs: [x, cast]}}"),
        ("o", ("sum", "inputs.0"), "Squeeze axis 1", "sum: {block: AddN, inputs: {inputs: [squeeze, r]}}"),
        ("b", ("lone", "inputs.0"), "Cast to float64", "lone: {block: AddN, inputs: {inputs: [cast]}}"),  # not as x is
        ("e", ("join", "values"), "Expand dims at 0", "join: {block: ConcatV2, inputs: {values: [x, r, expand_dims]"),
        ("b", ("join", "values.0"), "Cast to float32", "join: {block: ConcatV2, inputs: {values: [cast, r], axis: 0}}"),
        ("tt", ("join", "values.0"), "Wire t instead", "join: {block: ConcatV2, inputs: {values: [t, r], axis: 0}}"),
        ("tt", ("a", "y"), "Wire t instead", "inputs: {x: x, y: t}"),
        ("q.output_mix", ("a", "y"), "Wire q.output_min instead", "inputs: {x: x, y: q.output_min}"),
        ("x", ("f", "feature"), "Wire to features instead", None),
    ],
)
def test_mends_make_files_that_are_right(source: str, target: tuple[str, str], title: str | None, written: str) -> None:
    text = TEXT.replace("{b: k}", "{b: k}, attrs: {transpose_b: true}") if source in "oe" else TEXT
    file = flow.edit("g.yaml", text)
    known = file.problems()
    tried = try_wire(file, source, target)
    assert tried.refused is not None and file.text == text and not file.undo()
    titles = [mend.title for mend in tried.mends]
    assert len(titles) == len(set(titles)) <= MOST
    if title is None:
        assert titles == []
        return
    if written is None:
        assert titles == []  # the port takes quantized numbers, so that this would be refused as well
        return
    (mend,) = [each for each in tried.mends if each.title == title]
    mend.make(file)
    assert written in file.text and file.undo_title == title
    assert {p.message for p in file.problems(known)} <= {
        p.message for p in file.problems() if "must be wired" in p.message
    }
    file.undo()
    assert file.text == text


def test_what_fits_in_the_place_of_a_wire_is_not_made_to_fit() -> None:
    tried = try_wire(flow.edit("g.yaml", TEXT), "r", ("t", "features"))
    assert [mend.title for mend in tried.mends] == ["Wire r in the place of x", "Add both"]


def test_a_wire_that_is_right_needs_no_mend() -> None:
    file = flow.edit("g.yaml", TEXT)
    tried = try_wire(file, "r", ("a", "y"))
    assert (tried.refused, tried.mends) == (None, []) and file.text == TEXT


def test_the_refusal_is_that_of_the_wire() -> None:
    file = flow.edit("g.yaml", TEXT)
    tried = try_wire(file, "b", ("a", "y"))
    with pytest.raises(GraphFileError) as error:
        file.wire("b", "a.y")
    assert tried.refused is not None and tried.refused.problems == error.value.problems


def test_no_mend_where_nothing_is_known() -> None:
    file = flow.edit("g.yaml", TEXT)
    for source, target in (("x", ("zz", "y")), ("x", ("a", "q")), ("kkk", ("a", "y"))):
        assert try_wire(file, source, target).mends == []


def test_where_a_cast_is_not_enough_the_refusal_says_what_else_is_wrong() -> None:
    losses = "  c: {block: SparseSoftmaxCrossEntropyWithLogits, inputs: {features: x}}\n"
    tried = try_wire(flow.edit("g.yaml", TEXT + losses), "x", ("c", "labels"))
    assert tried.refused is not None and tried.mends == []
    (problem,) = tried.refused.problems
    assert problem.message.endswith("input 'labels' must be int64 or int32, got float32")
    assert problem.hint == "a Cast to int32 is not enough: input 'labels' must have rank 1, got int32[N, 4]"
