"""What comes from outside, by every way in: arrays of any kind, columns of tables, numbers and lists."""

from __future__ import annotations

import array as buffers
from collections import deque
from decimal import Decimal

import ml_dtypes
import numpy as np
import pytest

import dataflow as flow
from dataflow import Graph, blocks
from dataflow.conformance.memory_layouts import LAYOUTS
from dataflow.core.conversion import ConversionError, common_dtype
from dataflow.core.errors import DataflowError

NAN = float("nan")


def fed(value, dtype):
    graph = Graph("g")
    graph.output("y", blocks["Identity"]()(graph.input("x", dtype)))
    return flow.run(graph, {"x": value})["y"]


def beside(value, dtype):
    zero = np.zeros((), ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    return blocks["LogicalOr" if dtype == "bool" else "Add"]()(zero, value)


def constant(value, dtype):
    return blocks["Const"](value=value, dtype=dtype)()


def variable(value, dtype):
    graph = Graph("g")
    graph.variable("w", value, dtype=dtype)
    return flow.State(graph).variables["w"]


def kept(value, dtype):
    graph = Graph("g")
    rank = np.ndim(np.asarray(getattr(value, "values", value), object))
    graph.variable("w", dtype=dtype, shape=[None] * rank)
    return flow.State(graph, values={"w": value}).variables["w"]


WAYS = {  # and what the error names
    fed: "input 'x'",
    beside: "input 'y'",
    constant: "Const: attr 'value'",
    variable: "input 'initvalues'",
    kept: "variable 'w'",
}


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def way(request):
    return request.param


# -- numbers and lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (1.5, "int32", "must be int32, got 1.5; write a whole number"),
        ([[1], [-1.5]], "uint8", "must be uint8, got -1.5; write a whole number"),
        (NAN, "int64", "must be int64, got nan; write a whole number"),
        ([float("inf")], "int32", "must be int32, got inf; it holds -2147483648 to 2147483647"),
        (2**31, "int32", "must be int32, got 2147483648; it holds -2147483648 to 2147483647"),
        (2.0**63, "int64", "must be int64, got 9.223372036854775808e+18; it holds"),
        ([1, -1], "uint64", "must be uint64, got -1; it holds 0 to 18446744073709551615"),
        ([2**63, -1], "int64", "must be int64, got 9223372036854775808; it holds"),
        (2**64, "uint64", "must be uint64, got 18446744073709551616; it holds 0 to 18446744073709551615"),
        ([256], "uint8", "must be uint8, got 256; it holds 0 to 255"),
        (2, "bool", "must be bool, got 2; write true or false"),
        ([0.5], "bool", "must be bool, got 0.5; write true or false"),
        (1, "bool", "must be bool, got 1; write true or false"),
        (True, "int32", "must be int32, got True; write a number"),
        ([True, False], "float32", "must be float32, got True; write a number"),
        ([True, 2], "int32", "must be numbers, or true and false, got both: [True, 2]"),
        ("5", "int32", "must be numbers, got '5'; take off the quotes"),
        (["1.5", "x"], "float32", "must be numbers, got '1.5'; take off the quotes"),
        (".nan", "float32", "must be numbers, got '.nan'; take off the quotes"),
        ("nan", "float32", "must be numbers, got 'nan'; write float('nan'), in a file .nan"),
        ("-inf", "float32", "must be numbers, got '-inf'; write float('-inf'), in a file -.inf"),
        (["Infinity"], "float32", "must be numbers, got 'Infinity'; write float('inf'), in a file .inf"),
        ("1_000", "int32", "must be numbers, got '1_000'; write 1000"),
        (["x"], "float32", "must be numbers, got 'x'; write numbers"),
        ([1.0, None], "float32", "must be numbers, got None; write nan (in a file .nan) for what is not known"),
        ([1 + 2j], "float32", "must be float32, got (1+2j); take its real part"),
        (1e39, "float32", "must be float32, got 1e+39; it holds no number as large"),
        (70000, "float16", "must be float16, got 70000; it holds no number as large"),
        (10**400, "float64", "it holds no number as large"),
        ([[1], [2, 3]], "int32", "must be numbers in even rows, got [[1], [2, 3]]"),
        ([Decimal(1)], "float32", "must be an array, a number or a list, got a Decimal"),
        ({1}, "int32", "must be an array, a number or a list, got a set"),
        ([np.float64(1.5)], "int32", "must be int32, got 1.5; write a whole number"),
        ([np.float64([1.5])], "int32", "must be int32, got 1.5; write a whole number"),
    ],
)
def test_a_number_that_a_dtype_cannot_hold_is_refused(way, value, dtype, text):
    with pytest.raises(DataflowError) as caught:
        way(value, dtype)
    assert WAYS[way] in str(caught.value)
    assert text.replace("9.223372036854775808e+18", repr(2.0**63)) in str(caught.value)


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (1.0, "int32", 1),
        ([1.0, -0.0], "int8", [1, 0]),
        (2**63 - 1, "int64", 2**63 - 1),
        ([0, 2**64 - 1], "uint64", [0, 2**64 - 1]),
        (-(2.0**63), "int64", -(2**63)),
        (3, "float32", 3.0),
        (16777217, "float32", 16777216.0),
        (2**70, "float32", 2.0**70),
        (0.1, "float32", float(np.float32(0.1))),
        (65519, "float16", 65504.0),
        (257, "bfloat16", 256.0),
        ([1, 2.5], "float64", [1.0, 2.5]),
        ([1, 2j], "complex64", [1, 2j]),
        (False, "bool", False),
        ([np.int8(3), 4], "int32", [3, 4]),
        ([np.float32([1.5]), [2]], "float32", [[1.5], [2.0]]),
        ((1, 2), "int32", [1, 2]),
        (range(3), "int16", [0, 1, 2]),
        (deque([1, 2]), "float64", [1.0, 2.0]),
    ],
)
def test_other_numbers_keep_their_value_or_are_rounded_to_the_nearest(way, value, dtype, expected):
    got = way(value, dtype)
    assert got.dtype.name == dtype
    assert got.tolist() == expected


