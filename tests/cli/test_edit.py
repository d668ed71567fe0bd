"""``dataflow edit``: graph files edited from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

TEXT = """\
dataflow: 1
inputs:
  x: {dtype: float32, shape: [N, 4]}
nodes:
  # the first
  a: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: 8}}  # rounds
  b: {block: Relu, inputs: {features: a}}
outputs:
  y: b
"""


@pytest.fixture
def path(folder: Path) -> Path:
    path = folder / "g.yaml"
    path.write_text(TEXT)
    return path


def test_operations_are_done_in_their_order_and_saved(dataflow, path: Path) -> None:
    done = dataflow(
        "edit", "g.yaml", "--rename", "a", "q", "--set", "q.num_bits=4", "--set", "b.features=q",
        "--add", "c={block: Relu, inputs: {features: q}}", "--before", "b", "--comment", "another",
        "--set", "outputs.c=c",
    )  # fmt: skip
    assert done == (0, "", "")
    assert (
        path.read_text()
        == TEXT.replace("  a: {", "  q: {")
        .replace("num_bits: 8", "num_bits: 4")
        .replace("  b: {", "  # another\n  c: {block: Relu, inputs: {features: q}}\n  b: {")
        .replace("features: a", "features: q")
        + "  c: c\n"
    )


def test_a_dry_run_shows_what_would_change(dataflow, path: Path) -> None:
    code, out, err = dataflow("edit", "g.yaml", "--bypass", "a", "--dry-run")
    assert (code, err) == (0, "") and path.read_text() == TEXT
    assert out.startswith("--- g.yaml\n+++ g.yaml\n@@ ")
    changed = [line for line in out.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        "-  a: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: 8}}  # rounds",
        "-  b: {block: Relu, inputs: {features: a}}",
        "+  b: {block: Relu, inputs: {features: x}}",
    ]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (["--append", "b.inputs=x", "--force"], None),
        (["--remove", "a.num_bits"], TEXT.replace(", attrs: {num_bits: 8}", "")),
        (["--remove", "outputs.y"], TEXT.replace("outputs:\n  y: b\n", "")),
        (["--set", "a.num_bits=4", "--set", "a.doc=rounds it"], TEXT.replace("8}", "4}, doc: rounds it")),
        (["--set", "b.doc=two\nlines"], TEXT.replace("features: a}}", 'features: a}, doc: "two\\nlines"}')),
        (["--set", "b.features=[1.0, -2.0]"], TEXT.replace("features: a", "features: [1.0, -2.0]")),
    ],
)
def test_operations(dataflow, path: Path, args: list[str], text: str | None) -> None:
    done = dataflow("edit", "g.yaml", *args)
    assert path.read_text() == (TEXT if text is None else text)
    assert done.code == (text is None)


def test_nodes_become_a_file_and_a_file_becomes_nodes(dataflow, path: Path, folder: Path) -> None:
    assert dataflow("edit", "g.yaml", "--extract", "a,b", "part", "part.yaml") == (0, "", "")
    assert "  part: {block: ./part.yaml, inputs: {x: x}}\n" in path.read_text()
    assert "  a: {block: FakeQuant" in (folder / "part.yaml").read_text()
    assert dataflow("edit", "g.yaml", "--unpack", "part") == (0, "", "")
    assert "  # part: ./part.yaml, written out\n  part/a: {block: FakeQuant" in path.read_text()


def test_what_would_make_the_graph_wrong_is_not_written(dataflow, path: Path) -> None:
    code, out, err = dataflow("edit", "g.yaml", "--set", "a.num_bits=99")
    assert (code, out) == (1, "") and path.read_text() == TEXT
    assert err.startswith("g.yaml:6:78: node 'a' (FakeQuantWithMinMaxArgs): attr 'num_bits' must be")
    assert err.endswith("g.yaml: not written, the graph would be wrong; --force writes it all the same\n")
    code, out, err = dataflow("edit", "g.yaml", "--set", "a.num_bits=99", "--force")
    assert code == 0 and "num_bits: 99" in path.read_text() and "must be" in err
    assert dataflow("edit", "g.yaml", "--set", "b.doc=text") == (0, "", "")  # what was wrong before is no reason


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--set", "a.num_bit=4"], "g.yaml:6:3: node 'a' has no 'num_bit'; did you mean 'num_bits'?"),
        (["--delete", "aa"], "g.yaml:4:1: no node or input 'aa'; did you mean 'a'?"),
        (["--rename", "a", "b"], "g.yaml:7:3: 'b' is a name in 'nodes' already; choose another"),
        (["--set", "a.num_bits=4", "--unpack", "a"], "g.yaml:6:3: node 'a' must use a graph file"),
    ],
)
def test_refusals_have_a_place_and_nothing_is_written(dataflow, path: Path, args: list[str], message: str) -> None:
    code, out, err = dataflow("edit", "g.yaml", *args)
    assert (code, out) == (1, "") and err.startswith(message)
    assert path.read_text() == TEXT


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "give at least one operation"),
        (["--set", "a.num_bits"], "--set takes PLACE=VALUE, got 'a.num_bits'"),
        (["--set", "a.doc=[1"], "--set a.doc: must be a value, got '[1'"),
        (["--set", "a.doc=b: 2"], "--set a.doc: must be a value, got 'b: 2': not YAML"),
        (["--add", "c=Relu"], "--add c: must be a mapping with 'block', got Relu"),
        (["--add", "c={block: Relu, attr: {}}"], "--add c: must have block, inputs, attrs and doc, got attr"),
        (["--before", "a", "--add", "c={block: Relu}"], "--before must follow the --add of the node"),
        (["--set", "a.num_bits=4", "--comment", "x"], "--comment must follow the --add of the node"),
    ],
)
def test_wrong_usage_is_told(dataflow, path: Path, args: list[str], message: str) -> None:
    code, _, err = dataflow("edit", "g.yaml", *args)
    assert code == 2 and message in err.replace("\n", " ").replace("  ", " ") + err
    assert path.read_text() == TEXT


def test_files_of_the_package_are_not_written(dataflow, folder: Path) -> None:
    code, _, err = dataflow("edit", "dataflow:digits/mlp.yaml", "--set", "train.epochs=1")
    assert code == 1 and "read-only" in err
    assert dataflow("edit", "dataflow:digits/mlp.yaml", "--set", "train.epochs=1", "--dry-run").code == 0


@pytest.mark.parametrize("body", ["nodes: 5", "nodes: [a]", "nodes: {a: 3}", "nodes: {a: {inputs: 3, attrs: [1]}}"])
@pytest.mark.parametrize("option", ["--remove a", "--bypass a", "--rename a b", "--unpack a", "--append a.inputs=x"])
def test_files_that_are_wrong_in_kind_are_edited_or_refused(dataflow, path: Path, body: str, option: str) -> None:
    path.write_text(f"dataflow: 1\n{body}\n")
    assert dataflow("edit", "g.yaml", *option.split(), "--dry-run").code in (0, 1)


@pytest.mark.parametrize(
    ("args", "old", "new"),
    [
        (["--wire", "x", "n.x"], "n: {block: Neg}", "n: {block: Neg, inputs: {x: x}}"),
        (["--unwire", "b.features"], "b: {block: Relu, inputs: {features: a}}", "b: {block: Relu}"),
        (["--splice", "n", "a.inputs"], "inputs: {inputs: x}", "inputs: {inputs: n}"),
        (["--splice", "n", "outputs.y"], "y: b", "y: n"),
        (["--pull-out", "a"], "{features: a}", "{features: x}"),
        (["--param", "bits", "a.num_bits"], "num_bits: 8", "num_bits: $bits"),
    ],
)
def test_wires_and_params(dataflow, path: Path, args: list[str], old: str, new: str) -> None:
    text = TEXT.replace("outputs:", "  n: {block: Neg}\noutputs:")
    path.write_text(text)
    code, _, err = dataflow("edit", "g.yaml", *args, "--force")
    assert code == 0, err
    assert new in path.read_text() and old not in path.read_text()


def test_a_wire_that_is_wrong_is_refused(dataflow, path: Path) -> None:
    code, _, err = dataflow("edit", "g.yaml", "--unwire", "a.inputs", "--wire", "b", "a.inputs")
    assert code == 1 and "cycle: a -> b -> a" in err and path.read_text() == TEXT


def test_nodes_are_copied_from_one_file_to_another(dataflow, path: Path, folder: Path) -> None:
    code, text, _ = dataflow("edit", "g.yaml", "--copy", "a,b")
    assert code == 0 and text.startswith("# the first\na: {block") and path.read_text() == TEXT
    (folder / "copied.yaml").write_text(text)
    nodes = "  b: {block: Const, attrs: {value: 1.0}}\n  c: {block: Neg, inputs: [b]}\n"
    (folder / "h.yaml").write_text(f"dataflow: 1\nnodes:\n{nodes}")
    code, _, err = dataflow("edit", "h.yaml", "--paste", "copied.yaml", "--after", "b", "--force")
    assert code == 0 and "a.inputs: no node or input 'x' here, so the wire is left out" in err
    lines = (folder / "h.yaml").read_text().splitlines()
    assert [line.strip().partition(":")[0] for line in lines[2:]] == ["b", "", "# the first", "a", "b_2", "c"]
    assert "inputs: {features: a}" in lines[6]


def test_what_cannot_be_pasted_is_told(dataflow, path: Path, folder: Path) -> None:
    (folder / "bytes").write_bytes(b"\xff\xfe")
    for args, code, message in (
        (["--paste", "none.yaml"], 2, "--paste none.yaml: must be a text file: No such file or directory"),
        (["--paste", "bytes"], 2, "--paste bytes: must be a text file: not UTF-8"),
        (["--paste", "g.yaml", "--before", "a"], 2, "--before must follow the --add"),
        (["--copy", "z"], 1, "no node 'z'; it has a and b"),
    ):
        done = dataflow("edit", "g.yaml", *args)
        assert done[0] == code and message in done[2]
    assert path.read_text() == TEXT
