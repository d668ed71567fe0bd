"""Memory images: what `vectors` gives as hexadecimal words that $readmemh reads."""

from __future__ import annotations

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import visible
from dataflow.quantize.export.manifest import exported
from dataflow.quantize.export.net import IntegerNet
from dataflow.training.array_split import RowSplit

FORM = "dataflow memory images"


def memory(net: IntegerNet, data: RowSplit, samples: int) -> dict[str, bytes]:
    """The files of a folder: a word per line, in two's complement, as wide as the dtype; ``manifest.json``."""
    return exported(net, data, samples, FORM, "mem", _hex)


def _hex(name: str, array: Array) -> bytes:
    words = np.ascontiguousarray(array).reshape(-1)
    digits = 2 * words.dtype.itemsize
    unsigned = words.view(np.dtype(f"u{words.dtype.itemsize}"))
    title = f"// {visible(name, '')}: {array.dtype}[{', '.join(map(str, array.shape))}]\n"
    return (title + "".join(f"{word:0{digits}x}\n" for word in unsigned.tolist())).encode()
