"""Graph files that nodes use, written out in their place."""

from __future__ import annotations

from pathlib import Path

import places
import pytest
from shipped_graphs import params_of

import dataflow as flow
from dataflow.core.errors import GraphFileError
from dataflow.graphfile import edit as module
from dataflow.graphfile.edit import edit
from dataflow.graphfile.editing.changes import Put
from dataflow.graphfile.load import read
from dataflow.graphfile.outline import outline

PART = """\
dataflow: 1
params:
  bits: {type: int, default: 8}
  size: {type: int}
  kind: Relu
inputs:
  x: {dtype: float32, shape: [N, $size]}
  s: float32[]
nodes:
  q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: $bits}, doc: "rounds $bits"}
  m: {block: Mul, inputs: [q, s]}
  k: {block: $kind, inputs: [m]}
  w: {block: Const, attrs: {value: {path: w.npy}}}
  f: {block: Reshape, inputs: {tensor: k, shape: [-1, $size]}}
outputs:
  y: f
  low: q
  x: x
"""
MAIN = """\
dataflow: 1
params:
  width: 4
inputs:
  a: {dtype: float32, shape: [N, 3]}
nodes:
  # the part
  p: {block: ./sub/part.yaml, inputs: {x: a, s: 0.5}, attrs: {bits: $width}}
  r: {block: AddN, inputs: {inputs: [p, p.low, p.x]}}
outputs:
  r: r
  y: p
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    import numpy as np

    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "part.yaml").write_text(PART)
    np.save(tmp_path / "sub" / "w.npy", np.ones(2, np.float32))
    (tmp_path / "main.yaml").write_text(MAIN)
    return tmp_path / "main.yaml"


def test_nodes_stand_in_the_place_of_the_one_that_used_them(main: Path) -> None:
    file = edit(main)
    file.unpack("p")
    assert file.text == MAIN.replace(
        "  p: {block: ./sub/part.yaml, inputs: {x: a, s: 0.5}, attrs: {bits: $width}}\n",
        '  # p: ./sub/part.yaml, written out\n'
        "  p/s: {block: Const, attrs: {value: 0.5, dtype: float32}}\n"
        "  p/q:\n    block: FakeQuantWithMinMaxArgs\n    inputs: {inputs: a}\n    attrs: {num_bits: $width}\n"
        "    doc: rounds $bits\n"
        "  p/m: {block: Mul, inputs: [p/q, p/s]}\n"
        "  p/k: {block: Relu, inputs: [p/m]}\n"
        "  p/w: {block: Const, attrs: {value: {path: sub/w.npy}}}\n"
        "  p/f: {block: Reshape, inputs: {tensor: p/k, shape: [-1, 3]}}\n\n",
    ).replace("[p, p.low, p.x]", "[p/f, p/q, a]").replace("y: p\n", "y: p/f\n")  # fmt: skip
    for width in (4, 2):
        assert read(main, {"width": width}, text=file.text).graph == flow.load(main, width=width)


@pytest.mark.parametrize(
    ("before", "behind", "above", "below"),
    [
        ("  n: {block: Neg, inputs: {x: a}}\n", "", "\n", "\n"),
        ("  n: {block: Neg, inputs: {x: a}}\n\n", "\n", "", ""),
        ("", "  # next\n", "", "\n"),
        ("", "  # lines\n\n  # next\n", "", ""),
        ("  n: {block: Neg, inputs: {x: a}}\n    # of n\n", "\n\n", "\n", ""),
    ],
)
def test_they_are_a_paragraph_of_their_own(main: Path, before: str, behind: str, above: str, below: str) -> None:
    text = MAIN.replace("  # the part\n", f"{before}  # the part\n").replace("  r: {", f"{behind}  r: {{")
    file = edit(main, text)
    file.unpack("p")
    start = text[: text.index("  # the part")]
    assert file.text.startswith(f"{start}{above}  # the part\n  # p: ./sub/part.yaml, written out\n  p/s:")
    assert f"shape: [-1, 3]}}}}\n{below}{behind}  r: {{" in file.text
    titles = {each.title: [*each.nodes] for each in outline(file.context()).paragraphs}
    assert titles["the part p: ./sub/part.yaml, written out"] == [f"p/{name}" for name in "sqmkwf"]
    assert file.undo() and file.text == text


def test_the_last_node_and_one_in_braces(main: Path) -> None:
    *head, _, p, r = MAIN.partition("outputs:")[0].splitlines(keepends=True)
    file = edit(main, "".join([*head, r, p, "outputs:\n  y: p\n"]))
    file.unpack("p")
    assert "[p/f, p/q, a]}}\n\n  # p: ./sub/part.yaml, written out\n  p/s:" in file.text
    assert "shape: [-1, 3]}}\noutputs:\n" in file.text
    text = "".join([*head[:-1], "nodes: {\n", r.rstrip(), ",\n", p.rstrip(), "}\n"])
    file = edit(main, text)
    file.unpack("p")
    assert "\n\n" not in file.text.partition("nodes:")[2] and "p/s" in file.tree["nodes"]


INNER = """\
dataflow: 1
params: {way: SA, rate: 0.5, keep: true, sizes: [2, 3], which: r, kind: float32}
inputs:
  x: {dtype: float32, shape: [N, 8, 8, 3]}
  s: "${kind}[]"
