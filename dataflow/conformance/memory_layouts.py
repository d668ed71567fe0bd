"""Checks that a block takes arrays in any memory layout and does not change them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from dataflow.conformance.equality import same
from dataflow.conformance.sample_graph import wired
from dataflow.conformance.samples import Sample, broken, documented, samples
from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.ports import In, flat
from dataflow.engine.run import run

TIMES, MOST = 8, 30_000  # the factor by which each axis grows, and the most elements of all inputs together


def any_layout(block_class: type[Block]) -> None:
    """Byte order, strides and alignment of the inputs do not change results, and the inputs are not written to."""
    for sample in (*samples(block_class), *filter(None, map(_grown, documented(block_class)))):
        if not sample.arrays or not sample.block.pure:
            continue
        plain = sample.mapped(lambda _, a: np.array(a, order="C")).called()
        graph, refs, feeds = wired(sample)
        for i, ref in enumerate(refs):
            graph.output(f"out_{i}", ref)
        for what, change in LAYOUTS.items():
            laid = sample.mapped(partial(_laid, change))
            fed = {name: change(np.array(array)) for name, array in feeds.items()}
            given = [*flat(laid.arrays), *fed.values()]
            before = [a.tobytes() for a in given]
            for results in (laid.called(), tuple(run(graph, fed).values())):
                if not all(map(same, plain, results)):
                    raise broken(block_class, f"must give the same for {what} inputs, got something else for {sample}")
            if before != [a.tobytes() for a in given]:
                raise broken(block_class, f"must leave {what} inputs as they are, got others for {sample}")


def _grown(sample: Sample) -> Sample | None:
    """The sample made larger along every axis, with inexact sums; None if the block does not take it."""
    rng = np.random.default_rng(0)

    def more(port: In, array: Array) -> Array:
        if port.static or port.shape == () or not array.ndim:
            return array
        wide = np.tile(array, (TIMES,) * array.ndim)
        inexact = dtypes.name_of(wide.dtype) in dtypes.floating + dtypes.complexes
        return wide * rng.uniform(0.7, 1.3, wide.shape).astype(wide.dtype) if inexact else wide

    grown = sample.mapped(more)
    if sum(array.size for array in flat(grown.arrays)) > MOST:
        return None
    try:
        grown.called()
    except BlockError:
        return None
    return grown


def _laid(change: Callable[[Array], Array], port: In, array: Array) -> Array:
    return change(np.array(array))


def _swapped(array: Array) -> Array:
    """The array in the other byte order, if its dtype has one."""
    return array.astype(array.dtype.newbyteorder(">")) if array.dtype.kind != "V" else array


def _transposed(array: Array) -> Array:
    return np.array(array.T, order="C").T


def _reversed(array: Array) -> Array:
    back = (slice(None, None, -1),) * array.ndim
    return np.array(array[back], order="C")[back]


def _every_second(array: Array) -> Array:
    wide = np.repeat(array[..., None], 2, -1)
    return wide[..., 0]


def _misaligned(array: Array) -> Array:
    memory = np.empty(array.nbytes + 1, np.uint8)
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def _locked(array: Array) -> Array:
    array.flags.writeable = False
    return array


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "big-endian": _swapped,
    "transposed": _transposed,
    "reversed": _reversed,
    "every second of": _every_second,
    "misaligned": _misaligned,
    "read-only": _locked,
}
