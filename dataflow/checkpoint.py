"""Checkpoints: a state and where training stands, in files of which a crash leaves none half written.

A checkpoint is an .npz file: an array per variable, and ``meta``, JSON with the counts, what the trainer adds, and a
digest of all of it. One that was damaged is recognized and passed over.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dataflow import dtypes
from dataflow.errors import DataflowError
from dataflow.graph import Graph
from dataflow.graphfile import write_arrays
from dataflow.state import State

BEST = "best.npz"
T = TypeVar("T")
_META = "meta"


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
    kept = {n for n, node in graph.nodes.items() if node.block.kept}
    if kept != variables.keys():
        other = sorted(kept ^ variables.keys())[0]
        raise DataflowError(f"{path}: is of another graph: variable '{other}' is in one of the two; train without it")
    state = State(graph, meta["seed"], variables)
    state.step = meta["step"]
    return state, meta["notes"]


def read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """What a checkpoint says of itself, and its variables. DataflowError where the file is damaged."""
    try:
        if not zipfile.is_zipfile(path) and path.exists():
            raise DataflowError(f"{path}: is no whole checkpoint: it is no .npz file")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            meta = json.loads(archive[_META].tobytes())
            variables = {
                name: archive[f"variable/{name}"].view(dtypes.storage(dtype)) for name, dtype in meta["dtypes"].items()
            }
    except OSError as error:
        raise DataflowError(f"{path}: cannot be read: {error.strerror or error}") from None
    except DataflowError:
        raise
    except Exception as error:  # whatever a damaged file makes of itself
        raise DataflowError(f"{path}: is no whole checkpoint: {error}") from None
    if meta["digest"] != _digest({key: meta[key] for key in ("seed", "step", "notes")}, variables):
        raise DataflowError(f"{path}: is no whole checkpoint: its digest does not agree with what is in it")
    return meta, variables


def steps(folder: Path) -> list[Path]:
    """The checkpoints of a folder, the latest first."""
    return sorted(folder.glob("step-*.npz"), reverse=True)


def latest(folder: Path, reader: Callable[[Path], T]) -> T:
    """What ``reader`` makes of the latest checkpoint that it takes; DataflowError where there is none."""
    failure = DataflowError(f"{folder}: must have checkpoints, got none; dataflow train makes them")
    for path in steps(folder):
        try:
            return reader(path)
        except DataflowError as error:
            failure = error
    raise failure


def clear(folder: Path) -> None:
    """Remove the checkpoints of a folder."""
    for path in (*steps(folder), folder / BEST):
        path.unlink(missing_ok=True)
    tidy(folder)


def tidy(folder: Path) -> None:
    """Remove what a process that was killed while it wrote has left."""
    for path in folder.glob(".*.npz.*.tmp"):
        path.unlink(missing_ok=True)


def _stored(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array as .npy files can have it: bfloat16 is unknown to them."""
    return array.view(np.uint16) if dtypes.name_of(array.dtype) == "bfloat16" else array


def _digest(meta: Mapping[str, Any], variables: Mapping[str, np.ndarray[Any, Any]]) -> str:
    digest = hashlib.sha256(json.dumps(meta, sort_keys=True).encode())
    for name, array in sorted(variables.items()):
        digest.update(f"{name} {dtypes.name_of(array.dtype)} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
