"""Trained graphs that stand alone: the same bits from raw values as from prepared ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import dataflow as flow
from dataflow.core.errors import GraphError
from dataflow.training.data import load_data, split
from dataflow.training.data.new_rows import rows_of_file
from dataflow.training.freeze import freeze

TEXT = """
inputs: {numbers: "float32[N, 2]", one: "float32[N]", sex: "float32[N, 5]", size: "int32[N, 2]", kind: "int64[N]"}
nodes:
  w: {block: Variable, inputs: {initvalues: [[1.5], [-2.0]]}}
  y: {block: MatMul, inputs: {a: numbers, b: w}}
  wide: {block: ConcatV2, inputs: {values: [sex, numbers], axis: 1}}
  right: {block: Equal, inputs: {x: kind, y: 1}}
  half: {block: Multiply, inputs: {x: one, y: 0.5}}
outputs: {y: y, wide: wide, right: right, half: half, size: size}
data:
  train:
    path: a.csv
    rows: [0, 4]
    inputs:
      numbers: {columns: [age, fare], missing: [median, 7], scale: [1, 0.5], offset: 0.1, normalize: standard}
      one: {array: fare, missing: mean, normalize: robust}
      sex: {columns: [sex, port], missing: most_frequent, categories: fit, one_hot: true, unknown: ignore}
      size: {columns: [sex, port], missing: m, categories: {sex: [m, f], port: [a, m, b, c]}}
      kind: {array: kind, classes: fit}
  test: {like: train, rows: [4, 6]}
"""
TABLE = """age,sex,fare,port,kind
22,m,7.25,a,x
38,f,,b,y
,f,7.9,,x
35,,53.1,c,y
0.1,m,8.05,a,x
54,f,51.8,b,y
"""


@pytest.fixture
def graph(read):
    Path("a.csv").write_text(TABLE)
    return read(TEXT)


def frozen(graph, outputs=None):
    return freeze(graph, {"w": np.float32([[3], [4]])}, split(graph).fitted, outputs)


def test_the_same_bits_from_raw_values(graph, tmp_path):
    made = frozen(graph)
    assert list(made.outputs) == ["y", "wide", "half", "size"]  # `right` needs a label
    assert {name: str(type_) for name, type_ in made.inputs.items()} == {
        "numbers": "float64[N, 2]", "one": "float64[N]", "sex": "int64[N, 2]", "size": "int64[N, 2]"
    }  # fmt: skip
    assert not any(node.block.stateful for node in made.nodes.values())
    flow.save(made, "frozen.yaml")
    alone = flow.load("frozen.yaml")
    rows = rows_of_file(alone, "a.csv").rows()
    assert np.isnan(rows["numbers"]).any() and rows["sex"].tolist()[0] == [1, 0]
    for name in ("train", "test"):
        feeds = load_data(graph, name)
        first = 0 if name == "train" else 4
        part = {feed: value[first : first + len(feeds["one"])] for feed, value in rows.items()}
        wanted = flow.run(graph, {**feeds, "w": np.float32([[3], [4]])})
        for output, value in flow.run(alone, part).items():
            assert value.dtype == wanted[output].dtype
            np.testing.assert_array_equal(value, wanted[output], strict=True)


def test_what_is_unknown_is_zeros(graph):
    made = frozen(graph, ["wide"])
    one = flow.run(made, numbers=[[1.0, 2.0]], sex=[[-1, 2]])["wide"]
    assert one[0, :5].tolist() == [0, 0, 0, 0, 1]


def test_the_training_data_is_not_needed(graph):
    flow.save(frozen(graph), "frozen.yaml")
    Path("a.csv").unlink()
    Path("new.csv").write_text("port,sex,fare,age\na,f,7,1\n")
    assert rows_of_file(flow.load("frozen.yaml"), "new.csv").rows()["numbers"].tolist() == [[1, 7]]


def test_labels_that_became_weights(read):
    Path("a.csv").write_text(TABLE)
    graph = read("""
