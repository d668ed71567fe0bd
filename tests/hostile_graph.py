"""A graph whose texts would act on whatever shows them, if they were not written out."""

from __future__ import annotations

import re

from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph

HOSTILE = """<b> & "x" 'y' ]]> {|} \\ `z` --> é"""
ACTING = "\x1b[31m\x9b31m\x07\r\x08\x7f\u202e\u2066\u200b\ufeff\u2028\x85"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\u2028\ud800-\udfff]")


def hostile_graph() -> Graph:
    """A quantizer, a list of wires and literals, and a variable, with words that are no plain text of a language."""
    graph = Graph("sample", doc=HOSTILE)
    x = graph.input("x", "float32", ["N", 4], doc="pixels & <more>")
    x_q = blocks["FakeQuantWithMinMaxVars"](num_bits=4)(x, -1.0, 1.0, name="x_q")
    wide = blocks["Concat"]()([x_q, x, [[1.0, 2.0, 3.0, 4.0]]], 0, name="part/wide")
    kept = graph.add(blocks["Variable"](dtype="float32", shape=[3]), name="kept")
    graph.output(HOSTILE, wide)
    graph.output("kept", kept)
    return graph


def acting_graph() -> Graph:
    """A graph with characters that act on a terminal wherever it may have some."""
    graph = Graph(ACTING, doc=ACTING)
    x = graph.input("x", "float32", ["N"], doc=ACTING)
    graph.add(blocks["Einsum"](equation="i->i"), [(x,)], name="y", doc=ACTING)
    graph.output("y", "y")
    return graph
