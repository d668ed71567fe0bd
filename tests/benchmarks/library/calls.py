"""All calls of the scan: those of the tables here, and of elementwise blocks what follows from their examples."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path

from dataflow import blocks

from . import arrays, layers, quantization
from .asking import Call, Calls
from .elementwise import elementwise

Family = Callable[[int], Calls]

CATALOGUE = Path(__file__).parents[2] / "catalogue.json"
LEAST = 1000  # elements of which every call can be made
TABLES: tuple[Family, ...] = (*quantization.FAMILIES, *arrays.FAMILIES, *layers.FAMILIES)

# what takes most of their time is a function that NumPy computes, of which its way is the definition here
FUNCTIONS = {
    *("Exp", "Log", "Tanh", "Sigmoid", "Elu", "Selu", "Softplus", "SoftplusGrad", "Xlogy", "Xdivy", "Pow"),
    *("Softmax", "LogSoftmax", "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"),
}

# outputs that TensorFlow leaves unset, draws otherwise, computes by oneDNN or gets wrong beyond the first image
UNLIKE = {
    *("FusedBatchNormV3", "FusedBatchNormGradV3", "Multinomial", "RandomShuffle", "QuantizeV2", "QuantizedAvgPool"),
    *("FusedPadConv2D", "FusedResizeAndPadConv2D"),
}


@cache
def kernels() -> dict[str, str]:
    """The op of TensorFlow that does the same, by block."""
    rows = json.loads(CATALOGUE.read_text("utf-8"))
    return {blocks[row["block"]].__name__: row["tf_op"] for row in rows if row["block"] in blocks}


@cache
def subjects() -> dict[str, tuple[str, Family]]:
    """The block and the family of each call by its title, in the order of families."""
    found = {call.title: (call.block, family) for family in TABLES for call in family(LEAST)}
    listed = {block for block, _ in found.values()}
    rest = partial(elementwise, names=[name for name in kernels() if name not in listed])
    return found | {call.title: (call.block, rest) for call in rest(LEAST)}


def call(title: str, n: int) -> Call:
    """The call of a title at about `n` elements of its largest operand."""
    return _called(subjects()[title][1], n)[title]


@lru_cache(1)  # at a million elements a family is hundreds of megabytes
def _called(family: Family, n: int) -> dict[str, Call]:
    return {call.title: call for call in family(n)}
