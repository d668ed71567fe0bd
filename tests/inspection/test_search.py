"""Finding blocks: what is meant comes first, by its name or by another word for it."""

from __future__ import annotations

import pytest
from usual_queries import USUAL

from dataflow.core.registry import blocks
from dataflow.inspection.search import find, plainness


def found(words: str) -> list[str]:
    return [block.__name__ for block in find(words.split())]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("mean", "Mean"),  # by name, whatever the case
        ("mul", "Multiply"),  # by alias
        ("max pool", "MaxPool"),  # by a name in several words
        ("clamp", "ClipByValue"),
        ("std", "SquaredDifference"),
        ("accuracy", "Accuracy"),
        ("transposed convolution", "Conv2DBackpropInput"),
        ("sigmoid cross entropy", "BinaryCrossentropy"),
        ("dense", "MatMul"),
        ("embedding", "Gather"),
        ("detach", "StopGradient"),
        ("//", "FloorDiv"),
        ("adam", "ApplyAdam"),
    ],
)
def test_what_is_meant_comes_first(words: str, first: str) -> None:
    assert found(words)[0] == first


@pytest.mark.parametrize("words", USUAL)
def test_usual_queries(words: str) -> None:
    assert found(words)[: len(USUAL[words])] == USUAL[words]


def test_plain_blocks_come_before_those_made_of_them() -> None:
    usual = sorted(blocks, key=plainness)
    assert usual.index("Conv2D") < usual.index("Conv3D") < usual.index("Conv2DBackpropInput")  # whose name goes on
    assert usual.index("MaxPool") < usual.index("QuantizedMaxPool")  # that graphs use less
    assert usual.index("QuantizedMaxPool") < usual.index("QuantizeLinear")  # that TensorFlow does not have
    assert plainness("MaxPool")[0] == 0  # no kind of Max, which is of another category
    assert plainness("FusedBatchNormV3") < plainness("FusedBatchNorm")  # a version alone does not make it another


def test_words_that_several_blocks_are_found_by() -> None:
    assert {"FusedBatchNormV3", "LRN", "Softmax"} <= set(found("normalize"))
    assert {"Relu", "Sigmoid", "Tanh", "Elu"} <= set(found("activation"))


def test_names_come_before_parts_of_names_and_these_before_what_is_said() -> None:
    order = found("mean")
    assert order.index("Mean") < order.index("MeanSquaredError") < order.index("RootMeanSquaredError")
    assert order.index("RootMeanSquaredError") < order.index("Accuracy")  # whose summary has the word


def test_every_word_must_fit() -> None:
    assert found("relu grad")[0] == "ReluGrad" and "Relu" not in found("relu grad")
    assert found("relu zzyzx") == []
    assert find([]) == list(blocks.values())


def test_no_block_is_found_by_its_own_name_twice() -> None:
    for block in blocks.values():
        names = {name.lower() for name in (block.__name__, *block.aliases)}
        assert not names & {term.lower() for term in vars(block).get("found_by", ())}, block
