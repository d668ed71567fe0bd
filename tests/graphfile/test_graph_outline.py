"""The outline of a graph that came from a file, and of one that did not."""

from __future__ import annotations

from pathlib import Path

from places import GRAPHS

from dataflow.core.registry import blocks
from dataflow.graph.gradient import gradient
from dataflow.graph.graph import Graph
from dataflow.graphfile.graph_outline import outline_of
from dataflow.graphfile.load import load, read
from dataflow.graphfile.outline import outline

CNN = GRAPHS / "digits/cnn.yaml"


def made() -> Graph:
    graph = Graph("g", doc="told")
    x = graph.input("x", "float32", [], doc="values")
    low, _ = blocks["MinMaxObserver"](symmetric=True)(x, name="range")
    graph.output("y", blocks["AddN"]()([low, 2.0, x], name="sum"))
    return graph


def test_a_graph_that_was_made_has_its_nodes_one_by_one() -> None:
    found = outline_of(made())
    assert (found.name, found.doc, list(found.nodes)) == ("g", "told", ["range", "sum"])
    assert (found.inputs["x"].block, found.inputs["x"].doc) == ("float32[]", "values")
    assert [(o.port, o.text, o.source, o.value_of) for o in found.nodes["sum"].operands] == [
        ("inputs[0]", "range", "range", "range.min"),
        ("inputs[1]", "2.0", "", ""),
        ("inputs[2]", "x", "x", "x.output"),
    ]
    assert [(s.name, s.text) for s in found.nodes["range"].settings] == [("symmetric", "true")]
    assert found.outputs["y"].operands[0].value_of == "sum.sum"
    assert [(p.title, list(p.nodes)) for p in found.paragraphs] == [("", ["range", "sum"])]


def test_a_graph_of_a_file_has_the_outline_of_the_file() -> None:
    assert outline_of(load(CNN)) == outline(read(CNN))


def test_what_was_added_follows_under_what_it_is_for() -> None:
    graph = gradient(load(CNN), of="loss", wrt="conv1/filter")
    found, file = outline_of(graph), outline(read(CNN))
    assert {name: found.nodes[name] for name in file.nodes} == dict(file.nodes)
    assert [p.title for p in found.paragraphs] == [*(p.title for p in file.paragraphs), "Reverse pass"]
    relu = next(entry for entry in found.nodes.values() if entry.block == "ReluGrad")
    features = next(o for o in relu.operands if o.port == "features")
    assert (features.source, features.output) == ("conv2", "y")  # the port of the card that stands for the file
    assert set(found.outputs) == set(graph.outputs)


def test_a_graph_that_was_changed_has_its_nodes_in_the_paragraphs_of_its_file() -> None:
    graph = load(GRAPHS / "digits/cnn_flat.yaml")
    graph.outputs = {"y": graph.ref("conv1/y").graph.nodes["conv1/y"].first}
    graph.drop([name for name in reversed(graph.nodes) if name not in graph.ancestors(["conv1/y"])])
    found = outline_of(graph)
    assert "conv1/norm/y" in found.nodes and "pool1" not in found.nodes
    assert [(p.title, p.nodes[0]) for p in found.paragraphs] == [
        ("", "picture"),
        ("First convolution: 8x8, 32 channels, pooled to 4x4", "conv1/filter"),
    ]


def test_comments_that_passes_give_are_titles() -> None:
    graph = made()
    graph.layout = graph.layout.commented(["sum"], "what adds")
    assert [(p.title, list(p.nodes)) for p in outline_of(graph).paragraphs] == [
        ("", ["range"]),
        ("what adds", ["sum"]),
    ]


def test_a_file_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text("dataflow: 1\ninputs: {x: 'float32[N]'}\nnodes:\n  # One.\n  y: {block: Exp, inputs: [x]}\n")
    graph = load(path)
    path.unlink()
    assert [p.title for p in outline_of(graph).paragraphs] == ["One"]  # its text is kept
