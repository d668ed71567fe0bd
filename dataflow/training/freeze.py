"""A trained graph as one that stands alone: variables are constants, and preparing its inputs is blocks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, instead
from dataflow.core.registry import blocks
from dataflow.core.shapes import Dim
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, NodeInput, Ref
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.training.class_names import class_names
from dataflow.training.data.preparation import Fitted, is_labelled, is_prepared
from dataflow.training.data.section import Column, data_section
from dataflow.training.data.splits import training_split


def freeze(
    graph: Graph,
    variables: Mapping[str, Array],
    fitted: Mapping[str, Mapping[str, Any]],
    outputs: Collection[str] | None = None,
) -> Graph:
    """The graph that computes the outputs from raw inputs, the same bits as the trained one from prepared ones.

    Inputs that were filled, scaled, normalized or made one-hot become float64, NaN where a value is missing, or int64
    numbers of categories, -1 where one is unknown; blocks under their name prepare them. The `data` section only says
    which columns feed them; `train` is left out.

    variables : the value of each variable, by name.
    fitted : what the training split told of each input, as `Split.fitted` says it.
    outputs : those that are kept; by default all that can be had without an input that has ``classes``.

    Raises GraphError where an output is not there.
    """
    splits = data_section(graph)
    columns = dict(splits[training_split(splits)].inputs or {}) if splits else {}
    kept = _kept(graph, columns, outputs)
    needed = eliminate_dead_code(graph, kept)
    result, moved = needed.bare(), dict[str, Link]()
    for node in needed.nodes.values():
        column, told = columns.get(node.name), Fitted(**fitted.get(node.name, {}))
        if node.name in graph.inputs and column is not None and is_prepared(column):
            wire = _Preparing(result, node.name, graph, column, told).wire()
            moved[node.name] = Link(wire.node, wire.port)
        elif node.block.stateful:
            wire = result.constant(variables[node.name], graph.ref(node.name).dtype, name=node.name)
            moved[node.name] = Link(wire.node, wire.port)
        else:
            inputs = {port: _relinked(value, moved) for port, value in node.inputs.items()}
            result.insert(result.retyped(replace(node, inputs=inputs)))
    for name, link in needed.outputs.items():
        result.outputs[name] = moved.get(link.node, link)
    feeds = {name: column for name, column in columns.items() if name in result.inputs}
    section = {name: _raw(column, Fitted(**fitted.get(name, {}))) for name, column in feeds.items()}
    for name, classes in class_names(graph, fitted).items():
        if name in result.outputs:
            result.doc += f"\n{name}: {', '.join(f'{i} {label}' for i, label in enumerate(classes))}"
    result.doc = result.doc.strip()
    result.sections = {"data": {"rows": _rows(graph, section)}} if section else {}
    return result


def _relinked(value: NodeInput, moved: Mapping[str, Link]) -> NodeInput:
    if isinstance(value, tuple):
        return tuple(moved.get(each.node, each) if isinstance(each, Link) else each for each in value)
    return moved.get(value.node, value) if isinstance(value, Link) else value


def _kept(graph: Graph, columns: Mapping[str, Column], outputs: Collection[str] | None) -> list[str]:
    for name in outputs or ():
        if name not in graph.outputs:
            raise GraphError(f"graph '{graph.name}' has no output '{name}'; {instead(name, graph.outputs)}")
    if outputs is not None:
        return list(outputs)
    labels = {name for name, column in columns.items() if column.classes is not None}
    return [name for name, link in graph.outputs.items() if not labels & graph.ancestors([link.node])]


class _Preparing:
    """The blocks that prepare one input, in the order in which `Feed` does it, in the same arithmetic."""

    def __init__(self, graph: Graph, name: str, source: Graph, column: Column, fitted: Fitted):
        self.graph, self.name, self.column, self.fitted = graph, name, column, fitted
        self.declared = source.inputs[name]

    def wire(self) -> Ref:
        """The prepared values."""
        self.graph.scope = f"{self.name}/"
        made = (
            self._labels() if is_labelled(self.column) else self._classes() if self.column.one_hot else self._numbers()
        )
        self.graph.scope = ""
        return made

    def _input(self, dtype: str, shape: Sequence[Dim] | None, doc: str) -> Ref:
        scope, self.graph.scope = self.graph.scope, ""
        made = self.graph.input(self.name, dtype, shape, doc)
        self.graph.scope = scope
        return made

    def _numbers(self) -> Ref:
        fitted, column = self.fitted, self.column
        wire = self._input("float64", self.declared.shape, "as it is; NaN where a value is missing")
        if fitted.fills is not None:
            missing = blocks["NotEqual"]()(wire, wire)
            wire = blocks["SelectV2"]()(missing, self._constant(fitted.fills), wire)
        for key, block in (("scale", "Multiply"), ("offset", "Add")):
            value = getattr(column, key)
            if value is not None:
                wire = blocks[block]()(wire, self._constant(value))
        if fitted.center is not None and fitted.spread is not None:
            wire = blocks["RealDiv"]()(wire - self._constant(fitted.center), self._constant(fitted.spread))
        return self._cast(wire)

    def _constant(self, value: float | Sequence[float]) -> Ref:
        """Numbers as float64: one for all, or one for each column."""
        found = np.asarray(value, np.float64).reshape(-1)
        if found.size == 1:
            return self.graph.constant(found[0], "float64")
        sizes = [size for size in (self.declared.shape or ())[1:] if isinstance(size, int)]
        return self.graph.constant(found.reshape(sizes) if np.prod(sizes) == found.size else found, "float64")

    def _classes(self) -> Ref:
        shape = None if self.declared.shape is None else self.declared.shape[:-1]
        return self._one_hot(self._input("int64", shape, "the number of the class"), int(self.column.one_hot))

    def _labels(self) -> Ref:
        labels = self.fitted.labels or []
        told = "; ".join(", ".join(f"{i} {label}" for i, label in enumerate(each)) for each in labels)
        rows = (self.declared.shape or ("N",))[:1]
        single = self.column.array is not None and len(labels) == 1
        wire = self._input("int64", rows if single else (*rows, len(labels)), f"{told}; -1 where none of these")
        if self.fitted.weights is not None:
            return self._cast(self._called("GatherV2", self.graph.constant(np.array(self.fitted.weights)), wire, 0))
        if self.column.one_hot is not True:
            return self._cast(wire)
        columns = [wire] if len(labels) == 1 else blocks["Split"](num_split=len(labels))(1, wire)
        flat = [blocks["Reshape"]()(column, [-1]) for column in columns]
        parts = [self._one_hot(part, len(each)) for part, each in zip(flat, labels, strict=True)]
        return parts[0] if len(parts) == 1 else self._called("ConcatV2", parts, 1)

    def _one_hot(self, wire: Ref, depth: int) -> Ref:
        ones = (self.graph.constant(value, self.declared.dtype) for value in (1, 0))
        return self._called("OneHot", wire, depth, *ones)

    @staticmethod
    def _called(block: str, *operands: object) -> Ref:
        made: Ref = blocks[block]()(*operands)
        return made

    def _cast(self, wire: Ref) -> Ref:
        made: Ref = wire if wire.dtype == self.declared.dtype else blocks["Cast"](DstT=self.declared.dtype)(wire)
        return made


def _raw(column: Column, fitted: Fitted) -> dict[str, Any]:
    """How a raw input is fed: from the same columns, with the labels that there were."""
    dtype = ("int64" if column.one_hot else "float64") if is_prepared(column) else column.dtype
    kept = {
        "path": column.path,
        "csv": None if column.csv is None else column.csv.given(),
        "array": column.array,
        "columns": None if column.array else fitted.names or column.columns,
        "dtype": None if is_labelled(column) else dtype,
    }
    made: dict[str, Any] = {key: value for key, value in kept.items() if value is not None}
    if fitted.labels is not None:
        names = fitted.names or [str(i) for i in range(len(fitted.labels))]
        made["categories"] = dict(zip(names, fitted.labels, strict=True))
        made["unknown"] = column.unknown
        if fitted.fills is not None:
            made["missing"] = fitted.fills if len(fitted.fills) > 1 else fitted.fills[0]
    elif column.missing is not None:
        made["missing"] = float("nan")
    return made


def _rows(graph: Graph, inputs: Mapping[str, Any]) -> dict[str, Any]:
    splits = data_section(graph)
    split = splits[training_split(splits)]  # with what it takes from a split that it is like
    files = {"path": split.path, "csv": None if split.csv is None else split.csv.given()}
    return {**{key: value for key, value in files.items() if value is not None}, "inputs": dict(inputs)}
