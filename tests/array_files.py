"""What the tests of files with arrays share: headers and zips as nobody should write them, and who reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np

from dataflow.cli.options import arrays
from dataflow.graphfile.arrays import Arrays
from dataflow.training import checkpoint
from dataflow.training.data.arrays import open_rows


def idx(array, kind):
    """A file in the format of MNIST; ``kind`` is its number for the dtype."""
    return struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npy(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), version)
    return file.getvalue()


def header(text, version=(1, 0)):
    """The start of a .npy file with this text for its header."""
    data = text.encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", len(data)) + data


def declared(shape, descr="<f4", order=False):
    """The start of a .npy file that declares an array of this shape."""
    return header(f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape!r}, }}")


def zipped(members, method=zipfile.ZIP_STORED):
    """A zip of these members, by name with its ending."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def one_member(name, data, *, method=0, crc=None, packed=None, length=None, flags=0, offset=0, local=None, size=0):
    """A zip of one member, said of it what is given: numbers of its own header, and of the directory."""
    stored = data if method == 0 else zlib.compress(data, wbits=-15)
    crc = zlib.crc32(data) if crc is None else crc
    packed, length = len(stored) if packed is None else packed, len(data) if length is None else length
    numbers = (20, flags, method, 0, 33, crc, packed, length, len(name), 0)
    at_member = struct.pack("<4s5H3L2H", b"PK\3\4", *(numbers if local is None else local)) + name.encode() + stored
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, *numbers, 0, 0, 0, 0, offset) + name.encode()
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, (size or len(entry)), len(at_member), 0)
    return at_member + entry + end


def by_rows(path, name):
    """As the data section reads it."""
    rows = open_rows(path, name)
    return rows.take(np.arange(rows.shape[0]))


def by_graph(path, name):
    """As a graph file reads it that names it beside a node."""
    return np.asarray(Arrays().read(path, name))


def by_option(path, name):
    """As ``-i`` reads it."""
    return arrays([f"x={path}:{name}" if path.suffix == ".npz" and name else f"x={path}"])["x"]


def by_checkpoint(path, name):
    """As ``--state`` and ``--resume`` read it."""
    return checkpoint.read(path)


READERS = {reader.__name__: reader for reader in (by_rows, by_graph, by_option, by_checkpoint)}


def written(path, data):
    Path(path).write_bytes(data)
    return Path(path)
