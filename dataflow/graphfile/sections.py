"""The `data` and `train` sections: kept as they are, after a look at their keys and kinds."""

from __future__ import annotations

from typing import Any

from dataflow.errors import nearest
from dataflow.graphfile.definition import known_keys
from dataflow.graphfile.files import confined
from dataflow.graphfile.operands import Scope
from dataflow.graphfile.tree import BROKEN, Value, cropped

TRAIN_KEYS = ("minimize", "optimizer", "variables", "epochs", "batch_size", "seed", "metrics")
SPLIT_KEYS = ("path", "inputs")
_WANTED = {
    "minimize": "the name of an output or wire",
    "optimizer": "a mapping with 'block'",
    "variables": "a list of names",
    "epochs": "a whole number from 1",
    "batch_size": "a whole number from 1",
    "seed": "a whole number",
    "metrics": "a list of names",
}


def read_data(scope: Scope, section: Value) -> dict[str, Any]:
    """Splits of the data: a file and which array in it feeds which graph input."""
    report = scope.document.report
    result: dict[str, Any] = {}
    if not isinstance(section.data, dict):
        report(section.place, f"'data' must map splits to files, got {section.kind}")
        return {}
    inputs = scope.definition.inputs.data
    for name, split in section.data.items():
        who = f"data '{cropped(name)}'"
        if not isinstance(split.data, dict):
            report(split.place, f"{who} must be {{path: file.npz, inputs: {{input: array}}}}, got {split.kind}")
            continue
        known_keys(scope.document, split, SPLIT_KEYS, who)
        path, arrays = (split.data.get(key) for key in SPLIT_KEYS)
        for key, value, kind, wanted in (("path", path, str, "text"), ("inputs", arrays, dict, "a mapping")):
            if value is None:
                report(section.keys[name], f"{who}: '{key}' must be given, got nothing")
            elif not isinstance(value.data, kind) and value.data is not BROKEN:
                report(value.place, f"{who}: '{key}' must be {wanted}, got {value.kind}")
        result[name] = split.plain()
        if path is not None and isinstance(path.data, str):
            try:  # the real path, so that a graph can be saved in another folder
                result[name]["path"] = str(confined(scope.real.parent, scope.session.project, path.data))
            except ValueError as error:
                report(path.place, f"{who}: {error}")
        feeds = arrays if arrays is not None and isinstance(arrays.data, dict) else Value({}, split.place)
        for feed, array in feeds.data.items():
            if feed not in inputs:
                report(feeds.keys[feed], f"{who}: no graph input named '{cropped(feed)}'", nearest(feed[:60], inputs))
            if not isinstance(array.data, str) and array.data is not BROKEN:
                report(array.place, f"{who}: input '{feed}' must be the name of an array, got {array.kind}")
    return result


def read_train(scope: Scope, section: Value) -> dict[str, Any]:
    """How the graph is trained. What the values mean is for the trainer to say."""
    report = scope.document.report
    if not isinstance(section.data, dict):
        report(section.place, f"'train' must be a mapping, got {section.kind}")
        return {}
    known_keys(scope.document, section, TRAIN_KEYS, "'train'")
    for key, value in section.data.items():
        if key in _WANTED and value.data is not BROKEN and not _right(key, value.plain()):
            report(value.place, f"train '{key}' must be {_WANTED[key]}, got {value.kind}")
    names = {*scope.wires, *scope.definition.outputs.data}
    goal = section.data.get("minimize")
    if (
        goal is not None
        and isinstance(goal.data, str)
        and goal.data.partition(".")[0] not in names
        and goal.data not in names
    ):
        report(
            goal.place,
            f"train 'minimize': no node, input or output named '{cropped(goal.data)}'",
            nearest(goal.data[:60], names),
        )
    result: dict[str, Any] = section.plain()
    return result


def _right(key: str, value: Any) -> bool:
    if key in ("epochs", "batch_size", "seed"):
        return isinstance(value, int) and not isinstance(value, bool) and (key == "seed" or value >= 1)
    if key in ("variables", "metrics"):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return (
        isinstance(value, str) if key == "minimize" else isinstance(value, dict) and isinstance(value.get("block"), str)
    )