def test_infinities_and_nan_are_numbers_of_floating_dtypes(way):
    got = way([NAN, float("inf")], "float16")
    assert np.isnan(got[0])
    assert got[1] == np.inf


def test_dtypes_of_numbers_together():
    assert common_dtype(["int32", "float32"]) == common_dtype(["float32", "int32"]) == "float32"
    assert common_dtype(["float64", "complex64"]) == "complex128"
    assert common_dtype(["float64", "int8", "bool"]) == "int8"  # that of an array
    with pytest.raises(ConversionError, match="must be of one dtype, got int16 and int8"):
        common_dtype(["int8", "int16"])


# -- arrays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "int64", "complex128", "bool"])
def test_arrays_enter_however_they_lie(way, layout, dtype):
    plain = np.arange(6).reshape(2, 3).astype(dtype)
    laid = LAYOUTS[layout](plain.copy())
    before = laid.tobytes()
    got = way(laid, dtype)
    assert got.dtype == plain.dtype
    assert got.dtype.isnative
    assert got.tolist() == plain.tolist()
    assert laid.tobytes() == before


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_powers_have_the_same_bits_however_their_operands_lie(layout, dtype):
    x = np.linspace(0.1, 5, 1000, dtype=dtype)
    laid = LAYOUTS[layout](x.copy())
    assert blocks["Pow"]()(laid, laid).tobytes() == blocks["Pow"]()(x, x).tobytes()
    assert blocks["Pow"]()(x, laid).tobytes() == blocks["Pow"]()(x, x).tobytes()


@pytest.mark.parametrize("size", [4, 20_000])
@pytest.mark.parametrize("order", ["<", ">"])
def test_bytes_from_a_file_enter_at_any_offset(size, order):
    memory = b"\0" + np.arange(size, dtype=f"{order}f4").tobytes()
    values = np.frombuffer(memory, f"{order}f4", offset=1)
    assert fed(values, "float32").tolist() == list(range(size))
    assert blocks["Add"]()(values, values).tolist() == list(range(0, 2 * size, 2))


def test_results_are_plain_arrays_of_no_subclass(way, tmp_path):
    np.save(tmp_path / "x.npy", np.float32([[1.0, 2.0]]))
    plain = np.float32([[1.0, 2.0]])
    for value in (np.load(tmp_path / "x.npy", mmap_mode="r"), plain.view(np.matrix), plain.view(np.recarray)):
        got = way(value, "float32")
        assert type(got) is np.ndarray
        assert got.tolist() == [[1.0, 2.0]]
    assert type(way(np.float32(3.0), "float32")) is np.ndarray


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.ma.array([1.0, 2.0], np.float32, mask=[0, 1]), "must be an array without a mask, got a masked one"),
        ([np.ma.array([1.0, 2.0], mask=[0, 1])], "must be an array without a mask, got a masked one"),
        (np.array([1, None]), "must be numbers, got Python objects"),
        (np.array(["1"]), "must be numbers, got text"),
        (np.array(["2020-01-01"], "M8[D]"), "must be numbers, got dates"),
        (np.zeros(2, [("a", "f4"), ("b", "f4")]), "must be numbers, got records; take one of their fields a, b"),
        (np.longdouble([1.0]), "must be of a dtype that blocks have, got"),
        (memoryview(np.array(["1"])), "must be numbers, got text"),
    ],
)
def test_arrays_that_hold_no_numbers_or_hide_some_are_refused(way, value, text):
    with pytest.raises(DataflowError) as caught:
        way(value, "float32")
    assert f"{WAYS[way]} {text}" in str(caught.value)


