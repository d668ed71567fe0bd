"""Graphs used as blocks: they stay while their nodes are as they made them, and are written out otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

import dataflow as flow
from dataflow.graph.rebuild import Rebuild

INNER = """\
dataflow: 1
params:
  low: {type: float, default: -1}
  bits: {type: int, default: 8}
  size: {type: int}
inputs: {x: {dtype: float32, shape: [N, $size]}}
nodes:
  q: {block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {min: $low, num_bits: $bits}}
  y: {block: Relu, inputs: {features: q}}
  z: {block: Neg, inputs: {x: y}}
outputs: {y: y, z: z}
"""
OUTER = """\
dataflow: 1
params: {bits: {type: int, default: 8}}
inputs: {x: {dtype: float32, shape: [N, 2]}, s: {dtype: float32, shape: []}}
nodes:
  scaled: {block: Multiply, inputs: {x: x, y: s}}
  part: {block: ./inner.yaml, inputs: {x: scaled}, attrs: {low: -2.0, bits: $bits}}
  out: {block: Exp, inputs: {x: part.z}}
outputs: {y: part, out: out}
"""
TEXT = """\
params: {num_bits: 8}
inputs: {x: "float32[N, 2]"}
nodes:
  p: {block: Abs, inputs: {x: x}}
  # the whole
  whole: {block: ./parts/outer.yaml, inputs: {x: p, s: 3}, attrs: {bits: $num_bits}}   # of parts
  y: {block: Tanh, inputs: {x: whole}}
  z: {block: Tanh, inputs: {x: whole.out}}
outputs: {y: y, z: z}
"""


@pytest.fixture
def graph(read):
    Path("parts").mkdir()
    Path("parts/inner.yaml").write_text(INNER)
    Path("parts/outer.yaml").write_text(OUTER)
    return read(TEXT)


def saved(graph, path="graph.yaml"):
    flow.save(graph, path)
    assert flow.load(path) == graph
    return Path(path).read_text().removeprefix("dataflow: 1\n")


def insert(graph, *readers):
    new = Rebuild(graph)
    for node in graph.nodes.values():
        ports = [port for name, port in readers if name == node.name]
        made = {p: new.add(flow.blocks["Square"](), [new.operand(node, p)], name=f"{node.name}_{p}") for p in ports}
        new.copy(node, inputs=made)
    return new.finish()


def with_block(graph, name, block):
    new = Rebuild(graph)
    for node in graph.nodes.values():
        new.copy(node, block=block if node.name == name else None)
    return new.finish()


def test_a_use_stays_while_its_nodes_do(graph):
    assert saved(graph) == TEXT
    made = insert(graph, ("p", "x"), ("z", "x"))
    assert saved(made) == TEXT.replace("inputs: {x: x}", "inputs: {x: p_x}").replace(
        "  p:", "  p_x: {block: Square, inputs: {x: x}}\n  p:"
    ).replace("{x: whole.out}", "{x: z_x}").replace("  z:", "  z_x: {block: Square, inputs: {x: whole.out}}\n  z:")


def test_what_feeds_it_may_change(graph):
    made = insert(graph, ("whole/scaled", "x"))
    wanted = "  whole/scaled_x: {block: Square, inputs: {x: p}}\n  # the whole\n"
    assert saved(made) == TEXT.replace("  # the whole\n", wanted).replace("{x: p, s: 3}", "{x: whole/scaled_x, s: 3}")


def test_a_use_whose_nodes_changed_is_written_out_but_for_those_in_it_that_did_not(graph):
    made = insert(graph, ("whole/out", "x"))
    assert saved(made) == TEXT.replace(
        "  whole: {block: ./parts/outer.yaml, inputs: {x: p, s: 3}, attrs: {bits: $num_bits}}   # of parts\n",
        """\
  # whole: ./parts/outer.yaml, written out
  whole/s: {block: Const, attrs: {value: 3.0}}   # of parts
  whole/scaled: {block: Multiply, inputs: {x: p, y: whole/s}}
  whole/part:
    block: ./parts/inner.yaml
    inputs: {x: whole/scaled}
    attrs: {low: -2.0, bits: $num_bits}
  whole/out_x: {block: Square, inputs: {x: whole/part.z}}
  whole/out: {block: Exp, inputs: {x: whole/out_x}}

