"""Passes over graphs: each changes what it is there for, leaves the graph it was given, and keeps the outputs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from dataflow.core import thread_pool
from dataflow.core.block import In, Out
from dataflow.core.dtypes import Array
from dataflow.core.errors import RunError
from dataflow.core.kinds import Opaque
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.run import run
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.graph.rewrite import (
    decompose,
    drop_unused_outputs,
    eliminate_dead_code,
    fold_constants,
    infer_shapes,
    merge_common_subexpressions,
    shape_only,
)


def names(graph: Graph) -> list[str]:
    return list(graph.nodes)


def known(graph: Graph) -> dict[str, object]:
    """The values that are known before the run, by node."""
    types = {name: next(iter(node.types.values())) for name, node in graph.nodes.items() if node.types}
    return {name: type_.value.tolist() for name, type_ in types.items() if type_.value is not None}


def feed(graph: Graph, **shapes: Iterable[int]) -> dict[str, TensorType]:
    return {name: TensorType(graph.ref(name).dtype, tuple(shape)) for name, shape in shapes.items()}


# -- dead code --------------------------------------------------------------------------------------------------------


def test_only_what_the_outputs_need_is_kept_in_order() -> None:
    graph = Graph("g")
    x = graph.input("x", "float32", [2])
    graph.input("unused", "float32", [2])
    graph.output("second", graph.add(blocks["Exp"](), [x], name="z"))
    graph.output("first", graph.add(blocks["Neg"](), [x], name="a"))
    made = eliminate_dead_code(graph, ["first", "second"])
    assert (names(made), list(made.outputs)) == (["x", "a", "z"], ["first", "second"])
    assert names(eliminate_dead_code(graph, ["second"])) == ["x", "z"]
    assert names(graph) == ["x", "unused", "z", "a"]
    assert (made.name, made.sections) == ("g", graph.sections)


def test_a_node_that_is_read_for_its_shape_alone_is_needed() -> None:
    graph = Graph()
    x = graph.input("x", "float32", ["N"])
    graph.output("y", blocks["ZerosLike"]()(graph.add(blocks["Exp"](), [x], name="read")))
    assert "read" in eliminate_dead_code(graph, ["y"]).nodes


def test_updates_of_variables_go_with_their_nodes() -> None:
    graph = Graph()
    w = graph.variable("w", np.float32([1.0]))
    step = graph.add(blocks["AssignAdd"](), [w, np.float32([2.0])], name="step")
    graph.output("next", step)
    graph.output("w", w)
    assert eliminate_dead_code(graph, ["next"]).updates == {"w": Link("step", graph.updates["w"].port)}
    assert eliminate_dead_code(graph, ["w"]).updates == {}


# -- shapes -----------------------------------------------------------------------------------------------------------


def test_types_of_inputs_are_carried_to_all_nodes_after_them() -> None:
    graph = Graph()
    x, z = graph.input("x", "float32", ["N", 3]), graph.input("z", "float32", ["M"])
    graph.output("y", blocks["Sum"]()(x * 2.0, [1]))
    graph.output("rows", blocks["Reshape"]()(x, [-1]))
    graph.output("z", z + 1.0)
    made = infer_shapes(graph, feed(graph, x=[4, 3]))
    shapes = {name: next(iter(node.types.values())).shape for name, node in made.nodes.items()}
    assert shapes == {
        "x": (4, 3), "multiply": (4, 3), "sum": (4,), "reshape": (12,), "z": ("M",), "add_v2": ("M",)
    }  # fmt: skip
    assert made.nodes["add_v2"] is graph.nodes["add_v2"]  # nothing changes before it
    assert graph.ref("multiply").shape == ("N", 3)


def test_types_that_are_already_known_change_nothing() -> None:
    graph = Graph()
    graph.output("y", graph.input("x", "float32", [4]) * 2.0)
    made = infer_shapes(graph, feed(graph, x=[4]))
    assert all(made.nodes[name] is node for name, node in graph.nodes.items())


def test_a_variable_may_be_given_a_type_too() -> None:
    graph = Graph()
    graph.output("y", graph.variable("w", shape=[None], dtype="float32") * 2.0)
    made = infer_shapes(graph, feed(graph, w=[5]))
    assert made.ref("multiply").shape == (5,)


# -- decomposition ----------------------------------------------------------------------------------------------------


def shared(more: str = "") -> Graph:
    """Each value as a share of those that it is repeated to."""
    graph = Graph()
    x, like = graph.input("x", "float32", [2]), graph.input("like", "float32", [3, 2])
    if more:
        graph.output("other", graph.add(blocks["Exp"](), [x], name=more))
    graph.output("y", graph.add(blocks["BroadcastLike"](mean=True), [x, like], name="b"))
    return graph


def test_a_block_that_runs_better_as_two_becomes_two() -> None:
    graph = shared()
    made = decompose(graph)
    assert [type(made.nodes[name].block).__name__ for name in ("b/share", "b")] == ["Share", "BroadcastLike"]
    assert made.ref("b/share").type == TensorType("float32", (2,))
    assert made.nodes["b"].block == blocks["BroadcastLike"]()
    feeds = {"x": np.float32([3, 6]), "like": np.zeros((3, 2), np.float32)}
    assert run(made, feeds)["y"].tobytes() == run(graph, feeds)["y"].tobytes()
    assert run(made, feeds)["y"].tolist() == [[1, 2]] * 3


@pytest.mark.parametrize(
    ("shape", "block"), [([4, 2], "SelectV2"), ([], "SelectV2"), ([4], "Select"), (["N", 2], "Select")]
)
def test_a_block_that_runs_better_as_another_becomes_that(shape: list[int | str], block: str) -> None:
    graph = Graph()
    condition = graph.input("condition", "bool", shape)
    x, y = graph.input("x", "float32", [4, 2]), graph.input("y", "float32", [4, 2])
    graph.output("z", graph.add(blocks["Select"](), [condition, x, y], name="chosen"))
    made = decompose(graph)
    assert type(made.nodes["chosen"].block).__name__ == block
    sizes = [4 if size == "N" else size for size in shape]
    feeds = {"condition": np.ones(sizes, bool), "x": np.ones((4, 2), np.float32), "y": np.zeros((4, 2), np.float32)}
    feeds["condition"].reshape(-1)[1:] = False
    assert run(made, feeds)["z"].tobytes() == run(graph, feeds)["z"].tobytes()
    assert run(made, feeds)["z"].sum() == {(4, 2): 1, (): 8, (4,): 2}[tuple(sizes)]


@pytest.mark.parametrize("taken", ["b/share", "b/share_"])
def test_no_node_of_the_graph_is_replaced_by_a_part(taken: str) -> None:
    graph = shared(taken)
    for way in (graph, decompose(graph)):
        made = run(way, x=[0.0, 6.0], like=np.zeros((3, 2), np.float32))
        assert made["y"].tolist() == [[0, 2]] * 3
        assert made["other"][0] == 1.0


def test_blocks_of_shapes_that_are_not_known_stay_whole() -> None:
    graph = Graph()
    x, like = graph.input("x", "float32", ["N"]), graph.input("like", "float32", [3, "N"])
    graph.output("y", blocks["BroadcastLike"](mean=True)(x, like))
    assert names(decompose(graph)) == names(graph)
    plain = Graph()
    plain.output("y", plain.input("x", "float32", [2]) * 2.0)
    assert decompose(plain) is plain


# -- constants --------------------------------------------------------------------------------------------------------


def test_values_that_follow_from_constants_are_known() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [2])
    two = graph.constant(1.5, name="c") + 0.5
    graph.output("y", x * blocks["Sqrt"]()(two * 2.0))
    graph.output("ones", blocks["OnesLike"]()(x))  # read for its shape alone
    made = fold_constants(graph)
    assert known(made) == {"c": 1.5, "add_v2": 2.0, "multiply": 4.0, "sqrt": 2.0, "ones_like": [1.0, 1.0]}
    assert known(graph) == {"c": 1.5}
    assert run(made, x=[1.0, 2.0])["y"].tolist() == [2.0, 4.0]


def test_several_outputs_and_lists_are_folded_too() -> None:
    graph = Graph()
    _, second = blocks["Split"](num_split=2)(0, graph.constant([1.0, 2.0]))
    graph.output("y", blocks["Concat"]()([second, [5.0]], 0))
    made = fold_constants(graph)
    assert made.ref("split.output_1").type.value.tolist() == [2.0]
    assert made.ref("y").type.value.tolist() == [2.0, 5.0]


def test_what_is_drawn_fed_or_kept_is_not_folded() -> None:
    graph = Graph()
    graph.output("drawn", blocks["RandomUniform"](dtype="float32")(graph.constant([3], name="c")) + 1.0)
    graph.output("kept", graph.variable("w", 2.0) + 1.0)
    graph.output("open", blocks["OnesLike"]()(graph.input("x", "float32", ["N"])))
    assert list(known(fold_constants(graph))) == ["c"]


def test_large_constants_are_made_again_in_each_run() -> None:
    graph = Graph()
    for name, size in (("few", 1 << 18), ("many", (1 << 18) + 1)):
        graph.add(blocks["Fill"](), [graph.constant([size]), 1.0], name=name)
    assert {"few", "many"} & known(fold_constants(graph)).keys() == {"few"}


def test_a_constant_that_cannot_be_computed_names_its_node() -> None:
    graph = Graph()
    graph.output("y", blocks["CheckNumerics"](message="weights")(graph.constant([1.0, np.inf])) + 1.0)
    with pytest.raises(
        RunError, match=r"node 'check_numerics' \(CheckNumerics\): input 'tensor' must be finite, got Inf"
    ):
        fold_constants(graph)


def test_folding_starts_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product that is shared among threads when it is called is folded by one."""
    monkeypatch.setenv("DATAFLOW_THREADS", "4")
    monkeypatch.setattr(thread_pool, "run_in_threads", lambda work, count: pytest.fail(f"{count} threads"))
    factors = np.ones((512, 512), np.float32), np.full((512, 512), 2, np.float32)
    with pytest.raises(pytest.fail.Exception, match="4 threads"):
        blocks["MatMul"]()(*factors)
    graph = Graph()
    graph.output("y", blocks["MatMul"]()(*map(graph.constant, factors)))
    assert "mat_mul" in known(fold_constants(graph))


