"""Files with arrays as programs write them: by NumPy of several versions, streamed, with comments, compressed."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from array_files import header, idx, npy, one_member

from dataflow.core.dtypes import Array

X = np.arange(24, dtype=np.float32).reshape(8, 3)


class Pipe(io.RawIOBase):
    """Something that can only be written to, one byte after the other: sizes can stand only behind the bytes."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += bytes(data)
        return len(data)


def streamed(method: int) -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", method) as archive, archive.open("x.npy", "w") as file:
        file.write(npy(X))
    return bytes(pipe.data)


def commented() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "text")
        archive.writestr("x.npy", npy(X))
        archive.comment = b"PK comment"
    return file.getvalue()


def saved(function: Callable[..., None], **arrays: Array) -> bytes:
    file = io.BytesIO()
    function(file, **arrays)
    return file.getvalue()


RIGHT: dict[str, bytes] = {
    "version_1.npy": npy(X, (1, 0)),
    "version_2.npy": npy(X, (2, 0)),
    "version_3.npy": npy(X, (3, 0)),
    "columns.npy": npy(np.asfortranarray(X)),
    "big_endian.npy": npy(X.astype(">f4")),
    "python_2.npy": header("{'descr': '<f4', 'fortran_order': False, 'shape': (8L, 3L), }") + X.tobytes(),
    "spaces.npy": header(' {"shape":(8,3),"fortran_order":False,"descr":"<f4"} ') + X.tobytes(),
    "idx": idx(X.astype(">f4"), 13),
    "idx.gz": gzip.compress(idx(X.astype(">f4"), 13)),
    "savez.npz": saved(np.savez, x=X, y=X + 1),
    "compressed.npz": saved(np.savez_compressed, x=X, y=X + 1),
    "columns.npz": saved(np.savez, x=np.asfortranarray(X), y=X + 1),
    "streamed.npz": streamed(zipfile.ZIP_STORED),
    "streamed_deflated.npz": streamed(zipfile.ZIP_DEFLATED),
    "commented.npz": commented(),
    "by_hand.npz": one_member("x.npy", npy(X)),
    "by_hand_deflated.npz": one_member("x.npy", npy(X), method=8),
}
