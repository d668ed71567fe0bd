"""A graph file used as a block: its inputs, outputs and params are the ports and attrs.

Its nodes are added under the name of the node that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dataflow.core import conversion, dtypes
from dataflow.core.errors import cropped
from dataflow.core.ports import In, Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType, agree, fits, show
from dataflow.files import neighbour
from dataflow.graph.node import Ref
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.open_params import Found, found_in_inputs
from dataflow.graphfile.origins import note, note_use, param_origins
from dataflow.graphfile.params import Param
from dataflow.graphfile.shipped import is_shipped
from dataflow.graphfile.tree import BROKEN
from dataflow.graphfile.wires import NodeSpec

if TYPE_CHECKING:
    from dataflow.graphfile.nodes import GraphBuilder

MAX_DEPTH = 50
MAX_NODES = 50_000  # that sub-graphs may add: a few files that use each other tenfold would ask for billions


def is_path(name: str) -> bool:
    """Whether a block is named by a file."""
    return name.startswith(("./", "../", "/")) or is_shipped(name)


def add_subgraph(outer: GraphBuilder, spec: NodeSpec) -> Any:
    """Adds the nodes of the file that a node names as its block, and gives its outputs; BROKEN where it is wrong."""
    opened = _opened(outer, spec)
    if opened is BROKEN:
        outer.operands(spec, {})
        return BROKEN
    definition, location, file = opened
    ports = {name: In("T") for name in definition.inputs.data}
    outer.check_ports(spec, ports, definition.params, file)
    operands = outer.operands(spec, ports)
    prefix = f"{outer.prefix}{spec.name}/"
    values, origins = _params(outer, spec, definition, file, operands), param_origins(outer, spec, definition)
    inner = type(outer)(outer.context, definition, location, values, prefix, outer.chain, origins)
    inner.user = outer, spec
    note_use(outer, spec, location.real, definition.params, operands)
    sizes: dict[str, tuple[str, Any]] = {}
    for name in ports:
        declared, operand = inner.input_type(name), operands.get(name, BROKEN)
        wired = BROKEN
        if declared is not BROKEN and operand is not BROKEN:
            wired = _wired(outer, spec, prefix, name, operand, declared, sizes)
        inner.wires[name] = BROKEN if wired is BROKEN else {wired.port: wired}
    outputs = inner.build()
    whole = len(outputs) == len(definition.outputs.data)  # else something is wrong in a file that this one uses
    return outputs if spec.ok and whole and not definition.document.problems else BROKEN


def _opened(outer: GraphBuilder, spec: NodeSpec) -> Any:
    """The file that a node names as its block: what it says, where it is, and the path as written."""
    assert spec.block is not None
    name, place = spec.block.data, spec.block.place
    try:
        location = outer.file.graph(name)
    except ValueError as error:
        return outer.report(spec, place, f"{spec.who}: {error}")
    above = [file.real for file in outer.chain]
    if location.real in above:
        names = [path.name for path in (*above[above.index(location.real) :], location.real)]
        return outer.report(spec, place, f"{spec.who}: a graph must not use itself, got {' -> '.join(names)}")
    if len(outer.chain) > MAX_DEPTH:
        return outer.report(spec, place, f"{spec.who}: sub-graphs may be nested {MAX_DEPTH} deep, got more")
    if not outer.context.exists(location):
        return outer.report(spec, place, f"{spec.who}: no file '{cropped(name)}'", neighbour(location.real))
    definition = outer.context.definition(location)
    outer.context.included += len(definition.nodes.data)
    if outer.context.included > MAX_NODES:
        raise outer.document.fail(place, f"{spec.who}: sub-graphs may have {MAX_NODES:,} nodes in all, got more")
    if definition.broken:
        spec.ok = False  # what is wrong is reported in that file
        return BROKEN
    return definition, location, cropped(name)


def _params(
    outer: GraphBuilder, spec: NodeSpec, definition: GraphFile, file: str, operands: Mapping[str, Any]
) -> dict[str, Any]:
    """The attrs of a node as the parameters of its file; BROKEN where they are wrong or missing."""
    params, given = definition.params, spec.attrs.data
    for name in given:
        if name not in params:
            hint = outer.context.hints.nearest(name, params) or outer.having(params)
            if name in definition.inputs.data:
                hint = "it is an input, so write it under 'inputs'"
            outer.report(spec, spec.attrs.keys[name], f"{spec.who}: {file} has no attr '{cropped(name)}'", hint)
    wired, wrong = operand_types(operands)
    follows = found_in_inputs(definition, wired)
    for port in {found.port for name, found in follows.items() if name not in given} & wrong.keys():
        outer.report(spec, spec.inputs.data[port].place, f"{spec.who}: input '{port}' {wrong[port]}")
    values: dict[str, Any] = {}
    for name, param in params.items():
        values[name] = param.default
        if name in given:
            value = outer.value(spec, f"{spec.who}: attr '{name}'", given[name], array=True)
            try:
                values[name] = value if value is BROKEN else param.parse(value)
            except ValueError as error:
                values[name] = BROKEN
                outer.report(spec, given[name].place, f"{spec.who} ({file}): attr '{name}' {error}")
        elif name in follows:
            values[name] = _followed(outer, spec, param, follows[name], wired)
        elif param.required:
            outer.report(spec, spec.place, f"{spec.who} ({file}): attr '{name}' must be given, got nothing")
    return values


def operand_types(operands: Mapping[str, Any]) -> tuple[dict[str, TensorType], dict[str, str]]:
    """The types of what is wired, and what is wrong with lists that are no arrays."""
    types, wrong = {}, {}
    for port, operand in operands.items():
        if isinstance(operand, Ref | Literal):
            try:
                given = operand if isinstance(operand, Ref) else conversion.literal(operand.value)
                types[port] = given.type if isinstance(given, Ref) else TensorType.of(given)
            except conversion.ConversionError as error:
                wrong[port] = str(error)
    return types, wrong


def _followed(outer: GraphBuilder, spec: NodeSpec, param: Param, found: Found, wired: Mapping[str, TensorType]) -> Any:
    """What an input says of a parameter that the node leaves open; BROKEN where it does not or must not."""
    if found.value is BROKEN:
        return BROKEN
    place, who = spec.inputs.data[found.port].place, f"{spec.who}: input '{found.port}'"
    if found.value is None:
        given = wired[found.port]
        if given.rank not in (None, found.rank):
            return outer.report(spec, place, f"{who} must have shape {found.wanted}, got {given}")
        message = f"{who} must be {found.wanted} with a size for '{param.name}', got {given}"
        return outer.report(spec, place, message, f"give '{param.name}' under attrs where the size is not known")
    try:
        return param.parse(found.value)
    except ValueError as error:
        return outer.report(spec, place, f"{who}: '{param.name}' {error}")


def _wired(
    outer: GraphBuilder,
    spec: NodeSpec,
    prefix: str,
    name: str,
    operand: Ref | Literal,
    declared: Mapping[str, Any],
    sizes: dict[str, tuple[str, Any]],
) -> Any:
    """The wire for an input of a sub-graph, if its type is as declared there; a literal becomes a Const node."""
    dtype, shape = declared["dtype"], declared["shape"]
    place, who = spec.inputs.data[name].place, f"{spec.who}: input '{name}'"
    try:
        given = (
            operand.type if isinstance(operand, Ref) else TensorType.of(conversion.literal(operand.value, dtype), dtype)
        )
    except conversion.ConversionError as error:
        return outer.report(spec, place, f"{who} {error}")
    if dtypes.fit(given.dtype, (dtype,)) is None:
        return outer.report(spec, place, f"{who} must be {dtype}, got {given.dtype}; convert it with Cast")
    if not fits(given.shape, shape):
        return outer.report(spec, place, f"{who} must have shape {show(shape)}, got {given}")
    for dim, size in zip(shape or (), given.shape or (), strict=False):
        if isinstance(dim, str):
            first, bound = sizes.get(dim, ("", None))
            if not agree(bound, size):
                return outer.report(
                    spec, place, f"{who} must have size {bound} in dim '{dim}' like '{first}', got {given}"
                )
            if isinstance(size, int):
                sizes.setdefault(dim, (name, size))
    if isinstance(operand, Ref):
        return operand
    note(outer, ("nodes", prefix + name), spec.inputs.data[name])
    return outer.context.graph.add(blocks["Const"](value=given.value, dtype=dtype), name=prefix + name)
