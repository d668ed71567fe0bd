"""Widths layer by layer: the error of each one alone, and what is best within a budget."""

from __future__ import annotations

import numpy as np
import pytest
from quantize.nets import dense, inputs, residual

import dataflow as flow
from dataflow.graph.graph import Graph
from dataflow.quantize.layer_sweep import Errors, TooSmall, by_layer, float_trials, widths_of, within
from dataflow.quantize.model import Model
from dataflow.quantize.trials import Trials
from dataflow.training.array_split import ArraySplit

WIDTHS = (2, 4, 8)
WEIGHTS = {"first": 8 * 16, "inner": 16 * 16, "second": 16 * 16, "last": 16 * 3}


def trials(graph: Graph) -> Trials:
    return float_trials(Model.of(graph), ArraySplit(graph, "test", {"x": inputs(graph)}))


@pytest.fixture(scope="module")
def measured() -> tuple[Trials, Errors]:
    made = trials(residual())
    return made, {(layer, bits): made.alone(layer, bits).error for layer in made.layers for bits in WIDTHS}


@pytest.mark.parametrize(("text", "widths"), [("2,4,8", [2, 4, 8]), ("2..5", [2, 3, 4, 5]), ("8,2,8", [2, 8])])
def test_widths_in_short(text: str, widths: list[int]) -> None:
    assert widths_of(text) == widths


@pytest.mark.parametrize("text", ["0,4", "2..17", "four", "2.5"])
def test_what_is_no_width_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"must be widths from 1 to 16 such as .*, got '{text}'"):
        widths_of(text)


def test_each_layer_is_told_at_each_width(measured: tuple[Trials, Errors]) -> None:
    made, errors = measured
    rows = by_layer(made.signal, errors)
    assert [row["layer"] for row in rows] == [*WEIGHTS]
    for row in rows:
        found = [row["sqnr"][str(bits)] for bits in WIDTHS]
        assert found == sorted(found)
        power = made.signal / errors[row["layer"], 4]
        assert row["sqnr"]["4"] == pytest.approx(10 * np.log10(power))


@pytest.mark.parametrize(
    ("text", "most", "unit"),
    [
        ("400B", 400, "bytes"),
        ("0.5KiB", 512, "bytes"),
        ("1kB", 1000, "bytes"),
        ("1 MiB", 1 << 20, "bytes"),
        ("4bits", 4 * sum(WEIGHTS.values()), "bits"),
        ("1e5BOPs", 10**5, "BOPs"),
    ],
)
def test_budgets_hold_in_every_unit(measured: tuple[Trials, Errors], text: str, most: int, unit: str) -> None:
    made, errors = measured
    found = within(made, errors, WIDTHS, text)
    assert (found["of"], found["unit"]) == (most, unit)
    bits = found["bits"]
    count = {layer: size * (32 if unit == "BOPs" else 1) for layer, size in WEIGHTS.items()}  # of float values
    total = sum(-(-count[layer] * bits[layer] // (8 if unit == "bytes" else 1)) for layer in bits)
    assert found["cost"] == total <= most
    assert found["uniform"]["bits"] in WIDTHS
    if len(set(bits.values())) == 1:
        assert (found["measured"], found["uniform"]["bits"]) == (found["uniform"]["measured"], bits["first"])


def test_the_least_that_a_budget_may_be_is_told(measured: tuple[Trials, Errors]) -> None:
    made, errors = measured
    found = within(made, errors, WIDTHS, "172B")
    assert (found["cost"], found["bits"]) == (172, dict.fromkeys(WEIGHTS, 2))
    with pytest.raises(TooSmall, match="must be at least 172 bytes with these widths, got 171B"):
        within(made, errors, WIDTHS, "171B")


@pytest.mark.parametrize("text", ["some", "12", "KiB", "-4B", "4 bytes per weight"])
def test_what_is_no_budget_is_refused_with_examples(measured: tuple[Trials, Errors], text: str) -> None:
    with pytest.raises(ValueError, match=f"must be such as 12KiB, 4bits or 1e7BOPs, got '{text}'"):
        within(*measured, WIDTHS, text)


def test_operations_are_counted_where_sizes_are_known() -> None:
    graph = flow.Graph("open")
    x = graph.input("x", "float32", ["N", "T", 8])
    weights = graph.variable("w", np.eye(8, dtype=np.float32))
    graph.output("y", flow.blocks["BatchMatMulV2"]()(x, weights, name="each"))
    made = float_trials(Model.of(graph), ArraySplit(graph, "test", {"x": np.ones((4, 3, 8), np.float32)}))
    errors = {("each", bits): 1.0 / bits for bits in WIDTHS}
    assert within(made, errors, WIDTHS, "64B")["bits"] == {"each": 8}
    with pytest.raises(ValueError, match="BOPs need sizes that are known, those of 'each' are not"):
        within(made, errors, WIDTHS, "1e9BOPs")


def test_the_recipe_of_a_quantized_graph_is_that_of_its_section() -> None:
    graph = residual()
    graph.sections = {"quantization": {"weights": {"bits": 3, "per": "tensor"}, "skip": "last"}}
    made = trials(graph)
    assert made.layers == ["first", "inner", "second"]
    assert made.recipe.weights is not None and made.recipe.weights.per == "tensor"
    plain = flow.Graph("plain")
    plain.output("y", dense(plain, plain.input("x", "float32", ["N", 8]), "only", 4, np.random.default_rng(0)))
    assert trials(plain).recipe.given() == {"weights": {}}
