"""Inputs as a caller gives them: by name, in a dict or as keywords, which may have the names of options."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from operator import index
from typing import Any, SupportsIndex

import numpy as np

from dataflow.core.errors import GraphError, way_out
from dataflow.core.shapes import TensorType, fits, show
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node


def check_ambiguity(graph: Graph, given: object, **options: object) -> None:
    """Raise GraphError for an option that has the name of an input, unless the inputs are ``given`` in a dict."""
    for name, value in options.items():
        if given is None and value is not None and name in graph.nodes and graph.nodes[name].block.feedable:
            raise GraphError(
                f"graph '{graph.name}': keyword '{name}' may be an option or the input of this name; give the inputs "
                f"in a dict, {{'{name}': ...}}, and options as keywords after it"
            )


def feeds_by_name(given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a dict and those of keywords in one dict.

    Raises GraphError where the first is no dict, a name is no text, or a name is given twice.
    """
    try:
        found = {} if given is None else dict(given)
    except (TypeError, ValueError):
        raise GraphError(f"inputs must be given by name in a dict, got a {type(given).__name__}") from None
    if unnamed := [name for name in found if not isinstance(name, str)]:
        raise GraphError(f"inputs must be given by name in a dict, got {unnamed[0]!r} for a name")
    if twice := found.keys() & named.keys():
        raise GraphError(f"input '{min(twice)}' must be given once, got it in the dict and as a keyword")
    return found | dict(named)


def known_shape(name: str, shape: Iterable[SupportsIndex]) -> tuple[int, ...]:
    """The shape that the input of this name is planned for; GraphError where it is no list of sizes."""
    try:
        sizes = tuple(map(index, shape))
    except TypeError:
        sizes = (-1,)
    if sizes and min(sizes) < 0:
        raise GraphError(f"input '{name}' must have a known shape to plan for, got {shape!r}; give a list of sizes")
    return sizes


def check_shapes(types: Mapping[str, TensorType], declared: Mapping[str, TensorType]) -> None:
    """Raise GraphError where an input does not have the shape that is declared, or named dims differ."""
    sizes: dict[str, tuple[int, str]] = {}
    for name, type_ in types.items():
        wanted = declared[name].shape
        if not fits(type_.shape, wanted):
            raise GraphError(f"input '{name}' must have shape {show(wanted)}, got {show(type_.shape)}")
        for dim, size in zip(wanted or (), type_.shape or (), strict=False):
            if isinstance(dim, str) and isinstance(size, int):
                first, owner = sizes.setdefault(dim, (size, name))
                if first != size:
                    raise GraphError(
                        f"input '{name}' must have size {first} in dim '{dim}' as '{owner}' has, got {size}"
                    )


def must_be_fed(node: Node) -> bool:
    """Whether a feedable node has no value of its own."""
    return not node.block.makes_value and all(value is None for value in node.inputs.values())


def way_to_feed(name: str, python: str) -> str:
    """The advice for an input that must be fed; ``python``: to one who writes Python."""
    page = "feed it in the data section, or force a value on its port"
    return way_out(python, f"feed it with -i {name}=FILE", page)


def check_all_fed(required: Iterable[str], fed: Container[str], declared: Mapping[str, TensorType]) -> None:
    """Raise GraphError for the first required input that is not fed."""
    for name in required:
        if name not in fed:
            feed = way_to_feed(name, f"give {name}=...")
            raise GraphError(f"input '{name}' must be fed {declared[name]}, got nothing; {feed}")


def check_state(graph: Graph, given: object, seed: object, state: object) -> None:
    """Raise GraphError where a seed is no whole number, or a state none."""
    check_ambiguity(graph, given, seed=seed)
    if seed is not None and (not isinstance(seed, int | np.integer) or isinstance(seed, bool)):
        raise GraphError(f"option 'seed' must be a whole number, got {seed!r}")
    if state is not None and not hasattr(state, "commit"):
        check_ambiguity(graph, given, state=state)
        raise GraphError(f"option 'state' must be a State, got a {type(state).__name__}")
