"""The choice of widths, against all choices that there are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dataflow.quantize.budget import Choice, Option, choose


def _brute(options: dict[str, list[Option]], budget: int) -> tuple[float, int] | None:
    found = [
        (sum(option.error for option in each), sum(option.cost for option in each))
        for each in itertools.product(*options.values())
        if sum(option.cost for option in each) <= budget
    ]
    return min(found) if found else None


@pytest.mark.parametrize("seed", range(60))
def test_it_is_the_best_of_all_choices(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers = {
        name: [
            Option(
                bits, int(rng.integers(1, 40)) * bits, float(rng.integers(0, 50)) if seed % 2 else rng.random() / bits
            )
            for bits in (2, 3, 4, 6, 8)
        ]
        for name in "abcd"[: 3 + seed % 2]
    }
    budget = int(rng.integers(5, 500))
    choice, best = choose(layers, budget), _brute(layers, budget)
    if choice is None or best is None:
        assert choice is None and best is None
        return
    assert choice.error == pytest.approx(best[0], rel=1e-12)
    assert choice.cost <= budget
    chosen = [next(o for o in each if o.bits == choice.bits[name]) for name, each in layers.items()]
    assert sum(option.cost for option in chosen) == choice.cost


def test_of_equal_choices_the_cheaper_is_taken() -> None:
    layers = {"a": [Option(4, 40, 1.0), Option(8, 80, 1.0)]}
    assert choose(layers, 100) == Choice({"a": 4}, 40, 1.0)


def test_many_layers_are_quick() -> None:
    rng = np.random.default_rng(1)
    layers = {
        f"l{i}": [Option(b, int(rng.integers(1, 9)) * b, float(rng.random()) / b) for b in (2, 4, 8)] for i in range(60)
    }
    choice = choose(layers, 900)
    assert choice is not None
    assert choice.cost <= 900
    assert len(choice.bits) == 60


def test_no_choice_fits() -> None:
    assert choose({"a": [Option(2, 10, 1.0)]}, 9) is None
