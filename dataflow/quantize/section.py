"""The `quantization` section of a graph file: the recipe by which its quantizers were put in."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated

from dataflow.core.attrs import attr
from dataflow.core.errors import GraphError, nearest, way_out
from dataflow.graph.graph import Graph
from dataflow.graphfile.collection_kinds import MapOf
from dataflow.graphfile.record import Record, section_of
from dataflow.graphfile.schema_parts import Schema
from dataflow.graphfile.sections import Report, Section
from dataflow.graphfile.value_kinds import Leaf, NamePatterns

ROUNDINGS = ("half_up", "half_away", "half_even", "floor", "tflite_single", "tflite_double")
_METHODS = ("min_max", "mse", "entropy", "moving_average")


class RangeMethod(Leaf):
    """How a range follows from the values that were seen: a method, or ``percentile:99.99``."""

    wanted = f"be one of {', '.join(_METHODS)} and percentile:P with P up to 100"

    def accept(self, value: object) -> str:
        if not isinstance(value, str):
            raise TypeError
        found = re.fullmatch(r"percentile:(\d+(?:\.\d+)?)", value)
        if value not in _METHODS and (found is None or not 50 < float(found[1]) <= 100):
            raise ValueError
        return value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": rf"^({'|'.join(_METHODS)}|percentile:\d+(\.\d+)?)$"}


Range = Annotated[str, RangeMethod()]


class Weights(Record):
    """How weights are rounded."""

    wanted = "be a mapping with 'bits', 'per', 'range' and 'rounding'"
    bits: int = attr("width of the integers", default=8, ge=1, le=16)
    per: str = attr(
        "what has a range of its own: the whole tensor, each output channel, or each group of `group` weights that "
        "make one output",
        default="channel",
        choices=("tensor", "channel", "group"),
    )
    group: int = attr("weights in a group", default=32, ge=2)
    range: Range = attr("how ranges follow from the weights: min_max, mse, percentile:P", default="mse")
    rounding: str = attr(
        "how weights are rounded: each to the nearest, or so that the layer's outputs change least",
        default="nearest",
        choices=("nearest", "adaround", "gptq"),
    )


class Activations(Record):
    """How values that layers read are rounded."""

    wanted = "be a mapping with 'bits' and 'range'"
    bits: int = attr("width of the integers", default=8, ge=1, le=16)
    symmetric: bool = attr("ranges are -m to m; otherwise they are what is seen, with 0.0 in it", default=False)
    range: Range = attr("how a range follows from the values seen: min_max, mse, entropy, percentile:P", default="mse")


class Bias(Record):
    """How biases are rounded."""

    wanted = "be a mapping with 'bits'"
    bits: int = attr("width of the integers, whose step is that of the sums", default=32, ge=8, le=32)


class OfNode(Record):
    """What is different for a node."""

    wanted = "be a mapping with 'weights' and 'activations'"
    weights: Weights | None = attr("how its weights are rounded", default=None)
    activations: Activations | None = attr("how the values that it reads are rounded", default=None)


class Quantization(Record):
    """How the graph is quantized: what `dataflow quantize` was asked for."""

    source: str | None = attr("the graph file that the weights are from", default=None)
    variables: str | None = attr("digest of the values that were quantized", default=None)
    weights: Weights | None = attr("how weights are rounded; left out, they stay", default=None)
    activations: Activations | None = attr("how values that layers read are rounded; left out, they stay", default=None)
    bias: Bias | None = attr("how biases are rounded; left out, they stay", default=None)
    overrides: Annotated[dict[str, OfNode], MapOf(OfNode, what="pattern")] = attr(
        "what is different for some nodes, by a name in which `*` stands for any letters", default={}
    )
    separate: bool = attr(
        "whether a value that is read with several widths gets a quantizer for each; otherwise that is an error",
        default=False,
    )
    skip: NamePatterns | None = attr("nodes that stay as they are", default=None)
    learn: str | None = attr(
        "what training changes in the quantizers: the ends of ranges, or steps as in LSQ, PACT or TQT",
        default=None,
        choices=("range", "lsq", "pact", "tqt"),
    )
    rounding: str = attr(
        "how sums are rounded to codes where the graph is lowered", default="half_up", choices=ROUNDINGS
    )


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern names a node, or the layer that it is a part of: ``conv1`` names ``conv1/filter``.

    >>> [matches("conv*", name) for name in ("conv1", "conv1/filter", "dense/conv")]
    [True, True, False]
    """
    parts = name.split("/")
    return any(fnmatchcase("/".join(parts[:i]), pattern) for i in range(1, len(parts) + 1))


def quantization_section(graph: Graph) -> Quantization | None:
    """The section of a graph; None where it has none. Raises GraphError where it is not as declared."""
    found: Quantization | None = section_of(graph, "quantization")
    return found


def check(graph: Graph, section: Quantization, report: Report) -> None:
    """Report patterns in the section that name no node."""
    for path, pattern in _unknown(graph, section):
        report(path, f"quantization: {path[0]}: no node is named '{pattern}'", nearest(pattern, graph.nodes))


def check_names(graph: Graph, section: Quantization) -> None:
    """Raise GraphError where a pattern of a recipe names no node."""
    for path, pattern in _unknown(graph, section):
        listed = way_out(f"`dataflow show` lists the nodes of '{graph.name}'", page="the picture has the names of all")
        hint = nearest(pattern, graph.nodes) or listed
        raise GraphError(f"quantization: {path[0]}: no node is named '{pattern}'; {hint}")


def _unknown(graph: Graph, section: Quantization) -> list[tuple[tuple[str, ...], str]]:
    """The patterns that name no node, and where in the section they stand."""
    patterns: list[tuple[tuple[str, ...], str]] = [(("overrides", p), p) for p in section.overrides]
    patterns += [(("skip",), p) for p in section.skip or ()]
    return [each for each in patterns if not any(matches(each[1], name) for name in graph.nodes)]


QUANTIZATION = Section(Quantization, check)
