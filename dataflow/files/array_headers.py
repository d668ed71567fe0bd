"""Headers of arrays in files: .npy as NumPy writes it, and IDX, the format of MNIST."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import cropped
from dataflow.files.regular_file import Unreadable

NPY = b"\x93NUMPY"
LONGEST = 10_000 + 12  # bytes of a header, as for NumPy
_RANK = 64  # of NumPy's arrays
_BYTES = 2**63 - 1  # of NumPy's arrays, with each size of 0 taken for 1
_IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_ITEM = re.compile(
    r"""\s*(["'])(descr|fortran_order|shape)\1\s*:\s*"""
    r"""(?:(["'])([^"']*)\3|(True|False)|\(((?:\s*[0-9]{1,30}L?\s*,)*(?:\s*[0-9]{1,30}L?)?)\s*\)"""
    r"""|\[\(\s*(["'])(\w{1,30})\7\s*,\s*(["'])\|u1\9\s*\)\])\s*(?:,|$)"""
)  # matched, not evaluated: a literal may be nested too deeply


@dataclass(frozen=True)
class Header:
    """Shape, dtype and order of an array in a file, and the bytes before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_columns: bool
    size: int

    def __post_init__(self) -> None:
        if len(self.shape) > _RANK:
            raise Unreadable(f"may have at most {_RANK} dims, got {len(self.shape)}")
        if prod(max(size, 1) for size in self.shape) * self.dtype.itemsize > _BYTES:
            raise Unreadable(f"must have sizes that an array can have, got {cropped(str(list(self.shape)))}")

    @property
    def nbytes(self) -> int:
        """Bytes of the values, exact for any shape."""
        return prod(self.shape) * self.dtype.itemsize


def npy(start: bytes) -> Header:
    """The header at the start of a .npy file."""
    if start[:6] != NPY or len(start) < 12:
        raise Unreadable("must begin as a .npy file, got something else")
    if (version := (start[6], start[7])) not in ((1, 0), (2, 0), (3, 0)):
        raise Unreadable(f"must be of .npy version 1.0, 2.0 or 3.0, got {version[0]}.{version[1]}")
    before = 10 if version == (1, 0) else 12
    length = int.from_bytes(start[8:before], "little")
    text = start[before : before + length].decode("latin-1")
    if len(text) < length:
        raise Unreadable(f"must have a header of {length:,} bytes as it declares, got too few or a header too long")
    found = _items(text)
    if found is None:
        raise Unreadable(f"must have a header with one dtype, the order and the shape, got {cropped(text.strip())}")
    shape = tuple(map(int, re.findall(r"[0-9]+", found["shape"])))
    return Header(shape, _dtype(found["descr"]), found["fortran_order"] == "True", before + length)


def _items(text: str) -> dict[str, str] | None:
    """The three entries of a header, each once and with its kind of value; None for any other header."""
    inner = re.fullmatch(r"\s*\{(.*)\}\s*", text, re.DOTALL)
    found: dict[str, str] = {}
    at = 0
    while inner and at < len(inner[1].rstrip()):
        item = _ITEM.match(inner[1].rstrip(), at)
        if item is None or item[2] in found:
            return None
        value = item[{"descr": 8 if item[8] in dtypes.narrow else 4, "fortran_order": 5, "shape": 6}[item[2]]]
        if value is None:
            return None
        found[item[2]], at = value, item.end()
    return found if len(found) == 3 else None


def as_written(array: Array) -> Array:
    """An array as NumPy writes it so that its dtype is known again: bytes in a field that is called after the dtype.

    NumPy itself knows the formats of 2 to 8 bits only as bytes without a meaning.
    """
    name = dtypes.name_of(array.dtype)
    return array.view(np.dtype([(name, np.uint8)])) if name in dtypes.narrow else array


def _dtype(name: str) -> np.dtype[Any]:
    if name in dtypes.narrow:
        return dtypes.storage(name)
    try:
        found = np.dtype(name) if re.fullmatch(r"[<>|=]?[?a-zA-Z]\d{0,3}", name) else None
    except TypeError:
        found = None
    if found == np.dtype("V2"):  # how NumPy stores bfloat16, which it does not know
        return dtypes.storage("bfloat16")
    if found is None or dtypes.name_of(found) not in dtypes.every:
        got = cropped(name if found is None else str(found))
        raise Unreadable(f"must be of numbers, got dtype {got}")
    return found


def idx(start: bytes) -> Header:
    """The header of IDX: two zero bytes, the type, the number of dims, the dims."""
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _IDX:
        raise Unreadable("must begin as an IDX file, got something else")
    rank = start[3]
    if len(start) < 4 + 4 * rank:
        raise Unreadable(f"must have {rank} sizes as it declares, got fewer")
    return Header(struct.unpack_from(f">{rank}I", start, 4), np.dtype(_IDX[start[2]]), False, 4 + 4 * rank)
