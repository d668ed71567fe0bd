"""What is found in the training split, and what is done with it."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest

from dataflow.core.errors import GraphError
from dataflow.training.data import preparation
from dataflow.training.data.preparation import Fitted, fit_labels, fit_numbers
from dataflow.training.data.section import Column


def fitted(rows, **keys):
    rows = np.array(rows, np.float64)
    rows = rows if rows.ndim > 1 else rows[:, None]
    return fit_numbers(Column(**keys), lambda: [rows[:2], rows[2:]], rows.shape[1], "input 'x'")


def labelled(texts, **keys):
    names = ["a", "b"][: len(texts)]

    def parts() -> Iterable[list[list[str | None]]]:
        return [[column[:1] for column in texts], [column[1:] for column in texts]]

    return fit_labels(Column(**keys), parts, names, "input 'x'")


@pytest.mark.parametrize(
    "rows, keys, wanted",
    [
        ([1, 3, 8], {"normalize": "standard"}, ([4], [np.sqrt(26 / 3)])),
        ([1, 3, 8], {"normalize": "minmax"}, ([1], [7])),
        ([1, 3, 8, 9], {"normalize": "robust"}, ([5.5], [5.75])),
        ([[1, 5], [3, 5]], {"normalize": "minmax"}, ([1, 5], [2, 1])),
        ([1, np.nan, 3], {"normalize": "minmax", "missing": 11}, ([1], [10])),
        ([1, 3], {"normalize": "minmax", "scale": 10, "offset": -5}, ([5], [20])),
        ([0.1] * 7, {"normalize": "standard"}, ([0.1], [1])),
        ([0.1] * 7, {"normalize": "robust"}, ([0.1], [1])),
        ([5e-324, 0], {"normalize": "minmax"}, ([0], [5e-324])),
    ],
)
def test_center_and_spread(rows, keys, wanted):
    found = fitted(rows, **keys)
    np.testing.assert_allclose(found.center, wanted[0], rtol=1e-15)
    np.testing.assert_allclose(found.spread, wanted[1], rtol=1e-15)


@pytest.mark.parametrize("how", ["standard", "minmax", "robust"])
@pytest.mark.parametrize(
    "values", [[1, np.inf, np.inf, np.inf], [-np.inf, -np.inf, 2, 3], [1.7e308, -1.7e308, 1, -1.7e308]]
)
def test_infinity_normalizes_nothing(how, values):
    with pytest.raises(
        GraphError, match=rf"input 'x': column 1 must have numbers .* for 'normalize: {how}', got others"
    ):
        fitted([[i, value] for i, value in enumerate(values)], normalize=how)


def test_numbers_too_close_for_a_deviation_are_not_left_as_they_are():
    with pytest.raises(GraphError, match="column 0 must have numbers whose distances and squares float64 holds"):
        fitted([1e-300, 2e-300], normalize="standard")


@pytest.mark.parametrize(
    "missing, wanted",
    [
        ("mean", [3, 8]),
        ("median", [2, 8]),
        ("most_frequent", [2, 7]),
        (5, [5, 5]),
        (["median", "mean"], [2, 8]),
        (["most_frequent", 0.5], [2, 0.5]),
    ],
)
def test_what_fills_missing_numbers(missing, wanted):
    found = fitted([[2, 7], [2, np.nan], [np.nan, 9], [5, np.nan]], missing=missing)
    assert found.fills == wanted and found.center is None


def test_a_fill_for_each_column_or_one_for_all():
    with pytest.raises(GraphError, match="'missing' must be one, or one for each of 2 columns, got 3"):
        fitted([[1, 2]], missing=[1, 2, 3])
    with pytest.raises(GraphError, match="'scale' must be one number, or one for each of 2 columns, got 3"):
        fitted([[1, 2]], scale=[1, 2, 3], normalize="minmax")


@pytest.mark.parametrize("fill", ["mean", "median", "most_frequent"])
def test_a_column_without_values_has_nothing_to_fill_with(fill):
    with pytest.raises(GraphError, match=f"column 1 must have values for 'missing: {fill}', got none in the training"):
        fitted([[1, np.nan], [2, np.nan]], missing=fill)


def test_fill_and_scale():
    rows = np.array([[1, np.nan], [np.nan, 4]])
    assert preparation.filled(rows, None) is rows
    assert preparation.filled(rows, [7, 8]).tolist() == [[1, 8], [7, 4]]
    assert preparation.filled(rows[:, 0], [7]).tolist() == [1, 7]
    assert preparation.scaled(np.array([1.0, 2]), 2, np.array([10.0, 0])).tolist() == [12, 4]


@pytest.mark.parametrize(
    "keys, labels, computed, fit",
    [
        ({}, False, False, False),
        ({"dtype": "int8"}, False, False, False),
        ({"scale": 0}, False, True, False),
        ({"missing": 0}, False, True, False),
        ({"missing": "error"}, False, False, False),
        ({"missing": ["error", "mean"]}, False, True, True),
        ({"normalize": "minmax"}, False, True, True),
        ({"classes": ["a"]}, True, False, False),
        ({"classes": "fit"}, True, False, True),
        ({"categories": {"a": "fit", "b": ["x"]}}, True, False, True),
        ({"categories": ["a"], "missing": "a"}, True, False, False),
        ({"categories": ["a"], "missing": "most_frequent"}, True, False, True),
        ({"one_hot": 3, "missing": 1}, False, True, False),
    ],
)
def test_what_a_declaration_asks_for(keys, labels, computed, fit):
    column = Column(**keys)
    assert preparation.is_labelled(column) is labels
    assert preparation.is_computed(column) is computed
    assert preparation.needs_fit(column) is fit


# -- labels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts, wanted",
    [
        (["b", "a", "b"], ["a", "b"]),
        (["10", "9", "-1"], ["-1", "9", "10"]),
        (["10", "9", "x"], ["10", "9", "x"]),
        (["1", "01", "001"], ["001", "01", "1"]),
        (["--5", "3"], ["--5", "3"]),
        (["-", "3"], ["-", "3"]),
        (["²", "3"], ["3", "²"]),
        (["9" * 5000, "1"], ["1", "9" * 5000]),
    ],
)
def test_fitted_labels_are_sorted(texts, wanted):
    assert labelled([texts], classes="fit").labels == [wanted]
    assert labelled([texts[::-1]], classes="fit").labels == [wanted]


def test_labels_by_column():
    texts = [["x", "y"], ["1", None]]
    assert labelled(texts, categories="fit").labels == [["x", "y"], ["1"]]
    assert labelled(texts, categories={"a": ["y", "x"], "b": "fit"}).labels == [["y", "x"], ["1"]]
    assert labelled(texts, categories=[1, 2]).labels == [["1", "2"]] * 2
    for wrong, name in (({"a": "fit"}, "b"), ({"a": "fit", "b": "fit", "c": "fit"}, "c")):
        with pytest.raises(GraphError, match=f"'categories' must have the columns a, b, got or lacks '{name}'"):
            labelled(texts, categories=wrong)


@pytest.mark.parametrize(
    "missing, labels", [("other", ["other", "x"]), ("x", ["x"]), ("None", ["None", "x"]), (0, ["0", "x"])]
)
def test_what_fills_missing_labels_is_a_label(missing, labels):
    assert labelled([["x", None]], categories="fit", missing=missing).labels == [labels]


def test_the_most_frequent_label():
    assert labelled([["y", "x", None, "x", "y"]], categories="fit", missing="most_frequent").fills == ["x"]
    assert labelled([["x", None]], categories="fit", missing="error") == Fitted(fills=["error"], labels=[["x"]])
    for labels in ("fit", ["x", "None"]):
        with pytest.raises(GraphError, match="column 'a' must have values for 'missing: most_frequent', got none"):
            labelled([[None, None]], categories=labels, missing="most_frequent")


def test_what_was_fitted_is_plain_data():
    found = fitted([1, np.nan, 3], normalize="standard", missing="mean")
    assert Fitted(**json.loads(json.dumps(found.plain()))) == found
    assert Fitted().plain() == {}
