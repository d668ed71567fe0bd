"""Operators on wires: ``a + b`` is the block Add, and so on."""

from __future__ import annotations

from typing import Any

from dataflow.core.ports import Wire
from dataflow.core.registry import blocks


class Operators(Wire):
    """Wires that can be added, multiplied and so on; the other operand may be a wire, a number or an array."""

    __slots__ = ()
    __array_ufunc__ = None  # so that array + wire comes here, not to NumPy

    def __add__(self, other: Any) -> Any:
        return blocks["AddV2"]()(self, other)

    def __radd__(self, other: Any) -> Any:
        return blocks["AddV2"]()(other, self)

    def __sub__(self, other: Any) -> Any:
        return blocks["Subtract"]()(self, other)

    def __rsub__(self, other: Any) -> Any:
        return blocks["Subtract"]()(other, self)

    def __mul__(self, other: Any) -> Any:
        return blocks["Multiply"]()(self, other)

    def __rmul__(self, other: Any) -> Any:
        return blocks["Multiply"]()(other, self)

    def __truediv__(self, other: Any) -> Any:
        return blocks["RealDiv"]()(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return blocks["RealDiv"]()(other, self)

    def __pow__(self, other: Any) -> Any:
        return blocks["Pow"]()(self, other)

    def __matmul__(self, other: Any) -> Any:
        return blocks["MatMul"]()(self, other)

    def __neg__(self) -> Any:
        return blocks["Negate"]()(self)
