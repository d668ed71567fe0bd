"""Recipes: short forms, and which settings hold for a node."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dataflow.core.errors import DataflowError
from dataflow.quantize import recipe as recipes


def test_later_overrides_hold_and_parts_of_a_layer_are_named_by_it() -> None:
    made = recipes.recipe(
        {
            "weights": {"bits": 4},
            "activations": {"bits": 8},
            "overrides": {"conv*": {"weights": {"bits": 6}}, "conv2": {"weights": {"bits": 2}}},
            "skip": "dense",
        }
    )
    bits = [
        (found := recipes.weights_of(made, n)) and found.bits for n in ("conv1/conv", "conv2/conv", "fc", "dense/x")
    ]
    assert bits == [6, 2, 4, None]
    assert recipes.activations_of(made, "conv2/conv").bits == 8  # type: ignore[union-attr]
    assert recipes.activations_of(made, "dense") is None


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("8", {"bits": 8}),
        ("4/tensor", {"bits": 4, "per": "tensor"}),
        ("3/group:min_max", {"bits": 3, "per": "group", "range": "min_max"}),
        ("2:percentile:99.5", {"bits": 2, "range": "percentile:99.5"}),
        ("float", None),
    ],
)
def test_weights_in_short(text: str, made: object) -> None:
    assert recipes.weights(text) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("8", {"bits": 8}),
        ("4/symmetric", {"bits": 4, "symmetric": True}),
        ("6/symmetric:mse", {"bits": 6, "symmetric": True, "range": "mse"}),
        ("8:percentile:99.99", {"bits": 8, "range": "percentile:99.99"}),
        ("float", None),
    ],
)
def test_activations_in_short(text: str, made: object) -> None:
    assert recipes.activations(text) == made


@pytest.mark.parametrize("text", ["", "eight", "8/channel", "8/symmetric/mse", "8:"])
def test_wrong_short_forms_of_activations_are_refused_with_examples(text: str) -> None:
    with pytest.raises(DataflowError, match=rf"such as 8, 8:percentile:99.99 or 8/symmetric, or float, got '{text}'"):
        recipes.activations(text)


@pytest.mark.parametrize("text", ["", "four", "4/layer", "4/channel/mse", "-4"])
def test_wrong_short_forms_are_refused_with_examples(text: str) -> None:
    with pytest.raises(DataflowError, match=r"such as 8, 4/channel:mse"):
        recipes.weights(text)


@pytest.mark.parametrize("text", ["conv1", "conv1=", "=w4", "conv1=4", "conv1=a4w4", "conv1=w4 a8"])
def test_wrong_overrides_are_refused(text: str) -> None:
    with pytest.raises(DataflowError, match=re.escape(f"got '{text}'")):
        recipes.override(text, {})


def test_an_override_keeps_what_holds_for_all_but_the_width() -> None:
    base = {"weights": {"bits": 8, "per": "tensor"}, "activations": {"bits": 8, "range": "mse"}}
    assert recipes.override("conv*=w4a6", base) == (
        "conv*",
        {"weights": {"bits": 4, "per": "tensor"}, "activations": {"bits": 6, "range": "mse"}},
    )
    assert recipes.override("fc=a16", {"weights": {}}) == ("fc", {"activations": {"bits": 16}})


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"weights": {"bits": 0}}, "'weights': 'bits' must be a whole number from 1 to 16, got 0"),
        ({"weights": {"bits": 4, "range": "entropie"}}, "must be one of min_max"),
        ({"activations": {"bits": 8, "range": "percentile:101"}}, "percentile:P with P up to 100"),
        ({"weigths": {}}, "has no key 'weigths'; did you mean"),
        ({"rounding": "up"}, "must be half_up, half_away"),
    ],
)
def test_wrong_recipes_are_refused_by_key(plain: dict[str, object], message: str) -> None:
    with pytest.raises(DataflowError, match=message):
        recipes.recipe(plain)


def test_a_recipe_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("weights: {bits: 4}\n")
    assert recipes.read_recipe(path) == {"weights": {"bits": 4}}
    path.write_text("dataflow: 1\nquantization: {activations: {bits: 3}}\n")
    assert recipes.read_recipe(path) == {"activations": {"bits": 3}}


@pytest.mark.parametrize("text", ["", "- 4\n", "four\n"])
def test_a_recipe_must_be_a_mapping(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(DataflowError, match=r"r\.yaml"):
        recipes.read_recipe(tmp_path / "r.yaml")


def test_a_recipe_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataflowError, match="no such file"):
        recipes.read_recipe(tmp_path / "r.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"weights: {bits: \xff}\n", "'utf-8' codec can't decode byte 0xff"),
        (b"weights: {bits: 4\n", "r.yaml:1:"),
        (b"weights: {bits: 4}\nweights: {bits: 8}\n", "r.yaml:2:"),
        (b"weigths: {bits: 4}\n", "has no key 'weigths'; did you mean 'weights'"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_told_with_its_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    with pytest.raises(DataflowError) as caught:
        recipes.read_recipe(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
