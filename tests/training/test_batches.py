"""The batches of an epoch: every row once, in the order of the epoch; those that are left after some."""

from __future__ import annotations

import numpy as np
import pytest

import dataflow as flow
from dataflow.training.array_split import ArraySplit
from dataflow.training.batches import batches_of


@pytest.fixture
def rows():
    graph = flow.Graph("g")
    graph.input("x", "float32", ["N"])
    return ArraySplit(graph, "train", {"x": np.arange(10, dtype=np.float32)})


def taken(rows, done=0, seed=0, epoch=0, whole=False, size=4):
    count = 10 // size if whole else -(-10 // size)
    return [feeds["x"].tolist() for feeds in batches_of(rows, size, count, done, seed, epoch, whole)]


def test_every_row_comes_once(rows):
    batches = taken(rows)
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert sorted(row for batch in batches for row in batch) == list(range(10))


def test_a_smaller_batch_is_left_out(rows):
    assert taken(rows, whole=True) == taken(rows)[:2]


def test_what_is_left_is_the_rest_of_the_same_order(rows):
    assert taken(rows, done=4) == taken(rows)[1:]
    assert taken(rows, done=10) == []


def test_the_order_is_that_of_the_seed_and_the_epoch(rows):
    orders = [str(taken(rows, seed=seed, epoch=epoch)) for seed in (0, 1) for epoch in (0, 1)]
    assert len({*orders}) == 4
    assert orders[0] == str(taken(rows))


def test_a_graph_without_data_has_empty_batches():
    assert list(batches_of(None, 1, 3, 1, 0, 0, False)) == [{}, {}]