@pytest.mark.parametrize("way", [fed, kept])
@pytest.mark.parametrize("value", [np.float64([1.0]), np.float64(1.0), np.int64([1]), np.array([True])])
def test_an_array_of_another_dtype_is_not_converted(way, value):
    with pytest.raises(DataflowError) as caught:
        way(value, "int32")
    assert f"{WAYS[way]} must be int32, got {value.dtype.name}; convert it with .astype" in str(caught.value)


# -- what other libraries hold --------------------------------------------------------------------------------------


class Column:
    """A column of a table as NumPy sees it."""

    def __init__(self, values, dtype=None, null_count=0):
        self.values, self.null_count = np.array(values, dtype), null_count

    def __len__(self):
        return len(self.values)

    def __getitem__(self, i):
        return self.values[i]

    def __array__(self, dtype=None, copy=None):
        return self.values


class Tensor:
    """An array that can be had by DLPack alone."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class Broken(Column):
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("on another device")


@pytest.mark.parametrize("kind", [Column, Tensor, lambda values: memoryview(values), lambda values: values])
@pytest.mark.parametrize("values", [np.int64([2**33, 1]), np.float64([1.5, 1.0]), np.float64([NAN, 1.0])])
def test_columns_are_refused_where_an_array_is(kind, values):
    with pytest.raises(DataflowError, match=f"input 'x' must be int32, got {values.dtype}; convert it"):
        fed(kind(values), "int32")
    with pytest.raises(DataflowError, match=f"input 'y' must be int32 like 'x', got {values.dtype}; convert it with"):
        beside(kind(values), "int32")


@pytest.mark.parametrize("kind", [Column, Tensor, memoryview])
def test_columns_of_the_dtype_that_is_wanted_are_taken(way, kind):
    assert way(kind(np.int32([2, 3])), "int32").tolist() == [2, 3]


def test_other_buffers_have_a_dtype_too(way):
    assert way(buffers.array("d", [1.5]), "float64").tolist() == [1.5]


def test_columns_with_missing_values_are_refused(way):
    polars = Column([1.0, NAN])
    polars.null_count = lambda: 1
    for column in (Column([1.0, NAN], null_count=1), polars):
        with pytest.raises(DataflowError) as caught:
            way(column, "float64")
        assert f"{WAYS[way]} must have no missing values, got 1; fill them" in str(caught.value)


def test_what_gives_no_array_is_an_error_of_our_own(way):
    with pytest.raises(DataflowError) as caught:
        way(Broken([1]), "float32")
    assert "must be an array, got a Broken that cannot be one: on another device" in str(caught.value)


# -- what stays -----------------------------------------------------------------------------------------------------


def test_constants_and_states_do_not_follow_the_arrays_that_they_were_made_of():
    values = np.float32([1.0, 2.0])
    view = values.view()
    view.flags.writeable = False
    graph = Graph("g")
    graph.output("constant", graph.constant(view))
    graph.output("literal", graph.input("x", "float32", [2]) + view)
    graph.output("kept", graph.variable("w", shape=[2], dtype="float32") * 1.0)
    state = flow.State(graph, values={"w": values})
    values[:] = 7.0
    found = flow.run(graph, x=[0.0, 0.0], state=state)
    assert {name: array.tolist() for name, array in found.items()} == {name: [1.0, 2.0] for name in found}


def test_a_constant_is_no_copy_of_what_nobody_can_change():
    values = np.frombuffer(np.float32([1.0, 2.0]).tobytes(), np.float32)
    assert np.shares_memory(blocks["Const"](value=values).value, values)
    writable = np.frombuffer(bytearray(values.tobytes()), np.float32)
    writable.flags.writeable = False
    assert not np.shares_memory(blocks["Const"](value=writable).value, writable)
