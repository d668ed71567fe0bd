"""The reverse pass: a graph in, the same graph with gradient blocks in it out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from dataflow.core import dtypes
from dataflow.core.block import MISSING_GRADIENT, THROUGH_BODY
from dataflow.core.errors import DataflowError, GradientError, kind_of, listing
from dataflow.core.ports import Literal, flat
from dataflow.core.registry import blocks
from dataflow.core.run_errors import described
from dataflow.core.typing_rules import OperandType
from dataflow.core.wire import Wire
from dataflow.graph.arguments import as_graph
from dataflow.graph.composites import write_out
from dataflow.graph.gc_pause import gc_paused
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node, Ref


def gradient(graph: Graph, *, of: str | Wire, wrt: Sequence[str | Wire] | str | Wire) -> Graph:
    """The graph with the gradient of one wire by others added, as outputs ``<of>`` and ``grad_<name>``.

    Parameters
    ----------
    of : an output or wire, itself or its name. Where it is not a scalar, the gradient is that of its sum.
    wrt : inputs, variables or other wires.

    Raises
    ------
    GradientError
        When an output is called ``grad_<name>`` already.
        When a block between them has no gradient; the message names it and the path to it.
    UnknownNameError
        When a name is not in the graph.

    Warns
    -----
    UserWarning
        When ``of`` does not depend on one of them: its gradient is zero.

    The new nodes are called ``grad/<node>/<block>`` after the node whose gradient they compute. For a composite block
    the nodes of its body that the gradient needs are added too, as ``<node>/<block>``. A ``train`` section is left out.
    """
    graph = as_graph(graph, "flow.gradient(graph, ...)")
    of, *names = [_name_of(each) for each in (of, *([wrt] if isinstance(wrt, str | Ref) else wrt))]
    for name in names:
        if f"grad_{name}" in (of, *graph.outputs):
            raise GradientError(
                f"gradient: 'grad_{name}' must be free for the gradient by '{name}', got an output of graph "
                f"'{graph.name}' with this name; rename that output"
            )
    result, target, slopes = reverse(graph, of, names)
    result.outputs = {of: _link(target)} | {f"grad_{name}": _link(slope) for name, slope in slopes.items()}
    result.sections.pop("train", None)  # it is about outputs that are no more
    return result


def _name_of(given: str | Wire) -> str:
    if isinstance(given, Ref):
        return given.wire
    if not isinstance(given, str):
        raise GradientError(
            f"gradient: 'of' and 'wrt' must be wires or their names, got {kind_of(given)}; write of='loss'"
        )
    return given


def reverse(graph: Graph, of: str, names: Sequence[str]) -> tuple[Graph, Ref, dict[str, Ref]]:
    """The graph with the gradient of one wire by others added, that wire, and the gradients by name."""
    result, goal, arrived = _arrived(graph, of, names)
    slopes, unmoved = {}, []
    for name, (ref, dys) in arrived.items():
        result.scope = f"grad/{ref.node}/"
        dy = _total(dys)
        if dy is None:
            unmoved.append(f"'{name}'")
            dy = blocks["ZerosLike"]()(ref)
        slopes[name] = dy
    if unmoved:
        told = "its gradient is" if len(unmoved) == 1 else "their gradients are"
        warnings.warn(f"gradient: '{of}' does not depend on {listing(unmoved, 'and')}; {told} zero", stacklevel=3)
    grown = graph.copy()
    needed = result.ancestors(slope.node for slope in slopes.values())
    for node in result.nodes.values():
        if node.name in needed and node.name not in graph.nodes:
            grown.insert(node)
    return grown, grown.deref(_link(goal)), {name: grown.deref(_link(slope)) for name, slope in slopes.items()}


def reached(graph: Graph, of: str, names: Sequence[str]) -> list[str]:
    """Those of the names at whose wires a gradient of another wire arrives; by the others it is zero."""
    return [name for name, (_, dys) in _arrived(graph, of, names)[2].items() if dys]


def _arrived(graph: Graph, of: str, names: Sequence[str]) -> tuple[Graph, Ref, dict[str, tuple[Ref, list[Ref]]]]:
    """A graph with the blocks of a reverse pass, the wire that it is of, and by name a wire with what arrives there."""
    goal = graph.deref(graph.outputs[of]) if of in graph.outputs else graph.ref(of)  # a node may have that name too
    asked = {name: graph.ref(name) for name in names}
    for name, ref in {of: goal, **asked}.items():
        if ref.dtype not in dtypes.floating + dtypes.complexes:
            raise GradientError(f"gradient: '{name}' must be of floating dtype, got {ref.dtype}; only floats have one")
    plain, moved = write_out(graph, lambda block: block.grad is THROUGH_BODY)
    result = plain.copy()
    target, *sources = (result.deref(moved.get(_link(ref), _link(ref))) for ref in (goal, *asked.values()))
    with gc_paused():
        arrived = _flow(plain, result, target, sources)
    return result, goal, {name: (ref, arrived.get(_link(ref), [])) for name, ref in zip(asked, sources, strict=True)}


def _flow(graph: Graph, result: Graph, target: Ref, sources: Sequence[Ref]) -> dict[Link, list[Ref]]:
    """Walk back from the target and collect the gradients that arrive at each wire on a path to a source."""
    behind = graph.descendants(ref.node for ref in sources)
    between = graph.ancestors([target.node]) & behind
    result.scope = f"grad/{target.node}/"
    arrived: dict[Link, list[Ref]] = {_link(target): [blocks["OnesLike"]()(target)]}
    for node in reversed(graph.order()):
        if node.name not in between or between.isdisjoint(node.sources):
            continue
        result.scope = f"grad/{node.name}/"
        dys = [_total(arrived.get(Link(node.name, port), [])) for port in node.types]
        if all(dy is None for dy in dys):
            continue
        outputs = [Ref(result, node.name, port) for port in node.types]
        dys = [blocks["ZerosLike"]()(y) if dy is None else dy for dy, y in zip(dys, outputs, strict=True)]
        for link, dy in _pull(result, node, outputs, dys, sources):
            if link.node in between:
                arrived.setdefault(link, []).append(dy)
    return arrived


def _pull(
    graph: Graph, node: Node, outputs: list[Ref], dys: list[Any], sources: Sequence[Ref]
) -> list[tuple[Link, Ref]]:
    """Gradients of one node by the wires on its input ports, summed over broadcast axes."""
    rule = node.block.grad
    if rule is MISSING_GRADIENT or rule is THROUGH_BODY:
        path = " -> ".join(graph.path([ref.node for ref in sources], node.name))
        raise GradientError(
            f"{node.who}: must have a gradient to be passed on the way {path}, got a block without one; "
            "put StopGradient before it, or ask for the gradient by something after it"
        )
    if rule is None:
        return []
    operands = _refs(graph, node)
    try:
        pulled = rule(*operands, *outputs, *dys)
    except DataflowError:
        raise
    except Exception as error:
        raise GradientError(f"{node.who}: its gradient rule must run, got {described(error)}") from error
    given = pulled if isinstance(pulled, tuple | list) else (pulled,)
    pairs: list[tuple[Link, Ref]] = []
    for source, operand, dy in zip(node.inputs.values(), operands, given, strict=False):
        many = zip(source, operand, dy or (), strict=False) if isinstance(source, tuple) else None
        for link, x, g in ((source, operand, dy),) if many is None else many:
            if g is None or not isinstance(link, Link) or x.dtype not in dtypes.floating + dtypes.complexes:
                continue
            pairs.append((link, g if g.type.same_shape(x.type) else blocks["SumToLike"]()(g, x)))
    return pairs


def _refs(graph: Graph, node: Node) -> list[Any]:
    """The operands of a node as refs; literals become Const nodes of the dtype that they have there."""
    operands = graph.refs(node)
    if not any(isinstance(o, Literal) for o in flat(operands)):
        return operands
    return [_materialized(graph, o, t) for o, t in zip(operands, graph.operand_types(node), strict=True)]


def _materialized(graph: Graph, operand: Any, type_: OperandType) -> Any:
    if isinstance(type_, tuple):
        return tuple(_materialized(graph, o, t) for o, t in zip(operand, type_, strict=True))
    return graph.constant(type_.value, type_.dtype) if type_ and isinstance(operand, Literal) else operand


def _total(dys: Sequence[Ref]) -> Ref | None:
    if len(dys) > 1:
        total: Ref = blocks["AddN"]()(list(dys))
        return total
    return dys[0] if dys else None


def _link(ref: Ref) -> Link:
    return Link(ref.node, ref.port)