# -- unused outputs ---------------------------------------------------------------------------------------------------


def gradients(*ports: str) -> Graph:
    graph = Graph()
    x = graph.input("x", "float32", [3])
    made = blocks["FakeQuantWithMinMaxVarsGradient"]()(x, x, -1.0, 1.0, name="slopes")
    for port in ports:
        graph.output(port, getattr(made, port))
    return graph


def test_outputs_that_nobody_reads_are_not_computed() -> None:
    made = drop_unused_outputs(gradients("backprops_wrt_input"))
    assert list(made.nodes["slopes"].types) == ["backprops_wrt_input"]
    assert type(made.nodes["slopes"].block).__name__ == "OneRangeInputGradient"
    assert run(made, x=[0.5, 3.0, -2.0])["backprops_wrt_input"].tolist() == [0.5, 0, 0]


def test_outputs_that_another_node_reads_stay() -> None:
    graph = gradients("backprops_wrt_input")
    graph.output("low", graph.ref("slopes.backprop_wrt_min") + 1.0)
    for wanted in (graph, gradients("backprops_wrt_input", "backprop_wrt_max")):
        made = drop_unused_outputs(wanted)
        assert made.nodes["slopes"] is wanted.nodes["slopes"]


def test_a_graph_without_nodes_of_several_outputs_stays_itself() -> None:
    graph = Graph()
    graph.output("y", graph.input("x", "float32", [2]) + 1.0)
    assert drop_unused_outputs(graph) is graph


