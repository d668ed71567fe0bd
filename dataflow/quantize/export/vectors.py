"""Test vectors: what every node of an integer graph gives for some rows, as .npy files."""

from __future__ import annotations

import io

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.quantize.export.manifest import exported
from dataflow.quantize.export.net import IntegerNet
from dataflow.training.array_split import RowSplit

FORM = "dataflow vectors"


def vectors(net: IntegerNet, data: RowSplit, samples: int) -> dict[str, bytes]:
    """The files of a folder: inputs, constants, the codes and sums of every node, ``manifest.json``."""
    return exported(net, data, samples, FORM, "npy", _npy)


def _npy(name: str, array: Array) -> bytes:
    file = io.BytesIO()
    little = array.astype(array.dtype.newbyteorder("<"), order="C")
    np.lib.format.write_array(file, little, version=(1, 0), allow_pickle=False)
    return file.getvalue()
