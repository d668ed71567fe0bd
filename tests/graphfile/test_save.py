"""Saved graphs: what was given comes back bit for bit, and no file is ever half written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import node, same
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow.core import dtypes
from dataflow.core.errors import DataflowError, GraphError
from dataflow.files.atomic import write_arrays, write_text
from dataflow.graphfile.save import resolved_text


def files(folder="."):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.is_file()}


def round_trip(graph, folder="."):
    """Saves and loads; a second save must write the same bytes."""
    path = Path(folder, "saved.yaml")
    flow.save(graph, path)
    again, before = flow.load(path), files(folder)
    assert again == graph
    flow.save(again, path)
    assert files(folder) == before
    return again


def samples(dtype):
    stored = dtypes.storage(dtype)
    if stored.kind in "iu" or dtype in dtypes.narrow_integers:
        return np.array([*dtypes.limits(dtype), 0, 1], stored)
    if stored.kind == "b":
        return np.array([True, False])
    if stored.kind == "c":
        return np.array([0.1 + 2j, complex(np.nan, -0.0), complex(-np.inf, 1e-30)], stored)
    info = ml_dtypes.finfo(stored)
    ends = [] if dtype == "float8_e4m3fn" else [np.inf, -np.inf]  # which would be NaN of both signs
    return np.array([0.1, 1 / 3, -0.0, np.nan, *ends, info.max, info.smallest_subnormal], stored)


@pytest.mark.parametrize("dtype", dtypes.every)
@np.errstate(over="ignore")
def test_every_value_of_every_dtype_is_saved(read, dtype):
    few = samples(dtype)
    shapes = {
        "few": few,
        "one": few[:1],
        "none": few[:0],
        "scalar": few[:1].reshape(()),
        "flat": np.zeros((2, 0), few.dtype),
    }
    shapes |= {"rows": np.resize(few, (2, 3)), "columns": np.resize(few, (3, 2)).T, "many": np.resize(few, 1500)}
    graph = flow.Graph("all")
    for name, value in shapes.items():
        graph.constant(value, dtype, name=f"const_{name}")
        graph.add(flow.blocks["Identity"](), [value], name=f"port_{name}")
        graph.output(f"const_{name}", f"const_{name}")
        graph.output(f"port_{name}", f"port_{name}")
    found = flow.run(round_trip(graph))
    for name, value in found.items():
        same(value, shapes[name.partition("_")[2]])


def test_many_kinds_of_blocks_are_saved(read):
    graph = flow.Graph("kinds", "Some of everything.")
    blocks = flow.blocks
    x = graph.input("x", "float32", ["N", None, 4], doc="$rows: of 'x'")
    y = 2 * x**2 - x / 3 + graph.constant(0.1)
    y = blocks["Concat"]()([y, x, x], 0)
    low, high = blocks["MinMaxObserver"]()(y)
    y = blocks["QuantizeV2"](T="qint8", mode="SCALED", round_mode="HALF_TO_EVEN")(y, low, high)
    y = blocks["Dequantize"](mode="SCALED")(*y)
    y = blocks["Sum"](keep_dims=True)(y, [0, -1])
    y = blocks["Squeeze"](axis=[2])(y, name="scope/inner")
    graph.output("y", y)
    graph.output("odd name: {}", low)
    graph.add(blocks["NoOp"](), name="nothing", doc="- does\n- nothing")
    round_trip(graph)


def test_a_list_of_one_output_is_one_wire(tmp_path):
    """Blocks with as many outputs as they are asked for may have one."""
    graph = flow.Graph()
    (part,) = flow.blocks["Unstack"](num=1)(graph.input("x", shape=[1, 4]))
    graph.output("y", part + 1.0)
    graph.output("part", part)
    flow.save(graph, tmp_path / "one.yaml")
    assert flow.load(tmp_path / "one.yaml") == graph


def documented(doc):
    graph = flow.Graph("docs", doc)
    graph.add(flow.blocks["Relu"](), [graph.input("x", "float32", ["N"], doc=doc)], name="y", doc=doc)
    graph.output("y", "y")
    return graph


@pytest.mark.parametrize(
    "doc", ["$ ${x} $$", " lead", "trail ", "a\n\n  b\n", "\x00", "word " * 60, "1e3", "${env:HOME}"]
)
def test_text_is_saved(read, doc):
    round_trip(documented(doc))
    named = documented("")
    named.name = doc
    round_trip(named)


BITS = st.integers(0, 2**64 - 1).map(lambda bits: float(np.uint64(bits).view(np.float64)))


@given(st.lists(BITS | st.floats(), min_size=1))
@np.errstate(all="ignore")
def test_any_float_is_saved_bit_for_bit(numbers):
    graph = flow.Graph("floats")
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        graph.constant(np.array(numbers).astype(dtypes.storage(dtype)), dtype, name=dtype)
    flow.blocks["AddV2"]()(graph.ref("float64"), numbers, name="port")
    with tempfile.TemporaryDirectory() as folder:
        again = round_trip(graph, folder)
    for kept, wrote in zip(again.nodes["port"].inputs["y"].value, numbers, strict=True):
        assert float(kept).hex() == wrote.hex()


def test_nan_of_any_bits_is_saved_as_nan(read):
    graph = flow.Graph("nan")
    graph.constant(np.array([0x7FF8000000000001, 0xFFF8000000000000], np.uint64).view(np.float64), "float64", name="c")
    graph.output("c", "c")
    round_trip(graph)


# -- what a file says -----------------------------------------------------------------------------------------------


def test_the_text_of_a_graph(read):
    graph = read(
        "doc: What it does.\nparams: {low: 0.5}\ninputs: {x: {dtype: half, shape: [N, 2], doc: rows}}\n"
        "nodes:\n  y: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: c}, attrs: {min: $low, num_bits: 8}, doc: d}\n"
        "  c: {block: Cast, inputs: {x: x}, attrs: {DstT: float32}}\noutputs: {y: y, 'a b': c}\n"
    )
    assert resolved_text(graph, "graph.yaml") == (
        "dataflow: 1\nname: graph\ndoc: What it does.\n\n"
        "inputs:\n  x: {dtype: float16, shape: [N, 2], doc: rows}\n\n"
        "nodes:\n"
        "  c:\n    block: Cast\n    inputs: {x: x}\n    attrs: {DstT: float32}\n"
        "  y:\n    block: FakeQuantWithMinMaxArgs\n    inputs: {inputs: c}\n    attrs: {min: 0.5}\n    doc: d\n\n"
        "outputs:\n  y: y\n  a b: c\n"
    )


def test_what_is_empty_is_left_out():
    assert resolved_text(flow.Graph("g"), "g.yaml") == "dataflow: 1\nname: g\n"


def test_an_array_of_the_project_is_named_and_another_copied(read, tmp_path_factory):
    Path("data").mkdir()
    np.save("data/w.npy", np.arange(2000.0))
    graph = read(node("Const", "attrs: {value: {path: data/w.npy}}"))
    Path("sub").mkdir()
    flow.save(graph, "sub/near.yaml")
    assert "path: ../data/w.npy" in Path("sub/near.yaml").read_text()
    assert not Path("sub/near.npz").exists()
    far = tmp_path_factory.mktemp("far")
    flow.save(graph, far / "far.yaml")
    assert "{path: far.npz, array: y.value}" in (far / "far.yaml").read_text()
    assert flow.load(far / "far.yaml") == graph


def test_an_array_whose_file_has_changed_since_is_copied(read):
    np.save("w.npy", np.arange(2000.0))
    graph = read(node("Const", "attrs: {value: {path: w.npy}}"))
    for changed in (np.arange(2000.0) + 1, np.arange(2000), None):
        Path("w.npy").unlink()
        if changed is not None:
            np.save("w.npy", changed)
        flow.save(graph, "saved.yaml")
        assert "{path: saved.npz, array: y.value}" in Path("saved.yaml").read_text()
        assert flow.load("saved.yaml") == graph


def test_a_file_outside_the_project_cannot_be_named(read, tmp_path_factory):
    np.savez("d.npz", a=np.float32([1]))
    graph = read(
        f"inputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        "data: {train: {path: d.npz, inputs: {x: a}}}\n"
    )
    far = tmp_path_factory.mktemp("far")
    with pytest.raises(GraphError, match=r"^data: files must lie inside the project .*; save the graph there, or drop"):
        flow.save(graph, far / "far.yaml")
    assert list(far.iterdir()) == []


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_small_arrays_are_numbers_as_a_person_writes_them(read, dtype):
    graph = flow.Graph("small")
    graph.constant([0.1, -2.5], dtype, name="c")
    round_trip(graph)
    assert "value: [0.1, -2.5]" in Path("saved.yaml").read_text()
    assert not Path("saved.npz").exists()


def large(value):
    graph = flow.Graph("large")
    graph.constant(np.full(2000, value, np.float32), name="c")
    graph.output("c", "c")
    return graph


def test_large_arrays_go_beside_the_file_and_overwrite_none(read):
    for value in (1, 2, 1, 2):
        round_trip(large(value))
    assert {name for name in files() if name.endswith(".npz")} == {"saved.npz", "saved-2.npz"}
    flow.save(flow.load("saved.yaml"), "other.yaml")
    assert not Path("other.npz").exists()
    flow.save(large(3), "${x} $y.yaml")
    assert flow.load("${x} $y.yaml") == large(3)


@pytest.mark.parametrize("inline", [{}, {"inline": 3}, {"inline": 0}])
def test_arrays_are_shown_up_to_a_number_of_elements(read, inline):
    most = inline.get("inline", 16)
    for size, beside in ((most, False), (most + 1, True)):
        graph = flow.Graph("g")
        graph.constant(np.arange(size, dtype=np.float32), name="c")
        graph.add(flow.blocks["Identity"](), [np.arange(size, dtype=np.float32)], name="port")
        flow.save(graph, f"{size}.yaml", **inline)
        assert Path(f"{size}.npz").exists() is beside
        assert flow.load(f"{size}.yaml").nodes["c"] == graph.nodes["c"]
        if beside:
            assert np.load(f"{size}.npz").files == ["c.value", "port.input"]


# -- what passes say ------------------------------------------------------------------------------------------------


def two_quantizers():
    graph = flow.Graph("q")
    x = graph.input("x", "float32", ["N"])
    for name in ("a", "b", "c"):
        x = graph.add(flow.blocks["FakeQuantWithMinMaxArgs"](num_bits=4), [x], name=name)
    graph.output("y", "c")
    graph.layout = graph.layout.commented(["a", "b"], "both of them").commented(["c"], "the last")
    return graph


def test_comments_stand_above_nodes_that_are_added(read):
    graph = two_quantizers()
    flow.save(graph, "q.yaml")
    text = Path("q.yaml").read_text()
    assert "nodes:\n  # both of them\n  a:\n" in text and "  # the last\n  c:\n" in text
    assert text.count("#") == 2 and flow.load("q.yaml") == graph


def test_values_are_spelled_as_passes_say(read):
    graph = two_quantizers()
    for name in ("a", "c"):
        graph.layout = graph.layout.spelled(("nodes", name, "attrs", "num_bits"), "$num_bits")
    graph.layout = graph.layout.spelled(("params", "num_bits"), {"type": "int", "default": 4})
    flow.save(graph, "q.yaml")
    text = Path("q.yaml").read_text()
    assert "params:\n  num_bits: {type: int, default: 4}\n" in text and text.count("$num_bits") == 2
    assert flow.load("q.yaml") == graph
    assert [
        node.block.num_bits for node in flow.load("q.yaml", num_bits=2).of_block("FakeQuantWithMinMaxArgs").values()
    ] == [2, 4, 2]


@pytest.mark.parametrize("text", ["$gone", 5, "four", ["$num_bits"]])
def test_what_does_not_come_to_the_value_of_the_graph_is_not_written(read, text):
    graph = two_quantizers()
    graph.layout = graph.layout.spelled(("nodes", "a", "attrs", "num_bits"), text)
    flow.save(graph, "q.yaml")
    assert flow.load("q.yaml") == graph
    assert Path("q.yaml").read_text().count("num_bits: 4") == 3


# -- what cannot be written -----------------------------------------------------------------------------------------

WRITES = {
    "graph": lambda: flow.save(documented(""), "graph.yaml"),
    "graph_and_arrays": lambda: flow.save(large(2), "graph.yaml"),
}


@pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace", "pathlib.Path.open"])
@pytest.mark.parametrize("write", WRITES)
def test_what_cannot_be_written_leaves_the_old_files(read, monkeypatch, broken, write):
    def full(*args, **named):
        raise OSError(28, "No space left on device")

    write_arrays("graph.npz", {"a": [1]})
    write_text("graph.yaml", "old")
    before = files()
    with monkeypatch.context() as patch:
        patch.setattr(broken, full)
        with pytest.raises(DataflowError, match=r"graph\.(yaml|npz): cannot be written: no space left on device"):
            WRITES[write]()
    assert files() == before


def test_a_folder_that_is_missing_is_an_error_that_names_the_file(read):
    for graph in (large(1), documented("")):
        with pytest.raises(DataflowError, match=r"none/graph\.\w+: cannot be written: no such file or directory"):
            flow.save(graph, "none/graph.yaml")


def test_large_arrays_need_a_file_beside_which_they_are_put(read):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDWR)  # with whom a writer would not wait
    with pytest.raises(
        GraphError, match=r"pipe: a graph with large arrays must be saved to a file, .* got a device or"
    ):
        flow.save(large(1), "pipe")
    os.close(reader)
    assert not list(Path().glob("*.npz"))
