"""New names for nodes, inputs, outputs and params, wherever they are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.core.errors import GraphFileError
from dataflow.graphfile.edit import edit
from dataflow.graphfile.editing.renaming import sections_renamed
from dataflow.graphfile.load import load

TEXT = """\
dataflow: 1
params:
  bits: 8
  which: a
inputs:
  x: float32[N, 2]
nodes:
  a: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: $bits}, doc: a and $bits}
  conv: {block: dataflow:layers/dense.yaml, inputs: {x: $which}, attrs: {units: 3}}
  b: {block: AddN, inputs: {inputs: [a, "a", conv.y]}}
  loss: {block: Mean, inputs: {input: b, axis: [0, 1]}, attrs: {keep_dims: false}}
outputs:
  a: a
  loss: loss
train:
  minimize: loss
  optimizer:
    block: ApplyAdam
    overrides: [{variables: conv/kernel, frozen: true}, {variables: ["conv/*", "*bias"], frozen: true}]
  variables: [conv/kernel]
  metrics: [loss]
  early_stopping: {metric: loss, patience: 2}
data:
  train: {path: rows.npz, stratify: x, inputs: {x: rows}}
"""


def renamed(place: str, name: str, text: str = TEXT) -> str:
    file = edit("g.yaml", text)
    file.rename(place, name)
    return file.text


def lines(place: str, name: str) -> dict[str, str]:
    """The lines that a renaming changes."""
    return {a: b for a, b in zip(TEXT.splitlines(), renamed(place, name).splitlines(), strict=True) if a != b}


def test_a_node_is_renamed_on_ports_outputs_and_in_the_param_that_names_it() -> None:
    assert lines("a", "q") == {
        "  which: a": "  which: q",
        **{line: line.replace("  a: {", "  q: {") for line in TEXT.splitlines() if "  a: {" in line},
        **{line: line.replace('[a, "a"', '[q, "q"') for line in TEXT.splitlines() if "  b: {" in line},
        "  a: a": "  a: q",
    }


def test_variables_of_a_sub_graph_follow_its_node() -> None:
    assert [line.strip() for line in lines("conv", "first").values()] == [
        "first: {block: dataflow:layers/dense.yaml, inputs: {x: $which}, attrs: {units: 3}}",
        'b: {block: AddN, inputs: {inputs: [a, "a", first.y]}}',
        'overrides: [{variables: first/kernel, frozen: true}, {variables: ["first/*", "*bias"], frozen: true}]',
        "variables: [first/kernel]",
    ]


def test_what_names_an_output_stays_when_its_node_is_renamed() -> None:
    assert [line.strip() for line in lines("loss", "mean").values()] == [
        "mean: {block: Mean, inputs: {input: b, axis: [0, 1]}, attrs: {keep_dims: false}}",
        "loss: mean",
    ]


def test_an_output_is_renamed_where_training_names_it() -> None:
    assert [line.strip() for line in lines("outputs.loss", "cost").values()] == [
        "cost: loss",
        "minimize: cost",
        "metrics: [cost]",
        "early_stopping: {metric: cost, patience: 2}",
    ]


def test_an_input_is_renamed_in_the_data() -> None:
    assert [line.strip() for line in lines("x", "image").values()] == [
        "image: float32[N, 2]",
        "a: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: image}, attrs: {num_bits: $bits}, doc: a and $bits}",
        "train: {path: rows.npz, stratify: image, inputs: {image: rows}}",
    ]


def test_a_param_is_renamed_but_not_in_texts_for_people() -> None:
    (changed,) = [line for line in lines("params.bits", "width").values() if "num_bits" in line]
    assert "num_bits: $width}, doc: a and $bits}" in changed
    assert "  width: 8\n" in renamed("params.bits", "width")


def test_the_recipe_of_a_quantized_graph_follows() -> None:
    recipe = "quantization: {skip: a, overrides: {conv: {weights: {bits: 4}}, conv/kernel: {weights: {bits: 2}}}}\n"
    made = renamed("conv", "first", TEXT + recipe)
    assert "overrides: {first: {weights: {bits: 4}}, first/kernel: {weights: {bits: 2}}}" in made
    assert "skip: q" in renamed("a", "q", TEXT + recipe)


def test_what_an_anchor_repeats_is_renamed_once_where_it_is_written() -> None:
    text = (
        "dataflow: 1\nparams: {bits: 4}\nx-q: &q {block: Relu, attrs: &a {num_bits: $bits}}\ninputs: {x: float32}\n"
        "nodes:\n  a: {<<: *q, inputs: {features: x}}\n  b: {<<: *q, inputs: {features: x}, attrs: *a}\n"
    )
    assert renamed("params.bits", "width", text) == text.replace("bits:", "width:", 1).replace("$bits", "$width")


def test_any_other_key_is_renamed_by_itself() -> None:
    assert "attrs: {keep: false}" in renamed("loss.attrs.keep_dims", "keep")


@pytest.mark.parametrize(
    ("place", "name", "line", "message"),
    [
        ("a", "b", 10, "'b' is a name in 'nodes' already; choose another"),
        ("a", "x", 6, "'x' is a name in 'inputs' already"),
        ("a", "1", 7, "names must be letters, digits and _, starting with a letter, got '1'"),
        ("params.bits", "a/b", 2, "names must be letters"),
        ("outputs.a", "../b", 12, "names must have parts that are names between /"),
        ("outputs.loss", "b", 16, "'train.minimize' would mean the node 'b' then; choose another name"),
        ("nodes.zz", "b", 7, "'nodes' has no 'zz'"),
        ("train.metrics.0", "b", 21, "'train.metrics.0' must be a key to be renamed"),
    ],
)
def test_names_that_cannot_be_used_are_refused(place: str, name: str, line: int, message: str) -> None:
    with pytest.raises(GraphFileError) as error:
        renamed(place, name)
    assert message in str(error.value)
    assert error.value.problems[0].line == line


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ('"conv/*"', "co*/kernel", "conv", "'co*/kernel' names 'conv', but not 'first'"),
        ("$which", '"${which}.x"', "a", None),
        ("which: a", "which: a.y", "a", None),
        ("axis: [0, 1]}", "axis: $which}", "a", None),
        ("keep_dims: false", "keep_dims: $which", "a", "'nodes.conv.inputs.x' names 'a' by parameters"),
        ("loss: loss", "loss: b", "loss", "names both a node and an output with another value, 'loss'"),
        ("loss: loss", "loss: b", "outputs.loss", "names both a node and an output with another value, 'loss'"),
    ],
)
def test_what_cannot_be_followed_is_refused(old: str, new: str, place: str, message: str | None) -> None:
    text = TEXT.replace(old, new)
    if message is None:
        made = renamed(place, "first", text)
        assert "which: first" in made and new.replace("which: a", "which: first") in made
        return
    with pytest.raises(GraphFileError) as error:
        renamed(place, "first", text)
    assert message in str(error.value)


def test_a_new_node_must_not_take_the_meaning_of_an_output() -> None:
    text = (
        TEXT.replace("minimize: loss", "minimize: a")
        .replace("  a: a\n", "  goal: a\n")
        .replace("minimize: a", "minimize: goal")
    )
    with pytest.raises(GraphFileError, match=r"'train.minimize' means the output 'goal'; choose another name"):
        renamed("b", "goal", text)


VALID = """\
dataflow: 1
inputs:
  x: float32[N, 2]
