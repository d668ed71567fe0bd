"""What to ask about optimizers: one step each, from random variables, with every kind of gradient and setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from .asking import Question, asks
from .inputs import label, numbers, stored

WIDE = ("float32", "float64")
NARROW = ("float16", "bfloat16")
SHAPES = ((), (0,), (1,), (21,), (2, 1, 3, 4))
MIXED = (24,)  # elements: gradients of usual size, tiny ones, and zeros of both signs
LARGE = (211, 160)  # the same over and over, more than is done in one piece
TINY = 1e-12
ANY = float("nan")
# in float32 the reference takes reciprocal roots in a fast way, up to 2 ulps off; elsewhere every bit is settled
ROOTED: Any = {"ulps": None, "relative": 1e-6, "wide": 0.0}


def steps(
    random: np.random.Generator,
    variables: Mapping[str, float],
    settings: Sequence[Mapping[str, float]],
    flag: str = "",
    gradient: str = "grad",
    narrow: bool = True,
) -> Iterator[Question]:
    """A step in every shape with the first settings, and with mixed gradients with all settings.

    ``variables`` has the least value of each variable, or ANY. The attr ``flag`` is asked with true and false.
    """
    for dtype, given in product((*WIDE, *NARROW) if narrow else WIDE, [{flag: False}, {flag: True}] if flag else [{}]):
        for i, setting in enumerate(settings):
            shapes = (*SHAPES, MIXED, *[LARGE] * (dtype == "float32")) if i == 0 and dtype in WIDE else (MIXED,)
            for shape in shapes:
                drawn = MIXED if shape == LARGE else shape
                inputs = {name: variable(random, dtype, drawn, least) for name, least in variables.items()}
                slope = inputs[gradient] = numbers(random, dtype, drawn, 1.0)
                if drawn == MIXED:
                    slope[8:16] *= np.asarray(TINY if dtype in WIDE else 0.01, stored(dtype))
                    slope[16:20], slope[20:] = 0.0, -0.0
                inputs = {name: np.resize(array, shape) for name, array in inputs.items()}
                inputs |= {name: scalar(name, value, dtype) for name, value in setting.items()}
                name = f"{dtype}_{label(shape)}_{i}" + f"_{flag}" * given.get(flag, False)
                yield Question(name, given, inputs)


def variable(random: np.random.Generator, dtype: str, shape: Any, least: float) -> Any:
    if least != least:
        return numbers(random, dtype, shape, 1.0)
    return np.asarray(least + random.exponential(size=shape)).astype(stored(dtype))


def scalar(name: str, value: float, dtype: str) -> Any:
    return np.asarray(value, np.int64 if name == "global_step" else stored(dtype))


@asks("ApplyGradientDescent")
def gradient_descent(random: np.random.Generator) -> Iterator[Question]:
    yield from steps(random, {"var": ANY}, [{"alpha": a} for a in (0.1, 0.0, 1.0, -0.5, 1e-6)], gradient="delta")


@asks("ApplyMomentum")
def momentum(random: np.random.Generator) -> Iterator[Question]:
    settings = [{"lr": lr, "momentum": kept} for lr, kept in ((0.1, 0.9), (0.01, 0.0), (1.0, 1.0), (0.0, 0.5))]
    yield from steps(random, {"var": ANY, "accum": ANY}, settings, "use_nesterov")


@asks("ApplyAdam")
def adam(random: np.random.Generator) -> Iterator[Question]:
    usual = {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-3}
    others = [{**usual, "lr": 0.1, "beta1": 0.5}, {**usual, "beta1": 0.0, "epsilon": 0.1}]
    settings = [
        {**each, "beta1_power": each["beta1"] ** step, "beta2_power": each["beta2"] ** step}
        for each, counts in zip([usual, *others], [(1, 2, 3, 10, 1000), (1, 4), (2,)], strict=True)
        for step in counts
    ]
    yield from steps(random, {"var": ANY, "m": ANY, "v": 0.01}, settings, "use_nesterov")


@asks("ApplyAdagrad", **ROOTED)
def adagrad(random: np.random.Generator) -> Iterator[Question]:
    settings = [{"lr": lr} for lr in (0.1, 0.0, 1.0)]
    yield from steps(random, {"var": ANY, "accum": 0.1}, settings, "update_slots")


@asks("ApplyAdadelta", **ROOTED)
def adadelta(random: np.random.Generator) -> Iterator[Question]:
    settings = [
        {"lr": lr, "rho": rho, "epsilon": epsilon}
        for lr, rho, epsilon in (
            (0.1, 0.95, 1e-3),
            (1.0, 0.5, 0.1),
            (0.0, 0.9, 1e-6),
            (0.1, 0.0, 1.0),
            (0.1, 1.0, 1e-3),
        )
    ]
    yield from steps(random, {"var": ANY, "accum": 0.1, "accum_update": 0.0}, settings)


RMSPROP = [
    {"lr": lr, "rho": rho, "momentum": momentum, "epsilon": epsilon}
    for lr, rho, momentum, epsilon in (
        (0.01, 0.9, 0.0, 1e-3),
        (0.1, 0.5, 0.9, 0.1),
        (0.0, 0.9, 0.5, 1e-6),
        (1.0, 0.0, 1.0, 1.0),
    )
]


@asks("ApplyRMSProp")
def rmsprop(random: np.random.Generator) -> Iterator[Question]:
    yield from steps(random, {"var": ANY, "ms": 0.0, "mom": ANY}, RMSPROP)


@asks("ApplyCenteredRMSProp")
def centered_rmsprop(random: np.random.Generator) -> Iterator[Question]:
    yield from steps(random, {"var": ANY, "mg": ANY, "ms": 3.0, "mom": ANY}, RMSPROP)


PULLS = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.25, 0.1)]


@asks("ApplyFtrl", ulps=None, relative=1e-6, wide=1e-14)  # differences of powers
def ftrl(random: np.random.Generator) -> Iterator[Question]:
    settings = [
        {"lr": lr, "l1": l1, "l2": l2, "lr_power": power}
        for power, pulls in ((-0.5, PULLS), (-1.0, PULLS[2:]), (-0.25, PULLS[3:]), (0.0, PULLS[3:]))
        for l1, l2 in pulls
        for lr in ((0.1, 1.0) if l1 == l2 else (0.3,))
    ]
    variables = {"var": ANY, "accum": 0.1, "linear": ANY}
    yield from steps(random, variables, settings, "multiply_linear_by_lr")


@asks("ApplyProximalGradientDescent")
def proximal_gradient_descent(random: np.random.Generator) -> Iterator[Question]:
    settings = [{"alpha": alpha, "l1": l1, "l2": l2} for l1, l2 in PULLS for alpha in (0.1, 1.0)]
    yield from steps(random, {"var": ANY}, settings, gradient="delta", narrow=False)


@asks("ApplyProximalAdagrad", **ROOTED)
def proximal_adagrad(random: np.random.Generator) -> Iterator[Question]:
    settings = [{"lr": lr, "l1": l1, "l2": l2} for l1, l2 in PULLS for lr in (0.1, 1.0)]
    yield from steps(random, {"var": ANY, "accum": 0.1}, settings, narrow=False)


@asks("ApplyAdagradDA")
def adagrad_da(random: np.random.Generator) -> Iterator[Question]:
    settings = [
        {"lr": lr, "l1": l1, "l2": l2, "global_step": step}
        for l1, l2 in PULLS
        for lr, step in ((0.1, 1), (1.0, 3), (0.3, 2**24 + 1))
    ]
    variables = {"var": ANY, "gradient_accumulator": ANY, "gradient_squared_accumulator": 0.1}
    yield from steps(random, variables, settings, narrow=False)


def in_float32(*given: Any, **more: Any) -> Iterator[Question]:
    """Steps in float32, in which Keras has its settings, and not by pieces."""
    for question in steps(*given, **more):
        if question.name.startswith("float32") and label(LARGE) not in question.name:
            yield question


@asks("ApplyGradientDescentW", ulps=None, relative=1e-6)
def gradient_descent_with_decay(random: np.random.Generator) -> Iterator[Question]:
    settings = [{"alpha": a, "weight_decay": decay} for a, decay in ((0.1, 0.004), (0.5, 0.5), (0.1, 0.0))]
    yield from in_float32(random, {"var": ANY}, settings, gradient="delta")


@asks("ApplyMomentumW", ulps=None, relative=1e-6)
def momentum_with_decay(random: np.random.Generator) -> Iterator[Question]:
    settings = [
        {"lr": lr, "momentum": kept, "weight_decay": decay}
        for lr, kept, decay in ((0.1, 0.9, 0.004), (0.01, 0.5, 0.5), (1.0, 0.9, 0.0))
    ]
    yield from in_float32(random, {"var": ANY, "accum": ANY}, settings, "use_nesterov")


@asks("ApplyAdamW", ulps=None, relative=1e-6)
def adam_with_decay(random: np.random.Generator) -> Iterator[Question]:
    usual = {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-3, "weight_decay": 0.004}
    settings = [
        {**usual, "beta1_power": 0.9**step, "beta2_power": 0.999**step, **others}
        for step, others in ((1, {}), (3, {"weight_decay": 0.5, "lr": 0.1}), (100, {"weight_decay": 0.0}))
    ]
    yield from in_float32(random, {"var": ANY, "m": ANY, "v": 0.01}, settings)
