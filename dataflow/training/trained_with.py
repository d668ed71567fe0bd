"""What a training was done with, as its checkpoints note it, so that it is not gone on with by something else."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from dataflow.core.attrs import key, show
from dataflow.core.errors import listing
from dataflow.core.ports import Literal, flat
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.graph.overrides import NO_OVERRIDES, Overrides
from dataflow.graphfile.origins import MASK, looks_secret
from dataflow.graphfile.record import Record
from dataflow.training.train_section import Train

OVERRIDES = "overrides"  # the key of what was bypassed, frozen and forced
# keys whose change spoils nothing: the steps that were done are as they would have been
_HARMLESS = {
    "epochs", "batch_size", "drop_remainder", "steps_per_epoch", "evaluate", "on_nan", "checkpoint", "metrics",
    "early_stopping: patience", "early_stopping: restore_best",
}  # fmt: skip


def trained_with(
    graph: Graph,
    train: Train,
    steps: int,
    data: Mapping[str, str],
    params: Mapping[str, Any],
    overrides: Overrides = NO_OVERRIDES,
) -> dict[str, Any]:
    """Plain data that says what a training is done with: its settings, nodes, data, parameters and overrides.

    ``steps`` is the number of all steps, and counts where the schedule ends with them. Only nodes are told that a step
    depends on; each, and each split of the data, by a digest.
    """
    settings = _plain(train)
    schedule = settings["schedule"]
    if schedule and schedule["attrs"].get("decay_steps") == "end":
        schedule["attrs"]["decay_steps"] = f"end, after {steps} steps"
    wanted = [*([train.minimize] if train.minimize else []), *train.metrics]
    needed = graph.ancestors([graph.ref(n).node for n in wanted] + [link.node for link in graph.updates.values()])
    nodes = {name: node_digest(node) for name, node in graph.nodes.items() if name in needed}
    told = {name: MASK if looks_secret(name) else value for name, value in params.items()}
    noted = {OVERRIDES: str(overrides)} if str(overrides) else {}
    return {"train": settings, "nodes": nodes, "data": dict(data), "params": _json(told), **noted}


def warn_of_overrides(place: object, noted: object) -> str:
    """What was bypassed, frozen and forced in a training, by what its checkpoint notes; "" for nothing.

    Warns of it: what is measured or made with these variables is not of the graph that their file says.
    """
    told = noted.get("trained_with") if isinstance(noted, Mapping) else None
    overrides = told.get(OVERRIDES) if isinstance(told, Mapping) else None
    if not isinstance(overrides, str) or not overrides:
        return ""
    warnings.warn(f"{place}: was trained with {overrides}, not as its graph file says", stacklevel=3)
    return overrides


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """In what two trainings differ, a line each: what makes the second another one, and what is harmless."""
    serious: list[str] = []
    harmless: list[str] = []
    settings = {**_plain(Train.parse({})), **before.get("train", {})}  # a key that was not there yet had its default
    for name, old, new in _changed(settings, now["train"]):
        line = f"train: {name}: {_shown(old)} before, {_shown(new)} now"
        (harmless if _is_harmless(name) else serious).append(line)
    if (old := before.get(OVERRIDES)) != (new := now.get(OVERRIDES)):
        serious.append(f"overrides: {old or 'none'} before, {new or 'none'} now")
    for what in ("nodes", "data"):
        old, new = before.get(what, {}), now[what]
        changed = [f"'{name}'" for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
        if changed:
            serious.append(f"{'graph: node' if what == 'nodes' else 'data'} {listing(changed, 'and')}: not the same")
    return serious, harmless


def changed_keys(before: Train, after: Train) -> list[tuple[str, Any, Any]]:
    """The keys in which two `train` sections differ, ``optimizer: inputs: alpha``, each with both values."""
    return _changed(_plain(before), _plain(after))


def _is_harmless(name: str) -> bool:
    return any(name == known or name.startswith(f"{known}: ") for known in _HARMLESS)


def _changed(old: object, new: object, before: str = "") -> list[tuple[str, Any, Any]]:
    """The keys whose values differ, with both values."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return [(before, old, new)] if old != new else []
    return [
        change
        for name in sorted({*old, *new})
        for change in _changed(old.get(name), new.get(name), f"{before}: {name}" if before else name)
    ]


def _shown(value: object) -> str:
    return "nothing" if value is None else show(value)


def _plain(value: object) -> Any:
    """A record as plain data, defaults included."""
    if isinstance(value, Record):
        return {name: _plain(vars(value)[name]) for name in value.keys}
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _json(value)


def _json(value: object) -> Any:
    """Plain data as JSON gives it back."""
    if isinstance(value, Mapping):
        return {str(name): _json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def node_digest(node: Node) -> str:
    """A digest of what a node computes and from what."""
    digest = hashlib.sha256(type(node.block).__name__.encode())
    for name in node.block.signature.attrs:
        digest.update(f" {name} {key(getattr(node.block, name))!r}".encode())
    for port, operand in node.inputs.items():
        told = [key(o.value) if isinstance(o, Literal) else o and (o.node, o.port) for o in flat([operand])]
        digest.update(f" {port} {told!r}".encode())
    return digest.hexdigest()[:16]


def digest_of_split(section: Mapping[str, Any], name: str) -> str:
    """A digest of a split in files: what the `data` section says of it, and the sizes and times of its files."""
    digest = hashlib.sha256()
    for split in (name, section[name].get("like")):
        if split in section:
            digest.update(json.dumps(_told(section[split]), sort_keys=True).encode())
    return digest.hexdigest()


def _told(declared: object) -> Any:
    """What a section says as plain data; in place of each path, the name, size and time of the file."""
    if not isinstance(declared, Mapping):
        return _json(declared)
    told = {str(name): _told(item) for name, item in declared.items()}
    if isinstance(path := declared.get("path"), str):
        told["path"] = Path(path).name
        with suppress(OSError):  # a path that only the data section understands
            found = Path(path).stat()
            told["path"] = [Path(path).name, found.st_size, found.st_mtime_ns]
    return told
