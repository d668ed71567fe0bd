"""A section names a block: what is wrong with the block, its attrs and its inputs is told where it stands."""

from __future__ import annotations

import pytest
from graph_text import node

from dataflow.core.attrs import attr
from dataflow.core.errors import GraphFileError
from dataflow.graphfile import sections
from dataflow.graphfile.block_use import BlockUse
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.sections import Section


class Rounding(Record):
    """How values are rounded."""

    by: BlockUse = attr("block that rounds")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(sections._loaders, "rounding", lambda: Section(Rounding))


def read_use(read, use):
    return read(f"{node('Const', 'attrs: {value: 1.0}')}rounding: {{by: {use}}}\n")


@pytest.mark.parametrize(
    "use, block, inputs, attrs",
    [
        ("{block: Rint}", "Rint", {}, {}),
        ("{block: Rint, inputs: , attrs: }", "Rint", {}, {}),
        ("{block: ApplyGradientDescent, inputs: {alpha: 0.1}}", "ApplyGradientDescent", {"alpha": 0.1}, {}),
        ("{block: AddV2, inputs: {x: y, y: [1, 2]}}", "AddV2", {"x": "y", "y": [1, 2]}, {}),
        ("{block: Cast, attrs: {DstT: half}}", "Cast", {}, {"DstT": "half"}),
    ],
)
def test_a_block_with_its_inputs_and_attrs(read, use, block, inputs, attrs):
    found = section_of(read_use(read, use), "rounding").by
    assert (found.block, found.inputs, found.attrs) == (block, inputs, attrs)


@pytest.mark.parametrize(
    "use, column, message, hint",
    [
        ("Rint", 16, "rounding 'by' must be a mapping with 'block', got 'Rint'", "write {block: Rint}"),
        ("Rnt", 16, "rounding 'by' must be a mapping with 'block', got 'Rnt'", ""),
        ("{block: Rint, x: y}", 30, "rounding 'by' has no key 'x'", "write it in 'inputs'"),
        (
            "{block: Cast, attrs: {DstT: half}, Truncate: true}",
            51,
            "rounding 'by' has no key 'Truncate'",
            "write it in 'attrs'",
        ),
        ("{}", 16, "rounding 'by' must be a mapping with 'block', got a mapping", ""),
        ("{block: Rint, inputz: {}}", 30, "rounding 'by' has no key 'inputz'", "did you mean 'inputs'?"),
        ("{block: 3}", 16, "rounding 'by' must be a mapping with 'block', got a mapping", ""),
        ("{block: Rnt}", 24, "rounding 'by': no block 'Rnt'", "did you mean 'Rint'?"),
        ("{block: Rint, attrs: 3}", 37, "rounding 'by': 'attrs' must map names to values, got 3", ""),
        ("{block: Rint, inputs: y}", 38, "rounding 'by': 'inputs' must map ports to wires or numbers, got 'y'", ""),
        ("{block: Rint, attrs: {a: 1}}", 38, "rounding 'by': Rint has no attr 'a'", "it has none"),
        (
            "{block: Rint, inputs: {x: {}}}",
            42,
            "rounding 'by': input 'x' must be a wire or a number, got a mapping",
            "",
        ),
        ("{block: Rint, inputs: {x: }}", 42, "rounding 'by': input 'x' must be a wire or a number, got nothing", ""),
        ("{block: Rint, inputs: {x: true}}", 42, "rounding 'by': input 'x' must be a wire or a number, got true", ""),
        (
            "{block: FakeQuantWithMinMaxArgs, attrs: {num_bits: 17}}",
            67,
            "rounding 'by' (FakeQuantWithMinMaxArgs): attr 'num_bits' must be between 2 and 16, got 17",
            "",
        ),
    ],
)
def test_mistakes_are_told_where_they_stand(read, use, column, message, hint):
    with pytest.raises(GraphFileError) as caught:
        read_use(read, use)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.message, problem.hint) == (5, column, message, hint)


def test_every_mistake_in_it_is_told(read):
    with pytest.raises(GraphFileError) as caught:
        read_use(read, "{block: Rnt, attrs: [1], inputs: {a: , b: {}}}")
    assert [p.message for p in caught.value.problems] == [
        "rounding 'by': no block 'Rnt'",
        "rounding 'by': 'attrs' must map names to values, got a list",
        "rounding 'by': input 'a' must be a wire or a number, got nothing",
        "rounding 'by': input 'b' must be a wire or a number, got a mapping",
    ]


def test_a_parameter_that_is_missing_is_told_once(read):
    with pytest.raises(GraphFileError) as caught:
        read_use(read, "{block: $kind}")
    assert [p.message for p in caught.value.problems] == ["'rounding': no param 'kind'"]


def test_one_made_in_python():
    assert BlockUse(block="Rint").inputs == {}
    with pytest.raises(ValueError, match="'block' must be given, got nothing"):
        BlockUse()
    with pytest.raises(ValueError, match="'inputs' must be a mapping, got 3"):
        BlockUse(block="Rint", inputs=3)
