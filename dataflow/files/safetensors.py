"""Safetensors: arrays by name in one file, and text that describes them.

The file is the length of a header, the header in JSON with the dtype, the shape and the range of bytes of each array,
and the bytes. Format: https://huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, cropped, listing
from dataflow.files import atomic
from dataflow.files.array_headers import Header
from dataflow.files.regular_file import RegularFile, Unreadable

METADATA = "__metadata__"  # the one name that no array can have
_LONGEST = 16 << 20  # bytes of a header, enough for 100,000 arrays
_ALIGNED = 8  # where the values begin
_DTYPES = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "F16": "float16", "BF16": "bfloat16",
    "U32": "uint32", "I32": "int32", "F32": "float32", "U64": "uint64", "I64": "int64", "F64": "float64",
    "C64": "complex64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
}  # fmt: skip
_NAMES = {name: written for written, name in _DTYPES.items()}


@dataclass(frozen=True)
class Tensor:
    """An array in a file: its dtype as the file calls it, its shape, and its range of bytes after the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def length(self) -> int:
        """Bytes of the values."""
        return self.end - self.begin

    def header(self) -> Header:
        """Dtype and shape; Unreadable where no block has the dtype."""
        if self.dtype not in _DTYPES:
            known = listing(_DTYPES)
            raise Unreadable(f"must be {known}, got {cropped(self.dtype)}; convert it where the file is made")
        return Header(self.shape, dtypes.storage(_DTYPES[self.dtype]).newbyteorder("<"), False, 0)


def begins(start: bytes) -> bool:
    """Whether a file that begins so may be one of this format."""
    return start[8:9] == b"{"


def directory(file: RegularFile) -> tuple[int, dict[str, Tensor], dict[str, str]]:
    """The offset of the values, the arrays by name, and the metadata.

    Raises Unreadable where the header is damaged, or where the ranges of bytes overlap, leave gaps or go beyond the
    file.
    """
    length = int.from_bytes(file.read(0, 8), "little")
    if length > _LONGEST:
        raise Unreadable(f"may have a header of at most {_LONGEST:,} bytes, got {length:,}")
    declared = _json(file.read(8, length))
    metadata = _metadata(declared.pop(METADATA, {}))
    tensors = {name: _tensor(name, value) for name, value in declared.items()}
    at, start = 0, 8 + length
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin != at:
            raise Unreadable(
                f"array '{cropped(name)}' must begin at byte {at:,} of the values, where the one before it ends, "
                f"got {tensor.begin:,}"
            )
        at = tensor.end
    if start + at != file.size:
        raise Unreadable(f"must hold {at:,} bytes of values as its header declares, got {file.size - start:,}")
    return start, tensors, metadata


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refused)
    except Unreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"must have a header in JSON, got something else: {error}") from None
    if not isinstance(found, dict):
        raise Unreadable("must have a header that maps names to arrays, got something else")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise Unreadable(f"must have each name once in its header, got '{cropped(twice)}' twice")
    return found


def _refused(text: str) -> Any:
    raise Unreadable(f"must have whole numbers in its header, got {text}")


def _metadata(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Unreadable(f"'{METADATA}' must map text to text")
    return value


def _tensor(name: str, value: object) -> Tensor:
    who = f"array '{cropped(name)}'"
    if not isinstance(value, dict) or value.keys() != {"dtype", "shape", "data_offsets"}:
        raise Unreadable(f"{who} must have dtype, shape and data_offsets in the header, got something else")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str):
        raise Unreadable(f"{who}: dtype must be text, got {cropped(str(dtype))}")
    if not _sizes(shape):
        raise Unreadable(f"{who}: shape must be whole numbers from 0, got {cropped(str(shape))}")
    if not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise Unreadable(f"{who}: data_offsets must be where it begins and ends, got {cropped(str(offsets))}")
    return Tensor(dtype, tuple(shape), *offsets)


def _sizes(value: object) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 1 << 63 for size in value)


def write_safetensors(
    path: str | os.PathLike[str], arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays into a file of this format, all of it or nothing; arrays of any layout and byte order.

    Raises DataflowError where the format lacks the dtype of an array, or cannot have its name.
    """
    for name, array in arrays.items():
        if name == METADATA:
            raise DataflowError(f"{path}: no array can be called '{METADATA}' in this format; rename it or write .npz")
        if dtypes.name_of(array.dtype) not in _NAMES:
            raise DataflowError(
                f"{path}: array '{name}' must be {listing(_NAMES)} in this format, got {dtypes.name_of(array.dtype)}; "
                "write .npz"
            )
    # the widest first, so that each begins at a multiple of its item size
    names = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {METADATA: dict(sorted(metadata.items()))} if metadata else {}
    at = 0
    for name in names:
        array = arrays[name]
        header[name] = {
            "dtype": _NAMES[dtypes.name_of(array.dtype)],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNED)
    if len(text) > _LONGEST:
        raise DataflowError(f"{path}: may have a header of at most {_LONGEST:,} bytes, got {len(text):,}; write .npz")

    def fill(file: IO[bytes]) -> None:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(_bytes(arrays[name]))

    atomic.write(path, fill)


def _bytes(array: Array) -> memoryview:
    """The values in row-major and little-endian order."""
    ordered = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    return memoryview(ordered.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