nodes:
  r: {block: Relu, inputs: [x]}
  m: {block: MaxPool, inputs: [$which], attrs: {ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "${way}ME"}}
  q: {block: FakeQuantWithMinMaxArgs, inputs: [m], attrs: {min: -1.0, max: $rate, narrow_range: "${keep}"}}
  t: {block: AddN, inputs: {inputs: [s, s]}, doc: "${rate}"}
  c: {block: Const, attrs: {value: $sizes, dtype: "${kind}"}}
outputs: {q: q, t: t, c: c}
"""


def test_params_are_put_in_wherever_they_stand(main: Path) -> None:
    (main.parent / "inner.yaml").write_text(INNER)
    text = """\
dataflow: 1
params: {end: 2.0, way: VALID}
inputs: {a: {dtype: float32, shape: [N, 8, 8, 3]}}
nodes:
  p: {block: ./inner.yaml, inputs: {x: a, s: 3}, attrs: {rate: $end, sizes: [$end, 1.0]}}
outputs: {q: p, t: p.t, c: p.c}
"""
    file = edit(main, text)
    file.unpack("p")
    nodes = file.tree["nodes"]
    assert nodes["p/m"]["attrs"]["padding"] == "SAME" and nodes["p/m"]["inputs"] == ["p/r"]
    assert nodes["p/q"]["attrs"] == {"min": -1.0, "max": "$end", "narrow_range": True}
    assert nodes["p/t"] == {"block": "AddN", "inputs": {"inputs": ["p/s", "p/s"]}, "doc": "${rate}"}
    assert nodes["p/s"] == {"block": "Const", "attrs": {"value": 3, "dtype": "float32"}}
    assert nodes["p/c"]["attrs"] == {"value": ["$end", 1.0], "dtype": "float32"}
    assert read(main, text=file.text).graph == read(main, text=text).graph
    with pytest.raises(GraphFileError, match=r"a wire in it is named by the parameter \$way"):
        edit(main, text.replace("rate: $end", "which: $way").replace("VALID", "r")).unpack("p")


def test_within_text_there_are_numbers_words_and_params(main: Path) -> None:
    inner = INNER.replace("  r: {", "  r_0.5_true: {").replace("r_0.5_true", "r_5_true").replace("rate: 0.5", "rate: 5")
    (main.parent / "inner.yaml").write_text(inner.replace("[$which]", '["r_${rate}_${keep}"]'))
    text = """\
dataflow: 1
params: {start: SA}
inputs: {a: {dtype: float32, shape: [N, 8, 8, 3]}}
nodes:
  p: {block: ./inner.yaml, inputs: {x: a, s: 3}, attrs: {way: $start}}
"""
    file = edit(main, text)
    file.unpack("p")
    assert file.tree["nodes"]["p/m"]["inputs"] == ["p/r_5_true"]
    assert file.tree["nodes"]["p/m"]["attrs"]["padding"] == "${start}ME"
    assert read(main, text=file.text).graph == read(main, text=text).graph


def test_an_edit_after_which_the_graph_is_wrong_is_taken_back(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given: object) -> list[Put]:
        return [Put(("nodes", "p", "inputs", "x"), "zz")]

    monkeypatch.setattr(module, "unpacked", wrong)
    file = edit(main)
    with pytest.raises(GraphFileError, match="no node or input named 'zz'"):
        file.unpack("p")
    assert file.text == MAIN


WHOLE = [path for path in sorted(places.GRAPHS.rglob("*.yaml")) if not params_of(path)]


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: path.stem)
def test_a_graph_stays_what_it_is(path: Path) -> None:
    before = flow.load(path)
    file, left = edit(path), True
    while left:  # what is unpacked may use other files
        nodes = file.tree.get("nodes") or {}
        left = [name for name, node in nodes.items() if "layers/" in node["block"] or node["block"].startswith("./")]
        for name in left:
            file.unpack(name)
    after = read(path, text=file.text)
    assert not after.problems() and after.graph == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("p: {block: ./sub/part.yaml", "p: {block: Relu", "node 'p' must use a graph file, got block Relu"),
        ("./sub/part.yaml", "./none.yaml", "none.yaml has problems"),
        ("./sub/part.yaml", "../../x.yaml", "files must lie inside the project"),
        ("inputs: {x: a, s: 0.5}", "inputs: {s: 0.5}", "node 'p': the param 'size' is not known"),
        ("inputs: {x: a, s: 0.5}", "inputs: {x: a}", "node 'p': input 's' must be wired, got nothing"),
        ("inputs: {x: a, s: 0.5}", "inputs: [a, 0.5]", "the inputs of 'p' must be named, got a list"),
        ("bits: $width", "bits: many", "node 'p': attr 'bits' must be a whole number, got 'many'"),
        ("p.low", "p.lo", "'nodes.r.inputs.inputs.1' names no output of 'p'"),
        ("[p, p.low, p.x]", "[$width]", None),
        ("width: 4", "width: p", "'nodes.r.inputs.inputs.0' names 'p' by parameters"),
    ],
)
def test_what_cannot_be_written_out_is_refused(main: Path, old: str, new: str, message: str | None) -> None:
    text = MAIN.replace(old, new)
    if new == "width: p":
        text = text.replace("[p, p.low, p.x]", "[$width]").replace("bits: $width", "bits: 4")
    file = edit(main, text)
    if message is None:
        file.unpack("p")
        return
    with pytest.raises(GraphFileError) as error:
        file.unpack("p")
    assert message in str(error.value) and file.text == text
