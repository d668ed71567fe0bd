"""What the tests of graph files share."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.errors import GraphFileError


def problems(read, text, *args, **params):
    with pytest.raises(GraphFileError) as caught:
        read(text, *args, **params)
    return caught.value.problems


def node(block, rest=""):
    return f"nodes:\n  y: {{block: {block}{', ' if rest else ''}{rest}}}\noutputs: {{y: y}}\n"


def same(value, wanted):
    wanted = np.asarray(wanted)
    assert (value.dtype, value.shape) == (wanted.dtype, wanted.shape)
    assert value.tobytes() == wanted.tobytes()