# -- common subexpressions --------------------------------------------------------------------------------------------


def test_equal_nodes_are_merged_and_so_are_those_that_are_equal_then() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [2])
    first, second = (blocks["Tanh"]()(x) * 2.0 for _ in range(2))
    graph.output("y", first + second)
    graph.output("z", second)
    made = merge_common_subexpressions(graph)
    assert names(made) == ["x", "tanh", "multiply", "add_v2"]
    assert made.outputs["z"] == Link("multiply", "z")
    assert run(made, x=[0.0, 1.0])["y"].tobytes() == run(graph, x=[0.0, 1.0])["y"].tobytes()


def test_operands_in_lists_are_linked_to_the_node_that_stays() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [2])
    graph.output("y", blocks["AddN"]()([blocks["Exp"]()(x), blocks["Exp"]()(x), graph.constant([1.0, 2.0])]))
    made = merge_common_subexpressions(graph)
    assert "exp_1" not in made.nodes
    assert [link.node for link in made.nodes["add_n"].inputs["inputs"]] == ["exp", "exp", "const"]  # type: ignore[union-attr]


@pytest.mark.parametrize("condition", [True, False, [[True]]])
def test_a_choice_by_a_known_condition_is_what_it_chooses(condition: object) -> None:
    graph = Graph()
    x, y = graph.input("x", "float32", [1, 2]), graph.input("y", "float32", [1, 2])
    chosen = graph.add(blocks["SelectV2"](), [graph.constant(condition), blocks["Exp"]()(x), y], name="chosen")
    graph.output("z", blocks["AddN"]()([chosen, -chosen, x]))
    graph.output("chosen", chosen)
    made = merge_common_subexpressions(fold_constants(graph))
    taken = Link("exp", "y") if condition else Link("y", "output")
    assert "chosen" not in made.nodes
    assert made.outputs["chosen"] == made.nodes["negate"].inputs["x"] == taken
    assert made.nodes["add_n"].inputs["inputs"] == (taken, Link("negate", "y"), Link("x", "output"))
    feeds = {"x": [[0.0, 1.0]], "y": [[3.0, -0.0]]}
    assert run(made, feeds)["z"].tobytes() == run(graph, feeds)["z"].tobytes()


