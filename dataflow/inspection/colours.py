"""What decides the colours of a picture: the family of a dtype, the group of a block."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import cache

from dataflow.core import dtypes

_FAMILIES = {
    "float": dtypes.floating + dtypes.narrow_floats,
    "int": dtypes.signed + dtypes.narrow_integers[:2],
    "uint": dtypes.unsigned + dtypes.narrow_integers[2:],
    "quantized": dtypes.quantized,
    "complex": dtypes.complexes,
    "bool": ("bool",),
}


def family(names: Iterable[str]) -> str:
    """The family of dtypes that decides the colour of a port; ``any`` for dtypes of several families."""
    return next((name for name, members in _FAMILIES.items() if set(names) <= set(members)), "any")


@cache
def family_of(dtype: str) -> str:
    """The family of one dtype; ``any`` of what is none."""
    return family([dtype])


@cache
def hue(group: str) -> int:
    """The hue of a group of blocks, in degrees."""
    return zlib.adler32(group.encode()) * 54 % 360  # the factor keeps the library's larger groups apart
