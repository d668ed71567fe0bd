"""References: arrays by the names of nodes, from exported folders and .npz files, and a graph compared with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, listing
from dataflow.core.fixed_point import ROUNDINGS
from dataflow.engine.plan import Plan
from dataflow.files import ArrayFile, Unreadable
from dataflow.files.regular_file import RegularFile
from dataflow.graph.graph import Graph
from dataflow.graph.rewrite import eliminate_dead_code
from dataflow.quantize.export.manifest import MANIFEST
from dataflow.quantize.export.net import Step, integer_net
from dataflow.quantize.model import Model, fixed_nodes
from dataflow.quantize.verify import Compared, compare

WORDS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")  # dtypes of files of hexadecimal words


def is_reference(path: str) -> bool:
    """Whether a path is that of a reference: a folder, or an .npz file."""
    return Path(path).is_dir() or Path(path).suffix == ".npz"


def read_reference(path: str) -> dict[str, Array]:
    """The arrays of a folder that was exported as vectors or memory images, or of an .npz file, by name.

    Digests are not looked at: whoever computes the arrays anew writes them over those that are there.

    Raises DataflowError where a file is damaged, or not what the manifest says.
    """
    try:
        if not Path(path).is_dir():
            with ArrayFile(path) as file:
                return {name: file.entry(name).read() for name in file.names}
        return {str(entry["name"]): _read(Path(path), entry) for entry in _manifest(Path(path))}
    except Unreadable as error:
        raise DataflowError(f"{path}: {error}") from None


def verify_reference(model: Model, reference: Mapping[str, Array]) -> list[Compared]:
    """The nodes of a graph compared with arrays of the same names, in the order of the graph.

    Where the reference has the inputs of the graph, the graph runs from them as it is. Otherwise its integer part runs
    from the codes that the reference has, as exported folders do.

    Raises DataflowError where the reference has neither, or no other node of the graph.
    """
    wanted = model.graph.copy()
    wanted.outputs = {
        name: node.first for name, node in model.graph.nodes.items() if name in reference and not node.block.feedable
    }
    used = eliminate_dead_code(wanted, wanted.outputs)
    if used.inputs and all(name in reference for name in used.inputs):
        return _from_inputs(model, used, reference)
    return _from_codes(model, reference)


def _from_inputs(model: Model, used: Graph, reference: Mapping[str, Array]) -> list[Compared]:
    feeds = {name: reference[name] for name in used.inputs}
    found = Plan(used).run({**{name: v for name, v in model.values.items() if name in used.nodes}, **feeds})
    fixed = fixed_nodes(model.graph)
    return [
        compare(name, "values" if "float" in str(found[name].dtype) else "integers", found[name],
            _of_dtype(name, reference[name], found[name].dtype))
        for name in used.outputs if name not in fixed
    ]  # fmt: skip


def _from_codes(model: Model, reference: Mapping[str, Array]) -> list[Compared]:
    net = integer_net(model)
    if lacking := [name for name in net.inputs if name not in reference]:
        raise DataflowError(
            f"reference: must have the codes of {listing(map(repr, lacking), 'and')}, or the inputs of graph "
            f"'{net.name}', got arrays of other names"
        )
    nodes, compared = net.model.graph.nodes, []
    dtype_of = {name: dtypes.storage(next(iter(nodes[name].types.values())).dtype) for name in net.inputs}
    values = {name: _of_dtype(name, reference[name], dtype) for name, dtype in dtype_of.items()}
    for step in net.steps:
        operands = net.operands(step, values)
        found = values[step.name] = np.asarray(step.node.block(*operands))
        if step.name in reference:
            wanted = _of_dtype(step.name, reference[step.name], found.dtype)
            one = compare(step.name, "codes" if found.dtype.itemsize < 4 else "sums", found, wanted)
            compared.append(replace(one, rounding=_mode(step, operands, wanted)) if one.largest else one)
    if not compared:
        raise DataflowError(f"reference: must have arrays named as nodes of graph '{net.name}', got none")
    return compared


def _of_dtype(name: str, array: Array, dtype: np.dtype[Any]) -> Array:
    if array.dtype != dtype:
        raise DataflowError(f"reference: '{name}' must have dtype {dtype} as in the graph, got {array.dtype}")
    return array


def _mode(step: Step, operands: list[Any], wanted: Array) -> str | None:
    """The rounding in which a node would give what is wanted from the same operands."""
    block = step.node.block
    own = getattr(block, "rounding", None)
    for mode in ROUNDINGS if own is not None else ():
        if mode != own and np.array_equal(type(block)(**{**block.attrs(), "rounding": mode})(*operands), wanted):
            return mode
    return None


# -- files --------------------------------------------------------------------------------------------------------


def _manifest(folder: Path) -> list[dict[str, Any]]:
    path = folder / MANIFEST
    try:
        told = json.loads(_bytes(path))
        entries = told["arrays"]
        for entry in entries:
            name, shape = entry["file"], entry["shape"]
            plain = isinstance(name, str) and Path(name).name == name
            if not plain or not all(isinstance(size, int) and size >= 0 for size in shape):
                raise ValueError(name)
            str(entry["name"]), str(entry["dtype"])
        return list(entries)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DataflowError(
            f"{path}: must be the manifest that `dataflow export` wrote, got another file or a damaged one"
        ) from None


def _bytes(path: Path) -> bytes:
    file = RegularFile(path)
    try:
        return bytes(file.read(0, file.size))
    finally:
        file.close()


def _read(folder: Path, entry: Mapping[str, Any]) -> Array:
    path, shape = folder / entry["file"], tuple(entry["shape"])
    if path.suffix == ".mem":
        found = _words(path, str(entry["dtype"]), shape)
    else:
        with ArrayFile(path) as file:
            found = file.entry(None).read()
    if found.shape != shape or str(found.dtype) != entry["dtype"]:
        raise DataflowError(
            f"{path}: must be {entry['dtype']} of shape {shape} as {MANIFEST} says, got {found.dtype} of {found.shape}"
        )
    return found


def _words(path: Path, dtype: str, shape: tuple[int, ...]) -> Array:
    if dtype not in WORDS:
        raise DataflowError(f"{path}: must have a dtype of {', '.join(WORDS)} in {MANIFEST}, got '{dtype}'")
    bits = 8 * np.dtype(dtype).itemsize
    text = _bytes(path).decode("utf-8", "replace")
    words = [word for line in text.splitlines() for word in line.partition("//")[0].split()]
    try:
        values = [int(word, 16) for word in words]
        made = np.array(values, f"u{bits // 8}")
    except (ValueError, OverflowError):
        raise DataflowError(f"{path}: must have hexadecimal words of {bits} bits, got others") from None
    if made.size != int(np.prod(shape)):
        raise DataflowError(f"{path}: must have {int(np.prod(shape))} words as {MANIFEST} says, got {made.size}")
    found: Array = made.view(dtype).reshape(shape)
    return found
