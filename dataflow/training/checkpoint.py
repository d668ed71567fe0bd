"""Checkpoints: a state and the progress of training, in files that a crash never leaves half written.

A checkpoint is an .npz file: an array per variable, and ``meta``, JSON with the counts, what the trainer adds, and a
digest of all of it. A damaged one is recognized and skipped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, cropped
from dataflow.engine.state import State
from dataflow.files import ArrayFile, Entry, Unreadable
from dataflow.files.atomic import check_writable, write_arrays, write_errors
from dataflow.graph.graph import Graph

BEST = "best.npz"
T = TypeVar("T")
_META = "meta"
_LONGEST_META = 64 << 20  # bytes


def save(path: Path, state: State, notes: Mapping[str, Any]) -> None:
    """Write a checkpoint, all of it or nothing; ``notes`` is plain data that `load` gives back."""
    meta = {"seed": state.seed, "step": state.step, "notes": notes}
    stored = {f"variable/{name}": _stored(array) for name, array in state.variables.items()}
    dtypes_of = {name: dtypes.name_of(array.dtype) for name, array in state.variables.items()}
    text = json.dumps(meta | {"dtypes": dtypes_of, "digest": _digest(meta, state.variables)})
    write_arrays(path, {_META: np.frombuffer(text.encode(), np.uint8), **stored})


def load(path: Path, graph: Graph) -> tuple[State, dict[str, Any]]:
    """The state of a checkpoint and its notes.

    Raises DataflowError where the file is damaged or its variables are not those of the graph.
    """
    meta, variables = read(path)
    kept = {n for n, node in graph.nodes.items() if node.block.stateful}
    if kept != variables.keys():
        other = sorted(kept ^ variables.keys())[0]
        raise DataflowError(f"{path}: is of another graph: variable '{other}' is in one of the two; train without it")
    try:
        state = State(graph, meta["seed"], variables)
    except GraphError as error:
        raise DataflowError(f"{path}: is of another graph: {error}") from None
    state.step = meta["step"]
    return state, meta["notes"]


def read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a checkpoint says of itself, and its variables. DataflowError where the file is damaged."""
    try:
        with ArrayFile(path) as file:
            meta = _meta(file.entry(_META))
            variables = {name: _variable(file, name, dtype) for name, dtype in meta["dtypes"].items()}
    except Unreadable as error:
        raise DataflowError(f"{path}: is no whole checkpoint: {error}") from None
    if meta["digest"] != _digest({key: meta[key] for key in ("seed", "step", "notes")}, variables):
        raise DataflowError(f"{path}: is no whole checkpoint: its digest does not agree with what is in it")
    return meta, variables


def _meta(entry: Entry) -> dict[str, Any]:
    """What a checkpoint says of itself, each part of its kind."""
    if entry.dtype != np.uint8 or entry.nbytes > _LONGEST_META:
        raise Unreadable(f"'{_META}' must be at most {_LONGEST_META:,} bytes of JSON")
    try:
        meta: dict[str, Any] = json.loads(entry.read().tobytes())
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"'{_META}' is no JSON: {error}") from None
    kinds = {"seed": int, "step": int, "notes": dict, "dtypes": dict, "digest": str}
    for key, kind in kinds.items():
        if not isinstance(meta, dict) or type(meta.get(key)) is not kind:
            raise Unreadable(f"'{_META}' must have {', '.join(kinds)}, got another '{key}' or none")
    if not 0 <= meta["step"] < 2**63:
        raise Unreadable(f"'step' must be a number of steps, got {cropped(str(meta['step']))}")
    return meta


def _variable(file: ArrayFile, name: str, dtype: object) -> Array:
    if not isinstance(dtype, str) or dtype not in dtypes.every:
        raise Unreadable(f"variable '{cropped(name)}' must have a dtype, got {cropped(str(dtype))}")
    array: Array = file.entry(f"variable/{name}").read()
    if dtype == "bfloat16" and array.dtype == np.uint16:
        array = array.view(dtypes.storage(dtype))
    if array.dtype != dtypes.storage(dtype):
        raise Unreadable(f"variable '{cropped(name)}' must be {dtype}, got {dtypes.name_of(array.dtype)}")
    return array


def steps(folder: Path) -> list[Path]:
    """The checkpoints of a folder, the latest first."""
    return sorted(folder.glob("step-*.npz"), reverse=True)


def latest(folder: Path, reader: Callable[[Path], T]) -> T:
    """What ``reader`` makes of the latest checkpoint that it accepts; DataflowError where there is none."""
    failure = DataflowError(f"{folder}: must have checkpoints, got none; dataflow train makes them")
    for path in steps(folder):
        try:
            return reader(path)
        except DataflowError as error:
            failure = error
    raise failure


def prepare(folder: Path) -> None:
    """Make the folder, and check that checkpoints can be written there before any work is done."""
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    check_writable(folder / BEST)


def clear(folder: Path) -> None:
    """Remove the checkpoints of a folder."""
    for path in (*steps(folder), folder / BEST):
        path.unlink(missing_ok=True)
    tidy(folder)


def tidy(folder: Path) -> None:
    """Remove what a process that was killed while writing has left."""
    for path in folder.glob(".*.npz.*.tmp"):
        path.unlink(missing_ok=True)


def _stored(array: Array) -> Array:
    """An array as a .npy file can hold it: bfloat16 is unknown there."""
    return array.view(np.uint16) if dtypes.name_of(array.dtype) == "bfloat16" else array


def _digest(meta: Mapping[str, Any], variables: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(json.dumps(meta, sort_keys=True).encode())
    for name, array in sorted(variables.items()):
        digest.update(f"{name} {dtypes.name_of(array.dtype)} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
