"""Heat maps and tables of values: which slices, which tiles, exact numbers, bounded sizes."""

from __future__ import annotations

import base64
from typing import cast

import numpy as np
import pytest

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError
from dataflow.core.shapes import Shape
from dataflow.studio.jobs.call import Memory
from dataflow.studio.jobs.kept_values import Documents, Values
from dataflow.studio.jobs.pictures import Picture, Table


def remembered(value: Array, shape: Shape = None) -> Memory:
    return Memory(documents=Documents({"line.yaml": Values({"a.z": value}, {"a.z": shape})}))


def picture(value: Array, shape: Shape = None, **at: int) -> tuple[dict[str, object], Array]:
    found = cast("dict[str, object]", Picture("line.yaml", "a.z", at).answer(remembered(value, shape)))
    data = np.frombuffer(base64.b64decode(str(found["data"])), np.uint8)
    return found, data.reshape([int(str(found[key])) for key in ("tiles", "rows", "columns")])


def table(value: Array, row: int = 0, **at: int) -> list[list[str]]:
    return cast("dict[str, list[list[str]]]", Table("line.yaml", "a.z", at, row).answer(remembered(value)))["cells"]


def test_activations_are_channels_of_one_row_side_by_side() -> None:
    value = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    found, data = picture(value, ("N", 3, 4, 5), N=1)
    assert data.shape == (5, 3, 4)
    assert found["labels"] == ["0", "1", "2", "3", "4"]
    assert [dim["at"] for dim in cast("list[dict[str, object]]", found["dims"])] == [1, None, None, None]
    assert [found["low"], found["high"]] == [60.0, 119.0]
    wanted = np.rint((value[1].transpose(2, 0, 1) - 60) / 59 * 255)
    assert np.array_equal(data, wanted)


def test_weights_of_a_convolution_are_filters_side_by_side() -> None:
    value = np.random.default_rng(0).normal(size=(3, 3, 7, 20)).astype(np.float32)
    found, data = picture(value, **{"axis 2": 6})
    assert data.shape == (20, 3, 3)
    assert found["low"] == value[:, :, 6].min()


def test_images_have_colours_side_by_side_and_stacks_their_matrices() -> None:
    assert picture(np.zeros((28, 30, 3), np.uint8))[1].shape == (3, 28, 30)
    assert picture(np.zeros((3, 28, 30), np.uint8))[1].shape == (3, 28, 30)
    assert picture(np.zeros((9, 28, 30), np.uint8), **{"axis 0": 2})[1].shape == (1, 28, 30)


def test_matrices_rows_and_numbers_are_one_tile() -> None:
    for value, shape in ((np.eye(3), (1, 3, 3)), (np.arange(4), (1, 1, 4)), (np.array(2.5), (1, 1, 1))):
        found, data = picture(value)
        assert data.shape == shape
        assert (found["labels"], data.max()) == ([""], 255 if value.ndim else 0)


@pytest.mark.parametrize("shape", [(5000, 3000), (64, 64, 64, 512), (1, 900_000), (700, 700, 700), (300, 1, 1, 4096)])
def test_pictures_are_bounded(shape: tuple[int, ...]) -> None:
    found, data = picture(np.broadcast_to(np.float32(1), shape))
    assert len(str(found["data"])) <= 256 << 10
    assert min(data.shape) > 0


def test_what_is_not_finite_is_at_the_ends() -> None:
    found, data = picture(np.array([np.nan, -np.inf, 0.0, 1.0, np.inf]))
    assert (found["low"], found["high"], data.reshape(-1).tolist()) == (0.0, 1.0, [0, 0, 0, 255, 255])
    assert picture(np.array([np.nan]))[0]["low"] == 0.0
    assert picture(np.array([-1.7e308, 1.7e308]))[1].reshape(-1).tolist() == [0, 255]


@pytest.mark.parametrize("dtype", dtypes.every)
def test_every_dtype(dtype: str) -> None:
    value = np.array([[1, 1]], np.float32).astype(dtypes.storage(dtype))
    assert picture(value)[1].shape == (1, 1, 2)
    assert len(table(value)[0]) == 2
    assert picture(np.zeros((0, 3), dtypes.storage(dtype)))[0]["data"] == ""
    assert table(np.zeros((0, 3), dtypes.storage(dtype))) == []


def test_tables_have_exact_numbers() -> None:
    assert table(np.array([[0.1, 1 / 3]], np.float32)) == [["0.1", "0.33333334"]]
    assert table(np.array([2**63 - 1, -1])) == [["9223372036854775807"], ["-1"]]
    assert table(np.array([True, False])) == [["true"], ["false"]]
    assert table(np.array([1 + 2j])) == [["(1+2j)"]]
    assert table(np.array(0.5)) == [["0.5"]]


def test_tables_are_paged_and_bounded() -> None:
    value = np.arange(100_000).reshape(1000, 100)
    page = table(value, row=30)
    assert (len(page), page[0][0]) == (40, "3000")
    assert table(value, row=999) == [[str(n) for n in range(99_900, 100_000)]]
    assert len(table(np.zeros((2, 5000)))[0]) == 200
    assert table(np.arange(24).reshape(2, 3, 4), **{"axis 0": 1})[0] == ["12", "13", "14", "15"]


def test_ports_and_dims_that_there_are_not() -> None:
    with pytest.raises(GraphError, match=r"port 'b\.z' must have a value, got none; run the graph"):
        Picture("line.yaml", "b.z").answer(remembered(np.eye(3)))
    with pytest.raises(GraphError, match=r"port 'a\.z' must have a value, got none; run the graph"):
        Picture("other.yaml", "a.z").answer(remembered(np.eye(3)))
    with pytest.raises(GraphError, match="no dim 'K'; the value has N and axis 1"):
        picture(np.eye(3), ("N", 3), K=1)
    with pytest.raises(GraphError, match="dim 'N' has indices from 0 to 2, got 3"):
        picture(np.eye(3), ("N", 3), N=3)
