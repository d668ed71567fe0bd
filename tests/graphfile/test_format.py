"""`dataflow fmt`: one layout for every file, and nothing of it lost."""

from __future__ import annotations

from pathlib import Path

import places
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from shipped_graphs import params_of

import dataflow as flow
from dataflow.core.errors import DataflowError, GraphFileError
from dataflow.graphfile import format as formatting
from dataflow.graphfile.format import format_file, formatted
from dataflow.graphfile.load import load as load_graph
from dataflow.graphfile.parse import parse
from dataflow.graphfile.save import resolved_text

ROOT = places.ROOT
GRAPHS = sorted([*(ROOT / "graphs").rglob("*.yaml"), *Path(flow.__file__).parent.rglob("*.yaml")])
UGLY = """\
# modeline
dataflow:   1
name: ugly     # its name
doc:   >
   Folded
   text.

params: {bits:   8,lr: 1e-3, hex: 0x1F}



inputs:

    # the image
    x: "float32[N, 64]"
nodes:
    a:
        block:   Relu
        inputs: {features: x}

    # about b
    b: {block: MatMul, inputs: {a: a,
       b: w}, # weights
       attrs: {transpose_a: false}}
    c: {block: Concat, inputs: {values:
        [a, x]
        , axis: 0}}
    d:
      block: AddN
      inputs:
        inputs:
        - a     # one
        -   x
    e: {block: Const, attrs: {value: [[1.0, 2.0],
        [3.0, 4.0]]}, doc: 'A text that is long enough for all of this not to fit in one line.'}
  # near the end
outputs: {y: b}
# end
"""
TIDY = """\
# modeline
dataflow: 1
name: ugly  # its name
doc: >
  Folded
  text.

params: {bits: 8, lr: 1e-3, hex: 0x1F}

inputs:
  # the image
  x: "float32[N, 64]"
nodes:
  a:
    block: Relu
    inputs: {features: x}

  # about b
  b:
    block: MatMul
    inputs: {a: a, b: w}  # weights
    attrs: {transpose_a: false}
  c: {block: Concat, inputs: {values: [a, x], axis: 0}}
  d:
    block: AddN
    inputs:
      inputs:
        - a  # one
        - x
  e:
    block: Const
    attrs:
      value:
        [
          [1.0, 2.0],
          [3.0, 4.0],
        ]
    doc: 'A text that is long enough for all of this not to fit in one line.'
  # near the end
outputs: {y: b}
# end
"""


def tidy(text):
    return formatted(parse(text, "graph.yaml"))


def test_the_layout():
    assert tidy(UGLY) == TIDY
    assert tidy(TIDY) == TIDY


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_the_graphs_here_are_in_order_and_so_is_what_save_writes(path):
    assert not format_file(path, write=False)
    text = resolved_text(load_graph(path, **params_of(path)), path)
    assert tidy(text) == text


