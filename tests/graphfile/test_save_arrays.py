"""Arrays and saved graphs: what was given comes back bit for bit, and no file is ever half written."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import node, problems, same
from hypothesis import given
from hypothesis import strategies as st

import dataflow as flow
from dataflow.core import dtypes
from dataflow.core.errors import DataflowError, GraphError, UnknownNameError
from dataflow.files.atomic import write_arrays, write_text
from dataflow.graphfile.arrays import Arrays
from dataflow.training.data import load_data

# -- arrays ---------------------------------------------------------------------------------------------------------

BFLOAT16 = np.array([1.5, -0.0, np.nan], ml_dtypes.bfloat16)
ARRAYS = {
    "plain": np.float32([1, 2]),
    "scalar": np.float64(0.1),
    "big": np.array([1, 2], ">i4"),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big_columns": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
    "empty": np.zeros((0, 3), np.float16),
    "bfloat16": BFLOAT16,
    "complex": np.complex64([1 + 2j]),
    "a.b/$c d": np.array([True]),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("kind", ["npy", "npz"])
def test_arrays_come_from_files_on_ports_and_in_attrs(read, name, kind):
    value = ARRAYS[name]
    if kind == "npz":
        Path("a.npz").unlink(missing_ok=True)
        np.savez("a.npz", **ARRAYS)
    else:
        np.save("a.npy", value)
    array = "{path: a.npy}" if kind == "npy" else f'{{path: a.npz, array: "{name.replace("$", "$$")}"}}'
    graph = read(
        f"nodes:\n  port: {{block: Identity, inputs: {{input: {array}}}}}\n"
        f"  attr: {{block: Const, attrs: {{value: {array}}}}}\noutputs: {{port: port, attr: attr}}\n"
    )
    for found in flow.run(graph).values():
        same(found, value.astype(value.dtype.newbyteorder("=")))
    flow.save(graph, "again.yaml")
    assert flow.load("again.yaml") == graph
    assert not Path("again.npz").exists()


def header(shape, dtype="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"shape": shape, "fortran_order": False, "descr": dtype})
    return file.getvalue()


class Sentinel:
    def __reduce__(self):
        return os.mkdir, ("loaded",)


@pytest.mark.parametrize(
    "path, message",
    [
        ("pickled.npy", "pickled.npy: must be of numbers, got dtype object"),
        ("pickled.npz, array: a", "pickled.npz: array 'a' must be of numbers, got dtype object"),
        (
            "bomb.npz, array: a",
            "bomb.npz: array 'a' must hold 8,796,093,022,208 bytes as its header declares, got 100,000",
        ),
        ("bomb.npz, array: more", "bomb.npz: array 'more' must hold 8 bytes as its header declares, got 20,971,520"),
        ("bomb.npz, array: less", "bomb.npz: array 'less' must hold 8,000,000 bytes as its header declares, got 8"),
        ("bomb.npz, array: b", "bomb.npz: no array 'b'"),
        ("/etc/passwd", "paths must be relative to this file, got '/etc/passwd'"),
        ("link.npy", "files must lie inside the project, got 'link.npy'"),
        ("../outside.npy", "files must lie inside the project, got '../outside.npy'"),
        ("pipe", "pipe: must be a regular file, got a device or pipe"),
        ("graph.yaml", "graph.yaml: must be .npy, .npz, .safetensors or IDX, plain or gzip, got something else"),
    ],
)
def test_arrays_that_are_refused(read, tmp_path_factory, path, message):
    outside = tmp_path_factory.mktemp("outside") / "a.npy"
    np.save(outside, np.float32([1]))
    Path("link.npy").symlink_to(outside)
    os.mkfifo("pipe")
    pickled = np.array([Sentinel()], dtype=object)
    np.save("pickled.npy", pickled)
    np.savez("pickled.npz", a=pickled)
    with zipfile.ZipFile("bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header((1 << 40,)) + bytes(100_000))
        archive.writestr("more.npy", header((1,)) + bytes(20 << 20))
        archive.writestr("less.npy", header((1_000_000,)) + bytes(8))
    (problem,) = problems(read, node("Const", f"attrs: {{value: {{path: {path}}}}}"))
    assert problem.message.startswith(f"node 'y' (Const): attr 'value': {message}")
    assert (problem.line, problem.column) == (3, 43)
    assert not Path("loaded").exists()


def test_arrays_of_a_graph_have_a_limit_in_all(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(100), b=np.zeros(100))
    arrays = Arrays(limit=1000)
    arrays.read(tmp_path / "a.npz", "a")
    with pytest.raises(ValueError, match=r"a\.npz: arrays may take 1,000 bytes in all, got 800 more"):
        arrays.read(tmp_path / "a.npz", "b")


# -- writing --------------------------------------------------------------------------------------------------------


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
    if stored.kind in "iu":
        return np.array([*dtypes.limits(dtype), 0, 1], stored)
    if stored.kind == "b":
        return np.array([True, False])
    if stored.kind == "c":
        return np.array([0.1 + 2j, complex(np.nan, -0.0), complex(-np.inf, 1e-30)], stored)
    info = ml_dtypes.finfo(stored)
    return np.array([0.1, 1 / 3, -0.0, np.nan, np.inf, -np.inf, info.max, info.smallest_subnormal], stored)


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


WORDS = """
$ $$ ${x} $x ${env:HOME} 'q' " a:_b a_#b #_a -_a ?_a [ {a} &a *a !a % @ ` > | null 1e3 010 ~ << --- ... _lead trail_
\\ é_日本_😀 two/lines end/ ends// / /lead a/__b/ a_/b a///b a/___/b
"""
DOCS = [doc.replace("_", " ").replace("/", "\n") for doc in WORDS.split()]
DOCS += ["tab\t", "a\r\nb", "\x00", "\x85", "\ufeff", "\u2028"]
DOCS += ["word " * 60, "a  b " * 50 + "c", "x" * 300, "a # b: " * 30 + "c", "a\xa0b " * 40]


def documented(doc):
    graph = flow.Graph("docs", doc)
    graph.add(flow.blocks["Relu"](), [graph.input("x", "float32", ["N"], doc=doc)], name="y", doc=doc)
    graph.output("y", "y")
    return graph


@pytest.mark.parametrize("doc", DOCS)
def test_text_is_saved(read, doc):
    round_trip(documented(doc))
    named = documented("")
    named.name = doc
    round_trip(named)


@given(st.text(st.characters(codec="utf-8"), max_size=150) | st.text("a $\n\t:#'\"{}", max_size=300))
def test_any_text_is_saved(doc):
    with tempfile.TemporaryDirectory() as folder:
        round_trip(documented(doc), folder)


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


def large(value):
    graph = flow.Graph("large")
    graph.constant(np.full(2000, value, np.float32), name="c")
    graph.output("c", "c")
    return graph


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_small_arrays_are_numbers_as_a_person_writes_them(read, dtype):
    graph = flow.Graph("small")
    graph.constant([0.1, -2.5], dtype, name="c")
    round_trip(graph)
    assert "value: [0.1, -2.5]" in Path("saved.yaml").read_text()
    assert not Path("saved.npz").exists()


def test_large_arrays_go_beside_the_file_and_overwrite_none(read):
    for value in (1, 2, 1, 2):
        round_trip(large(value))
    assert {name for name in files() if name.endswith(".npz")} == {"saved.npz", "saved-2.npz"}
    flow.save(flow.load("saved.yaml"), "other.yaml")
    assert not Path("other.npz").exists()
    flow.save(large(3), "${x} $y.yaml")
    assert flow.load("${x} $y.yaml") == large(3)


WRITES = {
    "text": lambda: write_text("graph.yaml", "text"),
    "arrays": lambda: write_arrays("graph.npz", {"a": [2]}),
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


# -- the data section -----------------------------------------------------------------------------------------------


def test_data_by_split_wherever_the_graph_is_saved(read):
    Path("data").mkdir()
    np.savez("data/d.npz", a=np.float32([1, 2]), b=np.float32([3]))
    graph = read(
        f"params: {{set: d}}\ninputs: {{x: 'float32[N]'}}\n{node('Relu', 'inputs: {features: x}')}"
        'data:\n  train: {path: "${set}.npz", inputs: {x: a}}\n  test: {path: ../data/d.npz, inputs: {x: b}}\n',
        "data/graph.yaml",
    )
    Path("far/away").mkdir(parents=True)
    for found in (graph, round_trip(graph, "far/away")):
        same(load_data(found)["x"], np.float32([1, 2]))
        same(load_data(found, "train")["x"], np.float32([1, 2]))
        same(load_data(found, "test")["x"], np.float32([3]))
        with pytest.raises(UnknownNameError, match="no data 'tst'"):
            load_data(found, "tst")
    Path("data/d.npz").unlink()
    with pytest.raises(GraphError, match=r"data 'train': input 'x': .*d\.npz: cannot be read as data: no such file"):
        load_data(graph)


def test_a_graph_without_data_has_none():
    assert load_data(flow.Graph("g")) == {}
    with pytest.raises(UnknownNameError, match="graph 'g' has no data 'train'; its file has no 'data' section"):
        load_data(flow.Graph("g"), "train")


def test_nan_of_any_bits_is_saved_as_nan(read):
    graph = flow.Graph("nan")
    graph.constant(np.array([0x7FF8000000000001, 0xFFF8000000000000], np.uint64).view(np.float64), "float64", name="c")
    graph.output("c", "c")
    round_trip(graph)
