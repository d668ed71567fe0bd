"""What the tests of graph files share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import ArrayLike

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphFileError, Problem


def problems(read: Callable[..., object], text: str, *args: object, **params: object) -> list[Problem]:
    with pytest.raises(GraphFileError) as caught:
        read(text, *args, **params)
    return caught.value.problems


def node(block: str, rest: str = "") -> str:
    return f"nodes:\n  y: {{block: {block}{', ' if rest else ''}{rest}}}\noutputs: {{y: y}}\n"


def same(value: Array, wanted: ArrayLike) -> None:
    expected = np.asarray(wanted)
    assert (value.dtype, value.shape) == (expected.dtype, expected.shape)
    assert value.tobytes() == expected.tobytes()
