"""What the tests of data share: graphs with an input that is fed from a file, and what a table's reader makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import dataflow as flow
from dataflow.core.dtypes import Array
from dataflow.training.data import split
from dataflow.training.data.table import TableFile
from dataflow.training.data.wanted import Vocabulary, Wanted

Dims = Sequence["str | int"]


def graph_of(entry: object, dtype: str = "float32", shape: Dims = ("N",), **more: object) -> flow.Graph:
    """A graph with an input x, fed in the split ``train``; ``more`` are its keys, ``others`` splits beside it."""
    graph = flow.Graph("g")
    graph.input("x", dtype, [*shape])
    others = more.pop("others", {})
    assert isinstance(others, Mapping)
    graph.sections["data"] = {"train": {"inputs": {"x": entry}, **more}, **others}
    return graph


def fed(entry: object, dtype: str = "float32", shape: Dims = ("N",), name: str = "train", **more: object) -> Array:
    """All rows of the input in a split."""
    return split(graph_of(entry, dtype, shape, **more), name).rows()["x"]


def columns(file: TableFile, wanted: Sequence[Wanted]) -> list[Any]:
    """The wanted columns of a table in one piece; of texts the texts, None where they are missing."""
    words = Vocabulary()
    parts = [*file.pieces(wanted, words)]
    found: list[Any] = []
    for i, each in enumerate(wanted):
        whole = np.concatenate([part[i] for part in parts]) if parts else np.zeros(0, each.storage)
        texts = [*words.texts(each.name), None]
        found.append([texts[code] for code in whole.tolist()] if each.kind == "text" else whole)
    return found


def csv(path: str | Path, text: str | bytes) -> Path:
    """The file at a path, written."""
    made = Path(path)
    made.write_bytes(text if isinstance(text, bytes) else text.encode())
    return made
