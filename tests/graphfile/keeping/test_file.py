"""A graph that came from a file is saved as that file, with what has changed since."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import places
import pytest
from few import GRAPHS_THAT_TELL, few
from random_rewrites import rewritten
from shipped_graphs import FILES, params_of

import dataflow as flow
from dataflow.graphfile.keeping.file import kept_text, merged, short
from dataflow.graphfile.placement import Placement

HARD = sorted((places.TESTS / "graphfile" / "hard_files").glob("*.yaml"))
ROOTS = {path: path.relative_to(places.ROOT) for path in (*FILES, *HARD)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Copies of the graphs and of the hard files, which may be written."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".dataflow").touch()
    for name in ("graphs", "tests/graphfile/hard_files"):
        shutil.copytree(places.ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("path", ROOTS, ids=str)
def test_a_graph_that_did_not_change_is_its_file_to_the_byte(project, path):
    file = project / ROOTS[path]
    before, params = file.read_bytes(), params_of(file)
    flow.save(flow.load(file, **params), file)
    assert file.read_bytes() == before or params  # which stand in the file then
    again = file.read_bytes()
    flow.save(flow.load(file), file)
    assert file.read_bytes() == again
    file.write_bytes(before)


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 8), marks=pytest.mark.slow)], ids=["one", "many"])
@pytest.mark.parametrize("path", few(ROOTS, [*GRAPHS_THAT_TELL, *HARD]), ids=str)
def test_a_graph_that_was_rewritten_is_read_back(project, path, seeds):
    file = project / ROOTS[path]
    graph = flow.load(file, **params_of(file))
    for seed in seeds:
        rng = random.Random(f"{file.name}{seed}")
        changed = rewritten(rng, graph, rng.randrange(1, 5))
        target = file.with_name(f"{rng.choice(['', 'other_'])}{file.name}")
        before = target.read_bytes() if target.exists() else None
        beside = {*target.parent.iterdir()}
        kept = kept_text(changed, (), Placement(target, 16))
        flow.save(changed, target)
        saved = target.read_bytes()
        assert flow.load(target) == changed, seed
        assert saved.decode() == kept or ".yaml" in graph.layout.source.texts[graph.layout.source.real]
        flow.save(changed, target)
        assert target.read_bytes() == saved
        flow.save(flow.load(target), target)
        assert target.read_bytes() == saved
        for made in {*target.parent.iterdir()} - beside:
            made.unlink()
        if before is not None:
            target.write_bytes(before)


@pytest.mark.slow
@pytest.mark.parametrize("path", ROOTS, ids=str)
def test_a_graph_that_is_rewritten_and_saved_again_and_again_is_read_back(project, path):
    file = project / ROOTS[path]
    graph, rng = flow.load(file, **params_of(file)), random.Random(file.name)
    target, beside = file.with_name(f"again_{file.name}"), {*file.parent.iterdir()}
    for _ in range(6):
        changed = rewritten(rng, graph, 2)
        flow.save(changed, target)
        graph = flow.load(target)
        assert graph == changed
    for made in {*file.parent.iterdir()} - beside:
        made.unlink()


TEXT = """\
params:
  bits: 8          # of everything
  shape: {type: ints, default: [2, 3]}
  unused: 1
inputs:
  x: float32[N, 4]     # rows
  label: {dtype: int64, shape: [N]}
nodes:
  q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: $bits}}
  c: {block: Const, attrs: {value: $shape}}
outputs:
  q: q      # the rows
  c: c
data:
  train: {path: d.npz, inputs: {x: rows, label: labels}}   # the rows
  test: {path: d.npz, inputs: {x: x, label: y}}
