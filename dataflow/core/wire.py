"""Wires: values that a graph will compute. Arithmetic on them adds nodes: ``a + b`` is the block AddV2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from dataflow.core.registry import blocks
from dataflow.core.shapes import Shape, TensorType

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Operand: TypeAlias = "ArrayLike | Wire"


class Wire:
    """A value in a graph: a block called on wires returns wires. The other operand may be a number or an array.

    `Ref` of dataflow.graph is the only subclass.
    """

    __slots__ = ()
    __array_ufunc__ = None  # so that array + wire comes here, not to NumPy
    graph: Any

    @property
    def type(self) -> TensorType:
        """Dtype and shape, and the value where it is known before the run."""
        raise NotImplementedError

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self.type.dtype

    @property
    def shape(self) -> Shape:
        """The sizes, names or None for the dims; None where the rank is not known."""
        return self.type.shape

    def __add__(self, other: Operand) -> Wire:
        return _called("AddV2", self, other)

    def __radd__(self, other: Operand) -> Wire:
        return _called("AddV2", other, self)

    def __sub__(self, other: Operand) -> Wire:
        return _called("Subtract", self, other)

    def __rsub__(self, other: Operand) -> Wire:
        return _called("Subtract", other, self)

    def __mul__(self, other: Operand) -> Wire:
        return _called("Multiply", self, other)

    def __rmul__(self, other: Operand) -> Wire:
        return _called("Multiply", other, self)

    def __truediv__(self, other: Operand) -> Wire:
        return _called("RealDiv", self, other)

    def __rtruediv__(self, other: Operand) -> Wire:
        return _called("RealDiv", other, self)

    def __pow__(self, other: Operand) -> Wire:
        return _called("Pow", self, other)

    def __matmul__(self, other: Operand) -> Wire:
        return _called("MatMul", self, other)

    def __neg__(self) -> Wire:
        return _called("Negate", self)


def _called(name: str, *operands: Operand) -> Wire:
    made: Wire = blocks[name]()(*operands)
    return made