def test_choices_that_are_no_operand_as_it_is_stay() -> None:
    graph = Graph()
    x, row = graph.input("x", "float32", ["N", 2]), graph.input("row", "float32", [2])
    asked = graph.input("asked", "bool", [])
    choices = {
        "is asked": (asked, x, x),
        "repeats the row": (True, row, graph.input("three", "float32", [3, 2])),
        "is of no known size": (True, x, row),
        "is a number": (False, row, [1.0, 2.0]),
        "is of both": ([True, False], row, row * 2.0),
    }
    for i, operands in enumerate(choices.values()):
        graph.output(f"y{i}", graph.add(blocks["SelectV2"](), operands, name=f"choice_{i}"))
    made = merge_common_subexpressions(fold_constants(graph))
    assert [name for name in made.nodes if "choice" in name] == [f"choice_{i}" for i in range(len(choices))]


class Different(Opaque, abstract=True):
    """Each call is another value."""

    pure = False
    x = In("float32", "values")
    y = Out("float32", "values")

    def shape_of(self, x: TensorType) -> object:
        return x.shape

    def kernel(self, x: Array) -> Array:
        return x


def test_nodes_that_are_not_equal_stay_apart() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [1])
    wires = [
        blocks["Exp"]()(x),
        blocks["Neg"]()(x),
        blocks["LeakyRelu"](alpha=0.1)(x),
        blocks["LeakyRelu"](alpha=0.2)(x),
        x - 1.0,
        1.0 - x,
        x * 0.0,
        x * -0.0,
        Different()(x),
        Different()(x),
    ]
    for i, wire in enumerate(wires):
        graph.output(f"y{i}", wire)
    assert len(merge_common_subexpressions(graph).nodes) == len(wires) + 1


def test_zeros_of_two_signs_are_not_merged() -> None:
    graph = Graph()
    x = graph.input("x", "float32", [1])
    for name, zero in (("up", 0.0), ("down", -0.0)):
        graph.output(name, 1.0 / (x * graph.constant(zero)))
    made = run(merge_common_subexpressions(graph), x=[1.0])
    assert (made["up"].tolist(), made["down"].tolist()) == ([np.inf], [-np.inf])


def test_complex_constants_differ_in_either_part() -> None:
    """NaN in the imaginary part says nothing of the real one."""
    graph = Graph()
    z = graph.input("z", "complex64", [1])
    for name, real in (("one", 1), ("two", 2)):
        graph.output(name, blocks["Add"]()(z, graph.constant(np.array([complex(real, np.nan)], np.complex64))))
    made = run(merge_common_subexpressions(graph), z=np.zeros(1, np.complex64))
    assert (made["one"].real, made["two"].real) == (1, 2)


# -- shapes without memory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (1 << 20, 1 << 20)])
def test_an_array_for_its_shape_alone_takes_no_memory(shape: tuple[int, ...]) -> None:
    array = shape_only(TensorType("qint8", shape))
    assert (array.shape, array.dtype, set(array.strides)) == (shape, np.int8, {0} if shape else set())
