"""What fits no input whatever its values are, told from dtype and shape alone."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.errors import GraphError
from dataflow.core.shapes import TensorType
from dataflow.training.data.feed_type import Given, check_given, check_shape, wanted_kind
from dataflow.training.data.section import Column


def checked(of, shape, kind, wanted, is_table=False, **keys):
    given = Given(np.dtype(of), shape, is_table)
    check_given("input 'x'", TensorType(kind, wanted), Column(**keys), given)


@pytest.mark.parametrize(
    "dtype, shape, kind, wanted, keys",
    [
        ("float32", (8, 3), "float32", ("N", 3), {}),
        (">f4", (8, 3), "float32", ("N", "m"), {}),
        ("float32", (None, 3), "float32", ("N", 3), {}),
        ("float32", (8, 3), "float32", None, {}),
        ("float64", (8,), "float32", ("N",), {"dtype": "float32"}),
        ("int64", (8,), "float32", ("N", 5), {"one_hot": 5}),
        ("int64", (8,), "float32", ("N", 7), {"classes": "fit", "one_hot": True}),
        ("float64", (8, 2), "float32", ("N", 2), {"scale": [1.0, 2.0]}),
    ],
)
def test_what_may_fit(dtype, shape, kind, wanted, keys):
    checked(dtype, shape, kind, wanted, **keys)


@pytest.mark.parametrize(
    "dtype, shape, kind, wanted, keys, message",
    [
        (
            "float64", (8, 3), "float32", ("N", 3), {},
            "input 'x' must be float32, got float64; write dtype: float32 to convert",
        ),
        (">f8", (8,), "float32", ("N",), {}, "got float64; write dtype: float32"),
        ("float32", (8, 4), "float32", ("N", 3), {}, "input 'x' must be float32[N, 3], got [8, 4]"),
        ("float32", (None, 4), "float32", ("N", 3), {}, "input 'x' must be float32[N, 3], got [?, 4]"),
        ("float32", (8,), "float32", ("N", 3), {}, "input 'x' must be float32[N, 3], got [8]"),
        ("int64", (8,), "float32", ("N", 3), {"one_hot": 4}, "must be float32[N, 3], got [8, 4]"),
        ("float64", (8,), "float32", ("N",), {"dtype": "int8"}, "must be float32, got 'dtype' int8"),
        ("float64", (8,), "int32", ("N",), {"classes": "fit"}, "labels must be text or whole numbers, got float64"),
        ("int64", (8, 2, 2), "int32", None, {"categories": "fit"}, "labels must be one or a row of them per row"),
        ("complex64", (8,), "float32", ("N",), {"dtype": "float32"}, "must be float32, got complex64; save the real"),
        ("complex64", (8,), "complex64", ("N",), {"normalize": "minmax"}, "must be real numbers to be normalized"),
        ("float64", (8, 2), "float32", ("N", 2), {"scale": [1.0]}, "'scale' must be one number, or one for each of 2"),
    ],
)  # fmt: skip
def test_what_cannot_fit(dtype, shape, kind, wanted, keys, message):
    with pytest.raises(GraphError) as caught:
        checked(dtype, shape, kind, wanted, **keys)
    assert message in str(caught.value) and str(caught.value).startswith("input 'x'")


def test_columns_of_a_table_are_converted():
    checked("float64", (None,), "float32", ("N",), is_table=True)


def test_the_shape_of_labels_that_were_fitted():
    check_shape("x", TensorType("float32", ("N", 3)), Column(), (8, 3))
    with pytest.raises(GraphError, match=r"^x must be float32\[N, 3\], got \[8, 2\]$"):
        check_shape("x", TensorType("float32", ("N", 3)), Column(), (8, 2))


def test_what_is_wanted_of_a_table():
    def kind(dtype="float32", **keys):
        return wanted_kind(Column(**keys), TensorType(dtype, (None,)))

    assert kind() == ("float32", False) and kind("qint8") == ("int8", False)
    assert kind("int8", scale=1) == ("float64", False) and kind("int8", missing=0) == ("float64", True)
    assert kind(missing="error") == ("float32", False) and kind(missing=["error", 0]) == ("float64", True)
    assert kind(one_hot=3) == ("int64", False) and kind(classes="fit", missing="a") == ("text", True)
