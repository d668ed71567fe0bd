"""Fractional pooling: where windows begin, and that the blocks agree with plain loops over them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.kernels.fractional_windows import Words, sequence
from blocks.nn_ops.fractional_pooling import (
    FractionalAvgPool,
    FractionalAvgPoolGrad,
    FractionalMaxPool,
    FractionalMaxPoolGrad,
)
from dataflow import Graph, run
from dataflow.core.errors import BlockError
from dataflow.core.random import Key

pools = st.fixed_dictionaries(
    {
        "pooling_ratio": st.tuples(st.just(1.0), st.floats(1, 3), st.floats(1, 3), st.just(1.0)),
        "pseudo_random": st.booleans(),
        "overlapping": st.booleans(),
        "deterministic": st.just(True),
        "seed": st.integers(1, 2**63 - 1),
        "seed2": st.integers(-(2**63), 2**63 - 1),
    }
)


def windows(pooled, overlapping, shape):
    """Position of each window and its slices."""
    rows, columns = pooled.row_pooling_sequence, pooled.col_pooling_sequence
    for i, j in np.ndindex(len(rows) - 1, len(columns) - 1):
        bottom, right = min(rows[i + 1] + overlapping, shape[1]), min(columns[j + 1] + overlapping, shape[2])
        yield i, j, slice(rows[i], bottom), slice(columns[j], right)


@settings(max_examples=50, deadline=None)
@given(pools, st.integers(3, 12), st.integers(3, 12))
def test_plain_loops(attrs, rows, columns):
    value = np.random.default_rng(rows).normal(size=(2, rows, columns, 3))
    largest, means = FractionalMaxPool(**attrs)(value), FractionalAvgPool(**attrs)(value)
    dy = np.random.default_rng(columns).normal(size=largest.output.shape)
    by_largest, by_means = np.zeros_like(value), np.zeros_like(value)
    for i, j, down, across in windows(largest, attrs["overlapping"], value.shape):
        window = value[:, down, across]
        np.testing.assert_array_equal(largest.output[:, i, j], window.max((1, 2)))
        np.testing.assert_allclose(means.output[:, i, j], window.mean((1, 2)))
        here = dy[:, i : i + 1, j : j + 1]
        by_largest[:, down, across] += here * (window == window.max((1, 2), keepdims=True))
        by_means[:, down, across] += here / (window.shape[1] * window.shape[2])
    sequences = largest[1:]
    for found, wanted in zip(means[1:], sequences, strict=True):
        np.testing.assert_array_equal(found, wanted)
    back = FractionalMaxPoolGrad(overlapping=attrs["overlapping"])(value, largest.output, dy, *sequences)
    np.testing.assert_allclose(back, by_largest)
    back = FractionalAvgPoolGrad(overlapping=attrs["overlapping"])(np.array(value.shape), dy, *sequences)
    np.testing.assert_allclose(back, by_means)


def test_one_window_of_many_pixels():
    image = np.random.default_rng(0).normal(size=(2, 300, 300, 1))
    largest = FractionalMaxPool(pooling_ratio=[1, 300, 300, 1], deterministic=True, seed=1)(image)
    dx = FractionalMaxPoolGrad()(image, largest.output, np.ones((2, 1, 1, 1)), *largest[1:])
    np.testing.assert_array_equal(dx, image == image.max((1, 2, 3), keepdims=True))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(), st.booleans())
def test_sequences_cut_the_image(size, count, seed, pseudo_random):
    count = min(size, count)
    begins = sequence(size, count, Words(seed, 0), pseudo_random)
    assert begins[0] == 0 and begins[-1] == size and len(begins) == count + 1
    assert set(np.diff(begins)) <= {size // count, size // count + 1}


def test_words_of_a_published_vector():
    """The known answer of Philox4x32-10 for key and counter zero."""
    assert Words(0, 0).draw(4) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]


@pytest.mark.parametrize("deterministic", [True, False])
def test_what_each_run_draws(deterministic):
    """Without seeds the seed of the run decides, and its step only where it may."""
    graph = Graph()
    value = graph.input("value", "float32", [1, 40, 40, 1])
    pool = FractionalMaxPool(pooling_ratio=[1.0, 1.3, 1.3, 1.0], deterministic=deterministic)
    graph.output("rows", pool(value, name="pool").row_pooling_sequence)
    image = np.zeros((1, 40, 40, 1), np.float32)
    first, again = (run(graph, value=image)["rows"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    steps = [pool.kernel(image, key=Key(0, "pool", step))[1].tolist() for step in range(3)]
    assert (steps[0] == steps[1] == steps[2]) is deterministic


@pytest.mark.parametrize(
    "misuse, named",
    [
        (lambda: FractionalMaxPool(pooling_ratio=[1.0, 0.5, 1.0, 1.0]), "attr 'pooling_ratio'"),
        (lambda: FractionalMaxPool(pooling_ratio=[2.0, 1.0, 1.0, 1.0]), "attr 'pooling_ratio'"),
        (lambda: FractionalMaxPool(pooling_ratio=[1.0, 1.0, 1.0]), "attr 'pooling_ratio'"),
        (lambda: FractionalMaxPool(pooling_ratio=[1.0, 1.0, 1.0, 1.0], seed=1), "attr 'deterministic'"),
        (lambda: FractionalAvgPool(pooling_ratio=[1.0, 9.0, 1.0, 1.0])(np.zeros((1, 3, 3, 1))), "input 'value'"),
        (lambda: back([[[[9.0], [9.0]]]], [0, 1], [0, 2, 3]), "input 'orig_output'"),
        (lambda: back([[[[2.0], [3.0]]]], [0, 1], [0, 2, 4]), "input 'col_pooling_sequence'"),
        (lambda: back([[[[2.0], [3.0]]]], [1, 0], [0, 2, 3]), "input 'row_pooling_sequence'"),
        (lambda: back([[[[2.0]]]], [0, 1], [0, 2, 3]), "input 'orig_output'"),
    ],
)
def test_misuse(misuse, named):
    with pytest.raises(BlockError, match=named):
        misuse()


def back(largest, rows, columns):
    return FractionalMaxPoolGrad()([[[[1.0], [2.0], [3.0]]]], largest, [[[[1.0], [1.0]]]], rows, columns)
