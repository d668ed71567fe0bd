"""The recipe that options ask for, alone and beside one in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.quantize.recipe_options import recipe_of


def test_weights_values_and_biases_are_rounded_where_nothing_is_said() -> None:
    made = recipe_of("float.yaml")
    assert made.given() == {"source": "float.yaml", "weights": {}, "activations": {}, "bias": {}}
    assert made.weights is not None and made.activations is not None
    assert (made.weights.bits, made.activations.bits) == (8, 8)


@pytest.mark.parametrize("kind", ["weights", "activations"])
def test_biases_are_rounded_only_where_sums_are_of_integers(kind: str) -> None:
    assert recipe_of("float.yaml", **{kind: "float"}).given().keys() == {"source", "weights", "activations"} - {kind}
    assert "bias" not in recipe_of("float.yaml", float_bias=True).given()


def test_options_say_it_all() -> None:
    made = recipe_of(
        "float.yaml",
        weights="4/tensor:percentile:99",
        activations="6/symmetric",
        overrides=["conv1=w6", "fc=w2a4"],
        skip=["last"],
        separate=True,
        rounding="adaround",
        learn="lsq",
    )
    weights = {"bits": 4, "per": "tensor", "range": "percentile:99", "rounding": "adaround"}
    assert made.given() == {
        "source": "float.yaml",
        "weights": weights,
        "activations": {"bits": 6, "symmetric": True},
        "bias": {},
        "overrides": {
            "conv1": {"weights": {**weights, "bits": 6}},
            "fc": {"weights": {**weights, "bits": 2}, "activations": {"bits": 4, "symmetric": True}},
        },
        "skip": ["last"],
        "separate": True,
        "learn": "lsq",
    }


def test_options_change_the_recipe_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("weights: {bits: 3}\noverrides: {fc: {weights: {bits: 6}}, conv: {weights: {bits: 5}}}\n")
    assert recipe_of("f.yaml", str(path)).given() == {
        "source": "f.yaml",
        "weights": {"bits": 3},
        "overrides": {"fc": {"weights": {"bits": 6}}, "conv": {"weights": {"bits": 5}}},
    }
    made = recipe_of("f.yaml", str(path), activations="4", overrides=["fc=w7"]).given()
    assert made["overrides"] == {"fc": {"weights": {"bits": 7}}, "conv": {"weights": {"bits": 5}}}
    assert (made["weights"], made["activations"], made["bias"]) == ({"bits": 3}, {"bits": 4}, {})


def test_an_option_that_fits_no_recipe_is_named() -> None:
    with pytest.raises(DataflowError, match="quantization: 'learn' must be range, lsq, pact or tqt, got 'everything'"):
        recipe_of("f.yaml", learn="everything")