nodes:
  conv: {block: dataflow:layers/dense.yaml, inputs: {x: x}, attrs: {units: 3}}
  loss: {block: Mean, inputs: {input: conv, axis: [0, 1]}}
outputs:
  mean: loss
train:
  minimize: loss
  optimizer:
    block: ApplyAdam
    overrides: [{variables: "conv/*", inputs: {lr: 0.5}}]
  metrics: [mean]
  early_stopping: {metric: mean, mode: min, patience: 2}
data:
  train: {path: rows.npz, inputs: {x: rows}}
"""


def test_sections_of_a_loaded_graph_name_what_is_renamed(tmp_path: Path) -> None:
    file = tmp_path / "graph.yaml"
    file.write_text(VALID)
    before = load(file)
    for of, old, new in (("inputs", "x", "rows"), ("nodes", "conv", "first"), ("nodes", "loss", "error")):
        found = edit(file)
        found.rename(f"{of}.{old}", new)
        found.save()
        assert sections_renamed(before, old, new) == load(file).sections != before.sections, old
        before = load(file)


def test_sections_that_a_rename_cannot_follow_are_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "graph.yaml"
    file.write_text(VALID.replace("conv/*", "con*/*"))
    graph = load(file)
    assert sections_renamed(graph, "conv", "first") == graph.sections
