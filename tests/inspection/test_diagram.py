"""Graphs in the languages that other programs draw."""

from __future__ import annotations

import re

from hostile_graph import RAW, acting_graph, hostile_graph

from dataflow.core.registry import blocks
from dataflow.graph.graph import Graph
from dataflow.inspection.diagram import dot, mermaid


def small() -> Graph:
    graph = Graph("small")
    x = graph.input("x", "float32", ["N", 4])
    x_q = blocks["FakeQuantWithMinMaxVars"](num_bits=4)(x, -1.0, 1.0, name="x_q")
    low, high = blocks["MinMaxObserver"]()(x_q, name="range")
    graph.add(blocks["NoOp"](), name="nothing")
    graph.output("y", x_q)
    graph.output("high", high)
    blocks["AddN"]()([low, high], name="sum")
    return graph


def test_mermaid() -> None:
    assert (
        mermaid(small())
        == """\
flowchart LR
  n0(["x"])
  n1["nothing<br/>NoOp"]
  n2["x_q<br/>FakeQuantWithMinMaxVars<br/>min = -1.0<br/>max = 1.0<br/>num_bits = 4"]
  n3["range<br/>MinMaxObserver"]
  n4["sum<br/>AddN"]
  out0(["y"])
  out1(["high"])
  n0 -->|"inputs: float32[N, 4]"| n2
  n2 -->|"x: float32[N, 4]"| n3
  n3 -->|"inputs[0]: float32[]"| n4
  n3 -->|"inputs[1]: float32[]"| n4
  n2 -->|"float32[N, 4]"| out0
  n3 -->|"float32[]"| out1
"""
    )


def test_dot() -> None:
    assert (
        dot(small())
        == r"""digraph "small" {
  rankdir=LR;
  node [shape=record, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  n0 [shape=box, style=rounded, label="x"];
  n1 [label="{nothing\nNoOp}"];
  n2 [label="{{<i0> inputs}|x_q\nFakeQuantWithMinMaxVars\nmin = -1.0\nmax = 1.0\nnum_bits = 4|{<o0> outputs}}"];
  n3 [label="{{<i0> x}|range\nMinMaxObserver|{<o0> min|<o1> max}}"];
  n4 [label="{{<i0> inputs[0]|<i1> inputs[1]}|sum\nAddN|{<o0> sum}}"];
  out0 [shape=box, style=rounded, label="y"];
  out1 [shape=box, style=rounded, label="high"];
  n0 -> n2:i0 [label="float32[N, 4]"];
  n2:o0 -> n3:i0 [label="float32[N, 4]"];
  n3:o0 -> n4:i0 [label="float32[]"];
  n3:o1 -> n4:i1 [label="float32[]"];
  n2:o0 -> out0 [label="float32[N, 4]"];
  n3:o1 -> out1 [label="float32[]"];
}
"""
    )


def test_empty_graphs() -> None:
    assert mermaid(Graph()) == "flowchart LR\n"
    assert dot(Graph("g")).splitlines()[0::4] == ['digraph "g" {', "}"]


def test_text_of_others_stays_text() -> None:
    for line in mermaid(hostile_graph()).splitlines()[1:]:
        assert re.fullmatch(r"""  \w+(\(\["[^"`<>{}]*"\]\)|\["([^"`<>{}]|<br/>)*"\]| -->\|"[^"`<>{}]*"\| \w+)""", line)
    drawn = dot(hostile_graph())
    assert r'label="<b> & \"x\"' in drawn
    for line in drawn.splitlines()[1:-1]:
        assert re.fullmatch(r'(?:[^"\\]|"(?:[^"\\]|\\.)*")*', line), line


def test_characters_that_act_are_spelled_out() -> None:
    for drawn in (dot(acting_graph()), mermaid(acting_graph())):
        assert not RAW.search(drawn)
    assert r'digraph "\\x1b[31m' in dot(acting_graph())  # Mermaid's has no place for the graph's name
