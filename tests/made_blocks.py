"""Blocks made for the checks of `dataflow.conformance`: a right one, and others that differ from it in one way."""

from __future__ import annotations

from collections.abc import Mapping
from types import new_class
from typing import Any

import numpy as np
import pytest

from dataflow.conformance import Check, ConformanceError
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Unary


def double(self: Block, x: Array, out: Array | None = None) -> Any:
    return np.multiply(x, x.dtype.type(2), out=out)


class Made(Unary, abstract=True):
    """Twice the value, ``2 * x``.

    >>> Made()([1.0, 2.5])
    array([2., 5.], dtype=float32)

    Source: the tests.
    """

    kernel = double

    def grad(self, x: Any, y: Any, dy: Any) -> Any:
        return dy * 2


DOC = Made.__doc__ or ""


def made(*bases: type[Block], annotations: Mapping[str, str] | None = None, **members: object) -> type[Block]:
    """A block like the one above, but for the members given."""
    right = {"__doc__": DOC, "kernel": double, "grad": Made.grad, "__annotations__": dict(annotations or {})}
    return new_class("Made", bases or (Unary,), {"abstract": True}, lambda body: body.update(right | members))


def told(check: Check, block: type[Block]) -> str:
    """What a check says of a block that is wrong."""
    with pytest.raises(ConformanceError) as caught:
        check(block)
    return str(caught.value)
