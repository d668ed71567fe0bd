"""Add ops of TensorFlow to ``catalogue.json``: ``python -m tests.golden.record_catalogue Op [Block=Op ...]``.

A row has the names that ``tf.raw_ops`` gives to ports and attrs, their types and defaults, and whether the reference
registers a gradient. Rows that are there already are replaced. Needs TensorFlow, as ``record.py`` does.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from .raw_op import defined, inferred

FILE = Path(__file__).parents[1] / "catalogue.json"


def row(block: str, op: str) -> dict[str, Any]:
    """The row of an op under the name of its block."""
    definition = defined(op)
    settings = [attr for attr in definition.attr if attr.name not in inferred(definition)]
    return {
        "block": block,
        "tf_op": op,
        "gradient": gradient(op),
        "inputs": {arg.name: typed(arg) for arg in definition.input_arg},
        "attrs": {attr.name: [attr.type, *default(attr)] for attr in settings},
        "outputs": {arg.name: typed(arg) for arg in definition.output_arg},
    }


def gradient(op: str) -> str:
    try:
        function = ops._gradient_registry.lookup(op)
    except LookupError:
        return "none"
    return "not_differentiable" if function is None else "yes"


def typed(arg: Any) -> str:
    """The dtype of a port: its own, or the name of a type variable; how many values it has behind a star."""
    if arg.type_list_attr:
        return f"list({arg.type_list_attr})"
    name: str = arg.type_attr or "DT_" + _enum(arg.type)
    count = f"*{arg.number_attr}" if arg.number_attr else ""
    return f"ref {name}{count}" if arg.is_ref else f"{name}{count}"


def default(attr: Any) -> list[Any]:
    """The default of an attr, in a list that is empty where there is none."""
    value = attr.default_value
    kind = value.WhichOneof("value")
    if kind is None:
        return []
    if kind == "list":
        parts = [list(values) for _, values in value.list.ListFields()]
        return [[_plain(part, attr.type.removeprefix("list(")) for part in (parts or [[]])[0]]]
    return [_plain(getattr(value, kind), attr.type)]


def _plain(value: Any, kind: str) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if kind.startswith("type"):
        return "DT_" + _enum(value)
    if kind.startswith("shape"):
        return "unknown" if value.unknown_rank else [dim.size for dim in value.dim]
    return value


def _enum(dtype: int) -> str:
    names = {"float16": "HALF", "float32": "FLOAT", "float64": "DOUBLE"}
    name: str = tf.as_dtype(dtype).name
    return names.get(name, name.upper())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="Op", help="an op, or Block=Op where the block has another name")
    pairs = [name.rpartition("=")[::2] for name in parser.parse_args().names]
    rows = {row["block"]: row for row in json.loads(FILE.read_text())}
    rows |= {block or op: row(block or op, op) for block, op in pairs}
    FILE.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows.values()) + "\n]\n")


if __name__ == "__main__":
    main()
