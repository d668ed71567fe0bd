"""Checks that a block can be run by tiles: with repeated operands, and across views."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from dataflow.conformance.equality import near, same
from dataflow.conformance.samples import Sample, broken, documented, samples
from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError
from dataflow.core.kinds import View
from dataflow.core.ports import In
from dataflow.core.registry import blocks
from dataflow.engine.plan import plan
from dataflow.engine.tiling import shortened, tile_of
from dataflow.engine.view_layout import source_shape_in_view
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref

TILE, ROW, COLUMNS = 256, 64, 24  # elements of a tile, of its rows, and of a row if the block does not say


def repeated_operands(block_class: type[Block]) -> None:
    """Tiles give the same bits whichever operands are repeated along rows, columns or both, for any number of tiles."""
    for sample in documented(block_class)[:1]:
        if not sample.block.streams:
            continue
        columns = _columns(sample)
        with shortened(TILE, ROW):
            rows = tile_of(columns) // columns
            shapes: list[tuple[int, ...]] = [(count, columns) for count in (rows - 1, rows, rows + 1, 3 * rows + 3)]
            if columns == COLUMNS:
                shapes += [(TILE - 1,), (TILE,), (TILE + 1,), (3 * TILE + 5,)]
            for shape in shapes:
                _check_shape(sample, shape)


def _columns(sample: Sample) -> int:
    """Elements of a row: as many as a port of declared shape has, as these may be channels."""
    ports = zip(sample.block.signature.inputs.values(), sample.arrays, strict=True)
    return next((len(array) for port, array in ports if port.shape), COLUMNS)


def _check_shape(sample: Sample, shape: tuple[int, ...]) -> None:
    """Check every combination of shapes that broadcast to this output shape."""
    rng = np.random.default_rng(0)
    free = [port.name for port in sample.block.signature.inputs.values() if _is_free(port)]
    sources = list(dict.fromkeys(product(*({size, 1} for size in shape))))
    full = sample.mapped(lambda port, array: rng.choice(array.reshape(-1), shape) if _is_free(port) else array)
    if not _gives(full, shape):
        return
    for each in product(sources, repeat=len(free)):
        source = dict(zip(free, each, strict=True))
        parts = full.mapped(lambda port, array, source=source: _part(array, source.get(port.name)))  # type: ignore[misc]
        expected = parts.mapped(lambda port, array: _repeated(array, shape) if _is_free(port) else array).results()
        for views in (True, False):
            if not views and not _gives(parts, shape):
                continue
            graph, feeds = _wired(parts, shape if views else None)
            made = plan(graph, kernels="numpy").run(feeds).values()
            ports = sample.block.signature.outputs.values()
            for port, got, wanted in zip(ports, made, expected, strict=True):
                agree = same if port.reduce is None else near
                if not agree(got, np.asarray(wanted, got.dtype)):
                    raise broken(
                        type(sample.block),
                        f"by tiles '{port.name}' must be the same for operands repeated from "
                        f"{source} to {shape}, got something else for {sample.block!r}",
                    )


def _gives(sample: Sample, shape: tuple[int, ...]) -> bool:
    """Whether the block takes operands of these shapes, and its output has this one."""
    try:
        return sample.outputs[0].shape == shape
    except BlockError:
        return False


def _is_free(port: In) -> bool:
    return port.shape is None and not port.like


def _part(array: Array, shape: tuple[int, ...] | None) -> Array:
    return array if shape is None else np.ascontiguousarray(array[tuple(map(slice, shape))])


def _repeated(array: Array, shape: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(np.broadcast_to(array, shape))


def _wired(sample: Sample, shape: Sequence[int] | None) -> tuple[Graph, dict[str, Array]]:
    """The block in a graph that is fed its operands; if a shape is given, a view repeats them to it."""
    graph, feeds = Graph("check"), {}
    operands: list[Any] = []
    for port, value in zip(sample.block.signature.inputs.values(), sample.arrays, strict=True):
        wires: list[Ref] = []
        for i, array in enumerate(value if isinstance(value, tuple) else (value,)):
            name = f"{port.name}_{i}"
            feeds[name] = array
            wire = graph.input(name, dtypes.name_of(array.dtype), array.shape)
            repeat = shape is not None and _is_free(port)
            wires.append(blocks["BroadcastTo"]()(wire, list(shape or ())) if repeat else wire)
        operands.append(tuple(wires) if isinstance(value, tuple) else wires[0])
    made = graph.add(sample.block, operands)
    for i, ref in enumerate([made] if isinstance(made, Ref) else made):
        graph.output(f"out_{i}", ref)
    return graph, feeds


def shown_in_order(block_class: type[Block]) -> None:
    """A View that claims to keep the order of all elements, so that tiles may run across it, does keep it."""
    for sample in samples(block_class) if issubclass(block_class, View) else ():
        first, *others = sample.arrays
        if first is None or not first.size:
            continue
        shape = source_shape_in_view(sample.block, sample.types[0], others)
        counted = np.arange(first.size).astype(first.dtype).reshape(first.shape)
        with np.errstate(all="ignore"):
            shown = sample.block.kernel(counted, *others)
        if shape is not None and not same(shown, np.broadcast_to(counted.reshape(shape), shown.shape)):
            raise broken(block_class, f"must show its elements in the order {shape}, got another for {sample}")
