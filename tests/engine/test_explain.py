"""Programs as text: a line for each step, what is said of several, where each value is, and the totals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dataflow.core.registry import blocks
from dataflow.engine import explain
from dataflow.engine.lower import lower
from dataflow.engine.plan import plan
from dataflow.engine.program import Program
from dataflow.engine.settings import Settings
from dataflow.graph.graph import Graph

LARGE = 1 << 20  # elements: two tiles


def program_of(build: Callable[[Graph], None], threads: int = 1, **shapes: list[int]) -> Program:
    graph = Graph()
    build(graph)
    return plan(graph, threads=threads, kernels="numpy").at(**shapes)


def chain(graph: Graph) -> None:
    x = graph.input("x", "float32", [4, 6])
    for _ in range(2):
        x = blocks["Tanh"]()(x)
    graph.output("y", x + 1)


def region(graph: Graph) -> None:
    x, y = (graph.input(name, "float32", [LARGE]) for name in "xy")
    graph.output("z", blocks["Sqrt"]()(x * 3.0) - blocks["Exp"]()(y))


def test_a_program_prints_its_steps() -> None:
    assert str(program_of(chain)).splitlines() == [
        "tanh    Tanh(x)             float32[4, 6]  buffer 0",
        "tanh_1  Tanh(tanh)          float32[4, 6]  buffer 0, in place",
        "add_v2  AddV2(tanh_1, 1.0)  float32[4, 6]  buffer 0, in place",
        "3 steps, 1 buffer of 96 bytes; 580 bytes read and written, 288 held at most",
    ]


def test_a_region_stands_under_its_heading() -> None:
    heading, *steps, totals = str(program_of(region)).splitlines()
    assert heading == "2 tiles of 524288 elements, 8388612 bytes read, 4194304 written"
    assert steps == [
        "  multiply  Multiply(x, 3.0)     float32[1048576]  scratch in an output",
        "  sqrt      Sqrt(multiply)       float32[1048576]  scratch in an output",
        "  exp       Exp(y)               float32[1048576]  scratch 0",
        "  subtract  Subtract(sqrt, exp)  float32[1048576]  new array",
    ]
    assert totals.startswith("4 steps, 1 region, 0 buffers; 12582916 bytes read and written, ")


def test_values_in_compiled_loops_are_in_registers() -> None:
    """It is planned, not run: Numba need not be there."""
    graph = Graph()
    region(graph)
    types = {name: graph.nodes[name].types["output"] for name in "xy"}
    heading, *steps, _ = str(lower(graph, types, ["z"], Settings(1, "jit"))).splitlines()
    assert heading.startswith("2 tiles of 524288 elements, ")  # exp is no part of the loop
    places = {line.split()[0]: line.split("  ")[-1] for line in steps}
    assert places == {
        "multiply": "register",
        "exp": "scratch 0",
        "sqrt": "scratch in an output",
        "subtract": "new array",
    }


def test_threads_are_told_where_there_are_several() -> None:
    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", [3, LARGE])
        graph.output("y", blocks["Exp"]()(x) * 2.0)

    (heading, *_), (alone, *_) = (str(program_of(build, threads)).splitlines() for threads in (2, 1))
    assert heading == "6 tiles of 524288 elements by 2 threads, 12582916 bytes read, 12582912 written"
    assert alone == "6 tiles of 524288 elements, 12582916 bytes read, 12582912 written"


def test_steps_at_the_same_time_are_counted_with_their_threads() -> None:
    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", [1024, 2048])
        for axis in (0, 1):
            graph.output(f"y{axis}", blocks["Roll"]()(x, [1], [axis]))

    heading, first, second, _ = str(program_of(build, threads=8)).splitlines()
    assert heading == "2 steps at the same time by 2 threads"
    assert (first[:8], second[:8]) == ("  roll  ", "  roll_1")


def test_why_a_region_is_no_longer_is_said() -> None:
    def build(graph: Graph) -> None:
        x = blocks["Exp"]()(graph.input("x", "float32", [LARGE]))
        graph.output("y", x - blocks["Mean"]()(x, [0]))

    lines = str(program_of(build)).splitlines()
    assert "  apart from mean: a value is needed whole" in lines
    assert [line.split()[0] for line in lines if line.startswith("2 tiles")] == ["2", "2"]


def test_values_are_called_by_what_they_are() -> None:
    def build(graph: Graph) -> None:
        x = graph.input("x", "float32", [3])
        low, high = blocks["MinMaxObserver"]()(x * np.float32([1, 2, 3]), name="ends")
        graph.output("y", high - low * 0.5)

    name = explain.slot_names(made := program_of(build))
    called = {name(slot) for slot in range(len(made.types))}
    assert called == {"x", "const[3]", "multiply", "ends", "ends.max", "0.5", "multiply_1", "subtract"}
    assert name(999) == "%999"


def test_views_and_new_arrays() -> None:
    def build(graph: Graph) -> None:
        graph.output("y", blocks["Reshape"]()(blocks["Fill"]()(graph.input("dims", "int32", [2]), 1.0), [-1, 1]))

    fill, reshape, _ = str(program_of(build)).splitlines()
    assert (fill.split("  ")[-1], reshape.split("  ")[-1]) == ("new array", "view")


def test_rows_are_cells() -> None:
    first, *_ = explain.rows(program_of(chain))
    assert first == ("tanh", "Tanh(x)", "float32[4, 6]", "buffer 0")
    heading, step, *_ = explain.rows(program_of(region))
    assert isinstance(heading, str) and step[0] == "  multiply"


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda g: g.output("y", g.input("x", "float32", [2])), "0 steps, 0 buffers; 0 bytes read and written"),
        (
            lambda g: g.output("y", blocks["Neg"]()(g.input("x", "float32", [2]))),
            "1 step, 1 buffer of 8 bytes; 16 bytes read and written",
        ),
    ],
)
def test_totals(build: Callable[[Graph], None], said: str) -> None:
    made = program_of(build)
    assert explain.totals(made) == f"{said}, {made.peak_bytes} held at most"


def test_totals_say_what_they_do_not_count() -> None:
    made = program_of(lambda g: g.output("y", blocks["Fill"]()(g.input("x", "int32", [1]), 1.0)))
    assert explain.totals(made).endswith(" held at most, and values of shapes that the run decides")


def integer_products(graph: Graph) -> None:
    codes, weights = graph.input("codes", "uint8", [2000, 700]), np.full((700, 3), 100, np.int8)
    product = blocks["IntegerMatMul"]()
    graph.output("settled", product(codes, weights))
    graph.output("open", product(codes, graph.input("w", "int8", [700, 3])))
    graph.output("float", blocks["MatMul"]()(graph.input("x", "float32", [2, 2]), np.eye(2, dtype=np.float32)))


def test_products_of_integers_say_how_they_are_exact() -> None:
    remarks = [line.strip() for line in str(program_of(integer_products)).splitlines() if "exact" in line]
    assert remarks == [
        "exact in float32, 2 panels of 514 terms: sums may reach 2^24.1, beyond the 2^24 of float32",
        "by what values there are; at worst exact in float32, 2 panels of 514 terms: sums may reach 2^24.4, beyond the "
        "2^24 of float32",
    ]


def test_the_loops_of_regions_are_printed_as_they_run() -> None:
    program = program_of(region)
    assert program.source.splitlines() == [
        "# 2 tiles of 524288 elements, 8388612 bytes read, 4194304 written",
        "# x0 is x, f2 is 3.0, x6 is subtract, x4 is y",
        "s7 = memory[0][0:2097152].view(float32)",
        "for start in range(0, 1048576, 524288):",
        "    v1 = x0[start:start + 524288]",
        "    v4 = x6[start:start + 524288]",
        "    multiply_0(v1, f2, v4)",
        "    sqrt_1(v4, v4)",
        "    v6 = x4[start:start + 524288]",
        "    exp_2(v6, s7)",
        "    subtract_3(v4, s7, v4)",
    ]
    assert program_of(chain).source == ""
