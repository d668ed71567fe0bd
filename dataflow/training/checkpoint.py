"""Checkpoints: a state and the progress of training, in files that a crash never leaves half written.

A checkpoint is a state file (`engine/state_file.py`) that also has what the trainer adds, and a digest of all of it. A
damaged one is recognized and skipped.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dataflow.core import dtypes
from dataflow.core.dtypes import Array
from dataflow.core.errors import DataflowError, GraphError, cropped, way_out
from dataflow.engine.state import State
from dataflow.engine.state_file import read_variables, write_variables
from dataflow.files import Unreadable
from dataflow.files.atomic import check_writable, write_errors
from dataflow.graph.graph import Graph

BEST = "best.npz"
_STEP = re.compile(r"step-[0-9]{9,}\.npz")
_UNFINISHED = re.compile(r"\.(step-[0-9]{9,}|best)\.npz\.[0-9a-f]{12}\.tmp")
T = TypeVar("T")


def save(path: Path, state: State, notes: Mapping[str, Any]) -> None:
    """Write a checkpoint, all of it or nothing; ``notes`` is plain data that `load` gives back."""
    meta = {"seed": state.seed, "step": state.step, "notes": notes}
    write_variables(path, state.variables, meta | {"digest": _digest(meta, state.variables)})


def load(path: Path, graph: Graph) -> tuple[State, dict[str, Any]]:
    """The state of a checkpoint and its notes.

    Raises DataflowError where the file is damaged or its variables are not those of the graph.
    """
    meta, variables = read(path)
    return state_of(path, meta, variables, graph), meta["notes"]


def state_of(path: Path, meta: Mapping[str, Any], variables: Mapping[str, Array], graph: Graph) -> State:
    """The state that was read from a checkpoint; DataflowError where its variables are not those of the graph."""
    kept = {n for n, node in graph.nodes.items() if node.block.stateful}
    if kept != variables.keys():
        other = sorted(kept ^ variables.keys())[0]
        raise DataflowError(f"{path}: is of another graph: variable '{other}' is in one of the two; train without it")
    try:
        state = State(graph, meta["seed"], variables)
    except GraphError as error:
        raise DataflowError(f"{path}: is of another graph: {error}") from None
    state.step = meta["step"]
    return state


def read(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a checkpoint says of itself, and its variables. DataflowError where the file is damaged."""
    try:
        variables, meta = read_variables(path)
        _check(meta)
    except Unreadable as error:
        raise DataflowError(f"{path}: is no whole checkpoint: {error}") from None
    if meta["digest"] != _digest({key: meta[key] for key in ("seed", "step", "notes")}, variables):
        raise DataflowError(f"{path}: is no whole checkpoint: its digest does not agree with what is in it")
    return meta, variables


def _check(meta: Mapping[str, Any]) -> None:
    """Raise Unreadable unless each part of what a checkpoint says of itself is there and of its kind."""
    kinds = {"seed": int, "step": int, "notes": dict, "digest": str}
    for key, kind in kinds.items():
        if type(meta.get(key)) is not kind:
            raise Unreadable(f"it must say {', '.join(kinds)}, got another '{key}' or none")
    if not 0 <= meta["step"] < 2**63:
        raise Unreadable(f"'step' must be a number of steps, got {cropped(str(meta['step']))}")


def steps(folder: Path) -> list[Path]:
    """The files of a folder that are named as checkpoints of steps, the latest first."""
    return sorted((path for path in folder.glob("step-*.npz") if _STEP.fullmatch(path.name)), reverse=True)


def step_of(path: Path) -> int:
    """The number of the step in the name of a checkpoint."""
    return int(path.stem.removeprefix("step-"))


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step is."""
    return folder / f"step-{step:09d}.npz"


def is_whole(path: Path) -> bool:
    """Whether a file is a checkpoint that is not damaged."""
    try:
        read(path)
    except DataflowError:
        return False
    return True


def latest(folder: Path, reader: Callable[[Path], T]) -> T:
    """What ``reader`` makes of the latest checkpoint that it accepts; DataflowError where there is none."""
    made = way_out("Trainer.run makes them", "dataflow train makes them", "Train makes them")
    failure = DataflowError(f"{folder}: must have checkpoints, got none; {made}")
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
    """Remove the checkpoints of a folder; what is only named like one stays."""
    for path in (*steps(folder), folder / BEST):
        if path.exists() and is_whole(path):
            path.unlink()


def in_the_way(folder: Path, is_saved: Callable[[int], bool]) -> Path | None:
    """A file that is no checkpoint where one will be written: the best one, or that of a step which is saved."""
    paths = [path for path in steps(folder) if is_saved(step_of(path))]
    return next((path for path in (folder / BEST, *paths) if path.exists() and not is_whole(path)), None)


def make_way(path: Path) -> None:
    """Give a file that is no whole checkpoint another name, where a checkpoint will be written."""
    if path.exists() and not is_whole(path):
        path.rename(path.with_name(f"{path.name}.damaged"))


def tidy(folder: Path) -> None:
    """Remove what a process that was killed while writing has left."""
    for path in folder.glob(".*.npz.*.tmp"):
        if _UNFINISHED.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _digest(meta: Mapping[str, Any], variables: Mapping[str, Array]) -> str:
    digest = hashlib.sha256(json.dumps(meta, sort_keys=True).encode())
    for name, array in sorted(variables.items()):
        digest.update(f"{name} {dtypes.name_of(array.dtype)} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
