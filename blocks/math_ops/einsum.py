"""Einsum: sums of products along dims that are named by letters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from blocks.kernels.casting import as_compute_dtype, cast_into
from blocks.kernels.matrix_product import matmul
from blocks.math_ops.conjugate import conj
from dataflow.core import dtypes
from dataflow.core.block import In, Out, TensorType, attr
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Contraction
from dataflow.core.shapes import Dim, Shape, agree, element_count, fits, show
from dataflow.core.wire import Wire

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

    def kernel(self, inputs: Sequence[Array], out: Array | None = None) -> Array:
        labels = [self.labels(term, x.ndim, "inputs") for term, x in zip(self.terms, inputs, strict=True)]
        sizes = self.sizes(labels, [x.shape for x in inputs], ["inputs"] * len(inputs))
        result = sum_of_products(inputs, labels, self.output_labels(sizes), sizes)
        return np.array(result, inputs[0].dtype, order="C") if out is None else cast_into(result, out.dtype, out)

    def workspace(self, inputs: Sequence[TensorType]) -> int:
        labels = [self.labels(term, len(t.shape or ()), "inputs") for term, t in zip(self.terms, inputs, strict=True)]
        sizes = self.sizes(labels, [t.shape for t in inputs], ["inputs"] * len(inputs))
        return sum_of_products_bytes(inputs, labels, self.output_labels(sizes), sizes)

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

    def kernel(self, dy: Array, input: Array, other: Array | None) -> Array:
        labels, shapes, ports = self._operands(input.shape, *([] if other is None else [other.shape]))
        sizes = self.sizes(labels, shapes, ports)
        arrays = [dy] if other is None else [dy, other]
        # a dim that was broadcast is summed over, and comes back with size 1
        target = [label for label, size in zip(labels[0], input.shape, strict=True) if size == sizes[label]]
        result = sum_of_products(arrays, [self.output_labels(sizes), *labels[1:]], target, sizes)
        return np.array(result, dy.dtype).reshape(input.shape)

    def workspace(self, dy: TensorType, input: TensorType, other: TensorType | None) -> int:
        labels, shapes, ports = self._operands(*(t.sizes for t in (input, other) if t is not None))
        sizes = self.sizes(labels, shapes, ports)
        types = [dy] if other is None else [dy, other]
        return sum_of_products_bytes(types, [self.output_labels(sizes), *labels[1:]], labels[0], sizes)

    def grad(
        self, dy: Wire, input: Wire, other: Wire | None, dx: Wire, ddx: Wire
    ) -> tuple[Wire, None, None] | tuple[Wire, None, Wire]:
        if other is None:
            return Einsum(equation=self.equation)([ddx]), None, None
        pair = [ddx, conj(other)] if self.position == 0 else [conj(other), ddx]
        by_other = EinsumGrad(equation=self.equation, position=1 - self.position)
        return Einsum(equation=self.equation)(pair), None, by_other(conj(dy), other, ddx)


def sum_of_products(
    arrays: Sequence[Array], labels: Sequence[Sequence[str]], target: Sequence[str], sizes: Mapping[str, int]
) -> Array:
    """The sum of products, with the target's labels as dims.

    It is repeated along labels that no array has, and lies on a diagonal where a label comes twice.
    """
    pairs = [_without_repeats(a, names, sizes) for a, names in zip(arrays, labels, strict=True)]
    wanted = set(target)
    for i, (array, names) in enumerate(pairs):
        others = {label for j, (_, each) in enumerate(pairs) if j != i for label in each}
        alone = [axis for axis, label in enumerate(names) if label not in wanted | others]
        if alone:
            total = np.add.reduce(array, tuple(alone), dtypes.accumulate(array.dtype)).astype(array.dtype)
            pairs[i] = np.asarray(total), [label for axis, label in enumerate(names) if axis not in alone]
    (array, names) = pairs[0] if len(pairs) == 1 else _product(*pairs[0], *pairs[1], wanted)
    order = list(dict.fromkeys(target))
    array = array.transpose([names.index(label) for label in order if label in names])
    spread = array.reshape([sizes[label] if label in names else 1 for label in order])
    full = np.broadcast_to(spread, [sizes[label] for label in order])
    return full if len(order) == len(target) else _on_diagonal(full, order, target)


def sum_of_products_bytes(
    types: Sequence[TensorType], labels: Sequence[Sequence[str]], target: Sequence[str], sizes: Mapping[str, int]
) -> int:
    """What `sum_of_products` takes at most for values of known types, with what it gives."""
    given = dtypes.storage(types[0].dtype)
    dtype = dtypes.compute(given)
    copied = 0  # elements
    pairs = []
    for i, (type_, names) in enumerate(zip(types, labels, strict=True)):
        others = {label for j, each in enumerate(labels) if j != i for label in each}
        left = [label for label in dict.fromkeys(names) if label in others or label in target]
        count = element_count(type_.shape) or 0
        copied += count * (dtype != given)
        if len(left) < len(set(names)):
            copied += prod(sizes[label] for label in left) * (1 + dtypes.accumulate(dtype).itemsize // dtype.itemsize)
        pairs.append((count, left))
    if len(pairs) == 2:
        both = [label for label in pairs[0][1] if label in pairs[1][1]]
        batch, inner = ([x for x in both if (x in target) == kept] for kept in (True, False))
        for count, names in pairs:
            alone = [x for x in names if x not in both]
            copied += count * (names not in ([*batch, *alone, *inner], [*batch, *inner, *alone]))
        copied += prod(sizes[label] for label in {*both, *pairs[0][1], *pairs[1][1]} - set(inner))
    if len(set(target)) < len(target):
        copied += prod(sizes[label] for label in target)
    return int(copied * dtype.itemsize)


def _without_repeats(array: Array, labels: Sequence[str], sizes: Mapping[str, int]) -> tuple[Array, list[str]]:
    """The array in the dtype to compute in, without dims that are broadcast and with one for each label."""
    array = as_compute_dtype(array)
    index = tuple(0 if n == 1 != sizes[label] else slice(None) for n, label in zip(array.shape, labels, strict=True))
    names = [label for label, each in zip(labels, index, strict=True) if each != 0]
    array = array[(*index, ...)]
    for label in [n for n in dict.fromkeys(names) if names.count(n) > 1]:
        axes = [axis for axis, name in enumerate(names) if name == label]
        for axis in reversed(axes[1:]):
            array = np.diagonal(array, axis1=axes[0], axis2=axis)  # the diagonal becomes the last dim
            array = np.moveaxis(array, -1, axes[0])
            del names[axis]
    return array, names


def _product(a: Array, in_a: list[str], b: Array, in_b: list[str], wanted: set[str]) -> tuple[Array, list[str]]:
    """Matrix products, one for each index of the labels that both have and that are kept."""
    both = [label for label in in_a if label in in_b]
    batch, inner = [x for x in both if x in wanted], [x for x in both if x not in wanted]
    rows, cols = [x for x in in_a if x not in both], [x for x in in_b if x not in both]

    def matrices(array: Array, names: list[str], first: list[str], second: list[str]) -> Array:
        order = [names.index(label) for label in (*batch, *first, *second)]
        moved = array.transpose(order)
        ends = len(batch), len(batch) + len(first)
        flat = moved.reshape(
            *moved.shape[: ends[0]], prod(moved.shape[ends[0] : ends[1]]), prod(moved.shape[ends[1] :])
        )
        # BLAS takes rows or columns that lie together; anything else NumPy multiplies by itself, slowly
        together = flat.itemsize in flat.strides[-2:]
        return flat if together else np.ascontiguousarray(flat)

    product = matmul(matrices(a, in_a, rows, inner), matrices(b, in_b, inner, cols))
    lengths = [a.shape[in_a.index(x)] for x in (*batch, *rows)] + [b.shape[in_b.index(x)] for x in cols]
    return product.reshape(lengths), [*batch, *rows, *cols]


def _on_diagonal(array: Array, names: Sequence[str], target: Sequence[str]) -> Array:
    """The values where the dims of equal label have equal index, 0 elsewhere."""
    lengths = dict(zip(names, array.shape, strict=True))
    result = np.zeros([lengths[label] for label in target], array.dtype)
    strides = dict.fromkeys(names, 0)
    for label, stride in zip(target, result.strides, strict=True):
        strides[label] += stride
    # the diagonal is a view whose step goes along all dims of a label at once
    np.lib.stride_tricks.as_strided(result, array.shape, [strides[label] for label in names])[...] = array
    return result