inputs: {weight: "float32[N]"}
nodes: {y: {block: Relu, inputs: {features: weight}}}
outputs: {y: y}
data: {train: {path: a.csv, inputs: {weight: {array: kind, classes: fit, weights: [0.25, 3]}}}}
""")
    made = freeze(graph, {}, split(graph).fitted, ["y"])
    assert flow.run(made, weight=[1, 0])["y"].tolist() == [3, 0.25]


def test_outputs_that_are_named(graph):
    made = frozen(graph, ["right"])
    assert list(made.outputs) == ["right"] and str(made.inputs["kind"]) == "int64[N]"
    assert "0 x, 1 y" in made.nodes["kind"].doc
    with pytest.raises(GraphError, match="graph 'graph' has no output 'righ'; did you mean 'right'"):
        frozen(graph, ["righ"])


def test_graphs_that_prepare_nothing(read):
    np.savez("d.npz", x=np.float32([1, 2]), t=np.uint8([0, 2]))
    graph = read("""
inputs: {x: "float32[N]", t: "float32[N, 3]"}
nodes: {y: {block: Relu, inputs: {features: x}}, z: {block: Relu, inputs: {features: t}}}
outputs: {y: y, z: z}
data: {train: {path: d.npz, inputs: {x: x, t: {array: t, one_hot: 3}}}}
""")
    made = freeze(graph, {}, split(graph).fitted)
    assert made.inputs["x"] == graph.inputs["x"] and str(made.inputs["t"]) == "int64[N]"
    assert flow.run(made, x=[1.0, -1.0], t=[2, 0])["z"].tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    "column", ["scale: 0.1", "normalize: standard", "offset: [1, 2]", "missing: mean", "dtype: float16", "one_hot: 3"]
)
@pytest.mark.parametrize("stored", ["uint8", "int64", "float32", "float64"])
def test_a_saved_graph_is_fed_from_arrays_of_any_dtype(read, column, stored):
    np.savez("d.npz", x=np.array([[1, 2], [0, 2], [2, 1]], stored))
    shape, dtype = ("N, 2, 3" if "one_hot" in column else "N, 2"), "float16"
    convert = "" if "dtype" in column else f", dtype: {dtype}"
    graph = read(f"""
inputs: {{x: "{dtype}[{shape}]"}}
nodes: {{y: {{block: Identity, inputs: {{input: x}}}}}}
outputs: {{y: y}}
data: {{train: {{path: d.npz, inputs: {{x: {{array: x, {column}{convert}}}}}}}}}
""")
    wanted = split(graph)
    flow.save(freeze(graph, {}, wanted.fitted), "frozen.yaml")
    alone = flow.load("frozen.yaml")
    np.testing.assert_array_equal(flow.run(alone, split(alone).rows())["y"], wanted.rows()["x"], strict=True)


def test_a_saved_graph_reads_files_as_the_trained_one(read):
    np.savez("d.npz", y=np.float32([1, 2, 3]))
    Path("a.csv").write_text("# told\n1;?\n3;4\n5;6\n")
    graph = read("""
inputs: {x: "float32[N, 2]", y: "float32[N]"}
nodes: {z: {block: Relu, inputs: {features: x}}, v: {block: Relu, inputs: {features: y}}}
outputs: {z: z, v: v}
data:
  train: {like: test, rows: [0, 2]}
  test:
    path: d.npz
    rows: [2, 3]
    inputs:
      y: y
      x:
        path: a.csv
        csv: {delimiter: ";", comment: "#", missing: ["?"], header: false, columns: [a, b]}
        columns: all
        missing: mean
""")
    flow.save(freeze(graph, {}, split(graph).fitted), "frozen.yaml")
    alone = flow.load("frozen.yaml")
    made = flow.run(alone, split(alone).rows())
    assert made["z"].tolist() == [[1, 4], [3, 4], [5, 6]] and made["v"].tolist() == [1, 2, 3]
