"""Safetensors: what is written comes back, here and in the library of that name; hostile headers are refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from graph_text import same

from dataflow.core import dtypes
from dataflow.core.errors import DataflowError
from dataflow.files import ArrayFile, Unreadable
from dataflow.files.safetensors import write_safetensors

FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu")
WRITABLE = (*dtypes.real, "complex64", "bool", *FLOAT8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def numbers(dtype: str, *shape: int):
    """Arrays whose bytes differ; truth values for bool."""
    raw = np.random.default_rng(len(shape)).integers(0, 2 if dtype == "bool" else 100, shape)
    return np.asarray(raw).astype(dtypes.storage(dtype))


def everything():
    made = {dtype: numbers(dtype, 3, 5) for dtype in WRITABLE}
    made |= {"scalar": np.float64(2.5).reshape(()), "empty": np.zeros((0, 4), np.int64), "größe": numbers("int8", 7)}
    made["turned"] = numbers("float32", 4, 3).T
    made["strided"] = numbers("int16", 20)[::-3]
    made["broadcast"] = np.broadcast_to(np.float64(3), (2, 3))
    made["big"] = numbers("float64", 3).astype(">f8")
    return made


def read(path="a.safetensors"):
    with ArrayFile(path) as file:
        return {name: file.entry(name).read() for name in file.names}


def test_what_is_written_comes_back():
    made = everything()
    write_safetensors("a.safetensors", made, {"by": "us"})
    found = read()
    assert found.keys() == made.keys()
    for name, array in made.items():
        same(found[name], np.ascontiguousarray(dtypes.native_order(array)).reshape(array.shape))
    with ArrayFile("a.safetensors") as file:
        assert file.metadata == {"by": "us"}


def test_the_bytes_are_as_the_format_says():
    write_safetensors("a.safetensors", {"b": np.uint8([7]), "a": np.float32([1, 2])})
    data = Path("a.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    assert json.loads(data[8 : 8 + length]) == {
        "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "b": {"dtype": "U8", "shape": [1], "data_offsets": [8, 9]},
    }
    assert data[8 + length :] == b"\0\0\x80\x3f\0\0\0\x40\7"


def test_values_begin_at_multiples_of_their_size():
    made = everything()
    write_safetensors("a.safetensors", made)
    data = Path("a.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    for name, said in json.loads(data[8 : 8 + length]).items():
        assert (8 + length + said["data_offsets"][0]) % made[name].dtype.itemsize == 0


def test_the_same_arrays_give_the_same_bytes():
    made = everything()
    write_safetensors("a.safetensors", made, {"x": "1", "y": "2"})
    write_safetensors("b.safetensors", dict(reversed(made.items())), {"y": "2", "x": "1"})
    assert Path("a.safetensors").read_bytes() == Path("b.safetensors").read_bytes()


@pytest.mark.parametrize("array", [np.ones(2, np.complex128), np.array(["a"]), np.ones(2, ml_dtypes.float4_e2m1fn)])
def test_dtypes_that_the_format_or_blocks_lack_are_not_written(array):
    with pytest.raises(
        DataflowError, match=rf"^a.safetensors: array 'x' must be .* in this format, got {array.dtype.name}"
    ):
        write_safetensors("a.safetensors", {"x": array})
    with pytest.raises(DataflowError, match="no array can be called '__metadata__'"):
        write_safetensors("a.safetensors", {"__metadata__": np.ones(2)})
    assert list(Path().iterdir()) == []


# -- what others write ------------------------------------------------------------------------------------------------


def put(header: object, values: bytes = b"", length: int | None = None) -> None:
    """A file with this header, as text or as what is put into JSON."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    Path("a.safetensors").write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + values)


def tensor(begin: object, end: object, dtype: object = "U8", shape: object = None) -> dict[str, object]:
    size = end - begin if isinstance(begin, int) and isinstance(end, int) else 0
    return {"dtype": dtype, "shape": [size] if shape is None else shape, "data_offsets": [begin, end]}


def test_arrays_in_any_order_and_space_after_the_header():
    a, b = (json.dumps(each) for each in (tensor(0, 2, "I16", [1]), tensor(2, 3, "I8")))
    put(f'{{ "b" : {b},\n "a" : {a} }} \n  '.encode(), b"\1\0\2")
    found = read()
    assert (found["a"].tolist(), found["b"].tolist()) == ([1], [2])


