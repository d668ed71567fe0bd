"""Which outputs of a graph are classes, and their names: predictions are shown by name, as the labels were read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.training.data.section import data_section
from dataflow.training.data.splits import training_split


def class_names(graph: Graph, fitted: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """The names of the classes by output: of each ArgMax over a value per class, and of each matrix with a column each.

    They are those of the one input that has ``classes`` in the data section; nothing where there is none, or several.

    fitted : what the training split told of each input, as `Split.fitted` says it.
    """
    splits = data_section(graph)
    columns = (splits[training_split(splits)].inputs or {}) if splits else {}
    labelled = [name for name, column in columns.items() if column.classes is not None]
    found = fitted.get(labelled[0], {}).get("labels") if len(labelled) == 1 else None
    if found is None or len(found) != 1:
        return {}
    names: list[str] = found[0]
    result = {}
    for output, link in graph.outputs.items():
        node, shape = graph.nodes[link.node], graph.deref(link).type.shape
        is_matrix = shape is not None and len(shape) == 2 and shape[1] == len(names)
        if is_matrix or _chooses(graph, node, len(names)):
            result[output] = names
    return result


def _chooses(graph: Graph, node: Node, count: int) -> bool:
    """Whether a node gives for each row the place of the highest of so many values."""
    if type(node.block).__name__ != "ArgMax":
        return False
    shape = graph.deref(node.link("input")).type.shape
    return shape is not None and len(shape) == 2 and shape[1] in (count, None)
