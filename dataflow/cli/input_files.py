"""``-i x=file``: arrays and rows from files that the caller names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

import dataflow as flow
from dataflow.cli import completion
from dataflow.cli.options import pairs

if TYPE_CHECKING:
    from dataflow.core.dtypes import Array
    from dataflow.core.shapes import TensorType
    from dataflow.training.array_split import RowSplit

_NAMED = ("npz", "safetensors", "csv", "tsv", "tab", "parquet", "feather", "arrow", "ipc")  # files with named parts


def option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``-i x=file``: arrays for the inputs."""
    made = click.option(
        "-i",
        "--input",
        "inputs",
        multiple=True,
        metavar="NAME=FILE",
        help="Feed an input: x=file.npy, x=file.npz:key or x=file.csv:column,column.",
        shell_complete=completion.inputs,
    )
    return made(command)


def arrays(texts: Sequence[str], graph: flow.Graph | None = None, option: str = "-i") -> dict[str, Array]:
    """``-i x=file.npy``, ``-i x=file.npz:key`` and ``-i x=file.csv:column,column`` as arrays by name.

    Rows of tables take the dtype and shape of the graph's input, where they can. ``option`` is what gave the texts.
    """
    declared = graph.inputs if graph is not None else {}
    given = pairs(texts, option).items()
    return {name: _array(f"{option} {name}", name, *place(text), declared.get(name)) for name, text in given}


def place(text: str) -> tuple[str, str]:
    """The file and what is named in it: ``file.npz:key`` is ``file.npz`` and ``key``."""
    found = re.fullmatch(rf"(.+?\.(?:{'|'.join(_NAMED)})(?:\.gz)?):(.*)", text, re.DOTALL)
    return (found[1], found[2]) if found else (text, "")


def _array(who: str, name: str, path: str, key: str, declared: TensorType | None) -> Array:
    from dataflow.files import ArrayFile, Unreadable
    from dataflow.files.endings import is_table

    if is_table(path):
        return _table(who, name, path, key, declared)
    try:
        with ArrayFile(path) as file:
            names = file.names
            key = key or (name if name in names or len(names) != 1 else names[0])
            if names and key not in names:
                some = ", ".join(names[:10])
                raise click.UsageError(f"{who}: {path} has {some}, got '{key}'; write {path}:{names[0]}")
            return file.entry(key if names else None).read()
    except Unreadable as error:
        raise flow.DataflowError(f"{who}: {path}: {error}") from None


def _table(who: str, name: str, path: str, key: str, declared: TensorType | None) -> Array:
    """Columns of a table: those named, or the one of the input's name, or all."""
    import numpy as np

    from dataflow.core import conversion
    from dataflow.core.shapes import element_count
    from dataflow.training.data.section import Csv
    from dataflow.training.data.table import open_rows, open_table

    try:
        if not key and name in open_table(path, Csv()).names:
            key = name
        rows = open_rows(path, key or None, declared.dtype if declared else "float32")
        found = rows.take(np.arange(rows.shape[0]))
        if declared is None:
            return found
        sizes = declared.shape[1:] if declared.shape else ()
        if element_count(sizes) == element_count(found.shape[1:]):
            found = found.reshape(len(found), *sizes)
        return conversion.literal(found, declared.dtype)
    except (flow.DataflowError, conversion.ConversionError) as error:
        raise flow.DataflowError(f"{who}: {error}") from None


def rows(graphs: Sequence[flow.Graph], texts: Sequence[str], name: str | None) -> RowSplit:
    """The rows of ``-i``, or of a split of the first of the graphs that has data: the one of ``-s``, test, or the last.

    A graph without data is fed by ``-i`` alone.
    """
    from dataflow.training.array_split import ArraySplit
    from dataflow.training.data import split

    if texts:
        return ArraySplit(graphs[0], "input", arrays(texts, graphs[0]))
    graph = next((graph for graph in graphs if graph.sections.get("data")), graphs[0])
    splits = list(graph.sections.get("data") or {})
    return split(graph, name or ("test" if "test" in splits else splits[-1] if splits else None))
