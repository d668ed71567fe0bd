"""The report of a quantized graph: what it costs, node by node and why, as plain data for text, page and JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dataflow.core.quantized import Product
from dataflow.graph.node import Link
from dataflow.quantize.bounds import derive_bounds
from dataflow.quantize.causes import causes
from dataflow.quantize.costs import costs
from dataflow.quantize.error_parts import Error, error_parts, whole_errors
from dataflow.quantize.measures import Measure, decibels, measure
from dataflow.quantize.model import Model
from dataflow.training.array_split import RowSplit
from dataflow.training.evaluation import evaluate, metrics

FORMAT = 1


def report(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> dict[str, Any]:
    """What quantization costs, as JSON has it; powers in dB, shares from 0 to 1, endless numbers as None.

    The nodes are in the order of the graph; `rank` is their place among all of them by accumulated noise, the worst
    first. The schema is in docs/reading_a_report.md.
    """
    measures = measure(model, reference, data, samples)
    widths = _widths(model)
    why = causes(model.graph, measures, widths)
    layers = costs(model)
    ranked = sorted((each for each in measures if each.kind != "bias"), key=_noise, reverse=True)
    rank = {each.node: i for i, each in enumerate(ranked, 1)}
    return {
        "report": FORMAT,
        "graph": model.graph.name,
        **_results(model, reference, data, samples, error_parts(model, reference, data, samples)),
        "size": {
            "float": sum(layer.weights * 4 for layer in layers),
            "quantized": sum(layer.bytes for layer in layers),
            "macs": _sum(layer.macs for layer in layers),
            "bops": _sum(layer.bops for layer in layers),
        },
        "layers": [
            {
                "node": layer.node,
                "weights": layer.weights,
                "weight_bits": layer.weight_bits,
                "value_bits": layer.value_bits,
                "bytes": layer.bytes,
                "macs": layer.macs,
                "bops": layer.bops,
                "accumulator_bits": _own_width(model, layer.node),
            }
            for layer in layers
        ],
        "nodes": [
            {
                **_node(each),
                "rank": rank.get(each.node),
                "why": why[each.node],
                "accumulator_bits": widths.get(each.node),
            }
            for each in measures
        ],
    }


def results(model: Model, reference: Model, data: RowSplit, samples: int | None = None) -> dict[str, Any]:
    """The first figures of a report alone, ``rows``, ``metrics`` and ``answers``, without the parts of their error."""
    return _results(model, reference, data, samples, whole_errors(model, reference, data, samples))


def _results(
    model: Model, reference: Model, data: RowSplit, samples: int | None, errors: Sequence[Error]
) -> dict[str, Any]:
    return {
        "rows": min(data.length, samples or data.length),
        "metrics": _metrics(model, reference, data),
        "answers": [_answer(each) for each in errors],
    }


def _noise(each: Measure) -> float:
    return each.noise / each.signal if each.signal else 0.0


def _metrics(model: Model, reference: Model, data: RowSplit) -> dict[str, Any]:
    """Metrics of both graphs; none where the rows do not feed what they need."""
    found: dict[str, Any] = {}
    for name in metrics(model.graph):
        if not all(feed in data.feeds for feed in _inputs(model, name)):
            continue
        pair = [evaluate(each.graph, data, [name], each.values)[name] for each in (reference, model)]
        found[name] = {"float": _finite(pair[0]), "quantized": _finite(pair[1])}
    return found


def _inputs(model: Model, name: str) -> set[str]:
    link = model.graph.outputs.get(name) or model.graph.nodes[name.partition(".")[0]].first
    return model.graph.ancestors([link.node]) & set(model.graph.inputs)


def _answer(each: Error) -> dict[str, Any]:
    parts = {
        name: {
            "share": power / each.noise if each.noise else 0.0,
            "db": _finite(decibels(each.signal, max(power, 0.0))),
        }
        for name, power in each.parts.items()
    }
    return {"wire": each.wire, "sqnr": _finite(each.sqnr), "agreement": each.agreement, "parts": parts}


def _node(each: Measure) -> dict[str, Any]:
    grid = each.grid
    scales = grid.scale.reshape(-1)
    zeros = grid.zero_point.reshape(-1)
    ends = [(end - grid.zero_point) * grid.scale for end in (grid.low, grid.high)]
    edges, bars = each.histogram()
    return {
        "node": each.node,
        "wire": each.wire,
        "kind": each.kind,
        "bits": each.bits,
        "low": float(np.min(ends[0])),
        "high": float(np.max(ends[1])),
        "seen": [_finite(each.low), _finite(each.high)],
        "scale": [float(scales.min()), float(scales.max())],
        "scales": len(scales),
        "zero_point": [int(zeros.min()), int(zeros.max())],
        "codes": [grid.low, grid.high],
        "clipped": each.clipped,
        "unused": each.unused,
        "sqnr": _finite(each.sqnr),
        "accumulated": _finite(each.accumulated),
        "cosine": each.cosine,
        "histogram": {"from": float(edges[0]), "to": float(edges[-1]), "counts": [float(n) for n in bars]},
    }


def _widths(model: Model) -> dict[str, int | None]:
    """The bits of the sums that read each quantizer."""
    own = {width.node.name: width.derived for width in derive_bounds(model).widths}
    found: dict[str, int | None] = {}
    for node in model.graph.nodes.values():
        role = node.block.quantized_as
        if isinstance(role, Product) and own.get(node.name) is not None:
            for port in (role.x, role.weights):
                link = node.inputs[port]
                if isinstance(link, Link):
                    found[link.node] = max(own[node.name] or 0, found.get(link.node) or 0)
    return found


def _own_width(model: Model, node: str) -> int | None:
    return next((width.derived for width in derive_bounds(model).widths if width.node.name == node), None)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _sum(values: Iterable[int | None]) -> int | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if len(known) == len(found) else None


def worst(plain: Mapping[str, Any], most: int | None = None) -> list[Mapping[str, Any]]:
    """The nodes of a report, the worst first, without biases."""
    nodes = sorted((node for node in plain["nodes"] if node["rank"] is not None), key=lambda node: node["rank"])
    return nodes if most is None else nodes[:most]
