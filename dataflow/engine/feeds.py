"""Inputs as a caller gives them: by name, in a dict or as keywords, which may have the names of options."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from operator import index
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex

import numpy as np

from dataflow.core import conversion, dtypes
from dataflow.core.contiguous import copied
from dataflow.core.dtypes import Array
from dataflow.core.errors import GraphError, RunError, UnknownNameError, nearest, way_out
from dataflow.core.run_errors import memory_message
from dataflow.core.shapes import TensorType, fits, impossible, show
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


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


class Fed(NamedTuple):
    """Inputs as arrays of their dtypes.

    arrays : by name, aligned.
    copied : the bytes of those that are copies of arrays.
    turned : the names of those that do not lie in the order of their elements.
    """

    arrays: dict[str, Array]
    copied: dict[str, int]
    turned: list[str]

    def put_in_order(self) -> None:
        """Copy what does not lie in the order of its elements, once for all its readers."""
        for name in self.turned:
            try:
                self.arrays[name] = copied(self.arrays[name])
            except MemoryError as error:
                raise RunError(
                    f"input '{name}': {memory_message(error, [TensorType.of(self.arrays[name])])}"
                ) from error
            self.copied[name] = self.arrays[name].nbytes


class Inputs:
    """What may be fed to a graph.

    declared : the types, by name.
    required : names of those that its outputs, for which these nodes are ``needed``, cannot do without.
    """

    def __init__(self, graph: Graph, needed: Container[str]):
        self.graph = graph
        self.declared = {
            n: next(iter(v.types.values())) for n, v in graph.nodes.items() if v.block.feedable and v.types
        }
        self.storage = {name: dtypes.storage(type_.dtype) for name, type_ in self.declared.items()}
        self.required = [n for n in self.declared if n in needed and must_be_fed(graph.nodes[n])]

    def type_of(self, name: str) -> TensorType:
        """The declared type of an input; UnknownNameError where there is none of this name."""
        if name not in self.declared:
            feeds_by_name({name: None}, {})  # a name that is no text has its own message
            hint = nearest(name, self.declared) or f"it has {', '.join(self.declared) or 'none'}"
            if name in ("fuse", "kernels", "threads"):
                hint = f"{name} is an option of flow.plan: flow.plan(graph, {name}=...).run(...)"
            raise UnknownNameError(f"graph '{self.graph.name}' has no input '{name}'; {hint}")
        return self.declared[name]

    def types(self, shapes: Mapping[str, Sequence[int]]) -> dict[str, TensorType]:
        """The types of all inputs that are fed, for these shapes and those that the graph fixes.

        Raises GraphError where a shape is unknown or does not fit.
        """
        types: dict[str, TensorType] = {}
        for name in sorted({*shapes, *self.required}):
            declared = self.type_of(name)
            shape = known_shape(name, shapes[name]) if name in shapes else declared.shape
            given = TensorType(declared.dtype, shape)
            if not given.known:
                give = way_to_feed(name, f"give {name}=[...]")
                raise GraphError(f"input '{name}' must have a known shape to plan for, got {given}; {give}")
            if wrong := impossible(given):
                raise GraphError(f"input '{name}' {wrong}; give a smaller one")
            types[name] = given
        self._check_shapes(types)
        return types

    def _check_shapes(self, types: Mapping[str, TensorType]) -> None:
        """Raise GraphError where an input does not have the shape that is declared, or named dims differ."""
        sizes: dict[str, tuple[int, str]] = {}
        for name, type_ in types.items():
            wanted = self.declared[name].shape
            if not fits(type_.shape, wanted):
                raise GraphError(f"input '{name}' must have shape {show(wanted)}, got {show(type_.shape)}")
            for dim, size in zip(wanted or (), type_.shape or (), strict=False):
                if isinstance(dim, str) and isinstance(size, int):
                    first, owner = sizes.setdefault(dim, (size, name))
                    if first != size:
                        raise GraphError(
                            f"input '{name}' must have size {first} in dim '{dim}' as '{owner}' has, got {size}"
                        )

    def check_all_fed(self, fed: Container[str]) -> None:
        """Raise GraphError for the first required input that is not fed."""
        for name in self.required:
            if name not in fed:
                feed = way_to_feed(name, f"give {name}=...")
                raise GraphError(f"input '{name}' must be fed {self.declared[name]}, got nothing; {feed}")

    def fed(self, feeds: Mapping[str, ArrayLike]) -> Fed:
        """Given values as arrays, in the order of their names.

        Raises GraphError where one is for no input, or cannot have the input's dtype without a change of its elements.
        """
        try:
            names = sorted(feeds)
        except TypeError:  # not all of them are text
            names = [*feeds_by_name(feeds, {})]
        fed = Fed({}, {}, [])
        for name in names:
            value: Any = feeds[name]
            fits_dtype = type(value) is np.ndarray and value.dtype is self.storage.get(name)
            if not (fits_dtype and (flags := value.flags).c_contiguous and flags.aligned):
                value = self._converted(name, value, fed)
            fed.arrays[name] = value
        return fed

    def _converted(self, name: str, given: ArrayLike, fed: Fed) -> Array:
        declared = self.type_of(name)
        try:
            value = conversion.array(given, declared.dtype)
        except conversion.ConversionError as error:
            hint = "; load a file first, by numpy.load" if isinstance(given, str | os.PathLike) else ""
            raise GraphError(f"input '{name}' {error}{hint}") from None
        except MemoryError as error:
            raise RunError(f"input '{name}': {memory_message(error, [declared])}") from error
        if not value.flags.c_contiguous:
            fed.turned.append(name)
        if isinstance(given, np.ndarray) and not np.may_share_memory(value, given):
            fed.copied[name] = value.nbytes
        return value


def known_shape(name: str, shape: Iterable[SupportsIndex]) -> tuple[int, ...]:
    """The shape that the input of this name is planned for; GraphError where it is no list of sizes."""
    try:
        sizes = tuple(map(index, shape))
    except TypeError:
        sizes = (-1,)
    if sizes and min(sizes) < 0:
        raise GraphError(f"input '{name}' must have a known shape to plan for, got {shape!r}; give a list of sizes")
    return sizes


def must_be_fed(node: Node) -> bool:
    """Whether a feedable node has no value of its own."""
    return not node.block.makes_value and all(value is None for value in node.inputs.values())


def way_to_feed(name: str, python: str) -> str:
    """The advice for an input that must be fed; ``python``: to one who writes Python."""
    page = "feed it in the data section, or force a value on its port"
    return way_out(python, f"feed it with -i {name}=FILE", page)


def check_state(graph: Graph, given: object, seed: object, state: object) -> None:
    """Raise GraphError where a seed is no whole number, or a state none."""
    check_ambiguity(graph, given, seed=seed)
    if seed is not None and (not isinstance(seed, int | np.integer) or isinstance(seed, bool)):
        raise GraphError(f"option 'seed' must be a whole number, got {seed!r}")
    if state is not None and not hasattr(state, "commit"):
        check_ambiguity(graph, given, state=state)
        raise GraphError(f"option 'state' must be a State, got a {type(state).__name__}")
