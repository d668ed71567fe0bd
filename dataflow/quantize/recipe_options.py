"""The recipe that the options of `dataflow quantize` ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataflow.quantize import recipe as recipes
from dataflow.quantize.section import Quantization


def recipe_of(
    source: str,
    recipe: str | None = None,
    weights: str | None = None,
    activations: str | None = None,
    overrides: Sequence[str] = (),
    skip: Sequence[str] = (),
    separate: bool = False,
    rounding: str | None = None,
    learn: str | None = None,
    float_bias: bool = False,
) -> Quantization:
    """The recipe of a file, changed by the options of `dataflow quantize`; 8 bits where nothing is said.

    source : the float graph, as the quantized one names it.
    """
    plain: dict[str, Any] = recipes.read_recipe(recipe) if recipe else {"weights": {}, "activations": {}}
    for key, text, parse in (("weights", weights, recipes.weights), ("activations", activations, recipes.activations)):
        if text is not None:
            made = parse(text)
            plain = {k: v for k, v in plain.items() if k != key} | ({} if made is None else {key: made})
    if rounding is not None and "weights" in plain:
        plain["weights"] = {**plain["weights"], "rounding": rounding}
    both = "weights" in plain and "activations" in plain
    if both and not float_bias:
        plain.setdefault("bias", {})
    elif float_bias:
        plain.pop("bias", None)
    given = dict(recipes.override(text, plain) for text in overrides)
    if given:
        plain["overrides"] = {**plain.get("overrides", {}), **given}
    if skip:
        plain["skip"] = list(skip)
    plain |= {key: value for key, value in (("separate", separate), ("learn", learn)) if value}
    return recipes.recipe({"source": source, **plain})
