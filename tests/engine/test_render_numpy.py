"""Calls of tiles: each kernel gets the parts of its operands that belong to the tile, however they lie along it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dataflow.conformance.equality import same
from dataflow.core.block import In, Out
from dataflow.core.dtypes import Array
from dataflow.core.errors import RunError
from dataflow.core.kinds import Elementwise
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.plan import Plan, plan
from dataflow.engine.region import Region
from dataflow.engine.render_numpy import TileText
from dataflow.engine.tiling import shortened
from dataflow.graph.graph import Graph

Build = Callable[..., Any]
TILES = [(16, 8), (64, 16), (30, 15), (7, 1)]  # elements of a tile and of a row


def planned(build: Build, fuse: bool = True, **feeds: Array) -> Plan:
    graph = Graph()
    wires = [graph.input(name, array.dtype.name, array.shape) for name, array in feeds.items()]
    made = build(*wires)
    for i, wire in enumerate(made if isinstance(made, tuple) else (made,)):
        graph.output(f"y{i}", wire)
    return plan(graph, threads=1, kernels="numpy", fuse=fuse)


def regions(made: Plan, **feeds: Array) -> list[Region]:
    stages = made.at(**{name: array.shape for name, array in feeds.items()}).stages
    return [stage for stage in stages if isinstance(stage, Region)]


def by_tiles(build: Build, **feeds: Array) -> list[Array]:
    """The outputs of a run by tiles, the same for tiles of every size and without them."""
    expected = planned(build, fuse=False, **feeds).run(feeds)
    for tile, row in TILES:
        with shortened(tile, row):
            made = planned(build, **feeds)
            got = made.run(feeds)
            assert regions(made, **feeds), "nothing went by tiles"
        for name, value in expected.items():
            assert same(got[name], value), f"{name} by tiles of {tile} and rows of {row}"
    return list(expected.values())


def values(*shape: int, dtype: str = "float32") -> Array:
    random = np.random.default_rng(len(shape))
    return random.normal(size=shape).astype(dtype) if dtype != "bool" else random.normal(size=shape) > 0


@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 67), (3, 67)],
        [(3, 67), ()],
        [(), (3, 67)],
        [(3, 67), (67,)],
        [(67,), (3, 67)],
        [(3, 67), (3, 1)],
        [(9, 1), (1, 9)],
        [(2, 1, 19), (3, 1)],
        [(8, 3, 5), (8, 1, 5)],
        [(2, 3, 4, 5), (3, 1, 5)],
    ],
    ids=str,
)
def test_operands_broadcast_as_in_numpy(shapes: list[tuple[int, ...]]) -> None:
    x, y = values(*shapes[0]), values(*shapes[1])
    (made,) = by_tiles(lambda x, y: blocks["Neg"]()(blocks["Subtract"]()(x, y)), x=x, y=y)
    assert same(made, -(x - y))


def test_a_kernel_of_several_operands_gets_each_as_it_lies() -> None:
    x, low, high = values(9, 31), np.linspace(-1, 1, 31, dtype=np.float32), np.float32(1.5)
    (made,) = by_tiles(lambda x, low, high: blocks["ClipByValue"]()(x + 0.5, low, high), x=x, low=low, high=high)
    assert same(made, np.minimum(np.maximum(x + np.float32(0.5), low), high))


def test_the_operands_of_a_list() -> None:
    x, y = values(9, 31), values(9, 31)
    (made,) = by_tiles(lambda x, y: blocks["AddN"]()([x, y * 2.0, x]), x=x, y=y)
    assert np.allclose(made, 2 * x + 2 * y)


class Repeated(Elementwise, abstract=True):
    """Knows its shape from another value, and makes its own array."""

    broadcasts = False
    x = In("float32", "values")
    like = In("int8", "a value of that shape", like=True)
    y = Out("float32", "the values, in the shape of a tile")

    def shape_of(self, x: TensorType, like: TensorType) -> Any:
        return x.shape

    def kernel(self, x: Array, like: Array) -> Array:
        return x + np.ones(like.shape, like.dtype)


def test_a_value_that_is_read_for_its_shape_has_that_of_the_tile() -> None:
    x = values(9, 31)
    (made,) = by_tiles(lambda x, like: Repeated()(x, like) * 2.0, x=x, like=np.zeros((9, 31), np.int8))
    assert same(made, (x + np.float32(1)) * np.float32(2))


class Paired(Elementwise, abstract=True):
    """Takes its operands in one shape alone."""

    broadcasts = False
    x = In("float32", "values")
    y = In("float32", "values of the same shape")
    z = Out("float32", "their difference")

    def kernel(self, x: Array, y: Array) -> Array:
        if x.shape != y.shape:
            raise self.error(f"input 'y' must have shape {x.shape}, got {y.shape}")
        return x - y


@pytest.mark.parametrize("shape", [(31,), (9, 1), (1, 1)], ids=str)
def test_a_kernel_that_does_not_broadcast_gets_its_operands_repeated(shape: tuple[int, ...]) -> None:
    """They stand behind views, which are looked through."""
    x, y = values(9, 31), values(*shape)
    (made,) = by_tiles(lambda x, y: Paired()(x, blocks["BroadcastTo"]()(y, [9, 31])), x=x, y=y)
    assert same(made, x - y)


def test_what_is_precomputed_is_the_same_for_all_tiles() -> None:
    x = values(9, 31)
    (made,) = by_tiles(
        lambda x, low, high: blocks["FakeQuantWithMinMaxVars"](num_bits=4)(x * 1.0, low, high),
        x=x,
        low=np.float32(-1),
        high=np.float32(2),
    )
    assert same(made, blocks["FakeQuantWithMinMaxVars"](num_bits=4)(x, np.float32(-1), np.float32(2)))


def test_channels_stay_together() -> None:
    x, low, high = values(19, 5), -np.ones(5, np.float32), np.arange(1, 6, dtype=np.float32)
    (made,) = by_tiles(
        lambda x, low, high: blocks["FakeQuantWithMinMaxVarsPerChannel"]()(x * 1.0, low, high), x=x, low=low, high=high
    )
    assert same(made, blocks["FakeQuantWithMinMaxVarsPerChannel"]()(x, low, high))


def test_several_outputs_of_which_some_are_folded() -> None:
    dy, x = np.ones((9, 31), np.float32), values(9, 31)
    made = by_tiles(lambda dy, x: tuple(blocks["FakeQuantWithMinMaxVarsGradient"]()(dy, x, -0.5, 0.5)), dy=dy, x=x)
    inside = (x >= -0.5) & (x <= 0.5)
    near = np.abs(np.abs(x) - 0.5) > 0.01  # away from the ends of the range, which is nudged
    assert (made[0][near] == inside[near]).all()
    assert (made[1], made[2]) == ((x < -0.5).sum(), (x > 0.5).sum())


@pytest.mark.parametrize("axes", [[0], [0, 1]], ids=str)
def test_rows_are_folded(axes: list[int]) -> None:
    x = np.arange(30 * 8, dtype=np.float32).reshape(30, 8)  # whole numbers have one sum
    (made,) = by_tiles(lambda x: blocks["Sum"]()(blocks["Abs"]()(x), axes), x=x)
    assert same(made, x.sum(tuple(axes)))


def test_values_of_other_dtypes_share_the_tile() -> None:
    x, y = values(9, 31), values(9, 31)
    (made,) = by_tiles(lambda x, y: blocks["SelectV2"]()(blocks["Greater"]()(x, y), x * 2.0, y), x=x, y=y)
    assert same(made, np.where(x > y, 2 * x, y))
    (wide,) = by_tiles(lambda x: blocks["Cast"](DstT="float64")(blocks["Exp"]()(x)) * 0.1, x=x)
    assert same(wide, np.exp(x).astype(np.float64) * 0.1)


@pytest.mark.parametrize("change", [np.asfortranarray, lambda a: a[::-1, ::-1], lambda a: a.astype(">f4")])
def test_inputs_may_lie_in_any_way(change: Callable[[Array], Array]) -> None:
    x, y = values(9, 31), values(31)
    made = planned(lambda x, y: blocks["Exp"]()(x) - y, x=x, y=y)
    with shortened(16, 8):
        tiles = planned(lambda x, y: blocks["Exp"]()(x) - y, x=x, y=y)
        laid = change(x)
        assert same(tiles.run(x=laid, y=y)["y0"], made.run(x=np.ascontiguousarray(laid, np.float32), y=y)["y0"])


# -- the text ---------------------------------------------------------------------------------------------------------


def text_of(build: Build, count: int, **feeds: Array) -> TileText:
    with shortened(16, 8):
        (region,) = regions(planned(build, **feeds), **feeds)
        return region.numpy.text(count)


def test_the_text_is_what_a_person_would_write() -> None:
    x = values(9, 32)
    text = text_of(lambda x: blocks["Relu"]()(x * 2.0) + 3.0, 16, x=x).text
    assert text == (
        "def bind(run, memory):\n"
        "    x0 = run.flat[0]\n"
        "    f2 = run.flat[1].reshape(())\n"
        "    x5 = run.flat[5]\n"
        "    f5 = run.flat[4].reshape(())\n"
        "    def tile(start):\n"
        "        v1 = x0[start:start + 16]\n"
        "        v4 = x5[start:start + 16]\n"
        "        multiply_0(v1, f2, v4)\n"
        "        relu_1(v4, out=v4)\n"
        "        add_v2_2(v4, f5, v4)\n"
        "    return tile\n"
    )


def test_parts_that_are_the_same_have_one_name() -> None:
    x = values(9, 32)
    square = text_of(lambda x: blocks["Neg"]()(x * x), 16, x=x)
    assert len(square.lines) == 4  # parts of the input and of the output, and two calls
    again = text_of(lambda x, y: (x + y) * (x - y), 16, x=x, y=values(9, 32))
    assert sum("[start:" in line for line in again.lines) == 3 and len(again.once) <= 1


def test_what_is_left_over_beside_whole_rows_is_a_call_of_its_own() -> None:
    x, row = values(9, 4), values(4)
    build = lambda x, row: blocks["Exp"]()(x + row)  # noqa: E731

    def calls(count: int) -> list[int]:
        text = text_of(build, count, x=x, row=row)
        return [op for op, line in zip(text.steps, text.lines, strict=True) if " = " not in line]

    assert calls(16) == [0, 1]
    assert calls(12) == [0, 0, 1]  # two rows of 4 side by side, and one


def test_a_region_renders_each_length_once() -> None:
    with shortened(16, 8):
        feeds = {"x": values(9, 31)}
        made = planned(lambda x: blocks["Exp"]()(x) * 2.0, **feeds)
        made.run(feeds)
        (region,) = regions(made, **feeds)
        before = dict(region.numpy.texts)
        made.run(feeds)
    assert before.keys() == {16, 9 * 31 % 16}
    assert all(region.numpy.texts[count] is text for count, text in before.items())


class Failing(Elementwise, abstract=True):
    """Refuses numbers above 8."""

    x = In("float32", "values")
    y = Out("float32", "the values")

    def kernel(self, x: Array, out: Array | None = None) -> Array:
        if x.max() > 8:
            raise self.error("input 'x' must be at most 8")
        return np.copyto(out, x) if out is not None else x.copy()  # type: ignore[return-value,func-returns-value]


def test_the_node_whose_line_fails_is_named() -> None:
    graph = Graph()
    x = graph.input("x", "float32", (9, 31))
    graph.output("y", Failing()(x * 2.0, name="second") + 1.0)
    with shortened(16, 8):
        made = plan(graph, threads=1, kernels="numpy")
        feeds = {"x": np.zeros((9, 31), np.float32)}
        made.run(feeds)
        feeds["x"][8, 30] = 5  # in the last tile, which is shorter
        with pytest.raises(RunError, match=r"node 'second' \(Failing\): input 'x' must be at most 8"):
            made.run(feeds)
