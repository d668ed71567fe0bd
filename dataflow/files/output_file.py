"""Files that outputs are written into, in the format that the name ends in; what cannot be written is told before."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing
from dataflow.files import atomic
from dataflow.files.array_headers import as_written
from dataflow.files.number_text import json_array, number_texts
from dataflow.files.table import columns, named

FORMATS = (".csv", ".npz", ".npy", ".parquet", ".json")
_ROWS = 1 << 14  # of a .csv file that are text at a time


def check_output_file(path: str | os.PathLike[str], names: Collection[str] | None = None) -> None:
    """Raise DataflowError if outputs cannot be written there, before work is done that would be lost.

    ``names`` are those of the outputs, as far as they are known by now.
    """
    ending = _ending(path)
    if ending not in FORMATS:
        raise DataflowError(f"{path}: the name must end in {listing(FORMATS)}, got '{ending}'; rename it")
    if ending == ".npy" and names is not None and len(names) != 1:
        raise DataflowError(f"{path}: .npy holds one output, got {len(names)}: {listing(names, 'and')}; write .npz")
    if ending == ".parquet":
        _parquet(path)
    atomic.check_writable(path)


def write_outputs(
    path: str | os.PathLike[str], outputs: Mapping[str, Array], labels: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """Write outputs, all of the file or nothing, and return the names of those that a table has no place for.

    ``labels`` has the names of classes: tables and .json show them in place of the whole numbers of an output, tables
    in the names of the columns of a matrix.
    """
    ending = _ending(path)
    if ending == ".npz":
        atomic.write_arrays(path, outputs)
        return []
    if ending == ".npy":
        (array,) = outputs.values()
        atomic.write(path, lambda file: np.lib.format.write_array(file, as_written(array), allow_pickle=False))
        return []
    shown = named(outputs, labels or {})
    if ending == ".json":
        atomic.write_text(path, to_json(shown) + "\n")
        return []
    table, left_out = columns(shown, labels)
    if ending == ".parquet":
        pyarrow, parquet = _parquet(path)
        arrays = {name: pyarrow.array(_arrow(name, column)) for name, column in table.items()}
        made = io.BytesIO()
        parquet.write_table(pyarrow.table(arrays), made)
        atomic.write(path, lambda file: file.write(made.getbuffer()))
    else:
        atomic.write(path, lambda file: _write_csv(file, table))
    return left_out


def to_json(outputs: Mapping[str, Array]) -> str:
    """An object with the value of each output, in one line."""
    return "{" + ", ".join(f"{json.dumps(name)}: {json_array(array)}" for name, array in outputs.items()) + "}"


def _ending(path: str | os.PathLike[str]) -> str:
    """The format; .npz for a pipe or device without a known ending."""
    ending = Path(path).suffix
    return ".npz" if ending not in FORMATS and not atomic.is_replaceable(path) else ending


def _write_csv(file: IO[bytes], table: Mapping[str, Array]) -> None:
    """As RFC 4180 has it, with a line of names, in UTF-8."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(table)
    for first in range(0, len(next(iter(table.values()), ())), _ROWS):
        part = [number_texts(column[first : first + _ROWS]) for column in table.values()]
        lines.writerows(zip(*part, strict=True))
        file.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()
    file.write(text.getvalue().encode())


def _arrow(name: str, column: Array) -> Any:
    if column.dtype.kind == "U":
        return column.tolist()
    if column.dtype.kind == "c":
        raise DataflowError(f"output '{name}': numbers must be real, got {column.dtype.name}; write .npz")
    column = dtypes.widened(column)  # the format lacks what NumPy lacks
    return np.ascontiguousarray(column, column.dtype.newbyteorder("="))


def _parquet(path: str | os.PathLike[str]) -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise DataflowError(
            f"{path}: .parquet is written by pyarrow, which is not installed; pip install 'dataflow-blocks[arrow]'"
        ) from None
    return pyarrow, parquet