""",
    ).replace("  # the whole", "\n  # the whole").replace("{x: whole}", "{x: whole/part}").replace(
        "{x: whole.out}", "{x: whole/out}"
    )


def test_parameters_of_the_file_stay_where_nodes_are_written_out(graph):
    text = saved(with_block(graph, "whole/part/y", flow.blocks["Relu6"]()))
    assert "  whole/part/q:\n    block: FakeQuantWithMinMaxArgs\n" in text
    assert "    attrs: {min: -2.0, num_bits: $num_bits}\n" in text
    assert [
        n.block.num_bits for n in flow.load("graph.yaml", num_bits=2).of_block("FakeQuantWithMinMaxArgs").values()
    ] == [2]


def test_a_wire_inside_that_is_read_from_outside_needs_it_written_out(graph):
    made = graph.copy()
    made.output("inside", "whole/part/q")
    text = saved(made)
    assert "inside: whole/part/q" in text and "./parts/" not in text.replace("# whole: ./parts/", "")


def test_a_use_that_is_gone_goes(graph):
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name == "p":
            new.copy(node)
            for name in ("y", "z"):
                new.copy(graph.nodes[name], inputs={"x": new.result.ref("p")})
        elif node.name not in ("y", "z") and not node.name.startswith("whole/"):
            new.copy(node)
    text = saved(new.finish())
    assert text == TEXT[: TEXT.index("  # the whole")].replace("params: {num_bits: 8}\n", "") + TEXT[
        TEXT.index("  y: {") :
    ].replace("{x: whole}", "{x: p}").replace("{x: whole.out}", "{x: p}")


def test_a_node_in_the_place_of_a_use(graph):
    new = Rebuild(graph)
    for node in graph.nodes.values():
        if node.name == "p":
            new.copy(node)
            new.add(flow.blocks["Square"](), [new.result.ref("p")], name="whole")
        elif node.name in ("y", "z"):
            new.copy(node, inputs={"x": new.result.ref("whole")})
        elif not node.name.startswith("whole/"):
            new.copy(node)
    text = saved(new.finish())
    assert "  # the whole\n  whole: {block: Square, inputs: {x: p}}   # of parts\n" in text


def test_paths_follow_the_file(graph, tmp_path):
    Path("sub").mkdir()
    text = saved(graph, "sub/other.yaml")
    assert text == "name: graph\n" + TEXT.replace("./parts/", "../parts/")


def test_a_graph_that_may_not_be_named_is_written_out(graph, tmp_path_factory):
    far = tmp_path_factory.mktemp("far")
    text = saved(graph, far / "graph.yaml")
    assert "  # whole: ./parts/outer.yaml, written out\n" in text
    assert "block: ./" not in text and "block: ../" not in text


def test_only_what_would_be_read_otherwise_is_written_out(graph):
    """One of two uses has another size on its wire than its nodes were made for, as a change of a shape leaves it."""
    Path("sized.yaml").write_text(
        "dataflow: 1\nparams: {size: {type: int}}\ninputs: {x: {dtype: float32, shape: [N, $size]}}\n"
        "nodes:\n  w: {block: Variable, attrs: {shape: [$size], dtype: float32}}\n"
        "  y: {block: AddN, inputs: {inputs: [x, x]}}\noutputs: {y: y}\n"
    )
    text = (
        "dataflow: 1\nname: g\ninputs: {x: 'float32[N, 2]'}\nnodes:\n"
        "  v: {block: Reshape, inputs: {tensor: x, shape: [-1, 2]}}\n"
        "  a: {block: ./sized.yaml, inputs: {x: x}}\n  b: {block: ./sized.yaml, inputs: {x: v}}\n"
        "outputs: {a: a, b: b}\n"
    )
    Path("g.yaml").write_text(text)
    made = flow.load("g.yaml")
    new = Rebuild(made)
    for node in made.nodes.values():
        new.copy(node, inputs={"shape": [-1, 1]} if node.name == "v" else None)
    found = "dataflow: 1\n" + saved(new.finish(), "g.yaml")
    assert "  a: {block: ./sized.yaml, inputs: {x: x}}\n\n  # b: ./sized.yaml, written out\n  b/w:" in found


def test_a_file_that_has_changed_since_is_written_out_as_it_was(graph):
    Path("parts/inner.yaml").write_text(INNER.replace("Relu", "Relu6"))
    text = saved(graph)
    assert "Relu," in text and "  # whole: ./parts/outer.yaml, written out\n" in text