ODD = [
    "x: !!str 1\n",
    "x-a: &a {b: 1, c: }\nx-b: [*a, {d: *a}]\n",
    "x-a: &a\n    b: 1\nx-b: {<<: *a}\n",
    "x-a: |2\n     two\n   one\n",
    "x-a: |+\n  kept\n\n\nx-b: 1\n",
    "x-a: # note\n  |\n  text # of it\n",
    'x-a: "one\n   two\n\n   three"   # note\n',
    "x-a: - - 1\n",
    "x-a:\n- - 1\n  - 2\n-\n  # lead\n  b: 1   # note\n-   # dash\n  c: 2\n",
    "x-a: [1, 2, # two\n  # three\n  3\n  # end\n  ]\n",
    "x-a: [&b [1, # one\n 2], {c: 'd\n  e', f: g}]\n",
    "? x-a\n: {b, c: 1}\n",
    "x-a: '😀' # smile\n",
    "x-a:\n" + "  - [" + "123456789, " * 30 + "1]\n",
    "x-a: {b: [" + "123456789, " * 30 + "1], c: {d: [" + "[1234567890, 1234567890, 1234567890]," * 6 + "]}}\n",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_ways_to_write_things(text):
    source = f"dataflow: 1\n{text}"
    if parse(source, "graph.yaml").problems:
        with pytest.raises(GraphFileError):
            tidy(source)
        return
    once = tidy(source)
    assert parse(once, "graph.yaml").root.plain() == parse(source, "graph.yaml").root.plain()
    assert once.count("#") == source.count("#")
    assert tidy(once) == once


WORDS = st.text("abcXYZ_- #:,.'\"{}[]&*!|>%@$1é", min_size=1, max_size=12)
LEAVES = st.one_of(st.integers(-99, 99), st.floats(-9, 9), st.booleans(), st.none(), WORDS)
TREES = st.recursive(
    LEAVES, lambda t: st.lists(t, max_size=5) | st.dictionaries(WORDS, t, max_size=5), max_leaves=30
).map(lambda tree: {"dataflow": 1, "x-any": tree})


@given(TREES, st.sampled_from([True, False, None]), st.integers(20, 200), st.integers(2, 6), st.randoms())
def test_any_file(tree, style, width, indent, random):
    text = yaml.safe_dump(tree, default_flow_style=style, width=width, indent=indent, sort_keys=False)
    lines = text.split("\n")
    for _ in range(random.randrange(6)):
        lines.insert(random.randrange(len(lines)), " " * random.randrange(9) + random.choice(["# note", "", "#"]))
    noted = "\n".join(lines)
    source = noted if values(noted) == values(text) else text  # a line put into a text would change it
    once = tidy(source)
    assert values(once) == values(text)
    assert tidy(once) == once


def values(text):
    document = parse(text, "graph.yaml")
    return None if document.problems else repr(document.root.plain())


def test_line_ends_stay(tmp_path):
    path = tmp_path / "graph.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    assert format_file(path)
    assert path.read_bytes() == TIDY.replace("\n", "\r\n").encode()
    assert not format_file(path)


def test_a_file_with_yaml_mistakes_is_left_alone(tmp_path):
    path = tmp_path / "graph.yaml"
    path.write_text("dataflow: 1\nnodes: {a: [}\n")
    with pytest.raises(GraphFileError, match=r"graph\.yaml:2:13"):
        format_file(path)
    assert path.read_text() == "dataflow: 1\nnodes: {a: [}\n"


def test_what_the_graph_says_does_not_matter(tmp_path):
    path = tmp_path / "graph.yaml"
    path.write_text("dataflow:  1\nnodes: {a: {block:  Rellu}}\n")
    assert format_file(path)
    assert path.read_text() == "dataflow: 1\nnodes: {a: {block: Rellu}}\n"


def test_files_of_more_values_than_anyone_waits_for_are_not_put_in_order(tmp_path, monkeypatch):
    """The limit counts values and keys, and the file stays as it is."""
    monkeypatch.setattr(formatting, "MAX_FORMATTED", 50)
    path = tmp_path / "g.yaml"
    path.write_text(f"dataflow:  1\nx-a: {[1] * 45}\n")
    assert format_file(path)
    path.write_text(text := f"dataflow:  1\nx-a: {[1] * 46}\n")
    with pytest.raises(GraphFileError, match=r"g.yaml:1:1: .*may hold 50 values and keys, got 51; keep arrays in"):
        format_file(path)
    assert path.read_text() == text


def test_a_file_that_is_no_mapping_is_refused():
    with pytest.raises(GraphFileError, match=r"graph\.yaml:1:1: a graph file must be a mapping, got a list"):
        tidy("[1, 2]\n")


def test_an_anchor_of_the_whole_file_stays():
    assert tidy("--- &all\ndataflow:  1\n").endswith("&all\ndataflow: 1\n")


@pytest.mark.parametrize("lines", [["dataflow: 2", "# note"], ["dataflow: 1"], ["dataflow: [1"]])
def test_what_would_change_a_value_or_lose_a_comment_is_not_written(tmp_path, monkeypatch, lines):
    monkeypatch.setattr(formatting, "_file", lambda root: lines)
    path = tmp_path / "g.yaml"
    path.write_text("dataflow:  1  # note\n")
    with pytest.raises(DataflowError, match=r"g\.yaml: cannot be put in order without changing what it says"):
        format_file(path)
    assert path.read_text() == "dataflow:  1  # note\n"
