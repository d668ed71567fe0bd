"""Graph files that tests of the page open: small ones of a few nodes, and those that are shipped."""

from __future__ import annotations

from places import ROOT


def net(*nodes: str, output: str = "") -> str:
    """The text of a graph of rows of four numbers, ``x``, in the layout of ``dataflow fmt``; a node is a line."""
    lines = ["dataflow: 1", "name: net", "", "inputs:", "  x: float32[N, 4]", "", "nodes:"]
    lines += [f"  {node}" for node in nodes]
    if output:
        lines += ["", "outputs:", f"  {output}: {output}"]
    return "\n".join([*lines, ""])


def shipped(name: str) -> str:
    """The text of a graph under ``graphs/``, such as ``digits/cnn``."""
    return (ROOT / "graphs" / f"{name}.yaml").read_text("utf-8")


CHAIN = net("low: {block: Relu, inputs: {features: x}}", "high: {block: Tanh, inputs: {x: low}}", output="high")
