"""The forms of a region: what is called for a tile, where values are, and how much is computed at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dataflow.conformance.equality import same
from dataflow.core.columns import COLUMNS
from dataflow.core.registry import blocks
from dataflow.engine.form import LONG
from dataflow.engine.plan import plan
from dataflow.engine.region import SHARED, Region
from dataflow.engine.render_numba import Loop
from dataflow.engine.steps import TiledStep
from dataflow.engine.tiling import TILE
from dataflow.graph.graph import Graph


def region(build: Callable[[Any], Any], size: int = 1 << 20, threads: int = 1) -> Region:
    """The one region of a graph with an input, planned for compiled kernels: Numba need not be there."""
    graph = Graph()
    graph.output("y", build(graph.input("x", "float32", [size])))
    (stage,) = plan(graph, threads=threads, kernels="jit").at().stages
    assert isinstance(stage, Region)
    return stage


def gradient(x: Any) -> Any:
    made = blocks["FakeQuantWithMinMaxVarsGradient"]()(x * 2.0, x, -1.0, 1.0)
    return made.backprops_wrt_input + made.backprop_wrt_min


def test_steps_that_have_elements_are_one_loop() -> None:
    made = region(lambda x: blocks["Relu"]()(x * 2.0) + 1.0)
    (loop,) = made.jit.calls
    assert isinstance(loop, Loop) and loop.steps == made.steps
    assert made.numpy.calls == made.steps
    assert made.jit.is_one_call and not made.numpy.is_one_call
    assert made.jit.registers == {step.writes[0] for step in made.steps[:-1]}
    assert made.jit.looped == {0, 1, 2} and made.numpy.looped == set()


def test_what_is_folded_is_no_register() -> None:
    """It is kept from tile to tile, and given to the run."""
    made = region(lambda x: blocks["Sum"]()(x * 2.0, [0]))
    (loop,) = made.jit.calls
    assert isinstance(loop, Loop) and loop.sums == made.writes
    assert made.jit.registers == {made.steps[0].writes[0]}


def test_a_step_without_element_divides_a_loop() -> None:
    made = region(lambda x: blocks["Exp"]()(blocks["Relu"]()(x * 2.0)) * x - 1.0)
    first, alone, second = made.jit.calls
    assert isinstance(first, Loop) and isinstance(alone, TiledStep) and isinstance(second, Loop)
    assert (first.first, second.first) == (0, 3)
    assert first.results == alone.reads and alone.writes[0] in second.arrays
    assert not made.jit.is_one_call


@pytest.mark.parametrize(
    ("build", "size", "threads", "parts"),
    [
        (lambda x: x * 2.0 + 1.0, LONG, 1, [(0, LONG)]),
        (lambda x: x * 2.0 + 1.0, 2 * LONG, 1, [(0, LONG), (LONG, LONG)]),
        (lambda x: x * 2.0 + 1.0, SHARED, 2, [(i * SHARED // 4, SHARED // 4) for i in range(4)]),
        (lambda x: blocks["Sum"]()(x * 2.0, [0]), 2 * TILE + 5, 1, [(0, 2 * TILE), (2 * TILE, 5)]),
        (lambda x: blocks["Sum"]()(x * 2.0, [0]), 2 * TILE + COLUMNS, 1, [(0, 2 * TILE + COLUMNS)]),
        (lambda x: blocks["Sum"]()(x * 2.0, [0]), TILE - 5, 1, [(0, TILE - 5)]),
    ],
)
def test_a_compiled_call_takes_many_tiles(build: Any, size: int, threads: int, parts: list[tuple[int, int]]) -> None:
    """Where values are summed, a shorter tile comes by itself if it has fewer columns."""
    assert list(region(build, size, threads).jit.parts) == parts


def test_memory_is_that_of_the_form_that_takes_more() -> None:
    made = region(lambda x: blocks["Exp"]()(blocks["Relu"]()(x * 2.0)) * blocks["Tanh"]()(x) - 1.0)
    most = max(form.bytes_of(TILE) for form in made.forms)
    assert made.forms == (made.jit, made.numpy)
    assert most <= made.scratch_bytes < most + (1 << 16)


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("size", [5000, TILE + 5])
def test_an_output_in_place_of_an_input(size: int) -> None:
    """The loop is told which array it overwrites, and gives the same."""
    graph = Graph()
    whole = blocks["Softmax"]()(graph.input("x", "float32", [4, size]))
    graph.output("y", blocks["Softmax"]()(blocks["Relu"]()(whole * 2.0) + 1.0))
    feed = np.linspace(-1, 1, 4 * size, dtype=np.float32).reshape(4, size)
    made = plan(graph, threads=1, kernels="jit")
    got = made.run(x=feed)["y"]
    (stage,) = [stage for stage in made.at().stages if isinstance(stage, Region)]
    (loop,) = stage.jit.calls
    assert (
        isinstance(loop, Loop) and loop.over == {stage.writes[0]} and stage.taken == {stage.writes[0]: stage.reads[0]}
    )
    assert same(got, plan(graph, threads=1, kernels="numpy", fuse=False).run(x=feed)["y"])


@pytest.mark.usefixtures("numba")
@pytest.mark.slow
@pytest.mark.parametrize("block", ["Sum", "Prod"])
@pytest.mark.parametrize("size", [5 * COLUMNS, 6 * COLUMNS + 5, TILE + 3 * COLUMNS + 7, TILE + 5])
def test_rows_are_folded_in_their_order(size: int, block: str) -> None:
    """Also two at a time, and where tiles differ: of such values another order would give other bits."""
    graph, random = Graph(), np.random.default_rng(0)
    graph.output("y", blocks[block]()(-graph.input("x", "float64", [size]), [0]))
    many = 10.0 ** random.uniform(-12, 12, size) if block == "Sum" else 1.0
    feed = (1 + random.normal(size=size) / 100) * many
    got = plan(graph, threads=1, kernels="jit").run(x=feed)["y"]
    assert same(got, plan(graph, threads=1, kernels="numpy", fuse=False).run(x=feed)["y"])
