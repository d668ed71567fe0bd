"""Wires: values that a graph will compute. An operator on them adds a node: ``a + b`` is the block AddV2."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeAlias

import numpy as np

from dataflow.core.errors import GraphError
from dataflow.core.registry import blocks
from dataflow.core.shapes import Shape, TensorType
from dataflow.core.slices import Index, strided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Operand: TypeAlias = "ArrayLike | Wire"


class Wire:
    """A value in a graph: a block called on wires returns wires. The other operand may be a number or an array.

    Operators add the blocks that TensorFlow's do: AddV2, Subtract, Multiply, RealDiv, FloorDiv, FloorMod, Pow, Negate,
    Abs, Less and so on; ``&``, ``|`` and ``~`` are logical; ``@`` is MatMul, or BatchMatMulV2 for other ranks than 2;
    ``x[:, 1:]`` is StridedSlice. There is no value before a run, so ``==``, ``if`` and ``for`` are errors.
    `Ref` of dataflow.graph is one, and `BodyWire` of dataflow.core.body.
    """

    __slots__ = ()
    noun: ClassVar[str] = "wire"  # in messages
    __array_ufunc__ = None  # so that array + wire comes here, not to NumPy
    __hash__ = object.__hash__  # a wire is itself alone
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

    # -- arithmetic ---------------------------------------------------------------------------------------------

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

    def __floordiv__(self, other: Operand) -> Wire:
        return _called("FloorDiv", self, other)

    def __rfloordiv__(self, other: Operand) -> Wire:
        return _called("FloorDiv", other, self)

    def __mod__(self, other: Operand) -> Wire:
        return _called("FloorMod", self, other)

    def __rmod__(self, other: Operand) -> Wire:
        return _called("FloorMod", other, self)

    def __pow__(self, other: Operand) -> Wire:
        return _called("Pow", self, other)

    def __rpow__(self, other: Operand) -> Wire:
        return _called("Pow", other, self)

    def __matmul__(self, other: Operand) -> Wire:
        return _called(_product(self, other), self, other)

    def __rmatmul__(self, other: Operand) -> Wire:
        return _called(_product(self, other), other, self)

    def __neg__(self) -> Wire:
        return _called("Negate", self)

    def __abs__(self) -> Wire:
        return _called("Abs", self)

    # -- truth values -------------------------------------------------------------------------------------------

    def __lt__(self, other: Operand) -> Wire:
        return _called("Less", self, other)

    def __le__(self, other: Operand) -> Wire:
        return _called("LessEqual", self, other)

    def __gt__(self, other: Operand) -> Wire:
        return _called("Greater", self, other)

    def __ge__(self, other: Operand) -> Wire:
        return _called("GreaterEqual", self, other)

    def __and__(self, other: Operand) -> Wire:
        return _called("LogicalAnd", self, other)

    def __rand__(self, other: Operand) -> Wire:
        return _called("LogicalAnd", other, self)

    def __or__(self, other: Operand) -> Wire:
        return _called("LogicalOr", self, other)

    def __ror__(self, other: Operand) -> Wire:
        return _called("LogicalOr", other, self)

    def __invert__(self) -> Wire:
        return _called("LogicalNot", self)

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        if isinstance(other, Wire | numbers.Number | np.ndarray | list | tuple):
            self._refuse("== and != cannot compare it; write blocks.Equal()(a, b), or `a is b` to tell wires apart")
        return NotImplemented

    def __bool__(self) -> bool:
        self._refuse("if, and, or, not and a < b < c cannot ask it; write &, | and ~, or blocks.SelectV2()(a, b, c)")

    # -- parts --------------------------------------------------------------------------------------------------

    def __getitem__(self, index: Index | tuple[Index, ...]) -> Wire:
        try:
            limits, masks = strided(index if isinstance(index, tuple) else (index,))
        except ValueError as error:
            raise GraphError(f"{self!r}: {error}") from None
        made: Wire = blocks["StridedSlice"](**masks)(self, *limits)
        return made

    def __iter__(self) -> Iterator[Wire]:
        self._refuse("for and in cannot go through it; take its parts with blocks.Unstack")

    def _refuse(self, what: str) -> NoReturn:
        raise GraphError(f"{self!r} has no value before a run, so {what}")


def _called(name: str, *operands: Operand) -> Wire:
    made: Wire = blocks[name]()(*operands)
    return made


def _product(*factors: Operand) -> str:
    """The block of a matrix product: the one for a batch of matrices unless there are just two of them."""
    ranks = [f.shape and len(f.shape) if isinstance(f, Wire) else np.ndim(f) for f in factors]
    return "MatMul" if ranks == [2, 2] else "BatchMatMulV2"
