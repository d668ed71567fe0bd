"""The kinds of block: base classes that say which input elements an output element needs, so where tiles may cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np

from dataflow.core import bounding, dtypes
from dataflow.core.block import Block, In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType
from dataflow.core.errors import listing
from dataflow.core.folding import bind_fold, fold_rows, leading
from dataflow.core.quantized import Passes
from dataflow.core.shapes import ContractError, Shape, axes_of, broadcast, contract, fits, merge, show
from dataflow.core.workspace import Kernel, Workspace


class Source(Block, abstract=True):
    """No inputs: a value known before the run."""


class Elementwise(Block, abstract=True):
    """``out[i]`` needs the inputs, broadcast against each other, at ``i`` alone: any axis may be cut."""

    streams = True
    broadcasts = True  # False: inputs without a declared shape must have one shape

    def shape_of(self, *types: Any) -> Any:
        if not self.broadcasts:
            _same_shape(self, _shapeless(self, types))
        ports = self.signature.inputs.values()
        try:
            return broadcast(*[type_.shape for port, type_ in zip(ports, types, strict=True) if port.shape is None])
        except ValueError:
            given = _shapeless(self, types)
            names = listing([f"'{name}'" for name in given], "and")
            shapes = listing([show(t.shape) for t in given.values()], "and")
            raise self.error(f"inputs {names} must broadcast, got {shapes}") from None

    bound: ClassVar[Callable[..., Any]] = bounding.if_monotone


class Unary(Elementwise, abstract=True):
    """One input, one output of the same shape, by a ufunc unless the block writes its own kernel."""

    T: ClassVar[tuple[str, ...]] = dtypes.floating
    ufunc: ClassVar[Any] = None
    x = In("T", "values, any shape")
    y = Out("T", "same shape as `x`")

    def __init_subclass__(cls, abstract: bool = False, **options: object) -> None:
        super().__init_subclass__(abstract=abstract, **options)
        if "reuses" not in vars(cls):  # a ufunc may overwrite its inputs; another kernel must say so itself
            cls.reuses = tuple(cls.signature.inputs) if cls.kernel is Unary.kernel else ()

    def kernel(self, x: Array, out: Array | None = None) -> Any:
        return self.ufunc(x, out=out)

    def kernel_for(self, dtype: DType) -> Callable[..., Any]:
        return self.ufunc if type(self).kernel is Unary.kernel else self.kernel


class Binary(Elementwise, abstract=True):
    """Two inputs that broadcast, one output, by a ufunc unless the block writes its own kernel."""

    T: ClassVar[tuple[str, ...]] = dtypes.number
    ufunc: ClassVar[Any] = None
    x = In("T", "left operand")
    y = In("T", "right operand; broadcasts with `x`")
    z = Out("T", "the broadcast shape of `x` and `y`")

    def __init_subclass__(cls, abstract: bool = False, **options: object) -> None:
        super().__init_subclass__(abstract=abstract, **options)
        if "reuses" not in vars(cls):
            cls.reuses = tuple(cls.signature.inputs) if cls.kernel is Binary.kernel else ()

    def kernel(self, x: Array, y: Array, out: Array | None = None) -> Any:
        return self.ufunc(x, y, out=out)  # by name: np.maximum takes it no other way

    def kernel_for(self, dtype: DType) -> Callable[..., Any]:
        return self.ufunc if type(self).kernel is Binary.kernel else self.kernel


class Reduction(Block, abstract=True):
    """Folds axes with an associative ufunc: any axis may be cut and the partial values folded again."""

    contiguous_inputs = True
    T: ClassVar[tuple[str, ...]] = dtypes.real
    ufunc: ClassVar[np.ufunc]
    input = In("T", "values to fold")
    axis = In("I", "axes to fold, counted from the end if negative; an empty list folds none", static=True)
    output = Out("T", "`input` without the folded axes")
    keep_dims: bool = attr("keep the folded axes, with size 1", default=False)
    I = dtypes.signed[2:]

    def shape_of(self, input: TensorType, axis: TensorType) -> Shape:
        if input.shape is None or axis.value is None:
            return None
        axes = self.axes(axis.value, len(input.shape))
        if self.keep_dims:
            return tuple(1 if i in axes else d for i, d in enumerate(input.shape))
        return tuple(d for i, d in enumerate(input.shape) if i not in axes)

    def axes(self: Block, axis: Array, rank: int) -> tuple[int, ...]:
        """The folded axes as sorted non-negative numbers."""
        try:
            return axes_of(axis, rank)
        except ValueError as error:
            raise self.error(f"input 'axis' {error}") from None

    @property
    def reduces(self) -> tuple[Any, ...]:
        return (self.ufunc,)

    def row_width(self, input: TensorType, axis: TensorType) -> int | None:
        if not input.known or axis.value is None:
            return None
        return leading(input.sizes, self.axes(axis.value, len(input.sizes)))

    def folds_in(self, dtype: DType) -> DType:
        """The dtype in which elements of a dtype are folded; the result is rounded once."""
        return dtype

    def partials(self, rows: Array) -> Any:
        return fold_rows(self.ufunc, rows, self.folds_in(rows.dtype))

    def bind(self, memory: Workspace, input: TensorType, axis: TensorType) -> Kernel:
        given, made = dtypes.storage(input.dtype), TensorType(input.dtype, self.shape_of(input, axis))
        dtype, axes = self.folds_in(given), self.axes(axis.value, len(input.sizes))
        compiled = given if memory.compiled else None
        fold = bind_fold(self.ufunc, input.sizes, axes, dtype, self.keep_dims, self.empty(given), compiled)
        memory.borrowed += prod(made.sizes) * (dtype.itemsize + 8 * (dtype == np.bool_))  # those are folded by words

        def kernel(input: Array, axis: Array, out: Array | None = None) -> Array:
            if out is None:
                return np.asarray(fold(input), given)
            out[...] = fold(input)
            return out

        return kernel

    def empty(self, dtype: DType) -> float | None:
        """What a fold of no elements of a dtype gives; None for the identity of the ufunc."""
        return None


class Contraction(Block, abstract=True):
    """Multiplies and adds along a dim that ``rule`` names on its left only; the dims on its right may be cut."""

    uses_cores = contiguous_inputs = True
    rule: ClassVar[str] = ""

    def shape_of(self, *types: Any) -> Any:
        return self.contracted(self.rule, *types)

    def contracted(self, rule: str, *types: TensorType) -> Shape:
        """The output shape by a rule; BlockError names the port of an input that does not fit it."""
        try:
            return contract(rule, [t.shape for t in types])
        except ContractError as error:
            port = list(self.signature.inputs)[error.position]
            raise self.error(f"input '{port}' {error}") from None
        except ValueError as error:
            names = listing([f"'{name}'" for name in self.signature.inputs], "and")
            raise self.error(f"inputs {names}: leading {error}") from None


class Movement(Block, abstract=True):
    """Gives elements as they are, in other places."""

    @property
    def quantized_as(self) -> Passes | None:
        """Codes pass from the inputs that have the dtype of the outputs; none come from outside of the graph."""
        if self.feedable or self.stateful:
            return None
        ports, kinds = self.signature.inputs.values(), {port.dtype for port in self.signature.outputs.values()}
        return Passes(tuple(port.name for port in ports if port.dtype in kinds and not port.like))

    bound: ClassVar[Callable[..., Any]] = bounding.moved


class View(Movement, abstract=True):
    """The elements of the first input under another shape or other strides, without a copy."""

    def copies(self, *types: Any) -> bool:
        """Whether it is known before the run that the kernel must copy: no view may have negative strides."""
        return False


class Rearrange(Movement, abstract=True):
    """Moves elements without arithmetic."""


class Update(Block, abstract=True):
    """Gives variables their next values, which they have from the end of the step on.

    ``assigns`` says which output is the next value of the variable on which input. An optimizer gives its inputs a
    role, by which training wires them.
    """

    pure = False  # the outputs are, but two equal updates must not be merged

    def shape_of(self, *types: Any) -> Any:
        """The shape of the first input without a declared one; all other such inputs must have it too."""
        return [_same_shape(self, _shapeless(self, types))] * len(self.signature.outputs)


class Opaque(Block, abstract=True):
    """Whole arrays in, whole arrays out: runs alone."""

    contiguous_inputs = True


def _shapeless(block: Block, types: Sequence[TensorType]) -> dict[str, TensorType]:
    """The inputs without a declared shape, by port."""
    return {p.name: t for p, t in zip(block.signature.inputs.values(), types, strict=True) if p.shape is None}


def _same_shape(block: Block, given: Mapping[str, TensorType]) -> Shape:
    """The shape that all inputs have; BlockError where one has another."""
    (first, like), *others = given.items()
    shape = like.shape
    for name, type_ in others:
        if not fits(type_.shape, shape):
            raise block.error(
                f"input '{name}' must have the shape of '{first}', {show(shape)}, got {show(type_.shape)}"
            )
        shape = merge(shape, type_.shape)
    return shape
