"""What a file says before its nodes are read: its sections, checked for unknown keys and wrong kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dataflow.core.errors import cropped
from dataflow.core.registry import blocks
from dataflow.graphfile.params import Param, declare
from dataflow.graphfile.scalars import scalar
from dataflow.graphfile.sections import names
from dataflow.graphfile.tree import START, Document, Place, Value

VERSION = 1
KEYS = ("dataflow", "name", "doc", "params", "inputs", "nodes", "outputs")  # beside the sections that are registered
_SHORT = re.compile(r"\s*(\w+)\s*(?:\[(.*)\]\s*)?", re.DOTALL)
NOTHING = Value({}, START)  # stands for a mapping that is absent
WRONG = Value({}, START)  # stands for something else in place of a mapping, which was reported


@dataclass(eq=False)
class GraphFile:
    """The sections of a file."""

    document: Document
    name: str = ""
    doc: str = ""
    params: dict[str, Param] = field(default_factory=dict)
    inputs: Value = NOTHING
    nodes: Value = NOTHING
    outputs: Value = NOTHING
    sections: dict[str, Value] = field(default_factory=dict)  # those that are registered
    places: dict[str, Place] = field(default_factory=dict)  # of their keys
    place: Place = START  # where to report what concerns the whole file

    @property
    def broken(self) -> bool:
        """Whether the file cannot be read as a graph at all."""
        return self.document.root is None


def define(document: Document) -> GraphFile:
    """The sections of a document; what is wrong with them goes to its problems."""
    definition = GraphFile(document)
    root = document.root
    if root is None:
        return definition
    if not isinstance(root.data, dict):
        document.report(root.place, f"a graph file must be a mapping that begins with 'dataflow: 1', got {root.kind}")
        document.root = None
        return definition
    known_keys(document, root, (*KEYS, *names()), "a graph file", ignored="x-")
    _check_version(document, root)
    sections = root.data
    definition.name = text(document, sections.get("name"), "'name'")
    definition.doc = text(document, sections.get("doc"), "'doc'")
    definition.inputs = mapping(document, sections.get("inputs"), "'inputs' must map names to types")
    definition.nodes = mapping(document, sections.get("nodes"), "'nodes' must map names to blocks")
    definition.outputs = mapping(document, sections.get("outputs"), "'outputs' must map names to wires")
    params = mapping(document, sections.get("params"), "'params' must map names to values")
    definition.params = declare(document, params)
    definition.place = root.keys.get("params", root.place)
    definition.sections = {name: sections[name] for name in names() if name in sections}
    definition.places = root.keys
    return definition


def _check_version(document: Document, root: Value) -> None:
    version = root.data.get("dataflow")
    if version is None:
        document.report(root.place, "a graph file must begin with 'dataflow: 1', got no such line")
    elif isinstance(version.data, bool) or version.data != VERSION:
        document.report(version.place, f"'dataflow' must be {VERSION}, the version of the format, got {version.kind}")
    elif next(iter(root.data)) != "dataflow":
        document.report(root.keys["dataflow"], "'dataflow: 1' must be the first key of the file")


def known_keys(
    document: Document,
    value: Value,
    known: Iterable[str],
    who: str,
    ignored: str = "",
    within: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Report each unknown key; whether there was none. ``within`` has the key under which one belongs."""
    known, right = tuple(known), True
    for key in value.data:
        if key not in known and not (ignored and key.startswith(ignored)):
            hint = document.hints.nearest(key, known) or f"it has {', '.join(known)}"
            if key in within:
                hint = f"write it in '{within[key]}'"
            document.report(value.keys[key], f"{who} has no key '{cropped(key)}'", hint)
            right = False
    return right


def parts_of(block: object) -> dict[str, str]:
    """The part of a node, inputs or attrs, in which each name of a block belongs."""
    if not isinstance(block, str) or block not in blocks:
        return {}
    signature = blocks[block].signature
    return dict.fromkeys(signature.attrs, "attrs") | dict.fromkeys(signature.inputs, "inputs")


def mapping(document: Document, value: Value | None, wanted: str, who: str = "") -> Value:
    """A section that must be a mapping; one that is absent or empty comes as an empty one, a wrong one as WRONG."""
    if value is not None and isinstance(value.data, dict):
        return value
    if value is not None and value.data is not None:
        document.report(value.place, f"{who}: {wanted}, got {value.kind}" if who else f"{wanted}, got {value.kind}")
        return WRONG
    return NOTHING


def text(document: Document, value: Value | None, who: str) -> str:
    """A value that must be text; one that is absent or was reported comes as an empty one."""
    if value is None:
        return ""
    if isinstance(value.data, str):
        return value.data
    hint = "write it in quotes" if isinstance(value.data, int | float) else ""
    document.report(value.place, f"{who} must be text, got {value.kind}", hint)
    return ""


def short_type(value: Value) -> dict[str, Value]:
    """The dtype and shape of ``float32[N, 64]``; without brackets, or with ``[...]``, any shape may come."""
    place = value.place
    found = _SHORT.fullmatch(value.data)
    if found is None:
        raise ValueError(f"must be a type such as float32[N, 64], got {value.kind}")
    dtype, inside = found.groups()
    if inside is None or inside.strip() == "...":
        return {"dtype": Value(dtype, place)}
    if bare := re.search(r"\$(\w+)", value.data):
        raise ValueError(
            f"must have parameters as ${{{bare[1]}}} within a text, got {value.kind}; write ${{{bare[1]}}}"
        )
    dims = [Value(scalar(d.strip()), place) for d in inside.split(",")] if inside.strip() else []
    return {"dtype": Value(dtype, place), "shape": Value(dims, place)}