HOSTILE = {
    "cut_header": (({"a": tensor(0, 1)}, b"", 200), "is cut short"),
    "huge_header": ((b"{}", b"", 1 << 62), "may have a header of at most 16,777,216 bytes, got 4,611,686"),
    "no_json": ((b"{'a': 1}",), "must have a header in JSON"),
    "no_utf8": ((b'{"\xff": 1}',), "must have a header in JSON"),
    "nested": ((b'{"a":' + b"[" * 100_000,), "must have a header in JSON"),
    "nan": ((b'{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]}}', b"1"), "must have whole numbers in its"),
    "infinity": ((b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,-Infinity]}}', b"1"), "must have whole numbers"),
    "many_digits": ((b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,1]}}', b"1"), "in JSON"),
    "same_name": ((b'{"a":%s,"a":%s}' % ((json.dumps(tensor(0, 1)).encode(),) * 2), b"1"), "got 'a' twice"),
    "same_key": ((b'{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', b"1"), "got 'dtype' twice"),
    "overlap": (({"a": tensor(0, 4), "b": tensor(2, 6)}, b"123456"), "'b' must begin at byte 4 of the values"),
    "same_bytes": (({"a": tensor(0, 4), "b": tensor(0, 4)}, b"1234"), "must begin at byte 4 of the values"),
    "gap": (({"a": tensor(0, 2), "b": tensor(4, 6)}, b"123456"), "'b' must begin at byte 2 of the values"),
    "gap_at_start": (({"a": tensor(1, 2)}, b"12"), "'a' must begin at byte 0 of the values"),
    "beyond": (({"a": tensor(0, 9)}, b"1234"), "must hold 9 bytes of values as its header declares, got 4"),
    "more": (({"a": tensor(0, 2)}, b"1234"), "must hold 2 bytes of values as its header declares, got 4"),
    "backwards": (({"a": tensor(4, 0, shape=[4])}, b"1234"), "data_offsets must be where it begins and ends"),
    "negative": (({"a": tensor(-4, 0)}, b""), "data_offsets must be where it begins and ends"),
    "half": (({"a": tensor(0, 1.0, shape=[1])}, b"1"), "data_offsets must be where it begins and ends"),
    "truth": (({"a": tensor(False, True)}, b"1"), "data_offsets must be where it begins and ends"),
    "three_offsets": (({"a": tensor(0, 1) | {"data_offsets": [0, 1, 1]}}, b"1"), "data_offsets must be"),
    "shape_of_text": (({"a": tensor(0, 1, shape="1")}, b"1"), "shape must be whole numbers from 0"),
    "negative_dim": (({"a": tensor(0, 1, shape=[-1])}, b"1"), "shape must be whole numbers from 0"),
    "huge_dim": (({"a": tensor(0, 1, shape=[1 << 64])}, b"1"), "shape must be whole numbers from 0"),
    "huge_product": (({"a": tensor(0, 1, shape=[1 << 40, 1 << 40])}, b"1"), "must have sizes that an array can have"),
    "many_dims": (({"a": tensor(0, 1, shape=[1] * 65)}, b"1"), "may have at most 64 dims, got 65"),
    "other_size": (({"a": tensor(0, 4, "F32", [2])}, b"1234"), "must hold 8 bytes as its header declares, got 4"),
    "dtype_number": (({"a": tensor(0, 1, 3)}, b"1"), "dtype must be text, got 3"),
    "float4": (({"a": tensor(0, 1, "F4", [2])}, b"1"), r"must be BOOL, .* or F8_E8M0, got F4; convert it"),
    "unknown_dtype": (({"a": tensor(0, 1, "f32")}, b"1"), "must be BOOL, .* or F8_E8M0, got f32"),
    "truth_of_2": (({"a": tensor(0, 2, "BOOL")}, b"\1\2"), "must have truth values of 0 and 1, got 2"),
    "no_shape": (({"a": {"dtype": "U8", "data_offsets": [0, 1]}}, b"1"), "must have dtype, shape and data_offsets"),
    "another_key": (({"a": tensor(0, 1) | {"stride": 1}}, b"1"), "must have dtype, shape and data_offsets"),
    "array_of_text": (({"a": "U8"},), "must have dtype, shape and data_offsets"),
    "metadata_list": (({"__metadata__": ["a"]},), "'__metadata__' must map text to text"),
    "metadata_number": (({"__metadata__": {"a": 1}},), "'__metadata__' must map text to text"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_headers_are_refused(kind):
    given, message = HOSTILE[kind]
    put(*given)
    with pytest.raises(Unreadable, match=message):
        read()


def test_one_array_of_another_dtype_leaves_the_rest_readable():
    put({"a": tensor(0, 1, "F8_E5M2"), "b": tensor(1, 2)}, b"12")
    with ArrayFile("a.safetensors") as file:
        assert file.names == ["a", "b"]
        assert file.entry("b").read().tolist() == [50]


@pytest.mark.slow
def test_the_library_reads_what_is_written_and_the_other_way_round():
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    made = {name: array for name, array in everything().items() if name not in FLOAT8}  # for which NumPy has no dtype
    write_safetensors("a.safetensors", made, {"x": "1"})
    for name, array in load_file("a.safetensors").items():
        same(array, np.ascontiguousarray(dtypes.native_order(made[name])).reshape(made[name].shape))
    with safe_open("a.safetensors", "np") as file:
        assert (file.metadata(), set(file.keys())) == ({"x": "1"}, made.keys())
    plain = {n: np.ascontiguousarray(dtypes.native_order(a)).reshape(a.shape) for n, a in made.items() if n != "big"}
    save_file(plain, "b.safetensors", {"y": "2"})
    found = read("b.safetensors")
    assert found.keys() == plain.keys()
    for name, array in plain.items():
        same(found[name], array)


@pytest.mark.slow
def test_the_library_reads_floats_of_8_bits_and_the_other_way_round():
    from safetensors import deserialize
    from safetensors.numpy import save_file

    made = {name: numbers(name, 3, 5) for name in FLOAT8}
    write_safetensors("a.safetensors", made)
    for name, found in deserialize(Path("a.safetensors").read_bytes()):
        assert (tuple(found["shape"]), bytes(found["data"])) == ((3, 5), made[name].tobytes())
    save_file(made, "b.safetensors")
    for name, array in read("b.safetensors").items():
        same(array, made[name])


# it knows float4, and takes any byte for a truth value, any keys, and any number of dims
TAKEN = ("float4", "truth_of_2", "another_key", "same_name", "many_dims")


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind not in TAKEN])
def test_the_library_refuses_the_same_files(kind):
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    put(*HOSTILE[kind][0])
    with pytest.raises(SafetensorError):
        load_file("a.safetensors")
