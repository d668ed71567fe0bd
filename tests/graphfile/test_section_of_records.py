"""A section of records and kinds of values: read from files, made in Python, saved, and described for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import jsonschema
import pytest
from graphfile.records import Range

import dataflow as flow
from dataflow.core.attrs import Dtype, attr
from dataflow.core.errors import GraphError, GraphFileError
from dataflow.graphfile import sections
from dataflow.graphfile.block_use import BlockUse
from dataflow.graphfile.collection_kinds import MapOfInputs
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.schema import schema
from dataflow.graphfile.sections import Section
from dataflow.graphfile.value_kinds import FilePath, Names, PositiveNumber, WireName


class Observer(Record):
    """How ranges are found."""

    percentile: float = attr("part of the values that a range holds", default=1.0, ge=0.5, le=1.0)
    method: str = attr("what is observed", default="minmax", choices=("minmax", "entropy"))
    momentum: PositiveNumber | None = attr("weight of the newest batch", default=None)


class Bits(Record):
    """Bits of the values on an input."""

    short = "dtype"
    dtype: Dtype = attr("dtype after quantization")
    axis: int | None = attr("axis of the channels", default=None)


class Quantization(Record):
    """How the graph is quantized."""

    num_bits: int = attr("width of the integers", default=8, ge=2, le=16)
    narrow: bool = attr("leave out the lowest level", default=False)
    target: Annotated[str, "the name of a target"] = attr("where the graph runs")
    compare: WireName | None = attr("wire by which accuracy is judged", default=None)
    skip: Names = attr("nodes that stay as they are", default=())
    observer: Observer = attr("how ranges are found", default={})
    rounding: BlockUse | None = attr("block that rounds", default=None)
    inputs: Annotated[dict[str, Bits], MapOfInputs(Bits)] = attr("input -> dtype", default={})
    groups: dict[str, Observer] = attr("group of nodes -> how its ranges are found", default={})
    report: FilePath | None = attr("file for the report", default=None)


GRAPH = """
params: {bits: 4}
inputs: {x: "float32[N, 4]"}
nodes: {y: {block: Relu, inputs: {features: x}}}
outputs: {y: y}
"""


GOOD = """quantization:
  num_bits: $bits
  target: edge
  compare: y
  observer: {percentile: 0.99, momentum: 0.1}
  rounding: {block: Rint}
  inputs: {x: half}
  groups: {heads: {method: entropy}}
  report: out/report.json
"""


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(sections._loaders, "quantization", lambda: Section(Quantization))


def test_it_is_read_with_parameters_defaults_and_real_paths(read):
    graph = read(GRAPH + GOOD)
    found = section_of(graph, "quantization")
    assert (found.num_bits, found.narrow, found.target, found.compare, found.skip) == (4, False, "edge", "y", ())
    assert (found.observer.percentile, found.observer.method, found.observer.momentum) == (0.99, "minmax", 0.1)
    assert (found.rounding.block, found.rounding.inputs) == ("Rint", {})
    assert (found.inputs["x"].dtype, found.inputs["x"].axis) == ("float16", None)
    assert found.groups["heads"].method == "entropy"
    assert found.report == str(Path("out/report.json").resolve())
    assert section_of(read(GRAPH), "quantization") is None


class Report(Record):
    """All of it has defaults."""

    rows: int = attr("rows to show", default=3, ge=1)


def test_an_empty_one_has_its_defaults(read, monkeypatch):
    monkeypatch.setitem(sections._loaders, "report", lambda: Section(Report))
    assert section_of(read(GRAPH + "report: {}\n"), "report").rows == 3
    assert section_of(read(GRAPH + "report:\n"), "report") is None


def test_it_is_saved_as_it_was_read(read):
    graph = read(GRAPH + GOOD)
    Path("further").mkdir()
    flow.save(graph, "further/copy.yaml")
    assert "report: ../out/report.json" in Path("further/copy.yaml").read_text()
    assert flow.load("further/copy.yaml").sections == graph.sections


def problems(read, text):
    with pytest.raises(GraphFileError) as caught:
        read(GRAPH + text, "bad.yaml")
    return [(p.line - 6, p.column, p.message, p.hint) for p in caught.value.problems]


def test_all_problems_are_reported_at_their_places(read):
    text = """quantization:
  num_bit: 8
  num_bits: 17
  narrow: 1
  compare: z
  skip: y
  observer: {percentil: 0.9, percentile: 0.1, method: minmx, momentum: 0}
  rounding: {block: Rnt}
  inputs: {w: float32, x: float33}
  groups: {heads: entropy, tails: {percentile: high}}
  report: ../../report.json
