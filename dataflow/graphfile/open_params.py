"""Parameters that a node leaves open: what is wired to the inputs of its file says their values.

A parameter without a default that stands in the type of an input as its dtype or as one of its dims, as in
``{dtype: $dtype, shape: [N, $channels]}``, takes the dtype or the size that is wired there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dataflow.core.shapes import TensorType
from dataflow.graphfile.graph_file import GraphFile, short_type
from dataflow.graphfile.params import alone
from dataflow.graphfile.tree import BROKEN, Value


@dataclass(frozen=True, slots=True)
class Found:
    """What the type of an input says of a parameter."""

    port: str
    value: Any  # None where the size is not known, BROKEN where what is wired was reported
    wanted: str = ""  # how messages show the dims
    rank: int | None = None  # how many dims there are


def found_in_inputs(definition: GraphFile, wired: Mapping[str, TensorType]) -> dict[str, Found]:
    """What is known of each parameter without a default, by the first input that tells it; others are left out."""
    result: dict[str, Found] = {}
    for port, declared in definition.inputs.data.items():
        for name, found in _of_input(port, declared, wired.get(port)):
            param = definition.params.get(name)
            if param is not None and param.required and (name not in result or result[name].value is None):
                result[name] = found
    return result


def _of_input(port: str, declared: Value, type_: TensorType | None) -> Iterator[tuple[str, Found]]:
    try:
        entries = short_type(declared) if isinstance(declared.data, str) else declared.data
    except ValueError:
        return  # it is reported where the type is read
    if not isinstance(entries, dict):
        return
    if name := alone(entries.get("dtype")):
        yield name, Found(port, BROKEN if type_ is None else type_.dtype)
    dims = entries["shape"].data if "shape" in entries else None
    if not isinstance(dims, list):
        return
    wanted = f"[{', '.join(str(dim.data) for dim in dims)}]"
    fits = type_ is not None and type_.shape is not None and len(type_.shape) == len(dims)
    for i, dim in enumerate(dims):
        if name := alone(dim):
            size = type_.shape[i] if fits and type_ is not None and type_.shape is not None else None
            known = size if isinstance(size, int) else None
            yield name, Found(port, BROKEN if type_ is None else known, wanted, len(dims))
