"""Nodes added and deleted."""

from __future__ import annotations

import pytest

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.edit import edit

TEXT = """\
dataflow: 1
params:
  p: a
inputs:
  x: float32[N, 2]
nodes:
  a: {block: Relu, inputs: {features: x}}
  b: {block: Sub, inputs: {x: 1.0, y: a}}
  c: {block: AddN, inputs: {inputs: [b, a, a.y]}}
  d: {block: Mul, inputs: [c, b]}
  e: {block: Concat, inputs: {values: [d, d], axis: 0}}
outputs:
  a: a
  d: d
train:
  minimize: d
  metrics: [a]
"""


def after(text: str = TEXT, **deletion: str | bool | list[str]) -> str:
    file = edit("g.yaml", text)
    file.delete(**deletion)  # type: ignore[arg-type]
    return file.text


def test_a_node_goes_with_the_wires_to_it_and_the_outputs_and_metrics() -> None:
    assert after(name="a") == TEXT.replace("  a: {block: Relu, inputs: {features: x}}\n", "").replace(
        "{x: 1.0, y: a}", "{x: 1.0}"
    ).replace("[b, a, a.y]", "[b]").replace("  a: a\n", "").replace("[a]", "[]")


def test_readers_get_what_stood_on_the_first_input() -> None:
    passed = after(name="a", reconnect=True)
    assert "b: {block: Sub, inputs: {x: 1.0, y: x}}" in passed and "[b, x, x]" in passed and "  a: x\n" in passed
    assert "inputs: [c, 1.0]" in after(name="b", reconnect=True)  # a number where only ports read it
    assert "values: [c, c]" in after(name="d", reconnect=True) and "d: c\n" in after(name="d", reconnect=True)


def test_a_list_of_one_wire_is_passed_on() -> None:
    text = TEXT.replace("[b, a, a.y]", "[b]")
    assert "inputs: [b, b]" in after(text, name="c", reconnect=True)


def test_nodes_that_go_together_are_passed_over_together() -> None:
    for names in (["a", "b"], ["b", "a"]):
        text = TEXT.replace("{x: 1.0, y: a}", "{y: 2.0, x: a}")
        file = edit("g.yaml", text)
        file.delete(names, reconnect=True)
        assert "inputs: {inputs: [x, x, x]}" in file.text and "  a: x\n" in file.text
        assert file.undo() and file.text == text and not file.undo()


def test_a_list_may_lose_its_last_wires_together() -> None:
    assert "  b: {block: Sub, inputs: []}\n" in after(TEXT.replace("{x: 1.0, y: a}", "[a, x]"), name=["x", "a"])
    assert "  b: {block: Sub, inputs: [1.0]}\n" in after(TEXT.replace("{x: 1.0, y: a}", "[1.0, a]"), name=["x", "a"])
    with pytest.raises(GraphFileError, match=r"'nodes\.b\.inputs' is a list, in which what follows would move up"):
        after(TEXT.replace("{x: 1.0, y: a}", "[a, 1.0, x]"), name=["x", "a"])


def test_a_cycle_of_nodes_has_nothing_for_its_readers() -> None:
    text = TEXT.replace("features: x", "features: b").replace("{x: 1.0, y: a}", "{x: a}")
    with pytest.raises(GraphFileError, match="node 'a' must get something that stays for its readers, got a cycle"):
        after(text, name=["a", "b"], reconnect=True)


def test_the_first_input_is_that_of_the_block() -> None:
    text = TEXT.replace("{x: 1.0, y: a}", "{y: 2.0, x: a}")
    assert "inputs: {inputs: [a, a, a.y]}" in after(text, name="b", reconnect=True)


def test_an_input_goes_with_its_wires() -> None:
    assert "  a: {block: Relu}\n" in after(name="x") and "inputs:\n  x" not in after(name="x")


@pytest.mark.parametrize(
    ("name", "reconnect", "message"),
    [
        ("zz", False, "no node or input 'zz'; it has a, b, c, d, e and x"),
        ("d", False, "'train.minimize' needs 'd'; name another there first"),
        ("c", False, "'nodes.d.inputs' is a list, in which what follows would move up"),
        ("x", True, "'x' must be a node to be passed over, got an input"),
        ("c", True, "must have a wire on its first input for its readers, got a list"),
    ],
)
def test_what_cannot_be_deleted_is_refused(name: str, reconnect: bool, message: str) -> None:
    with pytest.raises(GraphFileError) as error:
        after(name=name, reconnect=reconnect)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "name", "message"),
    [
        ("y: a}", "y: $p}", "a", "'nodes.b.inputs.y' names 'a' by parameters"),
        ("inputs: {features: x}", "doc: text", "a", "node 'a' must have an input for its readers to get, got none"),
        ("inputs: {features: x}", "inputs: x", "a", "node 'a' must have an input for its readers to get, got none"),
        ("features: x", "features: 2.0", "a", "'outputs.a' must be a wire, got 2.0 in place of 'a'"),
        ("features: x", "features: {path: a.npy}", "a", "got an array in a file"),
        ("minimize: d", "minimize: d\n  variables: [b]", "b", "'train.variables.0' names 'b'"),
    ],
)
def test_readers_that_cannot_get_another_wire_are_told(old: str, new: str, name: str, message: str) -> None:
    with pytest.raises(GraphFileError) as error:
        after(TEXT.replace(old, new), name=name, reconnect=True)
    assert message in str(error.value)


def test_nodes_are_added_at_the_end_or_beside_others() -> None:
    file = edit("g.yaml", TEXT)
    file.add("q", "Relu", {"features": "a"}, before="b", comment="of b")
    file.add("r", "Relu", ["q"], doc="text", after="q")
    file.add("s", "Const", attrs={"value": 1})
    told = "  # of b\n  q: {block: Relu, inputs: {features: a}}\n  r: {block: Relu, inputs: [q], doc: text}\n  b: {"
    assert told in file.text
    assert "  s: {block: Const, attrs: {value: 1}}\noutputs:" in file.text
    for name, beside, message in (
        ("q", "", "is a name in 'nodes' already"),
        ("t", "zz", "no node 'zz'; it has a, q, r"),
    ):
        with pytest.raises(GraphFileError, match=message):
            file.add(name, "Relu", after=beside)


def test_params_go_only_where_nothing_uses_them() -> None:
    file = edit("g.yaml", TEXT)
    file.remove("params.p")
    assert "params" not in file.text
    file = edit("g.yaml", TEXT.replace("y: a}", "y: $p}"))
    with pytest.raises(GraphFileError, match=r"'nodes.b.inputs.y' uses the param 'p'"):
        file.remove("params.p")


def test_outputs_go_with_the_metrics_that_name_them() -> None:
    file = edit("g.yaml", TEXT)
    file.remove("outputs.a")
    assert "  metrics: []\n" in file.text and "  a: a\n" not in file.text
    with pytest.raises(GraphFileError, match=r"'train.minimize' needs 'd'"):
        file.remove("outputs.d")
