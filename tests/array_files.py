"""What the tests of files with arrays share: headers and zips as nobody should write them, and who reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from dataflow.cli.input_files import arrays
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.graphfile.arrays import Arrays
from dataflow.training import checkpoint
from dataflow.training.data.table import open_rows


def idx(array: Array, kind: int) -> bytes:
    """A file in the format of MNIST; ``kind`` is its number for the dtype."""
    return struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npy(array: ArrayLike, version: tuple[int, int] | None = None) -> bytes:
    """The .npy file of an array, in a version of the format."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), version)
    return file.getvalue()


def header(text: str, version: tuple[int, int] = (1, 0)) -> bytes:
    """The start of a .npy file with this text for its header."""
    data = text.encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(data)) + data


def declared(shape: object, descr: object = "<f4", order: object = False) -> bytes:
    """The start of a .npy file that declares an array of this shape."""
    return header(f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape!r}, }}")


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these members, by name with its ending."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def one_member(
    name: str,
    data: bytes,
    *,
    method: int = 0,
    crc: int | None = None,
    packed: int | None = None,
    length: int | None = None,
    flags: int = 0,
    offset: int = 0,
    local: tuple[int, ...] | None = None,
    size: int = 0,
) -> bytes:
    """A zip of one member, said of it what is given: numbers of its own header, and of the directory."""
    stored = data if method == 0 else zlib.compress(data, wbits=-15)
    crc = zlib.crc32(data) if crc is None else crc
    packed, length = len(stored) if packed is None else packed, len(data) if length is None else length
    numbers = (20, flags, method, 0, 33, crc, packed, length, len(name), 0)
    at_member = struct.pack("<4s5H3L2H", b"PK\3\4", *(numbers if local is None else local)) + name.encode() + stored
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *numbers, 0, 0, 0, 0, offset) + name.encode()
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, (size or len(entry)), len(at_member), 0)
    return at_member + entry + end


def by_rows(path: Path, name: str | None) -> Array:
    """As the data section reads it."""
    rows = open_rows(path, name)
    return np.asarray(rows.take(np.arange(rows.shape[0])))


def by_graph(path: Path, name: str | None) -> Array:
    """As a graph file reads it that names it beside a node."""
    return np.asarray(Arrays().read(path, name))


def by_option(path: Path, name: str | None) -> Array:
    """As ``-i`` reads it."""
    return np.asarray(arrays([f"x={path}:{name}" if path.suffix == ".npz" and name else f"x={path}"])["x"])


def by_checkpoint(path: Path, name: str | None) -> object:
    """As ``--state`` and ``--resume`` read it."""
    return checkpoint.read(path)


READERS: dict[str, Callable[[Path, str | None], object]] = {
    reader.__name__: reader for reader in (by_rows, by_graph, by_option, by_checkpoint)
}


def written(path: str | Path, data: bytes) -> Path:
    """The file at a path, written."""
    Path(path).write_bytes(data)
    return Path(path)


def check_refusal(path: Path, data: bytes, message: str) -> None:
    """Assert that all who read files with arrays refuse this one, and say this with its name."""
    written(path, data)
    for reader, read in READERS.items():
        if reader == "by_checkpoint" and path.suffix != ".npz":
            continue
        try:
            read(path, "x" if path.suffix == ".npz" else None)
        except (DataflowError, ValueError) as error:
            assert path.name in str(error), f"{reader}: {error}"
            assert message in str(error) or reader == "by_checkpoint", f"{reader}: {error}"
        else:
            raise AssertionError(f"{reader} takes {path.name}")
