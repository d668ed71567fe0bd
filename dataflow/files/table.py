"""Outputs as the columns of a table: a row per row of the arrays, in their order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing


def named(outputs: Mapping[str, Array], labels: Mapping[str, Sequence[str]]) -> dict[str, Array]:
    """The outputs, with the names of classes in place of the whole numbers of those that have labels; no matrices."""
    return {
        name: _classes(name, array, labels[name]) if name in labels and not _is_matrix(array) else array
        for name, array in outputs.items()
    }


def _is_matrix(array: Array) -> bool:
    return array.ndim > 1 and array.dtype.kind not in "iu"


def _classes(name: str, numbers: Array, labels: Sequence[str]) -> Array:
    if numbers.dtype.kind not in "iu":
        raise DataflowError(f"output '{name}': must be whole numbers to have labels, got {numbers.dtype.name}")
    if numbers.size and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(labels):
        wrong = numbers[(numbers < 0) | (numbers >= len(labels))].flat[0]
        raise DataflowError(f"output '{name}': must be a class from 0 to {len(labels) - 1}, got {wrong}")
    found: Array = np.asarray(labels, np.str_)[numbers]
    return found


def columns(
    outputs: Mapping[str, Array], labels: Mapping[str, Sequence[str]] | None = None
) -> tuple[dict[str, Array], list[str]]:
    """The columns by name, and the outputs that have none.

    An output with a number per row is a column of its name; one with several gives ``name_0``, ``name_1`` and so on,
    ``name_0_0`` where its rows have more dims, or ``name_label`` where it has a column per label. Scalars have no
    column beside outputs with rows; on their own they are a row. DataflowError where outputs differ in rows, or columns
    do not differ in name.
    """
    rows = {name: array.shape[0] for name, array in outputs.items() if array.ndim}
    if len(set(rows.values())) > 1:
        told = listing([f"{name} {count}" for name, count in rows.items()], "and")
        raise DataflowError(f"outputs must have equally many rows to be a table, got {told}; write .npz")
    scalars = [name for name, array in outputs.items() if not array.ndim]
    if not rows:
        return {name: outputs[name].reshape(1) for name in scalars}, []
    found: dict[str, Array] = {}
    for name in rows:
        for column, values in _split(name, outputs[name], (labels or {}).get(name, ())):
            if column in found:
                raise DataflowError(f"columns of a table must differ in name, got '{column}' twice; rename an output")
            found[column] = values
    return found, scalars


def _split(name: str, array: Array, labels: Sequence[str]) -> list[tuple[str, Array]]:
    if array.shape[1:] == (len(labels),) and _is_matrix(array) and array.dtype.kind != "U":
        return [(f"{name}_{label}", array[:, i]) for i, label in enumerate(labels)]
    places = itertools.product(*map(range, array.shape[1:]))
    flat = array.reshape(len(array), math.prod(array.shape[1:]))
    return [("_".join([name, *map(str, place)]), flat[:, i]) for i, place in enumerate(places)]
