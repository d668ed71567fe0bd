"""How far the codes of an integer graph are from those of the quantized graph, and from the rule for integers."""

from __future__ import annotations

import numpy as np

from blocks.quantization_ops.codes_base import ToCodes
from dataflow.core.dtypes import Array
from dataflow.graph.node import Link, Node
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model
from dataflow.quantize.rows import BATCH, run_rows
from dataflow.quantize.verify import verify
from dataflow.training.array_split import ArraySplit


def lowered_figures(model: Model, rows: ArraySplit) -> dict[str, float]:
    """Percent of equal codes in the worst node and over nodes, how far they are apart, answers, sums, the rule.

    Sums are not held against a step: where a code is off by one, they are by as much as the weights that it meets.
    """
    lowered = lower(model).model
    compared = verify(lowered, model, rows)
    codes = [node for node in compared if node.kind == "codes"]
    shares = [100 * node.equal / node.elements for node in codes]
    answers = [_answers(each, rows) for each in (model, lowered)]
    return {
        "worst": min(shares),
        "mean": float(np.mean(shares)),
        "largest": float(max(node.largest for node in codes)),
        "same": 100 * float(np.mean(answers[0] == answers[1])),
        "sums": min(100 * node.equal / node.elements for node in compared if node.kind == "sums"),
        "rule": by_rule(lowered, rows),
    }


def _answers(model: Model, rows: ArraySplit) -> Array:
    link = model.graph.outputs["digit"]
    made: Array = np.concatenate([values[link] for values in run_rows(model, rows, [link], size=BATCH)])
    return made


def by_rule(model: Model, rows: ArraySplit) -> float:
    """Percent of the codes of requantizations that are ``clamp(floor(acc * m / 2**s + 1/2) + zero)`` in integers."""
    nodes = [n for n in model.graph.nodes.values() if {"multiplier", "shift"} <= n.inputs.keys()]
    links = [link for n in nodes for link in (n.link("input"), n.first)]
    equal = total = 0
    for values in run_rows(model, rows, links, size=BATCH):
        for node in nodes:
            found = values[node.first].astype(np.int64)
            wanted = _rule(node, model, values[node.link("input")].astype(np.int64))
            equal += int(np.count_nonzero(found == wanted))
            total += found.size
    return 100 * equal / total


def _rule(node: Node, model: Model, acc: Array) -> Array:
    multiplier, shift, zero = (_given(node, model, port) for port in ("multiplier", "shift", "zero_point"))
    rounded = (acc * multiplier + (np.int64(1) << shift >> 1)) >> shift
    assert isinstance(node.block, ToCodes)
    made: Array = np.clip(rounded + zero, *node.block.limits)
    return made


def _given(node: Node, model: Model, port: str) -> Array:
    value = node.inputs[port]
    made: Array = np.asarray(
        model.value(value) if isinstance(value, Link) else getattr(value, "value", value), np.int64
    )
    return made
