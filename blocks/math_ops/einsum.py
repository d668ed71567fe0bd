"""Einsum: sums of products along dims that are named by letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.casting import as_compute_dtype, cast_into
from blocks.kernels.matrix_product import matmul
from blocks.math_ops.conjugate import conj
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array, DType, storage
from dataflow.core.kinds import Contraction
from dataflow.core.shapes import Dim, Shape, agree, fits, show
from dataflow.core.wire import Wire
from dataflow.core.workspace import Kernel, Workspace

EQUATION = re.compile(r"([A-Za-z.]*)(,[A-Za-z.]*)*->[A-Za-z.]*")
SUMMED = ("bfloat16", "float16", "float32", "float64", "int32", "int64", *dtypes.complexes)


class Labelled(Contraction, abstract=True):
    """A sum of products or its gradient: an equation, and the labels that dims get by it."""

    equation: str = attr("letters for the dims of each input, then ``->`` and those of the output, as in ``ij,jk->ik``")

    def check(self) -> None:
        text = self.equation.replace(" ", "")
        if not EQUATION.fullmatch(text):
            raise self.error(
                f"attr 'equation' must be letters and '...', inputs apart by commas, then '->' and the output, "
                f"got '{self.equation}'"
            )
        terms = self.terms
        if len(terms) > 2:
            raise self.error(f"attr 'equation' must have one or two inputs, got {len(terms)}; sum in several steps")
        for term in (*terms, self.target):
            if "." in term.replace("...", "", 1):
                raise self.error(f"attr 'equation' must have '...' at most once in each term, got '{term}'")
        for letter in sorted(set(self.target) - set("".join(terms)) - {"."}):
            raise self.error(f"attr 'equation' must name in its output what an input has, got '{letter}' in it alone")

    @property
    def terms(self) -> list[str]:
        """The letters of each input."""
        return self.equation.replace(" ", "").partition("->")[0].split(",")

    @property
    def target(self) -> str:
        """The letters of the output."""
        return self.equation.replace(" ", "").partition("->")[2]

    def labels(self, term: str, rank: int, port: str) -> list[str]:
        """A label for each dim: its letter, or for dims under the dots their number counted from the last of them."""
        letters, dots = len(term.replace("...", "")), "..." in term
        if rank < letters or (rank > letters and not dots):
            wanted = f"at least {letters}" if dots else str(letters)
            raise self.error(f"input '{port}' must have rank {wanted} for '{term}', got {rank}")
        before, _, after = term.partition("...")
        return [*before, *(f"{i}" for i in range(rank - letters, 0, -1)), *after] if dots else list(term)

    def sizes(self, labels: Sequence[Sequence[str]], shapes: Sequence[Any], ports: Sequence[str]) -> dict[str, Any]:
        """The size of each label; those under dots may be 1 in one of the inputs."""
        sizes: dict[str, Any] = {}
        for names, shape, port in zip(labels, shapes, ports, strict=True):
            for label, size in zip(names, shape, strict=True):
                known = sizes.get(label, size)
                if label.isdigit() and 1 in (known, size):
                    sizes[label] = size if known == 1 else known
                    continue
                if not agree(known, size):
                    raise self.error(f"input '{port}' must have size {known} in dim '{label}', got shape {show(shape)}")
                sizes[label] = known if isinstance(known, int) or size is None else size
        return sizes

    def output_labels(self, sizes: Mapping[str, Any]) -> list[str]:
        """The labels of the output: the dots stand for all the dims that any input has under them."""
        depth = max((int(label) for label in sizes if label.isdigit()), default=0)
        if depth and "..." not in self.target:
            raise self.error(
                f"attr 'equation' must have '...' in its output, as an input has dims there, got '{self.equation}'"
            )
        return self.labels(self.target, len(self.target.replace("...", "")) + depth, "output")


class Einsum(Labelled):
    """Sum of products, ``output[i, k] = sum(inputs[0][i, j] * inputs[1][j, k])`` for the equation ``ij,jk->ik``.

    Dims whose letter is not in the output are summed over. A letter that comes twice in an input takes the diagonal,
    and twice in the output puts the values on one. Three dots stand for any dims, which broadcast.

    >>> Einsum(equation="ij,jk->ik")([[[1.0, 2.0]], [[3.0], [4.0]]])
    array([[11.]], dtype=float32)
    >>> Einsum(equation="ij->ji")([[[1, 2, 3]]])
    array([[1],
           [2],
           [3]], dtype=int32)

    Source: tf.einsum.
    """

    found_by = ("contraction", "tensordot", "einstein")
    T = SUMMED
    inputs = In("T", "one or two values", many=True)
    output = Out("T", "the dims that the equation names behind its arrow")

    def shape_of(self, inputs: tuple[TensorType, ...]) -> Shape:
        if len(inputs) != len(self.terms):
            raise self.error(
                f"input 'inputs' must have {len(self.terms)} values, as attr 'equation' has, got {len(inputs)}"
            )
        shapes = [t.shape for t in inputs if t.shape is not None]
        if len(shapes) < len(inputs):
            return None if "..." in self.target else (None,) * len(self.target)
        ports = [f"inputs[{i}]" for i in range(len(inputs))]
        labels = [self.labels(term, len(s), p) for term, s, p in zip(self.terms, shapes, ports, strict=True)]
        sizes = self.sizes(labels, shapes, ports)
        return tuple(sizes[label] for label in self.output_labels(sizes))

    def bind(self, memory: Workspace, inputs: Sequence[TensorType]) -> Kernel:
        labels = [self.labels(term, len(t.sizes), "inputs") for term, t in zip(self.terms, inputs, strict=True)]
        sizes = self.sizes(labels, [t.shape for t in inputs], ["inputs"] * len(inputs))
        summed = bind_sum_of_products(memory, inputs, labels, self.output_labels(sizes), sizes)
        dtype = storage(inputs[0].dtype)

        def kernel(inputs: Sequence[Array], out: Array | None = None) -> Array:
            result = summed(inputs)
            return np.array(result, dtype, order="C") if out is None else cast_into(result, dtype, out)

        return kernel

    def grad(self, inputs: Sequence[Wire], output: Wire, dy: Wire) -> tuple[list[Wire]]:
        by_inputs = []
        for i, x in enumerate(inputs):
            others = [conj(other) for j, other in enumerate(inputs) if j != i]
            by_inputs.append(EinsumGrad(equation=self.equation, position=i)(dy, x, *others))
        return (by_inputs,)


class EinsumGrad(Labelled):
    """Gradient of Einsum by one input, ``dx[i, j] = sum(dy[i, k] * other[j, k])`` for the equation ``ij,jk->ik``.

    The complex conjugate, where there is one, is to be taken of ``other`` before.

    >>> EinsumGrad(equation="ij,jk->ik")([[1.0]], [[1.0, 2.0]], [[3.0], [4.0]])
    array([[3., 4.]], dtype=float32)

    Source: the gradient of tf.einsum.
    """

    T = SUMMED
    dy = In("T", "gradient by the output of the Einsum")
    input = In("T", "the input by which the gradient is", like=True)
    other = In("T", "the other input, if there are two", optional=True)
    dx = Out("T", "gradient by `input`")
    position: int = attr("which of the inputs `input` is", default=0, ge=0, le=1)

    def check(self) -> None:
        super().check()
        if self.position >= len(self.terms):
            raise self.error(f"attr 'position' must be 0 where the equation has one input, got {self.position}")

    def shape_of(self, dy: TensorType, input: TensorType, other: TensorType | None = None) -> Shape:
        given = [input] if other is None else [input, other]
        if len(given) != len(self.terms):
            raise self.error(f"input 'other' must be wired where attr 'equation' has two inputs, got '{self.equation}'")
        if input.shape is not None and (other is None or other.shape is not None):
            labels, shapes, ports = self._operands(*(t.shape or () for t in given))
            sizes = self.sizes(labels, shapes, ports)
            wanted = tuple(sizes[label] for label in self.output_labels(sizes))
            if not fits(dy.shape, wanted):
                raise self.error(f"input 'dy' must have shape {show(wanted)}, got {show(dy.shape)}")
        return input.shape

    def _operands(self, *shapes: tuple[Dim, ...]) -> tuple[list[list[str]], list[tuple[Dim, ...]], list[str]]:
        """Labels, shapes and port names of the input and the other one."""
        terms = self.terms if self.position == 0 else list(reversed(self.terms))
        ports = ["input", "other"][: len(shapes)]
        labels = [self.labels(t, len(s), p) for t, s, p in zip(terms, shapes, ports, strict=True)]
        return labels, list(shapes), ports

    def bind(self, memory: Workspace, dy: TensorType, input: TensorType, other: TensorType | None) -> Kernel:
        labels, shapes, ports = self._operands(*(t.sizes for t in (input, other) if t is not None))
        sizes = self.sizes(labels, shapes, ports)
        types = [dy] if other is None else [dy, other]
        # a dim that was broadcast is summed over, and comes back with size 1
        target = [label for label, size in zip(labels[0], input.sizes, strict=True) if size == sizes[label]]
        summed = bind_sum_of_products(memory, types, [self.output_labels(sizes), *labels[1:]], target, sizes)
        made, dtype = input.sizes, storage(dy.dtype)

        def kernel(dy: Array, input: Array, other: Array | None, out: Array | None = None) -> Array:
            out = np.empty(made, dtype) if out is None else out
            result = summed([dy] if other is None else [dy, other])
            np.copyto(out.reshape(result.shape), result, casting="unsafe")
            return out

        return kernel

    def grad(
        self, dy: Wire, input: Wire, other: Wire | None, dx: Wire, ddx: Wire
    ) -> tuple[Wire, None, None] | tuple[Wire, None, Wire]:
        if other is None:
            return Einsum(equation=self.equation)([ddx]), None, None
        pair = [ddx, conj(other)] if self.position == 0 else [conj(other), ddx]
        by_other = EinsumGrad(equation=self.equation, position=1 - self.position)
        return Einsum(equation=self.equation)(pair), None, by_other(conj(dy), other, ddx)


Step = Callable[[Array], Array]


def bind_sum_of_products(
    memory: Workspace,
    types: Sequence[TensorType],
    labels: Sequence[Sequence[str]],
    target: Sequence[str],
    sizes: Mapping[str, int],
) -> Callable[[Sequence[Array]], Array]:
    """What gives the sum of products of arrays of these types, with the target's labels as dims.

    It is repeated along labels that no array has, and lies on a diagonal where a label comes twice.
    """
    operands = []
    for i, (type_, names) in enumerate(zip(types, labels, strict=True)):
        others = {label for j, each in enumerate(labels) if j != i for label in each}
        operands.append(_bind_operand(memory, type_, names, sizes, others.union(target)))
    (first, names), *second = operands
    product = None
    dtype = dtypes.compute(storage(types[0].dtype))
    if second:
        product, names = _bind_product(memory, dtype, names, second[0][1], set(target), sizes)
    order = list(dict.fromkeys(target))
    axes = [names.index(label) for label in order if label in names]
    spread, full = [sizes[n] if n in names else 1 for n in order], [sizes[label] for label in order]
    diagonal = None if len(order) == len(target) else _bind_diagonal(memory, dtype, order, target, sizes)

    def summed(arrays: Sequence[Array]) -> Array:
        array = first(arrays[0])
        if product is not None:
            array = product(array, second[0][0](arrays[1]))
        array = np.broadcast_to(array.transpose(axes).reshape(spread), full)
        return array if diagonal is None else diagonal(array)

    return summed


def _bind_operand(
    memory: Workspace, type_: TensorType, labels: Sequence[str], sizes: Mapping[str, int], kept: set[str]
) -> tuple[Step, list[str]]:
    """What makes of an array one in the dtype to compute in that has a dim for each label that is kept, and these.

    A dim that is broadcast goes, the diagonal is taken of labels that come twice, and others are summed over.
    """
    given = storage(type_.dtype)
    dtype, wide = dtypes.compute(given), dtypes.accumulate(dtypes.compute(given))
    index = tuple(0 if n == 1 != sizes[label] else slice(None) for n, label in zip(type_.sizes, labels, strict=True))
    names = [label for label, each in zip(labels, index, strict=True) if each != 0]
    diagonals = []
    for label in [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        first, *again = [axis for axis, name in enumerate(names) if name == label]
        for axis in reversed(again):
            diagonals.append((first, axis))
            del names[axis]
    alone = tuple(axis for axis, label in enumerate(names) if label not in kept)
    left = [label for axis, label in enumerate(names) if axis not in alone]
    memory.borrowed += prod(type_.sizes) * dtype.itemsize * (dtype != given)
    if alone:
        memory.borrowed += prod(sizes[label] for label in left) * (dtype.itemsize + wide.itemsize)

    def prepared(array: Array) -> Array:
        array = as_compute_dtype(array)[(*index, ...)]
        for first, axis in diagonals:  # the diagonal becomes the last dim
            array = np.moveaxis(np.diagonal(array, axis1=first, axis2=axis), -1, first)
        return np.asarray(np.add.reduce(array, alone, wide).astype(dtype)) if alone else array

    return prepared, left


def _bind_product(
    memory: Workspace, dtype: DType, in_a: list[str], in_b: list[str], wanted: set[str], sizes: Mapping[str, int]
) -> tuple[Callable[[Array, Array], Array], list[str]]:
    """Matrix products, one for each index of the labels that both have and that are kept, and the labels they have."""
    both = [label for label in in_a if label in in_b]
    batch, inner = [x for x in both if x in wanted], [x for x in both if x not in wanted]
    rows, columns = [x for x in in_a if x not in both], [x for x in in_b if x not in both]
    names = [*batch, *rows, *columns]
    lengths = [sizes[label] for label in names]
    left = _bind_matrices(memory, dtype, in_a, (batch, rows, inner), sizes)
    right = _bind_matrices(memory, dtype, in_b, (batch, inner, columns), sizes)
    memory.borrowed += prod(lengths) * dtype.itemsize
    return lambda a, b: matmul(left(a), right(b)).reshape(lengths), names


def _bind_matrices(
    memory: Workspace, dtype: DType, names: list[str], parts: tuple[list[str], ...], sizes: Mapping[str, int]
) -> Step:
    """What makes of arrays with these labels matrices, whose batch, rows and columns have the labels of the parts."""
    batch, first, second = parts
    order = [names.index(label) for part in parts for label in part]
    shape = *(sizes[x] for x in batch), prod(sizes[x] for x in first), prod(sizes[x] for x in second)
    if order != sorted(order) and names != [*batch, *second, *first]:
        memory.borrowed += prod(shape) * dtype.itemsize

    def matrices(array: Array) -> Array:
        flat = array.transpose(order).reshape(shape)
        # BLAS takes rows or columns that lie together; anything else NumPy multiplies by itself, slowly
        return flat if flat.itemsize in flat.strides[-2:] else np.ascontiguousarray(flat)

    return matrices


def _bind_diagonal(
    memory: Workspace, dtype: DType, names: Sequence[str], target: Sequence[str], sizes: Mapping[str, int]
) -> Step:
    """What puts values where the dims of equal label have equal index, with 0 elsewhere."""
    shape = [sizes[label] for label in target]
    result = memory.array(prod(shape), dtype).reshape(shape)
    strides = dict.fromkeys(names, 0)
    for label, stride in zip(target, result.strides, strict=True):
        strides[label] += stride
    # the diagonal is a view whose step goes along all dims of a label at once
    diagonal = np.lib.stride_tricks.as_strided(
        result, [sizes[label] for label in names], [strides[label] for label in names]
    )

    def placed(array: Array) -> Array:
        result[...] = 0
        diagonal[...] = array
        return result

    return placed
