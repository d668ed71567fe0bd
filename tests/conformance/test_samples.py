"""Samples come from a block's example, and vary in dtype, shape and value."""

from __future__ import annotations

import numpy as np
import pytest
from made_blocks import DOC, Made, double, made

from dataflow import blocks
from dataflow.conformance.samples import (
    ConformanceError,
    Sample,
    broken,
    candidates,
    cast,
    documented,
    examples,
    retyped,
    samples,
)
from dataflow.core.kinds import Source


def test_the_calls_of_the_example_are_samples():
    (said,) = documented(Made)
    assert said.arrays[0].tolist() == [1.0, 2.5]
    assert (said.arrays[0].dtype, said.surely) == (np.float32, True)
    assert [example.source for example in examples(Made)] == ["Made()([1.0, 2.5])\n"]


@pytest.mark.parametrize(
    "example, shapes",
    [
        (">>> Made()([1.0])\n    >>> Made()(np.zeros((2, 3)))", [(1,), (2, 3)]),
        (">>> x = [1.0]\n    >>> 1 / 0\n    >>> Made()(x)", [(1,)]),  # what fails is for another check
        (">>> Made()\n    Made()", []),
        (">>> Made()(2)", [()]),
        (">>> print('heard')\n    >>> Made()(x=[1.0, 2.0])", [(2,)]),
    ],
)
def test_all_calls_on_values_count(example, shapes, capsys):
    found = documented(made(__doc__=f"Twice, ``2 * x``.\n\n    {example}\n"))
    assert [sample.arrays[0].shape for sample in found] == shapes
    assert capsys.readouterr().out == ""


def test_a_block_without_inputs_is_a_sample_itself():
    (first, *_) = documented(blocks["Const"])
    assert first.arrays == () and first.block.attrs()["value"] is not None
    assert isinstance(first.block, Source)


def test_samples_vary_in_dtype_shape_and_value():
    assert {a.dtype.name for s in samples(Made) for a in s.arrays} == {"bfloat16", "float16", "float32", "float64"}
    assert {a.shape for s in samples(Made) for a in s.arrays} >= {(), (0, 2), (2, 1, 3, 2), (1,), (0,)}
    assert any(np.isnan(a).any() for s in samples(Made) for a in s.arrays)
    assert any(np.isinf(a).any() for s in samples(Made) for a in s.arrays)
    assert any((np.signbit(a) & (a == 0)).any() for s in samples(Made) for a in s.arrays if a.size)


def test_operands_of_a_block_that_broadcasts_vary_apart():
    shapes = {tuple(a.shape for a in s.arrays) for s in samples(blocks["AddV2"])}
    assert {((), (0, 2)), ((1,), ()), ((2, 3, 2), (3, 1)), ((2,), (2, 3, 1))} <= shapes


def test_axes_of_a_reduction_vary():
    axes = {tuple(np.ravel(s.arrays[1])) for s in samples(blocks["Sum"])}
    assert {(), (0,), (-1,), (0, 1, 2, 3)} <= axes


def test_refused_values_make_no_samples():
    class Positive(Made, abstract=True):
        """Twice a positive value, ``2 * x``.

        >>> Positive()([1.0, 2.5])
        array([2., 5.], dtype=float32)
        """

        def kernel(self, x, out=None):
            if not (x > 0).all():
                raise self.error("input 'x' must be positive")
            return double(self, x, out)

    assert samples(Positive)
    assert all((a > 0).all() for s in samples(Positive) for a in s.arrays)
    assert len(candidates(Positive)) > len(samples(Positive))


def test_a_crash_is_no_refusal():
    def kernel(self, x, out=None):
        raise ZeroDivisionError

    block = made(kernel=kernel, __doc__=DOC)
    assert len(samples(block)) == len(candidates(block)) > 1


def test_every_dtype_of_a_variable_and_of_an_attr():
    (said,) = documented(Made)
    assert {s.arrays[0].dtype.name for s in retyped(said)} == {"bfloat16", "float16", "float32", "float64"}
    first = documented(blocks["Cast"])[0]
    assert {"int8", "bool", "complex128"} <= {s.block.DstT for s in retyped(first)}


@pytest.mark.parametrize(
    "array, dtype, values",
    [
        ([-1.5, 2.0], "uint8", [1, 2]),
        ([-1.5, 2.0], "int8", [-1, 2]),
        ([1 + 2j], "float32", [1.0]),
        ([1 - 2j], "complex64", [1 - 2j]),
        ([-3 + 1j], "uint8", [3]),
        ([True], "uint8", [1]),
        ([0.0, 2.0], "bool", [False, True]),
    ],
)
def test_values_in_another_dtype(array, dtype, values):
    made = cast(np.array(array), dtype)
    assert (made.dtype.name, made.tolist()) == (dtype, values)


def test_a_sample_knows_its_types_and_results():
    (said,) = documented(Made)
    assert str(said) == "Made()(float32[2])"
    assert [str(type_) for type_ in said.outputs] == ["float32[2]"]
    assert said.results()[0].tolist() == [2.0, 5.0]
    out = np.zeros(2, np.float32)
    assert said.results(out)[0] is out and out.tolist() == [2.0, 5.0]
    changed = said.mapped(lambda port, array: array + 1, surely=False)
    assert (changed.arrays[0].tolist(), changed.surely, said.arrays[0].tolist()) == ([2.0, 3.5], False, [1.0, 2.5])


def test_lists_of_operands_and_ports_left_open_are_mapped_as_such():
    block = blocks["AddN"]()
    changed = Sample(block, ((np.float32([1]), np.float32([2])),)).mapped(lambda port, array: array * 2)
    assert [array.tolist() for array in changed.arrays[0]] == [[2.0], [4.0]]
    kept = Sample(blocks["Variable"](dtype="float32", shape=[1]), (None,)).mapped(lambda port, array: 1 / 0)
    assert kept.arrays == (None,)


def test_the_error_names_the_block():
    error = broken(Made, "must be right, got wrong")
    assert isinstance(error, ConformanceError) and str(error) == "Made: must be right, got wrong"
