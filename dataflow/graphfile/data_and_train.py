"""The `data` and `train` sections: kept as they are, after a look at their keys and kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dataflow.core import dtypes
from dataflow.core.errors import cropped
from dataflow.core.registry import blocks
from dataflow.files import Real
from dataflow.graphfile.file_sections import WRONG, known_keys, mapping
from dataflow.graphfile.paths import confined
from dataflow.graphfile.tree import BROKEN, Place, Value
from dataflow.graphfile.wires import FileScope, NodeSpec

if TYPE_CHECKING:
    from dataflow.graphfile.nodes import GraphBuilder

TRAIN_KEYS = (
    "minimize", "optimizer", "schedule", "clip", "variables", "epochs", "batch_size", "steps_per_epoch", "seed",
    "metrics", "validate", "early_stopping", "checkpoint",
)  # fmt: skip
SPLIT_KEYS = ("path", "rows", "inputs")
COLUMN_KEYS = ("path", "array", "dtype", "scale", "offset", "one_hot")
_WANTED = {
    "minimize": "the name of an output or wire",
    "optimizer": "a mapping with 'block'",
    "schedule": "a mapping with 'block'",
    "clip": "one of value, norm and global_norm with a number above 0",
    "variables": "a list of names",
    "epochs": "a whole number from 1",
    "batch_size": "a whole number from 1",
    "steps_per_epoch": "a whole number from 1",
    "seed": "a whole number from 0",
    "metrics": "a list of names",
    "validate": "the name of a split of 'data'",
    "early_stopping": "a mapping with 'metric' and 'patience', and 'mode' min or max",
    "checkpoint": "a mapping with 'keep' and 'every', whole numbers from 1",
}
_COLUMN_WANTED = {
    "array": (str, "the name of an array"),
    "dtype": (str, "a dtype"),
    "scale": (int | float, "a number"),
    "offset": (int | float, "a number"),
    "one_hot": (int, "a whole number"),
}


def read_data(scope: FileScope, section: Value) -> dict[str, Any]:
    """Splits of the data: files, and which array in them feeds which graph input. Paths become real ones."""
    result: dict[str, Any] = {}
    if not isinstance(section.data, dict):
        scope.document.report(section.place, f"'data' must map splits to files, got {section.kind}")
        return {}
    for name, split in section.data.items():
        who = f"data '{cropped(name)}'"
        if isinstance(split.data, dict):
            result[name] = _split(scope, who, split, section.keys[name])
        else:
            wanted = "{path: file.npz, inputs: {input: array}}"
            scope.document.report(split.place, f"{who} must be {wanted}, got {split.kind}")
    return result


def _split(scope: FileScope, who: str, split: Value, place: Place) -> dict[str, Any]:
    report, inputs = scope.document.report, scope.definition.inputs.data
    known_keys(scope.document, split, SPLIT_KEYS, who)
    path = _path(scope, who, split)
    result: dict[str, Any] = {"path": path} if path is not None else {}
    rows = split.data.get("rows")
    if rows is not None and rows.data is not BROKEN:
        result["rows"] = rows.plain()
        if not (isinstance(rows.data, list) and len(rows.data) == 2 and all(_whole(r, 0) for r in result["rows"])):
            report(rows.place, f"{who}: 'rows' must be the first row and the one after the last, got {rows.kind}")
    feeds = split.data.get("inputs")
    if feeds is None or not isinstance(feeds.data, dict):
        if feeds is None:
            report(place, f"{who}: 'inputs' must be given, got nothing")
        elif feeds.data is not BROKEN:
            report(feeds.place, f"{who}: 'inputs' must be a mapping, got {feeds.kind}")
        feeds = Value({}, split.place)
    result["inputs"] = {}
    for feed, column in feeds.data.items():
        if feed not in inputs:
            hint = scope.document.hints.nearest(feed, inputs)
            report(feeds.keys[feed], f"{who}: no graph input named '{cropped(feed)}'", hint)
        result["inputs"][feed] = _column(scope, f"{who}: input '{cropped(feed)}'", column)
    if "path" not in split.data and not (feeds.data and all(_has_path(c) for c in feeds.data.values())):
        report(place, f"{who}: 'path' must be given, got nothing")
    return result


def _column(scope: FileScope, who: str, column: Value) -> Any:
    """The array that feeds an input: its name, or a mapping with its file, array and what is done to it."""
    report = scope.document.report
    if isinstance(column.data, str):
        return column.data
    if not isinstance(column.data, dict):
        if column.data is not BROKEN:
            report(column.place, f"{who} must be the name of an array, got {column.kind}")
        return ""
    known_keys(scope.document, column, COLUMN_KEYS, who)
    for key, (kinds, wanted) in _COLUMN_WANTED.items():
        value = column.data.get(key)
        if value is not None and value.data is not BROKEN:
            wrong = not isinstance(value.data, kinds) or isinstance(value.data, bool)
            if wrong or (key == "dtype" and dtypes.canonical(value.data) is None):
                report(value.place, f"{who}: '{key}' must be {wanted}, got {value.kind}")
    path = _path(scope, who, column)
    result: dict[str, Any] = column.plain()
    return result | ({"path": path} if path is not None else {})


def _path(scope: FileScope, who: str, value: Value) -> str | None:
    """The real path of the file that a mapping names, so that a graph can be saved in another folder."""
    path = value.data.get("path")
    if path is None or path.data is BROKEN:
        return None
    if not isinstance(path.data, str):
        scope.document.report(path.place, f"{who}: 'path' must be text, got {path.kind}")
        return None
    try:
        return Real(confined(scope.real.parent, scope.context.project, path.data))
    except ValueError as error:
        scope.document.report(path.place, f"{who}: {error}")
        return None


def _has_path(column: Value) -> bool:
    return isinstance(column.data, dict) and "path" in column.data


def read_train(reader: GraphBuilder, section: Value) -> dict[str, Any]:
    """How the graph is trained. What the values mean is for the trainer to say."""
    report = reader.document.report
    if not isinstance(section.data, dict):
        report(section.place, f"'train' must be a mapping, got {section.kind}")
        return {}
    known_keys(reader.document, section, TRAIN_KEYS, "'train'")
    for key, value in section.data.items():
        if key in _WANTED and value.data is not BROKEN:
            if not _right(key, value.plain()):
                report(value.place, f"train '{key}' must be {_WANTED[key]}, got {value.kind}")
            elif key in ("optimizer", "schedule"):
                _check_block(reader, f"train '{key}'", value)
    names = {*reader.wires, *reader.definition.outputs.data}
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
            reader.document.hints.nearest(goal.data, names),
        )
    result: dict[str, Any] = section.plain()
    return result


def _check_block(reader: GraphBuilder, who: str, value: Value) -> None:
    """Reports what is wrong with the block that a mapping names, with its attrs, and with numbers on its inputs."""
    document, block = reader.document, value.data["block"]
    attrs = mapping(document, value.data.get("attrs"), "'attrs' must map names to values", who)
    inputs = mapping(document, value.data.get("inputs"), "'inputs' must map ports to wires or numbers", who)
    spec = NodeSpec(who, who, value.place, block, inputs, attrs, ok=attrs is not WRONG)
    if block.data in blocks:
        reader.block(spec, blocks[block.data])
    else:
        reader.no_block(spec, block)
    for name, given in inputs.data.items():
        if given.data is None or isinstance(given.data, dict | bool):
            wrong = f"{who}: input '{cropped(name)}' must be a wire or a number, got {given.kind}"
            reader.report(spec, given.place, wrong)


def _right(key: str, value: Any) -> bool:
    match key:
        case "epochs" | "batch_size" | "steps_per_epoch" | "seed":
            return _whole(value, 0 if key == "seed" else 1)
        case "variables" | "metrics":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "minimize" | "validate":
            return isinstance(value, str)
        case "clip":
            pairs = list(value.items()) if isinstance(value, dict) else []
            return len(pairs) == 1 and pairs[0][0] in ("value", "norm", "global_norm") and _number(pairs[0][1])
        case "early_stopping":
            keys = value.keys() if isinstance(value, dict) else {""}
            right = {"metric", "patience"} <= keys <= {"metric", "patience", "mode"}
            return right and _whole(value["patience"], 1) and value.get("mode", "min") in ("min", "max")
        case "checkpoint":
            return (
                isinstance(value, dict)
                and value.keys() <= {"keep", "every"}
                and all(_whole(v, 1) for v in value.values())
            )
    return (
        isinstance(value, dict) and isinstance(value.get("block"), str) and value.keys() <= {"block", "inputs", "attrs"}
    )


def _whole(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
