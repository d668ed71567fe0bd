"""Fusion: large steps become regions, which look through views that show all elements in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import pytest

from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.engine.lower import passes
from dataflow.engine.region import SHARED, Region
from dataflow.engine.settings import Settings
from dataflow.engine.steps import Step, Storage
from dataflow.engine.tiling import TILE
from dataflow.graph.graph import Graph

LARGE = 1 << 20  # elements: two tiles
NUMPY = Settings(threads=2, kernels="numpy")
Build = Callable[[Graph], None]


def fused(build: Build, settings: Settings = NUMPY, shapes: Mapping[str, tuple[int, ...]] | None = None):
    """The stages that fusion makes of a graph whose inputs have these shapes, or those declared."""
    graph = Graph()
    build(graph)
    types = {n: TensorType(t.dtype, (shapes or {}).get(n, t.shape)) for n, t in graph.inputs.items()}
    made = dict(passes(graph, types, graph.outputs, settings))["fusion"]
    assert isinstance(made, list)
    return made


def nodes(stages: Iterable[Step | Region]) -> list[str | list[str]]:
    """The nodes of each region, and those of steps that run alone."""
    return [[step.node for step in s.steps] if isinstance(s, Region) else s.node for s in stages]


def chain(graph: Graph, size: int = LARGE) -> None:
    x = graph.input("x", "float32", [size])
    graph.output("y", blocks["Softplus"]()(blocks["Exp"]()(x) * 2.0))


def test_a_chain_is_one_region() -> None:
    (region,) = fused(chain)
    assert nodes([region]) == [["exp", "multiply", "softplus"]]
    assert {step.storage for step in region.steps} == {Storage.TILE}
    (y,) = region.writes
    assert len(region.reads) == 2  # the input and the number
    assert region.outputs == {y} == set(region.steps[-1].writes)
    assert region.workers == 2 and region.notes == ()


@pytest.mark.parametrize(
    ("size", "kernels", "workers"),
    [(TILE + 1, "numpy", 2), (SHARED, "jit", 2), (SHARED - 1, "jit", 1), (TILE + 1, "jit", 1)],
)
def test_large_regions_are_shared_by_threads(size: int, kernels: str, workers: int) -> None:
    (region,) = fused(lambda graph: chain(graph, size), Settings(threads=2, kernels=kernels))
    assert region.workers == workers


@pytest.mark.parametrize("size", [1, 1000, 1 << 16])
def test_small_steps_stay_alone(size: int) -> None:
    assert nodes(fused(lambda graph: chain(graph, size))) == ["exp", "multiply", "softplus"]


def test_compiled_kernels_pay_earlier() -> None:
    """They are planned, not run: Numba need not be there."""
    jit = Settings(threads=2, kernels="jit")
    assert nodes(fused(lambda graph: chain(graph, 1 << 14), jit)) == [["exp", "multiply", "softplus"]]
    (region,) = fused(lambda graph: chain(graph, 1 << 14), jit)
    assert region.compiled


def test_a_fold_of_one_tile_is_its_kernel() -> None:
    def mean(graph: Graph, scale: float | None = None, size: int = TILE) -> None:
        x = graph.input("x", "float32", [size])
        graph.output("y", blocks["Mean"]()(x if scale is None else x * scale, [0]))

    jit = Settings(threads=1, kernels="jit")
    assert [type(stage) for stage in fused(mean, jit)] == [Step]
    assert [type(stage) for stage in fused(lambda graph: mean(graph, size=TILE + 1), jit)] == [Region]
    assert [type(stage) for stage in fused(lambda graph: mean(graph, 2.0), jit)] == [Region]


def test_steps_whose_sizes_the_run_decides_stay_alone() -> None:
    def build(graph: Graph) -> None:
        graph.output(
            "y", blocks["Fill"]()(graph.input("dims", "int32", [2]), 1.0) + graph.input("x", "float32", [LARGE])
        )

    assert nodes(fused(build)) == ["fill", "add_v2"]


def test_without_fusion_only_sums_go_by_tiles() -> None:
    """So that their bits do not depend on it."""

    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", [LARGE])
        graph.output("y", blocks["Sum"]()(blocks["Exp"]()(x) * 2.0, [0]))

    assert nodes(fused(build, Settings(2, "numpy", fuse=False))) == ["exp", "multiply", ["sum"]]
    assert nodes(fused(build)) == [["exp", "multiply", "sum"]]


def test_what_is_read_outside_is_written() -> None:
    def build(graph: Graph) -> None:
        made = blocks["Exp"]()(graph.input("x", "float32", [1024, 1024]))
        graph.output("kept", made)
        tripled = made * 3.0
        graph.output("y", blocks["MatMul"]()(tripled, tripled) + blocks["Neg"]()(tripled))

    first, *_ = fused(build)
    written = {step.node for step in first.steps for slot in step.writes if slot in first.writes}
    assert written >= {"exp", "multiply"}


def test_notes_say_why_a_region_ends() -> None:
    def build(graph: Graph) -> None:
        x = blocks["Exp"]()(graph.input("x", "float32", [LARGE]))
        graph.output("y", x - blocks["Mean"]()(x, [0]))

    first, second = fused(build)
    assert nodes([first, second]) == [["exp", "mean"], ["subtract"]]
    assert second.notes == ("apart from mean: a value is needed whole",)


# -- views ------------------------------------------------------------------------------------------------------------


def seen_through(view: Callable[..., object], more: Callable[..., object] = lambda x: x * 3.0) -> Build:
    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", [1024, 1024])
        graph.output("y", more(view(blocks["Exp"]()(x))))

    return build


@pytest.mark.parametrize(
    ("view", "through"),
    [
        (lambda x: blocks["Reshape"]()(x, [-1]), True),
        (lambda x: blocks["ExpandDims"]()(x, 1), True),
        (lambda x: blocks["Reshape"]()(blocks["Reshape"]()(x, [-1]), [4, -1]), True),
        (lambda x: blocks["Transpose"]()(x, [1, 0]), False),
        (lambda x: blocks["Slice"]()(x, [0, 0], [1023, 1024]), False),
    ],
)
def test_a_region_looks_through_views_on_all_elements_in_their_order(
    view: Callable[..., object], through: bool
) -> None:
    made = fused(seen_through(view))
    if through:
        assert nodes(made) == [["exp", "multiply"]]  # nobody needs the view itself
    else:
        assert [nodes([stage]) for stage in made if isinstance(stage, Region)] == [[["exp"]], [["multiply"]]]
        assert len(made) == 3


def test_a_view_that_is_an_output_is_made() -> None:
    def build(graph: Graph) -> None:
        flat = blocks["Reshape"]()(blocks["Exp"]()(graph.input("x", "float32", [1024, 1024])), [-1])
        graph.output("flat", flat)
        graph.output("y", flat * 3.0)

    made = fused(build)
    assert nodes(made) == [["exp", "multiply"], "reshape"]
    assert len(made[0].writes) == 2  # what the view shows is kept too


def test_a_repeated_row_is_read_as_it_is() -> None:
    def build(graph: Graph) -> None:
        x, row = graph.input("x", "float32", [1024, 1024]), graph.input("row", "float32", [1024])
        graph.output("y", blocks["Exp"]()(x) + blocks["BroadcastTo"]()(row, [1024, 1024]))

    (region,) = fused(build)
    assert nodes([region]) == [["exp", "add_v2"]]
    assert [region.steps[1].tiling.elements(o) for o in region.steps[1].tiling.operands] == [1 << 20, 1024]


def test_a_view_of_too_few_elements_is_made_and_read_whole() -> None:
    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", [2, 1024, 1024])
        part = blocks["BroadcastTo"]()(blocks["Slice"]()(x, [1, 0, 0], [1, -1, -1]), [2, 1024, 1024])
        graph.output("y", blocks["Exp"]()(x) * part)

    made = fused(build)
    assert [stage.node for stage in made if isinstance(stage, Step)] == [
        "slice"
    ]  # only the repetition is looked through


def test_what_a_view_of_a_repeated_row_shows_is_not_that_row() -> None:
    def build(graph: Graph) -> None:
        x, row = graph.input("x", "float32", [1, 1024, 1024]), graph.input("row", "float32", [1024])
        graph.output("y", x * blocks["ExpandDims"]()(blocks["BroadcastTo"]()(row, [1024, 1024]), 0))

    assert nodes(fused(build)) == ["broadcast_to", "expand_dims", ["multiply"]]


def test_sums_read_a_repeated_row_as_often_as_it_is_there() -> None:
    """So that their partials are those of the block alone."""

    def build(graph: Graph) -> None:
        dy, row = graph.input("dy", "float32", [1024, 1024]), graph.input("row", "float32", [1024])
        repeated = blocks["BroadcastTo"]()(row, [1024, 1024])
        made = blocks["FakeQuantWithMinMaxVarsGradient"]()(dy, repeated, 0.0, 3.0, name="slopes")
        graph.output("y", made[0])
        graph.output("low", made[1])

    assert nodes(fused(build)) == ["broadcast_to", ["slopes"]]


def test_shapes_may_be_known_only_when_planned() -> None:
    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", ["N", 4])
        graph.output("y", blocks["Reshape"]()(x, [-1]) * 2.0)

    assert nodes(fused(build, shapes={"x": (1 << 20, 4)})) == [["multiply"]]
    assert nodes(fused(build, shapes={"x": (5, 4)})) == ["reshape", "multiply"]
