"""Columns as they are wanted, and the numbers of different texts."""

from __future__ import annotations

import numpy as np
import pytest

from dataflow.core.errors import DataflowError
from dataflow.training.data import wanted
from dataflow.training.data.wanted import MISSING, TEXT, Vocabulary, Wanted


def test_how_values_are_kept():
    assert Wanted("a", "bfloat16").storage.itemsize == 2
    assert Wanted("a", "qint8").storage == np.int8
    assert Wanted("a", TEXT).storage == np.int32
    assert sorted([Wanted("b", "f"), Wanted("a", "i", True), Wanted("a", "i")])[0] == Wanted("a", "i")


def test_texts_are_numbered_as_they_come_column_by_column():
    words = Vocabulary()
    assert words.encode("a", ["x", None, "y", "x"]).tolist() == [0, MISSING, 1, 0]
    assert words.encode("b", ["y"]).tolist() == [0]
    assert words.encode("a", ["", "y"]).tolist() == [2, 1]
    assert (words.texts("a"), words.texts("b"), words.texts("c")) == (["x", "y", ""], ["y"], [])


def test_there_are_only_so_many_texts(monkeypatch):
    monkeypatch.setattr(wanted, "_MOST", 3)
    words = Vocabulary()
    words.encode("a", ["x", "y", "z"])
    with pytest.raises(DataflowError, match="column 'a' may have at most 3 different texts, got more"):
        words.encode("a", ["w"])
