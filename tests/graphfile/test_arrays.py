"""Arrays that graph files name: read once, within a limit, refused with a reason, and known again afterwards."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import node, problems, same

import dataflow as flow
from dataflow.graphfile.arrays import Arrays, origin

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


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.arange(6.0).reshape(2, 3), b=np.int8([1]))
    np.save(tmp_path / "one.npy", np.float32([1, 2]))
    return tmp_path / "a.npz"


def test_each_array_is_read_once_and_counted_once(file):
    arrays = Arrays(limit=50)
    first = arrays.read(file, "a")
    assert arrays.left == 2
    file.unlink()
    assert arrays.read(file, "a") is first
    assert arrays.left == 2


def test_what_was_refused_takes_nothing_of_the_limit(file):
    arrays = Arrays(limit=40)
    with pytest.raises(ValueError, match=r"a\.npz: arrays may take 40 bytes in all, got 48 more bytes; feed large"):
        arrays.read(file, "a")
    assert arrays.read(file, "b").tolist() == [1]
    assert arrays.left == 39


def test_arrays_of_files_cannot_be_written_to(file):
    with pytest.raises(ValueError, match="read-only"):
        Arrays().read(file, "a")[0] = 0


@pytest.mark.parametrize(
    "path, name, message",
    [
        ("a.npz", None, "a.npz: 'array' must be given, got nothing; it has a and b"),
        ("a.npz", "c", "a.npz: no array 'c'"),
        ("one.npy", "a", "one.npy: "),
        ("none.npy", None, "none.npy: no such file"),
    ],
)
def test_an_array_that_is_not_there(file, path, name, message):
    with pytest.raises(ValueError) as caught:
        Arrays().read(file.parent / path, name)
    assert str(caught.value).startswith(message)


def test_the_origin_is_known_while_all_of_the_array_is_there(file):
    array = Arrays().read(file, "a")
    assert origin(array) == (str(file), "a")
    assert origin(np.asarray(array)) == origin(array[:]) == origin(array.view(np.ndarray)[...]) == origin(array)
    assert origin(Arrays().read(file.parent / "one.npy", None)) == (str(file.parent / "one.npy"), "")


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a[:1],
        lambda a: a[:, ::-1],
        lambda a: a.T,
        lambda a: a.reshape(3, 2),
        lambda a: a.view(np.int64),
        lambda a: a.copy(),
        lambda a: a + 0,
        lambda a: np.array(a),
    ],
    ids=["rows", "reversed", "transposed", "reshaped", "bits", "copied", "computed", "plain"],
)
def test_what_was_made_of_an_array_did_not_come_from_the_file(file, change):
    assert origin(change(Arrays().read(file, "a"))) is None


def test_arrays_of_memory_have_no_origin():
    assert origin(np.zeros(3)) is None


def test_arrays_of_a_file_that_is_still_to_be_written_can_be_read(tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, a=[1], b=[2])
    known = Arrays()
    known.read(path, "a")
    both = known.with_file(path, {"a": np.array([3]), "c": np.array([4])})
    assert [both.read(path, name).tolist() for name in "abc"] == [[3], [2], [4]]
    assert known.read(path, "a").tolist() == [1]
    assert origin(both.read(path, "c")) is None and both.left == known.left - 8
