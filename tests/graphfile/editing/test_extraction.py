"""Nodes made a graph file of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphError, GraphFileError
from dataflow.graphfile.edit import Editor, edit

TEXT = """\
dataflow: 1
params:
  bits: {type: int, default: 4, doc: width}
inputs:
  x: {dtype: float32, shape: [N, 3]}
nodes:
  w: {block: Variable, inputs: {initvalues: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}}
  # rounding
  r: {block: MinMaxObserver, inputs: {x: w}, doc: range}  # of w
  q:
    block: FakeQuantWithMinMaxVars
    inputs: {inputs: w, min: r.min, max: r.max}  # three wires
    attrs: {num_bits: $bits}
  y: {block: MatMul, inputs: {a: x, b: q}}
  n: {block: Neg, inputs: {x: y}}
outputs:
  y: y
  low: r.min
"""


@pytest.fixture
def file(tmp_path: Path) -> Editor:
    path = tmp_path / "g.yaml"
    path.write_text(TEXT)
    return edit(path)


def test_nodes_move_as_they_are_written(file: Editor, tmp_path: Path) -> None:
    file.extract(["q", "r"], "weights", "rounded.yaml")
    file.save()
    assert (
        (tmp_path / "rounded.yaml").read_text()
        == """\
dataflow: 1
name: rounded

params:
  bits: {type: int, default: 4, doc: width}

inputs:
  w: {dtype: float32, shape: [3, 2]}

nodes:
  r: {block: MinMaxObserver, inputs: {x: w}, doc: range}  # of w
  q:
    block: FakeQuantWithMinMaxVars
    inputs: {inputs: w, min: r.min, max: r.max}  # three wires
    attrs: {num_bits: $bits}

outputs:
  q: q
  r_min: r.min
"""
    )
    assert (
        (tmp_path / "g.yaml").read_text()
        == TEXT[: TEXT.index("  r: {")]
        + """\
  weights: {block: ./rounded.yaml, inputs: {w: w}, attrs: {bits: $bits}}
  y: {block: MatMul, inputs: {a: x, b: weights.q}}
  n: {block: Neg, inputs: {x: y}}
outputs:
  y: y
  low: weights.r_min
