"""The registry: names and aliases, blocks of plugins, and what is told of those that are not there."""

from __future__ import annotations

import pickle

import pytest

from dataflow.core.errors import DataflowError, UnknownNameError
from dataflow.core.kinds import Unary
from dataflow.core.registry import Registry, blocks


class Made(Unary, abstract=True):
    """A block that is in no registry but those of these tests."""

    aliases = ("MadeUp",)


class Other(Unary, abstract=True):
    aliases = ("MadeUp",)


def test_a_block_is_found_by_its_name_and_its_aliases() -> None:
    known = Registry()
    known.register(Made)
    assert known["Made"] is known["MadeUp"] is Made


def test_a_name_has_one_block() -> None:
    known = Registry()
    known.register(Made)
    known.register(Made)  # as when its module is loaded again
    with pytest.raises(DataflowError, match=r"block 'MadeUp' of .*: the name must be new, got one that .* has"):
        known.register(Other)


def test_unknown_names_are_told_with_what_is_near() -> None:
    with pytest.raises(UnknownNameError, match=r"^no block 'Rellu'; did you mean 'Relu'\?$"):
        blocks["Rellu"]
    with pytest.raises(UnknownNameError, match=r"^no block 'qqqqqqqq'; list\(dataflow.blocks\) has the names of all$"):
        blocks["qqqqqqqq"]
    with pytest.raises(UnknownNameError, match=r"^a block must be named by text, got 3; write blocks\['Relu'\]"):
        blocks[3]  # type: ignore[index]
    assert "Rellu" not in blocks


@pytest.mark.parametrize(
    "word, name",
    [
        ("Adam", "ApplyAdam"),
        ("adam", "ApplyAdam"),
        ("adamw", "AdamW"),
        ("SGD", "ApplyGradientDescent"),
        ("Momentum", "ApplyMomentum"),
        ("rmsprop", "ApplyRMSProp"),
        ("clamp", "ClipByValue"),
        ("relu", "Relu"),
        ("LeakyRellu", "LeakyRelu"),
    ],
)
def test_words_that_blocks_are_known_by_elsewhere_are_told_with_the_block(word: str, name: str) -> None:
    assert blocks.nearest(word) == f"did you mean '{name}'?"


def test_all_are_listed_in_order() -> None:
    assert list(blocks) == sorted(blocks)
    assert len(blocks) == len(list(blocks)) and repr(blocks) == f"<{len(blocks)} blocks>"
    assert set(blocks) <= set(dir(blocks)) and "register" in dir(blocks)
    assert {"Multiply", "Mul"} <= set(blocks.names()) and "Mul" not in list(blocks)


def test_it_is_pickled_as_itself() -> None:
    assert pickle.loads(pickle.dumps(blocks)) is blocks


def test_a_block_is_an_attribute() -> None:
    assert blocks.Relu is blocks["Relu"] and blocks.Mul is blocks["Multiply"]
    with pytest.raises(AttributeError, match=r"^no block 'relu'; did you mean 'Relu'\?$"):
        _ = blocks.relu
    assert not hasattr(Registry(), "_repr_html_") and not Registry().__dict__["_loaded"]


def test_blocks_are_found_by_no_call() -> None:
    with pytest.raises(
        UnknownNameError, match=r"^dataflow.blocks: cannot be called; write blocks.Cast or blocks\['Cast'\]$"
    ):
        blocks("Cast")
