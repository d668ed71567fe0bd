"""The type of a new variable or input, as far as the input that will read it tells by what else stands on its node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from dataflow.core.registry import blocks
from dataflow.core.shapes import Dim, TensorType
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.editing.known_types import KnownNode, possible_dtypes
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.wires import FileScope

_MOST_DIMS = 5
_ODD = 7919  # a size that fits where any does
_NAMES = "nmkpqrstuvw"


def attrs_for(block: str, scope: FileScope, node: str, port: str) -> dict[str, Any]:
    """The attrs with which a node of a block, where it is a variable, fits an input; none where that is open.

    A dim of which only some are known has a name, such as ``[64, n]`` of weights: its size is for a person to say.
    """
    known = KnownNode.of(scope, node)
    if not _is_variable(block) or known is None or port not in known.operands:
        return {}
    if not known.kind.signature.inputs[port].many:
        known.operands[port] = None
    dtypes = [
        dtype
        for dtype in possible_dtypes(known.kind, known.kind.signature.inputs[port])
        if not known.misfit(port, TensorType(dtype, None))
    ]
    if len(dtypes) != 1:
        return {}
    shape = shape_for(scope, known, port, dtypes[0])
    return ({} if shape is None else {"shape": shape}) | {"dtype": dtypes[0]}


def attrs_lacking(file: Editor, source: str, node: str, port: str) -> dict[str, Any]:
    """The attrs that a variable of a file lacks, as far as they follow from an input that it is to be wired to."""
    entry = section(file.tree, "nodes").get(source)
    block = entry.get("block") if isinstance(entry, dict) and "inputs" not in entry else None
    scope = file.context().scopes.get("") if isinstance(block, str) and _is_variable(block) else None
    if scope is None:
        return {}
    written, found = section(entry, "attrs"), attrs_for(str(block), scope, node, port)
    fits = written.get("dtype") in (None, found.get("dtype"))
    return {name: value for name, value in found.items() if fits and name not in written}


def _is_variable(block: str) -> bool:
    return block in blocks and blocks[block].stateful


def shape_for(scope: FileScope, known: KnownNode, port: str, dtype: str) -> list[Dim] | None:
    """The shape that a value on an input has; None where it may have several ranks, or nothing is known of its dims."""

    def fits(*shape: Dim) -> bool:
        return not known.misfit(port, TensorType(dtype, shape))

    ranks = [rank for rank in range(_MOST_DIMS + 1) if fits(*[None] * rank)]
    if len(ranks) != 1:
        return None
    (rank,), sizes, names, found = ranks, _sizes(known), _free_names(scope), list[Dim]()
    for axis in range(rank):

        def at(size: int, axis: int = axis) -> bool:
            return fits(*(size if i == axis else None for i in range(rank)))

        fitting = [] if at(_ODD) else [size for size in sizes if at(size)]
        found.append(fitting[0] if len(fitting) == 1 else None)
    if rank and not any(found):
        return None
    return [next(names) if dim is None else dim for dim in found]


def _sizes(known: KnownNode) -> list[int]:
    """The sizes of what stands on the other inputs."""
    operands = chain.from_iterable(each if isinstance(each, tuple) else (each,) for each in known.operands.values())
    shapes = [each.shape or () for each in operands if isinstance(each, TensorType)]
    return [*dict.fromkeys(dim for shape in shapes for dim in shape if isinstance(dim, int))]


def _free_names(scope: FileScope) -> Iterator[str]:
    """Names for dims that no value of a file has."""
    wires = chain.from_iterable(each.values() for each in scope.wires.values() if isinstance(each, Mapping))
    taken = {dim for ref in wires for dim in ref.type.shape or ()}
    return (name for name in chain(_NAMES, (f"n{i}" for i in range(2, 1000))) if name not in taken)