"""


@pytest.fixture
def graph(read):
    arrays = {"rows": np.zeros((3, 4), np.float32), "labels": np.zeros(3, np.int64)}
    np.savez("d.npz", **arrays, x=arrays["rows"], y=arrays["labels"])
    return read(TEXT)


def saved(graph, path="graph.yaml", **options):
    flow.save(graph, path, **options)
    assert flow.load(path) == graph
    return Path(path).read_text().removeprefix("dataflow: 1\n")


def test_what_the_caller_gave_is_the_default(graph):
    made = flow.load("graph.yaml", bits=4, shape=[1])
    assert saved(made) == TEXT.replace("bits: 8  ", "bits: 4  ").replace("default: [2, 3]", "default: [1]")
    made = flow.load("graph.yaml", bits=4)
    assert saved(made) == Path("graph.yaml").read_text().removeprefix("dataflow: 1\n")


def test_a_param_that_must_be_given_is_given(read):
    text = "params:\n  n: {type: int, doc: how many}   # n\nnodes: {c: {block: Const, attrs: {value: $n}}}\n"
    assert saved(read(text, n=3)) == text.replace("how many}", "how many, default: 3}")


def test_params_that_nothing_uses_any_more_go_and_new_ones_come(graph):
    made = graph.copy()
    made.drop([])
    made.outputs.pop("c")
    made.drop(["c"])
    made.layout = made.layout.spelled(("params", "more"), 8).spelled(("nodes", "q", "attrs", "num_bits"), "$more")
    found = saved(made)
    assert "shape: {type" not in found and "bits: 8 " not in found
    assert "  unused: 1\n  more: 8\n" in found and "num_bits: $more" in found


def test_inputs_change_in_their_places(graph):
    made = flow.Graph(graph.name, sections={"data": {"train": graph.sections["data"]["test"]}}, layout=graph.layout)
    x = made.input("x", "float32", ["M", 4])
    made.input("label", "int64", ["N"], doc="the class")
    made.input("z", "float32", [])
    made.output("q", made.add(graph.nodes["q"].block, [x], name="q"))
    found = saved(made)
    assert "  x: float32[M, 4]     # rows\n" in found
    assert "  label: {dtype: int64, shape: [N], doc: the class}\n  z: {dtype: float32, shape: []}\n" in found
    assert "data:\n  train: {path: d.npz, inputs: {x: x, label: y}}" in found and "test" not in found


def test_outputs_change_in_their_places(graph):
    made = graph.copy()
    made.outputs = {"new": graph.outputs["c"], "c": graph.outputs["q"], "q": graph.outputs["q"]}
    assert saved(made) == TEXT.replace("  c: c\n", "  c: q\n  new: c\n")


def test_sections_come_and_go(graph):
    made = graph.copy()
    made.sections = {}
    assert saved(made) == TEXT[: TEXT.index("data:")]
    made.sections = {"data": graph.sections["data"] | {"more": graph.sections["data"]["train"]}}
    assert "\n  more: {path: d.npz, inputs: {x: rows, label: labels}}\n" in saved(made)


def test_the_name_and_text_of_a_graph(graph):
    made = graph.copy()
    made.name, made.doc = "another", "What it does."
    assert saved(made) == "name: another\ndoc: What it does.\n" + TEXT
    assert saved(graph, "copy.yaml") == "name: graph\n" + TEXT


def test_paths_follow_the_file(graph):
    Path("sub").mkdir()
    assert saved(graph, "sub/graph.yaml") == TEXT.replace("path: d.npz", "path: ../d.npz")


def test_an_array_that_a_caller_gave_makes_it_a_plain_file(read):
    text = (
        "params: {v: {type: ints, default: [1]}, w: {doc: weights}}\nnodes: {c: {block: Const, attrs: {value: $w}}}\n"
    )
    made = read(text, w=np.float32([1, 2]))
    assert "block: Const" in saved(made)


def test_a_source_that_cannot_be_read_any_more_makes_it_a_plain_file(read):
    np.save("w.npy", np.arange(40))
    made = read("# a comment\nnodes: {c: {block: Const, attrs: {value: {path: w.npy}}}}\n")
    Path("w.npy").unlink()
    assert kept_text(made, (), Placement(Path("graph.yaml").resolve(), 16)) is None
    assert saved(made).count("{path: graph.npz, array: c.value}") == 1


def test_a_mark_and_the_ends_of_lines_stay(read):
    text = "\ufeffdataflow: 1\r\nnodes:\r\n  c: {block: Const, attrs: {value: 1}}  # one\r\n"
    made = read(text.encode()).copy()
    made.constant(2, name="d")
    flow.save(made, "graph.yaml")
    wanted = text + "  d: {block: Const, attrs: {value: 2}}\r\n"
    assert Path("graph.yaml").read_bytes().decode() == wanted


@pytest.mark.parametrize(
    ("raw", "old", "new", "found"),
    [
        ("$x", 1, 1, "$x"),
        ("$x", 1, 2, 2),
        ({"a": "$x", "b": 1}, {"a": 3, "b": 1}, {"a": 3, "b": 2, "c": 4}, {"a": "$x", "b": 2, "c": 4}),
        ({"a": "$x"}, {"a": 3, "b": 1}, {"a": 3, "b": 1}, {"a": "$x"}),
        ({"a": "$x", "b": 1}, {"a": 3, "b": 1}, {"b": 1}, {"b": 1}),
        (["$x", 2], [1, 2], [1, 3], ["$x", 3]),
        (["$x", 2], [1, 2], [1], [1]),
        ("$x", {"a": 1}, {"a": 2}, {"a": 2}),
        (None, None, {"a": 2}, {"a": 2}),
    ],
)
def test_what_a_file_has_changes_where_its_value_did(raw, old, new, found):
    assert merged(raw, old, new) == found


def test_types_in_short():
    assert short({"dtype": "float32"}) == "float32"
    assert short({"dtype": "int8", "shape": ["N", 3, None]}) == "int8[N, 3, null]"


def test_new_sections_stand_in_their_places(read):
    text = "name: g\n\ninputs:\n  x: float32[N]\n\n# what comes out\noutputs:\n  x: x\n"
    made = read(text).copy()
    made.doc = "What it is."
    made.add(flow.blocks["FakeQuantWithMinMaxArgs"](num_bits=4), [made.ref("x")], name="q")
    made.sections = {"quantization": {"weights": {"bits": 4}}}
    made.layout = made.layout.spelled(("params", "n"), 4).spelled(("nodes", "q", "attrs", "num_bits"), "$n")
    made.layout = made.layout.spelled(("quantization", "weights", "bits"), "$n").commented(["q"], "rounded")
    node = "  # rounded\n  q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: $n}}\n"
    assert saved(made) == (
        "name: g\ndoc: What it is.\n\nparams:\n  n: 4\n\ninputs:\n  x: float32[N]\n\nnodes:\n"
        + node
        + "\n# what comes out\noutputs:\n  x: x\n\nquantization:\n  weights: {bits: $n}\n"
    )


def test_attrs_of_a_graph_used_as_a_block_are_spelled_too(read):
    Path("inner.yaml").write_text(
        "dataflow: 1\nparams: {n: 8}\ninputs: {x: float32}\nnodes:\n"
        "  y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: $n}}\noutputs: {y: y}\n"
    )
    text = "inputs: {x: float32}\nnodes:\n  a: {block: ./inner.yaml, inputs: {x: x}}\noutputs: {y: a}\n"
    made = read(text)
    made.layout = made.layout.spelled(("params", "bits"), 8).spelled(("nodes", "a", "attrs", "n"), "$bits")
    assert saved(made) == "\nparams:\n  bits: 8\n" + text.replace("{x: x}}", "{x: x}, attrs: {n: $bits}}")


def test_arrays_that_change_again_and_again_are_read_as_they_are(read):
    """Array files are never overwritten, so each has another name, while nodes and arrays keep theirs."""
    made = read("nodes:\n  c: {block: Const, attrs: {value: [1, 2]}}   # values\n")
    for first in (3, 4, 5, 4):
        new = flow.Graph(made.name, layout=made.layout)
        new.constant(np.arange(first, first + 20), name="c")
        flow.save(new, "graph.yaml")
        made = flow.load("graph.yaml")
        assert made == new
        assert Path("graph.yaml").read_text().endswith("array: c.value}}}   # values\n")
    assert sorted(path.name for path in Path().glob("*.npz")) == ["graph-2.npz", "graph-3.npz", "graph.npz"]
