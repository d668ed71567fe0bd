"""Checks of composite blocks: their bodies stand for them wherever they are written out."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dataflow.conformance.equality import same
from dataflow.conformance.sample_graph import wired
from dataflow.conformance.samples import Sample, broken, documented, samples
from dataflow.conformance.tiles import ROW, TILE
from dataflow.core import dtypes
from dataflow.core.block import THROUGH_BODY, Block
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.ports import In, flat
from dataflow.core.random import Key
from dataflow.engine.plan import plan
from dataflow.engine.run import run
from dataflow.engine.tiling import shortened
from dataflow.graph.composites import write_out
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.graphfile.load import load
from dataflow.graphfile.save import save


def body_written_out(block_class: type[Block]) -> None:
    """Written out as nodes the block gives what its kernel gives, random numbers by the names of the nodes included."""
    for sample in _composed(block_class, samples(block_class)):
        expected = sample.block.compute(sample.arrays, sample.outputs, **_key(sample))
        graph, outputs, feeds = wired(sample)
        _name(graph, outputs)
        plain, _ = write_out(graph)
        if left := [node.name for node in plain.nodes.values() if isinstance(node.block, Composite)]:
            raise broken(block_class, f"must be written out whole, got '{left[0]}' for {sample}")
        if strange := [n for n in plain.nodes if n not in graph.nodes and not n.startswith("node/")]:
            raise broken(block_class, f"nodes of its body must be called node/..., got '{strange[0]}' for {sample}")
        if not all(map(same, run(plain, feeds).values(), expected)):
            raise broken(block_class, f"must give the same written out, got something else for {sample}")


def body_gradient(block_class: type[Block]) -> None:
    """A gradient through the body, which is written out for it, is the same after a graph file."""
    for sample in _composed(block_class, documented(block_class)) if block_class.grad is THROUGH_BODY else ():
        graph, outputs, feeds = wired(sample)
        floating = [name for name, array in feeds.items() if dtypes.name_of(array.dtype) in dtypes.floating]
        goals = [ref for ref in outputs if ref.dtype in dtypes.floating]
        if not floating or not goals:
            continue
        _name(graph, goals[:1])
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore", UserWarning)  # an input without gradient
            backward = gradient(graph, of="out_0", wrt=floating)
            save(backward, path := Path(folder) / "check.yaml")
            again = load(path)
        if again != backward or not all(map(same, run(again, feeds).values(), run(backward, feeds).values())):
            raise broken(block_class, f"its gradient must be the same after a graph file, got another for {sample}")


def body_fused(block_class: type[Block]) -> None:
    """Fused and by tiles the body gives what its nodes give one after the other, and the block by itself."""
    for sample in map(_lengthened, _composed(block_class, documented(block_class))):
        graph, outputs, feeds = wired(sample)
        _name(graph, outputs)
        with shortened(TILE, ROW):
            fused, apart = (plan(graph, kernels="numpy", fuse=fuse).run(feeds).values() for fuse in (True, False))
            whole = sample.block.compute(sample.arrays, sample.outputs, **_key(sample))
        if not (all(map(same, fused, apart)) and all(map(same, fused, whole))):
            raise broken(block_class, f"must give the same fused, got something else for {sample}")


def _composed(block_class: type[Block], given: Sequence[Sample]) -> Sequence[Sample]:
    """Samples of a block that is a composite."""
    return given if issubclass(block_class, Composite) else ()


def _key(sample: Sample) -> dict[str, Key]:
    """The key by which the block draws random numbers as a node of the checked graphs, if it does."""
    return {} if sample.block.pure else {"key": Key(node="node")}


def _lengthened(sample: Sample) -> Sample:
    """The sample with its rows repeated until they are more than three tiles; of every input as long as the first."""
    first = next((a for a in flat(sample.arrays) if a.ndim), None)
    length = 0 if first is None else len(first)

    def repeated(port: In, array: Array) -> Array:
        rows = array.ndim and len(array) == length and not port.static
        return np.resize(array, (3 * TILE + 5, *array.shape[1:])) if rows else array

    return sample.mapped(repeated)


def _name(graph: Graph, outputs: Sequence[Ref]) -> None:
    for i, ref in enumerate(outputs):
        graph.output(f"out_{i}", ref)