"""
    )


def test_the_graph_computes_the_same(file: Editor, tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    before = flow.run(flow.load(tmp_path / "g.yaml", bits=3), x=x)
    file.extract(["q", "y", "r"], "part", "sub/part.yaml")
    (tmp_path / "sub").mkdir()
    file.save()
    graph = flow.load(tmp_path / "g.yaml", bits=3)
    assert "part/y" in graph.nodes and "y" not in graph.nodes
    after = flow.run(graph, x=x)
    assert {name: value.tobytes() for name, value in after.items()} == {k: v.tobytes() for k, v in before.items()}


def test_wires_with_ports_become_inputs_with_names(file: Editor) -> None:
    file.extract(["q"], "part", "part.yaml")
    (text,) = file.files.values()
    assert "  r_min: {dtype: float32, shape: []}\n" in text
    assert "inputs: {inputs: w, min: r_min, max: r_max}  # three wires" in text
    assert "part: {block: ./part.yaml, inputs: {w: w, r_min: r.min, r_max: r.max}, attrs: {bits: $bits}}" in file.text
    assert "b: part}" in file.text  # of a single output no port is needed


def test_variables_are_named_in_training_as_they_are_called_then(file: Editor) -> None:
    train = "train:\n  minimize: y\n  optimizer: {block: ApplyAdam}\n  variables: [w]\n"
    trained = edit(file.path, TEXT + train)
    trained.extract(["w"], "part", "part.yaml")
    assert "variables: [part/w]" in trained.text


def test_patterns_of_nodes_follow_or_are_refused(file: Editor) -> None:
    recipe = "quantization: {skip: [q], overrides: {y: {weights: {bits: 4}}, n*: {weights: {bits: 2}}}}\n"
    quantized = edit(file.path, TEXT + recipe)
    quantized.extract(["q", "y"], "part", "part.yaml")
    assert "skip: [part/q], overrides: {part/y: {weights: {bits: 4}}, n*:" in quantized.text
    with pytest.raises(GraphFileError, match=r"'n\*' names 'n', but not 'other/n'; change it first"):
        quantized.extract(["n"], "other", "other.yaml")


def test_what_was_made_is_undone_with_its_file(file: Editor, tmp_path: Path) -> None:
    file.extract(["q"], "part", "part.yaml")
    assert not file.problems() and "+++ " in file.diff() and "part.yaml" in file.diff()
    file.undo()
    assert file.text == TEXT and not file.files
    file.redo()
    (tmp_path / "part.yaml").write_text("there")
    with pytest.raises(GraphError, match="a new file must not be there yet; give it another name"):
        file.save()
    assert (tmp_path / "g.yaml").read_text() == TEXT and (tmp_path / "part.yaml").read_text() == "there"


def test_a_file_that_is_there_or_was_made_before_is_not_made_again(file: Editor, tmp_path: Path) -> None:
    file.extract(["q"], "part", "part.yaml")
    for name in ("part.yaml", "./part.yaml", "g.yaml"):
        text = file.text
        with pytest.raises(GraphFileError, match=r"yaml' is there already; give the new file another name"):
            file.extract(["n"], "other", name)
        assert file.text == text
    file.extract(["n"], "other", "other.yaml")


def test_no_file_stays_behind_where_the_graph_cannot_be_written(
    file: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(made: Path, target: Path) -> Path:
        if target.name == "g.yaml":
            raise OSError(28, "No space left on device")
        return replace(made, target)

    replace = Path.replace
    monkeypatch.setattr(Path, "replace", full)
    file.extract(["q"], "part", "part.yaml")
    with pytest.raises(DataflowError, match="no space left"):
        file.save()
    assert [path.name for path in tmp_path.iterdir()] == ["g.yaml"] and (tmp_path / "g.yaml").read_text() == TEXT


@pytest.mark.parametrize(
    ("names", "name", "path", "message"),
    [
        (["w", "q"], "part", "p.yaml", "'r' stands between these nodes; take 'r' too"),
        (["zz"], "part", "p.yaml", "no node 'zz'; it has w, r, q, y and n"),
        ([], "part", "p.yaml", "nodes must be named to make a graph of, got none"),
        (["q"], "n", "p.yaml", "'n' is a name in 'nodes' already; choose another"),
        (["q"], "part", "../p.yaml", "files must lie inside the project"),
    ],
)
def test_what_cannot_be_made_is_refused(file: Editor, names: list[str], name: str, path: str, message: str) -> None:
    with pytest.raises(GraphFileError) as error:
        file.extract(names, name, path)
    assert message in str(error.value) and file.text == TEXT


@pytest.mark.parametrize(
    ("old", "new", "names", "message"),
    [
        ("b: q}", "b: qq}", ["n"], "the type of 'y' must be known, got nothing"),
        ("{x: y}", "{x: $wire}", ["n"], "'nodes.n.inputs.x' names a wire by parameters"),
        ("{x: y}", "{x: $wire}", ["y"], "'nodes.n.inputs.x' names a wire by parameters"),
        (
            "  y: y\n",
            "  o: y\ntrain: {minimize: y}\n#",
            ["y"],
            "'train.minimize' names 'y'; name an output there first",
        ),
        ("  y: y\n", "  y: n\ntrain: {minimize: y}\n#", ["y"], "a node and an output with another value, 'y'"),
    ],
)
def test_wires_that_cannot_be_followed_are_refused(
    file: Editor, old: str, new: str, names: list[str], message: str
) -> None:
    text = TEXT.replace(old, new).replace("inputs:\n  x", "  wire: y\ninputs:\n  x", 1)
    with pytest.raises(GraphFileError) as error:
        edit(file.path, text).extract(names, "part", "part.yaml")
    assert message in str(error.value)


def test_nodes_that_use_an_anchor_are_written_anew(file: Editor) -> None:
    text = TEXT.replace("{num_bits: $bits}", "*k").replace("nodes:", "x-k: &k {num_bits: 3}\nnodes:")
    shared = edit(file.path, text)
    shared.extract(["q"], "part", "part.yaml")
    (made,) = shared.files.values()
    assert "attrs: {num_bits: 3}" in made and "*" not in made
    assert not shared.problems()
