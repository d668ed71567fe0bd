"""The checks of declarations find what is wrong with a docstring, an example, a port or a method."""

from __future__ import annotations

import pytest
from made_blocks import DOC, Made, double, made, told

from dataflow import blocks
from dataflow.conformance import declaration
from dataflow.core.block import MISSING_GRADIENT, In, Out

NAMES = ["summary", "source", "example", "ports", "methods", "gradient_declared", "value"]


@pytest.mark.parametrize("name", NAMES)
def test_a_right_block_passes(monkeypatch, name):
    monkeypatch.setitem(blocks._blocks, "Made", Made)
    getattr(declaration, name)(Made)


LONG = DOC.replace("Twice the value", "Twice the value" + ", as it is" * 10)

WRONG = [
    ("summary", made(__doc__=None), "must have a docstring, got none; say in its first line what it computes"),
    ("summary", made(__doc__="\n\nText."), "must have the formula in ``double backticks``, got: Text."),
    ("summary", made(__doc__=DOC.replace("``2 * x``", "2 * x")), "must have the formula"),
    ("summary", made(__doc__=DOC.replace("``.", "``")), "ends with a period"),
    ("summary", made(__doc__=LONG), "must be one sentence that fits it"),
    ("source", made(__doc__=DOC.replace("Source", "From")), "must have a line `Source"),
    ("source", made(__doc__=DOC.replace("tests.", "tests")), "must have a line `Source"),
    ("example", made(__doc__=DOC.replace("5.]", "6.]")), "print what it says"),
    ("example", made(__doc__=DOC.replace("Made()(", "Mode()(")), "name 'Mode' is not defined"),
    (
        "example",
        made(__doc__=DOC.replace(">>>", "...")),
        "must have an example, got none; write one as >>> Made()(...)",
    ),
    ("example", made(__doc__="Nothing.\n\n    >>> Made()\n    Made()\n"), "must call the block on values"),
    ("ports", made(x=In("T"), y=Out("T", "result")), "'x' must have a line of text"),
    ("ports", made(x=In("T", "values"), y=Out("T", " ")), "'y' must have a line of text"),
    ("ports", made(T=("float31",)), "'x' must have a dtype, a type variable or a dtype attr, got 'T'"),
    ("ports", made(T=()), "'x' must have a dtype"),
    ("methods", made(grad=lambda self, x, dy: dy * 2), "grad must take (x, y, dy), got (x, dy)"),
    ("methods", made(reuses=("z",)), "reuses must name inputs, got 'z'"),
    ("methods", made(training="is_training"), "training must name an attr, got 'is_training'"),
    ("methods", made(kernel=lambda self, x, y, out=None: x), "kernel must take (x, out), got (x, y, out)"),
    (
        "methods",
        made(precompute=lambda self, z: z, kernel=lambda self, x, precomputed, out=None: x),
        "precompute must name inputs, got 'z'",
    ),
    (
        "methods",
        made(precompute=lambda self, x: x, kernel=lambda self, x, ahead, out=None: x),
        "kernel must take (precomputed, out), got (x, ahead, out)",
    ),
    ("gradient_declared", made(grad=MISSING_GRADIENT), "must have a grad method, or `grad = None`"),
    (
        "value",
        made(__eq__=lambda self, other: self is other, __hash__=lambda self: 1),
        "must equal another with the same attrs, got Made() for Made()",
    ),
    ("value", made(__reduce__=lambda self: (int, ())), "must be the same after a pickle, got another for Made()"),
]


@pytest.mark.parametrize(("name", "block", "text"), WRONG, ids=[f"{name}-{text}" for name, _, text in WRONG])
def test_a_wrong_block_does_not(name, block, text):
    said = told(getattr(declaration, name), block)
    assert said.startswith("Made: ") and text in said


def test_a_block_is_found_by_its_name_and_its_aliases(monkeypatch):
    block = made(aliases=("Mode",))
    monkeypatch.setitem(blocks._blocks, "Made", block)
    assert told(declaration.methods, block) == "Made: must be found as 'Mode', got nothing"
    monkeypatch.setitem(blocks._blocks, "Mode", blocks["Tanh"])
    assert told(declaration.methods, block).startswith("Made: must be found as 'Mode', got blocks.")
    monkeypatch.setitem(blocks._blocks, "Mode", block)
    declaration.methods(block)


def test_what_takes_all_arguments_fits_any_ports(monkeypatch):
    block = made(kernel=lambda self, *values: double(self, *values), grad=lambda self, *values: values[-1] * 2)
    monkeypatch.setitem(blocks._blocks, "Made", block)
    declaration.methods(block)


def test_a_block_without_gradient_that_says_so_is_right():
    declaration.gradient_declared(made(grad=None))
