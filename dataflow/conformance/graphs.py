"""Checks that a block gives the same as a node of a graph, and survives a graph file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dataflow.conformance.equality import same
from dataflow.conformance.sample_graph import wired
from dataflow.conformance.samples import broken, documented, samples
from dataflow.core.block import Block
from dataflow.engine import evaluate
from dataflow.engine.run import run
from dataflow.graphfile.load import load
from dataflow.graphfile.save import save


def as_node(block_class: type[Block]) -> None:
    """A plan gives the same bits as a call, also if shapes are known only at run time."""
    for sample in samples(block_class):
        if not sample.block.pure or not block_class.signature.outputs:
            return
        called = evaluate.compute(sample.block, sample.arrays, sample.outputs)
        for known in (True, False) if sample in documented(block_class) else (True,):
            graph, outputs, feeds = wired(sample, known)
            for i, ref in enumerate(outputs):
                graph.output(f"out_{i}", ref)
            planned = run(graph, feeds)
            if not all(same(planned[f"out_{i}"], value) for i, value in enumerate(called)):
                raise broken(block_class, f"must give the same in a graph, got something else for {sample}")


def as_file(block_class: type[Block]) -> None:
    """A graph with the block is the same after saving and loading."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "check.yaml"
        for sample in documented(block_class):
            graph, outputs, _ = wired(sample)
            for i, ref in enumerate(outputs):
                graph.output(f"out_{i}", ref)
            save(graph, path)
            if load(path) != graph:
                raise broken(
                    block_class,
                    f"must be the same after a graph file, got another for {sample} from\n{path.read_text()}",
                )
