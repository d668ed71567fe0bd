"""A block that a section names, such as an optimizer, with numbers on its inputs and its attrs."""

from __future__ import annotations

from typing import Any

from dataflow.core.attrs import attr
from dataflow.core.errors import cropped
from dataflow.core.registry import blocks
from dataflow.graphfile.graph_file import WRONG, mapping
from dataflow.graphfile.record import Record
from dataflow.graphfile.schema_parts import Schema, ref
from dataflow.graphfile.tree import BROKEN, Value
from dataflow.graphfile.value_kinds import Entries, Spot
from dataflow.graphfile.wires import NodeSpec


class BlockUse(Record):
    """A block with what stands on its inputs, and its attrs."""

    wanted = "be a mapping with 'block'"
    block: str = attr("name of the block")
    inputs: Entries = attr("input -> number or wire", default={})
    attrs: Entries = attr("attr -> value", default={})

    @classmethod
    def read(cls, spot: Spot, value: Value) -> Any:
        data = value.data
        if not isinstance(data, dict) or not data.keys() <= cls.keys.keys() or "block" not in data:
            spot.refuse(value, cls.wanted)
        elif isinstance(data["block"].data, str):
            _check(spot, value)
        elif data["block"].data is not BROKEN:
            spot.refuse(value, cls.wanted)
        return value.plain()

    @classmethod
    def schema(cls) -> Schema:
        return ref("block_use")


def _check(spot: Spot, value: Value) -> None:
    """Report what is wrong with the block, with its attrs, and with numbers on its inputs."""
    builder, who, block = spot.builder, spot.name, value.data["block"]
    attrs = mapping(builder.document, value.data.get("attrs"), "'attrs' must map names to values", who)
    inputs = mapping(builder.document, value.data.get("inputs"), "'inputs' must map ports to wires or numbers", who)
    spec = NodeSpec(who, who, value.place, block, inputs, attrs, ok=attrs is not WRONG)
    if block.data in blocks:
        builder.block(spec, blocks[block.data])
    else:
        builder.no_block(spec, block)
    for name, given in inputs.data.items():
        if given.data is None or isinstance(given.data, dict | bool):
            spot.report(given.place, f"{who}: input '{cropped(name)}' must be a wire or a number, got {given.kind}")
