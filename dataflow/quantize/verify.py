"""Verification: two graphs compared node by node, in steps of their codes or in units in the last place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError
from dataflow.core.fixed_point import ROUNDINGS
from dataflow.core.quantized import Quantizer
from dataflow.graph.node import Link, Node
from dataflow.quantize.forms import Form
from dataflow.quantize.lower import lower
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.rows import BATCH, run_rows
from dataflow.training.array_split import RowSplit

FAR = 2**62  # how far NaN is from a number


@dataclass(frozen=True)
class Compared:
    """How far the values of a node are from those that they should be, over all rows.

    kind : ``codes`` and ``sums`` count steps of integers, ``integers`` too, ``values`` units in the last place.
    by_one, by_two, more : how many elements are apart by so much.
    index : of the first one that differs, its row first; ``found`` and ``wanted`` are the values there.
    rounding : in which mode the node would give what is wanted, if there is one.
    follows : of sums, whether codes that they are computed from differ too.
    """

    node: str
    kind: str
    elements: int = 0
    equal: int = 0
    by_one: int = 0
    by_two: int = 0
    largest: int = 0
    index: tuple[int, ...] | None = None
    found: float | int | None = None
    wanted: float | int | None = None
    rounding: str | None = None
    follows: bool = False

    @property
    def more(self) -> int:
        """How many elements are apart by three or more."""
        return self.elements - self.equal - self.by_one - self.by_two

    def within(self, steps: int, ulps: int) -> bool:
        """Whether no element is further apart than so many steps, or units in the last place.

        A step of a code is many steps of the sums behind it: where steps are allowed, sums that follow from codes that
        differ are not judged.
        """
        return self.largest <= (ulps if self.kind == "values" else steps) or (steps > 0 and self.follows)


@dataclass(frozen=True)
class _Node:
    """A node to compare: what is read of it in each graph, and how its values become comparable."""

    name: str
    kind: str
    links: tuple[Link, Link]
    convert: tuple[Callable[[Array], Array], Callable[[Array], Array]]


def verify(model: Model, against: Model, data: RowSplit, samples: int | None = None) -> list[Compared]:
    """The nodes of a graph compared with those of the same name in another, in the order of the graph.

    A quantized graph is compared with the one that it was lowered to, or the other way round, by codes and sums: the
    values of the quantized graph lie on the grids that `lower` tells. Two graphs of one kind are compared as they are.
    Left out are nodes that do not depend on rows, what one of the two does not have, and the inner sums of additions:
    integers add them in steps that real numbers do not resolve.

    Raises DataflowError where no node is in both.
    """
    nodes = _pairs(model, against)
    if not nodes:
        raise DataflowError(
            f"graphs '{model.graph.name}' and '{against.graph.name}': must have nodes of the same names, got none"
        )
    totals = {node.name: Compared(node.name, node.kind) for node in nodes}
    first = 0
    runs = [
        run_rows(each, data, [node.links[i] for node in nodes], samples, BATCH)
        for i, each in enumerate((model, against))
    ]
    for own, other in zip(*runs, strict=True):
        rows = 0
        for node in nodes:
            found, wanted = (
                convert(values[link])
                for convert, values, link in zip(node.convert, (own, other), node.links, strict=True)
            )
            totals[node.name] = _added(totals[node.name], found, wanted, first)
            rows = max(rows, len(found) if found.ndim else 0)
        first += rows
    for node in nodes:
        if totals[node.name].largest and "rounding" in model.graph.nodes[node.name].block.signature.attrs:
            mode = _mode(model, against, data, samples, node)
            totals[node.name] = replace(totals[node.name], rounding=mode)
    moved = {each.node for each in totals.values() if each.kind == "codes" and each.largest}
    return [
        replace(each, follows=each.kind == "sums" and not moved.isdisjoint(model.graph.ancestors([each.node])))
        for each in totals.values()
    ]


def compare(node: str, kind: str, found: Array, wanted: Array) -> Compared:
    """Values compared with those that they should be; DataflowError where their shapes differ."""
    if found.shape != wanted.shape:
        raise DataflowError(
            f"node '{node}': must have shape {wanted.shape} as what it is compared with, got {found.shape}"
        )
    return _added(Compared(node, kind), found, wanted, 0)


def _added(total: Compared, found: Array, wanted: Array, first: int) -> Compared:
    """The totals with further rows, of which ``first`` is the number of the first one."""
    if found.shape != wanted.shape:
        raise DataflowError(
            f"node '{total.node}': must have shape {wanted.shape} as in the other graph, got {found.shape}"
        )
    apart = np.abs(_ordered(found) - _ordered(wanted)) if total.kind == "values" else _steps(found, wanted)
    if total.kind == "values":
        lost = np.isnan(found) != np.isnan(wanted)
        apart = np.where(lost, FAR, np.where(np.isnan(found), 0, apart))
    counts = [int(np.count_nonzero(apart == steps)) for steps in range(3)]
    largest = int(apart.max(initial=0))
    made = replace(
        total,
        elements=total.elements + apart.size,
        equal=total.equal + counts[0],
        by_one=total.by_one + counts[1],
        by_two=total.by_two + counts[2],
        largest=max(total.largest, largest),
    )
    if largest and total.index is None:
        place = np.unravel_index(int(np.flatnonzero(apart)[0]), apart.shape)
        index = tuple(int(i) for i in place)
        shown = [a[place].item() for a in (found, wanted)]
        made = replace(made, index=(index[0] + first, *index[1:]) if index else (), found=shown[0], wanted=shown[1])
    return made


def _steps(found: Array, wanted: Array) -> Array:
    made: Array = np.abs(found.astype(np.int64) - wanted.astype(np.int64))
    return made


def _ordered(values: Array) -> Array:
    """Floats as whole numbers in the order of the floats, neighbours one apart."""
    wide = values.astype(np.float32) if values.dtype.itemsize < 4 else values
    bits = wide.view(np.int64 if wide.dtype.itemsize == 8 else np.int32).astype(np.int64)
    lowest = np.int64(np.iinfo(np.int64 if wide.dtype.itemsize == 8 else np.int32).min)
    made: Array = np.where(bits < 0, lowest - bits, bits)
    return made


# -- what is compared ---------------------------------------------------------------------------------------------


def is_quantized(model: Model) -> bool:
    """Whether quantizers of values that depend on the inputs of a graph give real numbers, not codes alone."""
    fixed = fixed_nodes(model.graph)
    coded = {s for n in model.graph.nodes.values() if type(n.block).__name__ == "QuantizeLinear" for s in n.sources}
    return any(
        isinstance(node.block.quantized_as, Quantizer) and name not in fixed and name not in coded
        for name, node in model.graph.nodes.items()
    )


def is_lowered_to(model: Model, other: Model) -> bool:
    """Whether quantizers of values that depend on the inputs of a graph give codes in the other one."""
    fixed = fixed_nodes(model.graph)
    return any(
        isinstance(node.block.quantized_as, Quantizer)
        and name not in fixed
        and name in other.graph.nodes
        and _kind(other.graph.nodes[name]) == "integers"
        for name, node in model.graph.nodes.items()
    )


def _pairs(model: Model, against: Model) -> list[_Node]:
    quantized = is_lowered_to(model, against), is_lowered_to(against, model)
    both = [node for node in model.graph.nodes.values() if node.name in against.graph.nodes]
    if quantized[0] == quantized[1]:
        fixed = fixed_nodes(model.graph)
        return [
            _plain(node, other)
            for node in both
            if node.types and node.name not in fixed and not node.block.feedable
            and (other := against.graph.nodes[node.name]).types and _kind(node) == _kind(other)
        ]  # fmt: skip
    forms = lower(model if quantized[0] else against).forms
    return [
        _by_form(node, against.graph.nodes[node.name], forms[node.name], quantized[0])
        for node in both
        if node.name in forms and forms[node.name].exact
    ]


def _kind(node: Node) -> str:
    dtype = next(iter(node.types.values())).dtype
    return "values" if "float" in dtype else "integers" if "int" in dtype else ""


def _plain(node: Node, other: Node) -> _Node:
    return _Node(node.name, _kind(node), (node.first, other.first), (_as_is, _as_is))


def _by_form(node: Node, other: Node, form: Form, first_is_real: bool) -> _Node:
    def whole(values: Array) -> Array:
        if form.grid is not None:
            return form.grid.codes(values)
        scale = form.scale
        if scale.ndim:
            scale = scale.reshape([-1 if i == (form.axis or 0) % values.ndim else 1 for i in range(values.ndim)])
        made: Array = np.rint(values.astype(np.float64) / scale).astype(np.int64)
        return made

    kind = "sums" if form.grid is None else "codes"
    convert = (whole, _as_is) if first_is_real else (_as_is, whole)
    return _Node(node.name, kind, (node.first, other.first), convert)


def _as_is(values: Array) -> Array:
    return values


# -- rounding -----------------------------------------------------------------------------------------------------


def _mode(model: Model, against: Model, data: RowSplit, samples: int | None, node: _Node) -> str | None:
    """The rounding in which a node gives, for all rows, what the other graph has."""
    own = model.graph.nodes[node.name]
    attrs = own.block.attrs()
    others = {
        mode: type(own.block)(**{**attrs, "rounding": mode})
        for mode in ROUNDINGS
        if mode != getattr(own.block, "rounding", "")
    }
    for operands, wanted in _operands(model, against, data, samples, node):
        for mode, block in [*others.items()]:
            if not np.array_equal(block(*operands), wanted):
                del others[mode]
    return next(iter(others), None)


def _operands(
    model: Model, against: Model, data: RowSplit, samples: int | None, node: _Node
) -> Iterator[tuple[list[Array], Array]]:
    """What stands on the ports of a node, and what it should give, batch by batch."""
    values = [*model.graph.nodes[node.name].inputs.values()]
    links = [value for value in values if isinstance(value, Link)]
    runs = run_rows(model, data, links, samples, BATCH), run_rows(against, data, [node.links[1]], samples, BATCH)
    for own, other in zip(*runs, strict=True):
        operands = [
            own[value] if isinstance(value, Link) else np.asarray(getattr(value, "value", value)) for value in values
        ]
        yield operands, node.convert[1](other[node.links[1]])