"""
    outside = "a project is the nearest folder above the graph file that has pyproject.toml, .git or .dataflow"
    found = problems(read, text)
    assert [(*problem[:3], problem[3].partition(", else")[0]) for problem in found] == [
        (1, 1, "'quantization': 'target' must be given, got nothing", ""),
        (2, 3, "'quantization' has no key 'num_bit'", "did you mean 'num_bits'?"),
        (3, 13, "quantization 'num_bits' must be a whole number from 2 to 16, got 17", ""),
        (4, 11, "quantization 'narrow' must be true or false, got 1", ""),
        (5, 12, "quantization 'compare': no node, input or output named 'z'", ""),
        (6, 9, "quantization 'skip' must be a list of names, got 'y'", "write [y]"),
        (7, 14, "quantization 'observer' has no key 'percentil'", "did you mean 'percentile'?"),
        (7, 42, "quantization 'observer': 'percentile' must be a number from 0.5 to 1.0, got 0.1", ""),
        (7, 55, "quantization 'observer': 'method' must be minmax or entropy, got 'minmx'", "did you mean 'minmax'?"),
        (7, 72, "quantization 'observer': 'momentum' must be a number above 0, got 0", ""),
        (8, 21, "quantization 'rounding': no block 'Rnt'", "did you mean 'Rint'?"),
        (9, 12, "'quantization': no graph input named 'w'", ""),
        (9, 27, "'quantization': input 'x' must be a dtype, got 'float33'", "did you mean 'float32'?"),
        (10, 19, "quantization 'groups': 'heads' must be a mapping, got 'entropy'", ""),
        (10, 48, "quantization 'groups': 'tails': 'percentile' must be a number from 0.5 to 1.0, got 'high'", ""),
        (11, 11, "'quantization': files must lie inside the project, got '../../report.json'", outside),
    ]


def test_nothing_is_no_value(read):
    found = problems(read, "quantization: {target: , skip: , observer: , rounding: {block: 3}, groups: [a]}\n")
    assert [message for *_, message, _ in found] == [
        "quantization 'target' must be the name of a target, got nothing",
        "quantization 'skip' must be a list of names, got nothing",
        "quantization 'observer' must be a mapping, got nothing",
        "quantization 'rounding' must be a mapping with 'block', got a mapping",
        "quantization 'groups' must be a mapping, got a list",
    ]


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"target": None}, "quantization 'target' must be given, got nothing"),
        ({"target": 3}, "quantization 'target' must be the name of a target, got 3"),
        ({"num_bit": 3}, "'quantization' has no key 'num_bit'; did you mean 'num_bits'?"),
        ({"observer": {"momentum": 0}}, "quantization 'observer': 'momentum' must be a number above 0, got 0"),
        ({"observer": {"low": 0}}, "quantization 'observer' has no key 'low'; it has percentile, method, momentum"),
        ({"compare": 1}, "quantization 'compare' must be the name of an output or wire, got 1"),
        ({"groups": [1]}, "quantization 'groups' must be a mapping, got [1]"),
        ({"groups": {"heads": 1}}, "quantization 'groups': 'heads' must be a mapping, got 1"),
        ({"rounding": {"block": "Rint", "attrs": 1}}, "quantization 'rounding': 'attrs' must be a mapping, got 1"),
        ({"inputs": {"x": "float33"}}, "quantization input 'x': 'dtype' must be a dtype, got 'float33'"),
        ({"report": 1}, "quantization 'report' must be text, got 1"),
    ],
)
def test_one_made_in_python_is_checked_when_it_is_used(keys, message):
    graph = flow.Graph("g", sections={"quantization": {"target": "edge", **keys}})
    with pytest.raises(GraphError) as caught:
        section_of(graph, "quantization")
    assert str(caught.value) == f"graph 'g': {message}"


def test_a_missing_parameter_is_reported_once(read):
    found = problems(read, "quantization: {target: edge, num_bits: $bit, observer: {percentile: $p}}\n")
    assert [message for *_, message, _ in found] == [
        "'quantization': no param 'bit'",
        "'quantization': no param 'p'",
    ]


def test_the_schema_has_it():
    made = schema()
    properties = made["properties"]["quantization"]["properties"]
    assert properties["num_bits"]["default"] == 8
    assert properties["num_bits"]["description"] == "width of the integers"
    assert properties["observer"]["properties"]["method"]["default"] == "minmax"
    validator = jsonschema.Draft7Validator(made)

    def errors(**keys):
        return list(validator.iter_errors({"dataflow": 1, "quantization": {"target": "edge", **keys}}))

    assert not errors(
        num_bits="$bits", observer={"method": "entropy"}, inputs={"x": "float16"}, rounding={"block": "Rint"}
    )
    assert errors(num_bits=17) and errors(observer={"momentum": 0}) and errors(inputs={"x": {"axis": 0}})
    assert errors(rounding={"block": "Rnt"}) and errors(bits=1)


class Ranges(Record):
    """All ranges."""

    of: Range | None = attr("range", default=None)


@pytest.mark.parametrize(
    "value",
    [
        "{low: 1}",
        "{low: 1, high: }",
        "{low: 1, high: b}",
        "{low: 1, high: 2, note: }",
        "{low: 1, high: 2, mid: 3}",
        "[1, 2]",
    ],
)
def test_a_record_that_is_wrong_as_one_is_told_as_one(read, monkeypatch, value):
    monkeypatch.setitem(sections._loaders, "ranges", lambda: Section(Ranges))
    assert section_of(read(GRAPH + "ranges: {of: {low: 1, high: 2.5}}\n"), "ranges").of.high == 2.5
    ((line, column, message, _),) = problems(read, f"ranges: {{of: {value}}}\n")
    assert (line, column) == (1, 14)
    assert message.startswith("ranges 'of' must be a mapping of 'low' and 'high', numbers, got a ")
    with pytest.raises(ValueError, match=r"^must be a mapping of 'low' and 'high', numbers, got \{'low': 1\}$"):
        Range.parse({"low": 1})


def test_keys_that_do_not_go_together_in_a_file(read, monkeypatch):
    class Paired(Record):
        """Two keys."""

        one: int | None = attr("first", default=None)
        two: int | None = attr("second", default=None)

        @classmethod
        def check_file(cls, spot, value):
            if len(value.data) == 2:
                spot.report(value.keys["two"], f"{spot.name}: 'two' stands alone")

    monkeypatch.setitem(sections._loaders, "paired", lambda: Section(Paired))
    assert section_of(read(GRAPH + "paired: {two: 2}\n"), "paired").two == 2
    assert problems(read, "paired: {one: 1, two: 2}\n") == [(1, 18, "'paired': 'two' stands alone", "")]
