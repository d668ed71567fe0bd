"""Blocks that fit a port of a node: behind an output, or before an input, those that are likely first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import product
from pathlib import Path

from dataflow.core import dtypes
from dataflow.core.block import Block
from dataflow.core.errors import DataflowError, cropped, instead
from dataflow.core.ports import In, Out
from dataflow.core.registry import blocks
from dataflow.core.shapes import Shape, TensorType, fits, show
from dataflow.graphfile import shipped
from dataflow.graphfile.editing.changes import Tree
from dataflow.graphfile.editing.known_types import KnownNode, possible_dtypes, type_of_wire
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.graph_file import GraphFile, short_type
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import Location
from dataflow.graphfile.suggest.habits import INPUT, OUTPUT, habits, named
from dataflow.graphfile.suggest.wanted import shape_for
from dataflow.graphfile.tree import BROKEN, Stop, Value
from dataflow.graphfile.wires import FileScope

_OF_GRAPHS = ("Placeholder", "PlaceholderWithDefault")  # which files write as inputs
_MOST_DIMS = 5  # of inputs for which the rank of an output is tried
_MOST_TRIED = 6**3  # ranks of three inputs
_USUAL = ("int32", "float32")  # dtypes of inputs of graphs, the most usual last


def behind(scope: FileScope, tree: Tree, node: str, port: str = "", files: Sequence[str] = ()) -> list[str]:
    """The blocks that have an input for the value on an output of a node or graph input, best first.

    `OUTPUT` among them stands for an output of the graph, which takes any value.
    An empty port is the first. Of a node that is wrong the dtypes of its block count. ``files`` are graph files that
    may serve as blocks, as the file would write their paths; the layers of the package are looked at too.
    """
    wires = scope.wires.get(node)
    if wires is None:
        raise DataflowError(f"no node or input '{cropped(node)}'; {instead(node, scope.wires)}")
    given = type_of_wire(scope, f"{node}.{port}" if port else node)
    if given is None and wires is not BROKEN:
        raise DataflowError(f"'{cropped(node)}' has no output '{cropped(port)}'; {instead(port, wires)}")
    types = [given] if given is not None else _possible(scope, node, port)
    found = {kind.__name__: (at, _needs(kind)) for kind in _kinds() if (at := _taken_at(kind, types)) is not None}
    for path, used in graph_files(scope, files):
        if (at := _file_takes_at(used, types)) is not None:
            found[path] = at, len(used.inputs.data)
    found[OUTPUT] = 0, 0
    known, nodes = habits(tree), section(tree, "nodes")
    return _ranked(found, known.behind(named(nodes[node]) if node in nodes else INPUT), known.behind(""))


def before(scope: FileScope, tree: Tree, node: str, port: str, files: Sequence[str] = ()) -> list[str]:
    """The blocks whose outputs fit an input of a node, best first; of graph files all that have outputs.

    `INPUT` among them stands for an input of the graph.
    """
    known = _known(scope, node, port)
    found = {kind.__name__: (at, _needs(kind)) for kind in _kinds() if (at := _gives_at(kind, known, port)) is not None}
    found |= {path: (0, len(used.inputs.data)) for path, used in graph_files(scope, files) if used.outputs.data}
    if input_type(scope, node, port):
        found[INPUT] = 0, 0
    own = habits(tree)
    return _ranked(found, own.before(named(section(tree, "nodes").get(node)), port), own.before(""))


def input_type(scope: FileScope, node: str, port: str) -> str:
    """The type of an input of the graph that fits an input of a node, the most usual of them; "" where none does."""
    known = _known(scope, node, port)
    if known is None:
        return _type_in_file(scope, node, port)
    taken = known.kind.signature.inputs[port]
    if taken.static or port in known.kind.assigns:  # a number is meant, or a variable
        return ""
    if not taken.many:
        known.operands[port] = None
    fitting = [each for each in possible_dtypes(known.kind, taken) if not known.misfit(port, TensorType(each, None))]
    if not fitting:
        return ""
    dtype = min(fitting, key=_unusual)
    shape = shape_for(scope, known, port, dtype)
    return dtype if shape is None else f"{dtype}{show(tuple(shape))}"


def _unusual(dtype: str) -> int:
    return -_USUAL.index(dtype) if dtype in _USUAL else 1


def _type_in_file(scope: FileScope, node: str, port: str) -> str:
    """The dtype that a graph file declares of an input; the usual one where it follows from what is wired to it."""
    parts = scope.definition.nodes.data[node].data
    block = parts.get("block") if isinstance(parts, dict) else None
    with suppress(Stop, ValueError, OSError, KeyError):
        file = scope.file.graph(str(block and block.data))
        dtype, _ = _declared(_definition(file.shown, file.real.stat().st_mtime_ns).inputs.data[port])
        return dtype or _USUAL[-1]
    return _USUAL[-1]


def _known(scope: FileScope, node: str, port: str) -> KnownNode | None:
    """What is known of a node, which must have the port; None where its block is a graph file or unknown."""
    known = KnownNode.of(scope, node)
    if known is None and node not in scope.definition.nodes.data:
        raise DataflowError(f"no node '{cropped(node)}'; {instead(node, scope.definition.nodes.data)}")
    if known is not None and port not in known.operands:
        raise DataflowError(f"node '{cropped(node)}' has no input '{cropped(port)}'; {instead(port, known.operands)}")
    return known


def _kinds() -> Iterator[type[Block]]:
    return (blocks[name] for name in blocks if name not in _OF_GRAPHS)


def _possible(scope: FileScope, node: str, port: str) -> list[TensorType]:
    """The types that an output of a node that is wrong may have."""
    known = KnownNode.of(scope, node)
    outputs: dict[str, Out] = known.kind.signature.outputs if known is not None else {}
    out = outputs.get(port) or next(iter(outputs.values()), None)
    if known is None or out is None:
        return [TensorType(name, None) for name in dtypes.every]
    return [TensorType(name, _open(out.shape)) for name in possible_dtypes(known.kind, out)]


def _open(shape: Shape) -> Shape:
    """A declared shape whose names may be any size."""
    return None if shape is None else tuple(dim if isinstance(dim, int) else None for dim in shape)


def _taken_at(kind: type[Block], types: Iterable[TensorType]) -> int | None:
    """The place of the first input of a block that takes a value of one of these types, where the others may be any."""
    try:
        block: Block | None = kind()
    except DataflowError:  # it needs attrs
        block = None
    ports = kind.signature.inputs
    for at, port in enumerate(ports.values()):
        if port.name not in kind.assigns and not port.static:
            for given in types:
                operands = {name: _anything(kind, each, port, given) for name, each in ports.items()}
                if not KnownNode("new", kind, block, operands).misfit(port.name, given):
                    return at
    return None


def _gives_at(kind: type[Block], known: KnownNode | None, port: str) -> int | None:
    """The place of the first output of a block that fits an input of a node; of a graph file any."""
    if known is None:
        return 0 if kind.signature.outputs else None
    if not known.kind.signature.inputs[port].many:
        known.operands[port] = None
    for at, (out, shapes) in enumerate(zip(kind.signature.outputs.values(), _given(kind.__name__), strict=True)):
        types = (TensorType(dtype, shape) for dtype in possible_dtypes(kind, out) for shape in shapes)
        if any(not known.misfit(port, given) for given in types):
            return at
    return None


@lru_cache(1024)
def _given(name: str) -> list[set[Shape]]:
    """The shapes that each output of a block may have, tried with inputs of all ranks; None where that is not known."""
    kind = blocks[name]
    declared: list[set[Shape]] = [{_open(out.shape)} for out in kind.signature.outputs.values()]
    ports = kind.signature.inputs
    if any(port.static and not port.optional for port in ports.values()):
        return declared
    try:
        block = kind()
    except DataflowError:  # it needs attrs
        return declared
    ranks: list[Shape] = [(None,) * rank for rank in range(_MOST_DIMS + 1)]
    choices = [
        [None] if port.optional else ranks if port.shape is None else [_open(port.shape)] for port in ports.values()
    ]
    if math.prod(map(len, choices)) > _MOST_TRIED:
        return declared
    found: list[set[Shape]] = [set() for _ in declared]
    for shapes in product(*choices):
        operands = {
            port.name: None if port.optional else _operand(port, TensorType(possible_dtypes(kind, port)[0], shape))
            for port, shape in zip(ports.values(), shapes, strict=True)
        }
        for each, made in zip(found, KnownNode("new", kind, block, operands).outputs() or (), strict=False):
            each.add(None if made.shape is None else (None,) * len(made.shape))
    return [each or before for each, before in zip(found, declared, strict=True)]


def _operand(port: In, given: TensorType) -> object:
    return (given,) if port.many else given


def graph_files(scope: FileScope, files: Sequence[str]) -> Iterator[tuple[str, GraphFile]]:
    """The graph files that may serve as blocks of a file: what they say, by their paths as it would write them.

    A file that uses this one, by itself or by those that it uses, may not.
    """
    layers = [shipped.SCHEME + name for name in shipped.names() if name.startswith("layers/")]
    for path in (*layers, *files):
        with suppress(Stop, ValueError, OSError):
            file = scope.file.graph(path)
            if scope.file.real not in _used(file, set()):
                yield path, _definition(file.shown, file.real.stat().st_mtime_ns)


def _used(file: Location, known: set[Path]) -> set[Path]:
    """The files that a graph file is made of, itself included, beside those that are known."""
    known.add(file.real)
    with suppress(Stop, OSError):
        for node in _definition(file.shown, file.real.stat().st_mtime_ns).nodes.data.values():
            block = node.data.get("block") if isinstance(node.data, dict) else None
            if block is not None and isinstance(block.data, str) and block.data not in blocks:
                with suppress(ValueError):
                    inner = file.graph(block.data)
                    if inner.real not in known:
                        _used(inner, known)
    return known


@lru_cache(256)
def _definition(shown: str, changed: int) -> GraphFile:
    return LoadContext(shown).top()[1]


def _file_takes_at(used: GraphFile, types: Iterable[TensorType]) -> int | None:
    """The place of the first input of a graph file whose declared type a value of one of these types has."""
    for at, declared in enumerate(used.inputs.data.values()):
        try:
            dtype, dims = _declared(declared)
        except ValueError:
            continue
        for given in types:
            if (not dtype or dtypes.fit(given.dtype, (dtype,))) and fits(given.shape, dims):
                return at
    return None


def _declared(value: Value) -> tuple[str, Shape]:
    """The dtype and shape of an input of a graph file; "" and None where they follow from what is wired to it."""
    parts = short_type(value) if isinstance(value.data, str) else value.data
    dtype, shape = (parts[key].data if isinstance(parts, dict) and key in parts else None for key in ("dtype", "shape"))
    dims = (each.data if isinstance(each.data, int) else None for each in shape) if isinstance(shape, list) else None
    return dtype if isinstance(dtype, str) and "$" not in dtype else "", None if dims is None else tuple(dims)


def _anything(kind: type[Block], port: In, beside: In, given: TensorType) -> object:
    """A value of no known shape for a port, of the dtype of the one beside it where these are the same."""
    if port.optional:
        return None
    dtype = given.dtype if port.dtype == beside.dtype else possible_dtypes(kind, port)[0]
    return _operand(port, TensorType(dtype, None))


def _needs(kind: type[Block]) -> int:
    """How much must be given before a block is complete."""
    ports, attrs = kind.signature.inputs.values(), kind.signature.attrs.values()
    return sum(not port.optional for port in ports) + sum(attr.required for attr in attrs)


def _ranked(found: Mapping[str, tuple[int, int]], beside: Counter[str], used: Counter[str]) -> list[str]:
    """First what stands beside the block elsewhere, then by port, what stands there often, what needs least."""
    return sorted(found, key=lambda name: (-beside[name], found[name][0] > 0, -used[name], found[name][1], name))
