"""What a graph file says of itself: its text, parameters, inputs and outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from dataflow.core.errors import GraphFileError
from dataflow.core.shapes import TensorType
from dataflow.graphfile.graph_file import short_type
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.open_params import found_in_inputs
from dataflow.graphfile.params import TYPES, Param
from dataflow.graphfile.tree import Stop, Value

_NAMES = {kind: name for name, kind in TYPES.items()}
WIRED = "what is wired"  # stands for the default of a parameter that follows from an input


@dataclass(frozen=True, slots=True)
class Description:
    """The parts of a file: of each parameter name, type, default and text; of each input name, type and text."""

    doc: str
    params: list[tuple[str, str, str, str]]
    inputs: list[tuple[str, str, str]]
    outputs: list[str]


def description(path: str | os.PathLike[str]) -> Description:
    """What a graph file says of itself.

    Raises GraphFileError where its sections cannot be read.
    """
    context = LoadContext(path)
    with suppress(Stop):
        _, file = context.top()
        if not context.problems():
            anything = dict.fromkeys(file.inputs.data, TensorType("float32", None))
            wired = found_in_inputs(file, anything)
            params = [(name, _kind(p), _default(p, name in wired), p.doc) for name, p in file.params.items()]
            inputs = [(name, *_type(value)) for name, value in file.inputs.data.items()]
            return Description(" ".join(file.doc.split()), params, inputs, list(file.outputs.data))
    raise GraphFileError(context.problems())


def _kind(param: Param) -> str:
    if param.attr is not None:
        return _NAMES[param.attr.kind]
    return "" if param.required else type(param.default).__name__


def _default(param: Param, wired: bool) -> str:
    if param.required:
        return WIRED if wired else "required"
    return str(param.default).lower() if isinstance(param.default, bool) else str(param.default)


def _type(value: Value) -> tuple[str, str]:
    """A type in the short form, and its text."""
    entries: Mapping[str, Value] = {}
    with suppress(ValueError):
        entries = short_type(value) if isinstance(value.data, str) else value.data
    plain = {key: entry.plain() for key, entry in entries.items()} if isinstance(entries, dict) else {}
    shape = plain.get("shape")
    dims = f"[{', '.join(map(str, shape))}]" if isinstance(shape, list) else ""
    return f"{plain.get('dtype', '')}{dims}", plain.get("doc", "")
