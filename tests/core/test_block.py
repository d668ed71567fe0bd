"""Blocks: how attrs are taken, how a call goes on arrays and on wires, and what a block says of itself."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from small_blocks import Ends, Ranged, Scaled

from dataflow.core import evaluator
from dataflow.core.block import MISSING_GRADIENT, Block, In, Out
from dataflow.core.dtypes import Array
from dataflow.core.errors import BlockError, RunError
from dataflow.core.random import Key
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph.graph import Graph

# -- attrs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "Scaled: attr 'factor' must be given: what they are multiplied with"),
        ({"factr": 1}, "Scaled has no attr 'factr'; did you mean 'factor'?"),
        ({"qqqqq": 1}, "Scaled has no attr 'qqqqq'; it has factor and offset"),
        ({"factor": -1}, "Scaled: attr 'factor' must be at least 0, got -1"),
        ({"factor": 1.5}, "Scaled: attr 'factor' must be a whole number, got 1.5"),
        ({"factor": 13, "offset": 1}, "Scaled: attr 'factor' must not be 13 beside an offset; take 12"),
    ],
)
def test_attrs_that_a_block_does_not_take_are_told(given: dict[str, Any], told: str) -> None:
    with pytest.raises(BlockError) as refused:
        Scaled(**given)
    assert str(refused.value) == told


def test_a_block_without_attrs_says_so() -> None:
    with pytest.raises(BlockError, match=r"^Ends has no attr 'axis'; it has none$"):
        Ends(axis=1)


def test_a_block_says_which_attrs_it_was_given() -> None:
    assert Scaled(factor=np.int64(2)).attrs() == {"factor": 2}
    assert repr(Scaled(factor=2, offset=0)) == "Scaled(factor=2)"
    assert repr(Scaled(offset=0.5, factor=2)) == "Scaled(factor=2, offset=0.5)"
    assert Scaled(factor=2, offset=-0.0).attrs() == {"factor": 2, "offset": -0.0}  # another number than the default


def test_blocks_are_equal_by_class_and_attrs() -> None:
    assert Scaled(factor=2) == Scaled(factor=2, offset=0.0) != Scaled(factor=3)
    assert len({Scaled(factor=2), Scaled(factor=2), Scaled(factor=3)}) == 2
    assert Ends() != Scaled(factor=2) and Ends() != "Ends"
    assert Scaled(factor=2, offset=0.0) != Scaled(factor=2, offset=-0.0)
    nan = float("nan")
    assert Scaled(factor=2, offset=nan) == Scaled(factor=2, offset=-nan)
    assert blocks["FakeQuantWithMinMaxArgs"](min=0.0) != blocks["FakeQuantWithMinMaxArgs"](min=-0.0)
    same = [blocks["Const"](value=np.float32([1, 2])) for _ in range(2)]
    assert same[0] == same[1] != blocks["Const"](value=np.int32([1, 2]))


def test_attrs_do_not_change() -> None:
    block = Scaled(factor=2)
    with pytest.raises(AttributeError, match=r"^Scaled is frozen; make a new one: Scaled\(factor=\.\.\.\)$"):
        block.factor = 3
    assert block.factor == 2


def test_a_block_survives_a_pickle() -> None:
    block = blocks["FakeQuantWithMinMaxArgs"](min=-1.0, num_bits=4)
    assert pickle.loads(pickle.dumps(block)) == block


# -- being defined ----------------------------------------------------------------------------------------------------


@pytest.fixture
def registered() -> Iterator[dict[str, type[Block]]]:
    """The blocks that there are; those of the test go when it ends."""
    before = dict(blocks._blocks)
    yield blocks._blocks
    blocks._blocks.clear()
    blocks._blocks.update(before)


def test_a_class_is_a_block_by_being_defined(registered: dict[str, type[Block]]) -> None:
    class Doubled(Scaled):
        pass

    assert blocks["Doubled"] is registered["Doubled"] is Doubled
    assert "Scaled" not in registered  # it is abstract


def test_what_a_kernel_takes_is_read_off_its_signature() -> None:
    class Drawn(Scaled, abstract=True):
        def kernel(self, x: Array, out: Array | None = None, key: Key | None = None) -> Any:
            return np.copyto(out, x)  # type: ignore[arg-type]

    assert (Drawn.takes_out, Drawn.takes_key) == (True, True)
    assert (Scaled.takes_out, Scaled.takes_key) == (False, False)
    assert Ranged.precomputed_ports == ("high", "low")


def test_a_port_called_grad_leaves_the_rule_to_backward() -> None:
    class Slope(Scaled, abstract=True):
        x = In("T", "values")
        grad = In("T", "gradient of the output")

    class Ruled(Slope, abstract=True):
        def backward(self, *wires: Any) -> Any:
            return None

    assert list(Slope.signature.inputs) == ["x", "grad"]
    assert Slope.grad is None  # nothing flows
    assert Ruled.grad is Ruled.backward
    assert Scaled.grad is MISSING_GRADIENT


def test_what_an_author_must_write_is_asked_for() -> None:
    bare = type("Bare", (Block,), {"x": In("float32", "values"), "y": Out("float32", "values")}, abstract=True)()
    with pytest.raises(TypeError, match="Bare: a block must have a kernel, got none; write one"):
        bare.compute([np.float32([1])], [TensorType("float32", (1,))])
    with pytest.raises(TypeError, match="Bare: outputs must have a shape, got none; write shape_of"):
        bare(np.float32([1]))
    with pytest.raises(TypeError, match="Bare: a block with a row_width must have partials, got none; write it"):
        bare.partials(np.ones((2, 2)))


def test_a_block_that_says_nothing_runs_alone_on_whole_arrays() -> None:
    block, type_ = Scaled(factor=2), TensorType("float32", (4, 3))
    assert (block.streams, block.reduces, block.row_width(type_)) == (False, (None,), None)
    assert (block.channel_axis(2), block.workspace(type_), block.decomposed(type_)) == (None, 0, ())
    assert (block.compiled_partials, block.element_args(np.dtype("float32"), None)) == (None, ())
    assert block.narrowed({"y"}) is block and block.finalize([1.0], 3) == [1.0]
    assert (block.makes_value, block.kernel_for(np.dtype("float32"))) == (False, block.kernel)
    assert block.broadcast_shapes(type_) == [(4, 3)]


def test_inputs_that_are_needed_whole_have_no_shape_to_broadcast_from() -> None:
    whole, x = TensorType("float32", ()), TensorType("float32", (5,))
    assert Ranged().broadcast_shapes(x, whole, x, whole) == [(5,), None, (5,), None]
    assert blocks["AddN"]().broadcast_shapes((x, whole)) == [[(5,), ()]]


# -- being called -----------------------------------------------------------------------------------------------------


def test_one_output_is_an_array_several_are_a_named_tuple_and_none_is_none() -> None:
    assert Scaled(factor=3)(np.float32([1, 2])).tolist() == [3, 6]
    ends = Ends()(np.float32([4, 1, 2]))
    assert (type(ends).__name__, ends._fields, ends.low, ends.high) == ("EndsOutputs", ("low", "high"), 1, 4)
    assert type(Ends()(np.float32([1]))) is type(ends)
    assert blocks["NoOp"]()() is None


def test_results_have_the_declared_dtype() -> None:
    for dtype in ("float32", "int32"):
        given = np.ones(3, dtype)
        assert Scaled(factor=2)(given).dtype == dtype
        (made,) = Scaled(factor=2).compute([given], [TensorType("quint8", (3,))])
        assert made.dtype == np.uint8
    assert Scaled(factor=2)([1, 2]).dtype == np.int32  # a list takes the dtype that fits
    assert Scaled(factor=2)(np.ones((), np.float32)).shape == ()
    assert Scaled(factor=2)(np.ones((0, 3), np.float32)).shape == (0, 3)


def test_a_call_on_wires_adds_a_node() -> None:
    graph = Graph()
    x = graph.input("x", "float32", ["N"])
    made = Ends()(values=x, name="ends")
    assert (made.low.wire, made.high.wire) == ("ends", "ends.high")
    assert graph.nodes["ends"].block == Ends()


def test_a_port_may_be_called_name() -> None:
    class Named(Scaled, abstract=True):
        name = In("T", "values")

        def shape_of(self, name: TensorType) -> Any:
            return name.shape

    assert Named(factor=2)(name=np.float32([1])).tolist() == [2]
    graph = Graph()
    Named(factor=2)(graph.input("x", "float32", [1]), name="named")
    assert "named" in graph.nodes


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.int64([1]), "Scaled: input 'x' must be float32 or int32, got int64; convert it with Cast"),
        ("one", "Scaled: input 'x' must be numbers, got 'one'; write numbers"),
    ],
)
def test_values_that_do_not_fit_a_port_name_it(given: Any, told: str) -> None:
    with pytest.raises(BlockError) as refused:
        Scaled(factor=2)(given)
    assert str(refused.value) == told


def test_an_output_that_no_array_can_be_is_told_before_the_kernel_runs() -> None:
    wide = type("Wide", (Scaled,), {"shape_of": lambda self, x: (2**62, 2)}, abstract=True)
    with pytest.raises(BlockError, match=r"^Wide: output 'y' must take at most \d+ bytes, got .*; give smaller inputs"):
        wide(factor=2)(np.float32([1]))


def test_types_are_worked_out_once_for_arrays_of_the_same_dtypes_and_shapes() -> None:
    asked: list[tuple[Any, ...]] = []

    class Counted(Scaled, abstract=True):
        def infer(self, *types: Any) -> list[TensorType]:
            asked.append(types)
            return super().infer(*types)

    block, x = Counted(factor=2), np.float32([1, 2])
    for value, calls in [(x, 1), (x + 1, 1), (x[:1], 2), (np.int32([1, 2]), 3), (x, 3), (x[::-1], 4), ([1.5, 2], 5)]:
        made = block(value)
        assert (made.dtype, made.tolist()) == (np.asarray(value, made.dtype).dtype, [2 * v for v in value])
        assert len(asked) == calls, value
    for size in range(200):
        assert block(np.zeros(size, np.float32)).shape == (size,)
    assert len(block.__dict__["_calls"]) <= 64


def test_types_that_follow_from_values_are_worked_out_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noting(evaluator.WholeArrays):
        def compute(self, block: Block, arrays: Any, outputs: Any, **key: Key) -> list[Any]:
            noted.extend(outputs)
            return super().compute(block, arrays, outputs, **key)

    noted: list[TensorType] = []
    monkeypatch.setattr(evaluator, "current", Noting)
    block, x = blocks["Reshape"](), np.arange(4, dtype=np.float32)
    for shape in ([2, 2], [4, 1], [1, 4], [2, 2]):
        assert block(x, np.int32(shape)).shape == tuple(shape)
    assert noted == [TensorType("float32", shape) for shape in ((2, 2), (4, 1), (1, 4), (2, 2))]
    assert noted[-1] is noted[0]  # of a value that was there before


def test_a_port_that_is_left_open_is_none_in_each_call() -> None:
    class Plus(Scaled, abstract=True):
        x = In("T", "values")
        more = In("T", "added", optional=True)

        def shape_of(self, x: TensorType, more: TensorType | None) -> Any:
            return x.shape

        def kernel(self, x: Array, more: Array | None) -> Any:
            return x if more is None else x + more

    block, x = Plus(factor=1), np.float32([1, 2])
    assert [block(x).tolist() for _ in range(2)] == [[1, 2]] * 2
    assert [block(x, None).tolist() for _ in range(2)] == [[1, 2]] * 2
    assert [block(x, x).tolist() for _ in range(2)] == [[2, 4]] * 2
    with pytest.raises(BlockError, match="takes 2 inputs"):
        block(x, x, x)
    for _ in range(2):
        with pytest.raises(BlockError, match="input 'x' must be wired, got nothing"):
            block(None, x)


def test_a_block_without_memory_for_its_result_says_how_much() -> None:
    with pytest.raises(
        RunError, match=r"Fill: must have memory for float32\[35184372088832\] \(140737488355328 bytes\)"
    ):
        blocks["Fill"]()([2**45], 1.0)


def test_other_errors_of_a_kernel_pass_as_they_are() -> None:
    class Failing(Scaled, abstract=True):
        def kernel(self, x: Array) -> Any:
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        Failing(factor=2)(np.float32([1]))


def test_a_call_goes_to_the_evaluator(monkeypatch: pytest.MonkeyPatch) -> None:
    class Doubling(evaluator.WholeArrays):
        def compute(self, block: Block, arrays: Any, outputs: Any, **key: Key) -> list[Any]:
            return [2 * made for made in super().compute(block, arrays, outputs, **key)]

    monkeypatch.setattr(evaluator, "current", Doubling)
    assert Scaled(factor=3)(np.float32([1])).tolist() == [6]


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Relu", "relu"),
        ("MatMul", "mat_mul"),
        ("AddV2", "add_v2"),
        ("Conv2D", "conv2_d"),
        ("L2Loss", "l2_loss"),
        ("LSTMCell", "lstm_cell"),
        ("QuantizeAndDequantizeV4", "quantize_and_dequantize_v4"),
    ],
)
def test_unnamed_nodes_have_the_name_of_their_block(name: str, snake: str) -> None:
    assert type(Block)(name, (Block,), {}, abstract=True).node_name == snake  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: blocks.Relu([1.0]), "Relu: attrs must be given by name, got a list; write Relu()(features)"),
        (
            lambda: blocks.Cast("int32"),
            "Cast: attrs must be given by name, got the text 'int32'; write Cast(DstT=...)(x)",
        ),
        (
            lambda: blocks.Relu(Graph().input("x")),
            "Relu: attrs must be given by name, got a wire; write Relu()(features)",
        ),
        (lambda: blocks.Relu(features=1.0), "Relu has no attr 'features'; it is an input: write Relu()(features)"),
    ],
)
def test_values_are_no_attrs(make: Any, message: str) -> None:
    with pytest.raises(BlockError) as caught:
        make()
    assert str(caught.value) == message
