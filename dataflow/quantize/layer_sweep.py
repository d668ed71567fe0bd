"""Widths layer by layer: the error of each one alone, and the best widths within a budget."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dataflow.core.errors import DataflowError
from dataflow.quantize import WIDTHS
from dataflow.quantize import recipe as recipes
from dataflow.quantize.budget import Option, choose
from dataflow.quantize.costs import Cost, costs
from dataflow.quantize.fold import fold_batch_norm
from dataflow.quantize.measures import decibels
from dataflow.quantize.model import Model
from dataflow.quantize.section import quantization_section
from dataflow.quantize.stages import reference_of
from dataflow.quantize.sweep import values_of
from dataflow.quantize.trials import Trials
from dataflow.training.array_split import RowSplit

_BUDGET = re.compile(r"(\d+(?:\.\d+)?(?:e\d+)?)\s*(B|KiB|MiB|kB|MB|bits?|BOPs?)", re.IGNORECASE)
_BYTES = {"b": 1, "kib": 1024, "mib": 1 << 20, "kb": 1000, "mb": 10**6}

Errors = Mapping[tuple[str, int], float]  # of the answers, by layer and width


class TooSmall(DataflowError):
    """No widths are within a budget."""


def widths_of(text: str) -> list[int]:
    """The widths that ``2,4,8`` or ``2..8`` says; ValueError where these are none."""
    found = values_of(text)
    if not all(isinstance(bits, int) and 1 <= bits <= 16 for bits in found):
        raise ValueError(f"must be widths from 1 to 16 such as {WIDTHS}, got '{text}'")
    return sorted(set(found))


def float_trials(model: Model, data: RowSplit, samples: int | None = None) -> Trials:
    """The network in float with the recipe that its section says, or 8 bits; its rows seen once where that needs it."""
    section = quantization_section(model.graph)
    plain = {} if section is None else section.given()
    recipe = recipes.recipe({"weights": {}, **{k: v for k, v in plain.items() if k != "variables"}})
    base = fold_batch_norm(model) if section is None else reference_of(model)
    return Trials.seen(base, recipe, data, samples)


def by_layer(signal: float, errors: Errors) -> list[dict[str, Any]]:
    """The SQNR of the answers in dB by layer and width, of answers with this power and errors with these."""
    sqnr: dict[str, dict[str, float]] = {}
    for (layer, bits), error in errors.items():
        sqnr.setdefault(layer, {})[str(bits)] = decibels(signal, error)
    return [{"layer": layer, "sqnr": by_width} for layer, by_width in sqnr.items()]


def within(trials: Trials, errors: Errors, widths: Sequence[int], text: str) -> dict[str, Any]:
    """The best widths within a budget such as 12KiB, what they are predicted to give and give, and one width for all.

    Raises ValueError where it is none, and TooSmall where no widths are within it.
    """
    layers = {cost.node: cost for cost in costs(trials.model)}
    most, unit = _budget(text, sum(layers[layer].weights for layer in trials.layers))
    value_bits = trials.recipe.activations.bits if trials.recipe.activations is not None else 32
    cost = {(layer, bits): _cost(layers[layer], bits, value_bits, unit) for layer in trials.layers for bits in widths}
    options_of = {
        layer: [Option(bits, cost[layer, bits], errors[layer, bits]) for bits in widths] for layer in trials.layers
    }
    choice = choose(options_of, most)
    if choice is None:
        least = sum(min(option.cost for option in each) for each in options_of.values())
        raise TooSmall(f"must be at least {least:,} {unit} with these widths, got {text}")
    values = trials.values_alone()
    true = trials.outcome(trials.quantized(choice.bits))
    uniform = [bits for bits in widths if sum(cost[layer, bits] for layer in trials.layers) <= most]
    found = {
        "bits": dict(choice.bits),
        "cost": choice.cost,
        "of": most,
        "unit": unit,
        "predicted": decibels(values.signal, choice.error + values.error),
        "measured": true.sqnr,
    }
    if uniform:
        same = trials.outcome(trials.quantized(dict.fromkeys(trials.layers, max(uniform))))
        found["uniform"] = {"bits": max(uniform), "measured": same.sqnr}
    return found


def budget_of(text: str) -> tuple[float, str]:
    """The number and the unit that ``12KiB`` says; ValueError where it is no budget."""
    match = _BUDGET.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"must be such as 12KiB, 4bits or 1e7BOPs, got '{text}'")
    return float(match[1]), match[2].lower()


def _budget(text: str, weights: int) -> tuple[int, str]:
    """A budget as a whole number of bits, bytes or bit operations."""
    number, unit = budget_of(text)
    if unit.startswith("bop"):
        return int(number), "BOPs"
    if unit.startswith("bit"):
        return int(number * weights), "bits"
    return int(number * _BYTES[unit]), "bytes"


def _cost(layer: Cost, bits: int, value_bits: int, unit: str) -> int:
    if unit == "BOPs":
        if layer.macs is None:
            raise ValueError(f"BOPs need sizes that are known, those of '{layer.node}' are not")
        return layer.macs * bits * value_bits
    return layer.weights * bits if unit == "bits" else -(-layer.weights * bits // 8)
