"""Files of statistics, ``<graph>.stats.npz``: for each wire the counts that are not 0, its ends and its batches."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, way_out
from dataflow.core.float_bins import PER_CHANNEL, WHOLE
from dataflow.engine.state_file import read_variables, write_variables
from dataflow.files import Unreadable
from dataflow.graphfile.shipped import is_shipped
from dataflow.quantize.statistics import Rows, Seen, Statistics

_FORMAT = 1
T = TypeVar("T")
_MOST = 1 << 14  # channels of a wire, whose counts take 32 KiB each


def kept_beside(graph: str | os.PathLike[str], part: str = "") -> Path:
    """Where the statistics of a graph file are kept; of one that comes with the package, in the current folder."""
    beside = Path(graph).with_suffix(f"{part}.stats.npz")
    return Path(beside.name) if is_shipped(os.fspath(graph)) else beside


def write_statistics(path: str | os.PathLike[str], statistics: Statistics) -> None:
    """Write a file of statistics, all of it or nothing."""
    arrays: dict[str, Array] = {}
    wires = {}
    for name, seen in statistics.wires.items():
        counts = seen.counts.reshape(-1)
        (held,) = counts.nonzero()
        arrays[f"{name}/bins"], arrays[f"{name}/counts"] = held.astype(np.uint32), counts[held]
        arrays[f"{name}/ends"] = np.stack([seen.low, seen.high])
        if seen.channels is not None:
            arrays[f"{name}/channels"] = seen.channels
        if seen.batches is not None:
            arrays[f"{name}/batches"] = seen.batches
        wires[name] = {"dtype": dtypes.name_of(seen.low.dtype), "axis": seen.axis}
    about = {
        "statistics": _FORMAT,
        "graph": statistics.graph,
        "variables": statistics.variables,
        "size": statistics.size,
        "batch": statistics.batch,
        "rows": [asdict(rows) for rows in statistics.rows],
        "wires": wires,
    }
    write_variables(path, arrays, about)


def read_statistics(path: str | os.PathLike[str]) -> Statistics:
    """The statistics in a file; DataflowError where it has none, or is damaged."""
    if not Path(path).exists():
        writer = way_out("`dataflow calibrate`", page="Calibrate in the tab Quantize")
        raise DataflowError(f"{path}: must be a file of statistics, got none; {writer} writes it")
    try:
        arrays, about = read_variables(path)
        if about.get("statistics") != _FORMAT:
            raise Unreadable(f"must be statistics of format {_FORMAT}, got {about.get('statistics', 'something else')}")
        return _statistics(arrays, about)
    except (KeyError, TypeError, ValueError) as error:  # Unreadable among them
        said = str(error) if isinstance(error, Unreadable) else "what it says of itself does not fit what is in it"
        raise DataflowError(f"{path}: is no whole file of statistics: {said}") from None


def _statistics(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> Statistics:
    found = Statistics(
        wires={
            name: _seen(name, arrays, told["axis"] and _checked(told["axis"], int), told["dtype"])
            for name, told in about["wires"].items()
        },
        graph=_checked(about["graph"], str),
        variables=_checked(about["variables"], str),
        size=_checked(about["size"], int),
        batch=_checked(about["batch"], int),
        rows=tuple(
            Rows(
                _checked(r["digest"], str),
                _checked(r["first"], int),
                _checked(r["stop"], int),
                _checked(r["data"], str),
            )
            for r in about["rows"]
        ),
    )
    if found.size < 1 or found.batch < 1 or any(not 0 <= rows.first <= rows.stop for rows in found.rows):
        raise Unreadable("numbers of rows must be 1 or more, and in order")
    batches = sum(map(found.batches_of, found.rows))
    for name, seen in found.wires.items():
        if seen.batches is not None and len(seen.batches) != batches:
            raise Unreadable(f"'{name}/batches' must have {batches} rows, got {len(seen.batches)}")
    return found


def _checked(value: object, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError
    return value


def _seen(name: str, arrays: Mapping[str, Array], axis: int | None, dtype: str) -> Seen:
    ends = _array(arrays, f"{name}/ends", dtype, 1 if axis is None else 2)
    bins, counts = _array(arrays, f"{name}/bins", "uint32", 1), _array(arrays, f"{name}/counts", "int64", 1)
    shape = (1 << WHOLE,) if axis is None else (ends.shape[1], 1 << PER_CHANNEL)
    if len(ends) != 2 or len(ends.reshape(2, -1)[0]) > _MOST or bins.shape != counts.shape:
        raise Unreadable(f"the arrays of '{name}' must fit together")
    size = int(np.prod(shape))
    if (counts <= 0).any() or (np.diff(bins.astype(np.int64)) <= 0).any() or (bins.size and bins[-1] >= size):
        raise Unreadable(f"'{name}/bins' must be in order, with counts above 0")
    whole = np.zeros(size, np.int64)
    whole[bins] = counts
    batches = _array(arrays, f"{name}/batches", dtype, 2) if f"{name}/batches" in arrays else None
    channels = _array(arrays, f"{name}/channels", dtype, 2) if f"{name}/channels" in arrays else None
    if (batches is not None and batches.shape[1] != 2) or (channels is not None and len(channels) != 2):
        raise Unreadable(f"the batches and channels of '{name}' must have a lowest and a highest value each")
    low, high = map(np.asarray, ends)
    return Seen(whole.reshape(shape), low, high, channels, batches, axis)


def _array(arrays: Mapping[str, Array], name: str, dtype: str, rank: int) -> Array:
    """An array of the file, of this dtype and rank."""
    found = arrays[name]
    if found.dtype != dtypes.storage(dtype) or found.ndim != rank:
        raise Unreadable(f"'{name}' must be {dtype} of rank {rank}, got {dtypes.name_of(found.dtype)} of {found.ndim}")
    return found
