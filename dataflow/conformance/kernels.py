"""Checks that a kernel can be run as the planner runs it: into a buffer, in place, in pieces, repeatedly."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from dataflow.conformance.equality import near, same
from dataflow.conformance.samples import Sample, broken, samples
from dataflow.core import dtypes
from dataflow.core.block import Block, TensorType
from dataflow.core.dtypes import Array
from dataflow.core.kinds import Reduction, View
from dataflow.core.ports import In, flat


def untouched(block_class: type[Block]) -> None:
    """The kernel neither writes to its inputs nor returns one of them (a View may)."""
    for sample in samples(block_class):
        before = [np.array(a) for a in flat(sample.arrays)]
        locked = sample.mapped(lambda _, a: _locked(a))
        try:
            results = locked.results()
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise broken(block_class, f"the kernel must not write into its inputs, got that for {sample}") from error
        if not all(map(same, before, flat(locked.arrays))):
            raise broken(block_class, f"the kernel must not change its inputs, got that for {sample}")
        if not isinstance(sample.block, View) and any(
            np.may_share_memory(r, a) for r in results for a in flat(locked.arrays) if isinstance(r, np.ndarray)
        ):
            raise broken(
                block_class, f"the kernel must give new arrays, got (a part of) an input for {sample}; copy it"
            )


def repeatable(block_class: type[Block]) -> None:
    """A second run gives the same bits."""
    for sample in samples(block_class):
        if sample.block.pure and not all(map(same, sample.results(), sample.results())):
            raise broken(block_class, f"a second run must give the same, got something else for {sample}")


def strided(block_class: type[Block]) -> None:
    """The kernel gives the same for views with other strides."""
    for sample in samples(block_class):
        spread = sample.mapped(lambda _, a: np.repeat(a.T[..., None], 2, -1)[..., 0].T)
        if not all(map(same, sample.results(), spread.results())):
            raise broken(block_class, f"must not depend on strides, got something else for {sample}")


def into(block_class: type[Block]) -> None:
    """With ``out`` the kernel writes the same bits there and returns it."""
    if not block_class.takes_out:
        return
    for sample in _with_buffer(block_class):
        plain, buffer = sample.results(), _buffer(sample)
        given = sample.results(buffer)
        if not (isinstance(given[0], np.ndarray) and np.may_share_memory(given[0], buffer)) and buffer.size:
            raise broken(block_class, f"the kernel must return `out`, got another array for {sample}")
        if not all(map(same, [np.asarray(plain[0], buffer.dtype), *plain[1:]], [buffer, *given[1:]])):
            raise broken(block_class, f"the kernel must give the same with `out`, got something else for {sample}")


def in_place(block_class: type[Block]) -> None:
    """``out`` may be any input that ``reuses`` names, where dtype and shape agree."""
    for sample in _with_buffer(block_class) if block_class.takes_out else ():
        plain, expected = sample.results(), sample.outputs[0]
        for i, name in enumerate(block_class.signature.inputs):
            array = sample.arrays[i]
            if name not in block_class.reuses or not isinstance(array, np.ndarray) or not _like(array, expected):
                continue
            donor = np.array(array)
            arrays = tuple(donor if j == i else a for j, a in enumerate(sample.arrays))
            given = Sample(sample.block, arrays).results(donor)
            if not all(map(same, [np.asarray(plain[0], donor.dtype), *plain[1:]], [donor, *given[1:]])):
                raise broken(
                    block_class,
                    f"`out` may not be the array of input '{name}', which `reuses` allows: "
                    f"it must give the same, got something else for {sample}",
                )


def pieces(block_class: type[Block]) -> None:
    """An Elementwise kernel gives the same for pieces of the inputs, and a Reduction folds partial results."""
    for sample in samples(block_class):
        if sample.block.streams:
            _check_tiles(sample)
        elif isinstance(sample.block, Reduction):
            _check_partials(sample)
        _check_rows(sample)


def _check_tiles(sample: Sample) -> None:
    block_class = type(sample.block)
    whole = sample.results()
    shape = next(
        np.shape(v) for v, p in zip(whole, block_class.signature.outputs.values(), strict=True) if p.reduce is None
    )
    for axis in _cuttable(sample, shape):
        parts = [part.results() for part in _halves(sample, shape, axis)]
        for port, value, *tiles in zip(block_class.signature.outputs.values(), whole, *parts, strict=True):
            if port.reduce is not None:
                folded = port.reduce(*tiles)
                fine = np.allclose(folded, value, rtol=1e-12, atol=1e-12, equal_nan=True)
            else:
                fine = same(np.concatenate(tiles, axis), value)
            if not fine:
                raise broken(
                    block_class, f"'{port.name}' must be the same in pieces along axis {axis}, got another for {sample}"
                )


def _cuttable(sample: Sample, shape: tuple[int, ...]) -> Iterator[int]:
    """Axes along which pieces may be cut; an axis as long as a port of declared shape may belong to that port."""
    declared = {
        size
        for port, value in zip(sample.block.signature.inputs.values(), sample.arrays, strict=True)
        for size in np.shape(value)
        if port.shape is not None
    }
    return (axis for axis, size in enumerate(shape) if size > 1 and size not in declared)


def _halves(sample: Sample, shape: tuple[int, ...], axis: int) -> Iterator[Sample]:
    middle = shape[axis] // 2
    for chosen in (slice(None, middle), slice(middle, None)):

        def half(port: In, array: Array, chosen: slice = chosen) -> Array:
            own = axis - len(shape) + array.ndim
            if port.shape is not None or own < 0 or array.shape[own] != shape[axis]:
                return array
            return array[(slice(None),) * own + (chosen,)]

        yield sample.mapped(half)


def _check_partials(sample: Sample) -> None:
    block, shape = sample.block, sample.arrays[0].shape
    (whole,) = sample.results()
    axes = block.axes(sample.arrays[1], len(shape))  # type: ignore[attr-defined]
    for axis in (a for a, size in enumerate(shape) if size > 1):
        first, second = (part.results()[0] for part in _halves(sample, shape, axis))
        if axis in axes:
            together = block.ufunc(first, second)  # type: ignore[attr-defined]
        else:
            kept = block.keep_dims or axis  # type: ignore[attr-defined]
            position = axis if kept is True else axis - sum(a < axis for a in axes)
            together = np.concatenate([first, second], position)
        if not near(together, whole):
            raise broken(type(block), f"its parts must fold to the whole along axis {axis}, got another for {sample}")


def _check_rows(sample: Sample) -> None:
    """Partial values of some rows, folded and finalized, equal the result of the kernel."""
    block = sample.block
    width = block.row_width(*sample.types)
    if width is None or sample.arrays[0].size < 2 * width:
        return
    first = sample.arrays[0]
    rows = np.ascontiguousarray(first).reshape(-1, width)
    parts = [block.partials(half) for half in np.array_split(rows, 2)]
    pairs = zip(*parts, strict=True) if len(block.reduces) > 1 else [parts]
    totals = block.finalize([ufunc(*pair) for ufunc, pair in zip(block.reduces, pairs, strict=True)], len(rows))
    for total, result, type_ in zip(totals, sample.results(), sample.outputs, strict=True):
        made = np.asarray(np.reshape(total, np.shape(result)), dtypes.storage(type_.dtype))
        if not near(made, np.asarray(result)):
            raise broken(type(block), f"parts of rows must fold to the whole, got something else for {sample}")


def _locked(array: Array) -> Array:
    array = np.array(array)
    array.flags.writeable = False
    return array


def _with_buffer(block_class: type[Block]) -> Iterator[Sample]:
    """Samples whose first output has memory that can be laid out before the run."""
    first = next(iter(block_class.signature.outputs.values()))
    return (s for s in samples(block_class) if first.reduce is None and s.outputs[0].known)


def _buffer(sample: Sample) -> Array:
    """An array for the first output, filled with poison: a kernel must not read it."""
    expected = sample.outputs[0]
    storage, shape = dtypes.storage(expected.dtype), tuple(map(int, expected.shape or ()))  # type: ignore[arg-type]
    return np.full(prod(shape) * storage.itemsize, 0x5A, np.uint8).view(storage).reshape(shape)


def _like(array: Array, type_: TensorType) -> bool:
    return bool(array.dtype == dtypes.storage(type_.dtype) and array.shape == type_.shape)
