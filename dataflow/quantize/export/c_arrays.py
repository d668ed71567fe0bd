"""Arrays in C: how they are named, written and read, with codes of four bits packed two in a byte."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np

from dataflow.core.dtypes import Array

PER_LINE = 16
_WORDS = {
    "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern", "float",
    "for", "goto", "if", "inline", "int", "long", "main", "register", "restrict", "return", "short", "signed", "sizeof",
    "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "NULL", "EOF",
}  # fmt: skip


@dataclass(frozen=True)
class CArray:
    """An array as C code sees it: the expression that points to it, its dtype and shape.

    ``value`` is that of a constant; ``packed`` says whether it has two elements in a byte, the first one in the lower
    half; ``nibble`` is then the function that takes one out.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    value: Array | None = None
    nibble: str = ""

    @property
    def type(self) -> str:
        """The type of its elements, or of the bytes that they are packed in."""
        return "uint8_t" if self.nibble else f"{self.dtype}_t"

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def itemsize(self) -> int:
        """The bytes of an element as it is computed with."""
        return int(np.dtype(self.dtype).itemsize)

    def at(self, index: str) -> str:
        """The element at an index of the flat array."""
        return f"{self.nibble}({self.name}, {index})" if self.nibble else f"{self.name}[{index}]"


def fits_nibbles(array: Array) -> bool:
    """Whether an array of codes is written with four bits for each."""
    return array.dtype == np.int8 and array.size > 1 and int(array.min()) >= -8 and int(array.max()) <= 7


def packed(array: Array) -> Array:
    """Codes of four bits in two's complement, two in a byte, the first one in the lower half."""
    flat = np.append(array.ravel(), np.zeros(array.size % 2, np.int8)).astype(np.uint8) & 15
    made: Array = flat[::2] | flat[1::2] << 4
    return made


def initializer(array: Array) -> str:
    """The numbers of a flat array as C writes them, in braces."""
    words = [_number(int(value), str(array.dtype)) for value in array.ravel().tolist()]
    lines = [", ".join(words[i : i + PER_LINE]) for i in range(0, len(words), PER_LINE)]
    return "{\n    " + ",\n    ".join(lines) + "\n}"


def defined(array: CArray) -> str:
    """The definition of a constant."""
    assert array.value is not None
    values = packed(array.value) if array.nibble else array.value
    shape = " x ".join(map(str, array.shape)) or "1"
    told = f"/* {shape}{', 4 bits each, the first in the lower half of a byte' if array.nibble else ''} */"
    return f"{told}\nstatic const {array.type} {array.name}[{values.size}] = {initializer(values)};"


def _number(value: int, dtype: str) -> str:
    """A number as C writes it; the lowest ones have no literal of their own."""
    if value == np.iinfo(dtype).min and dtype in ("int32", "int64"):
        return f"{dtype.upper()}_MIN"
    return str(value) + ("LL" if abs(value) > 2**31 - 1 else "")


def identifiers(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A name in C for each name, all different and none of those taken: letters, digits and underscores."""
    found: dict[str, str] = {}
    used = set(taken)
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        plain = f"_{plain}" if plain[:1].isdigit() or plain in _WORDS or not plain else plain
        made, count = plain, 2
        while made.lower() in used:  # macros are in capitals
            made, count = f"{plain}_{count}", count + 1
        used.add(made.lower())
        found[name] = made
    return found
