"""A block that a section names, such as an optimizer, with numbers on its inputs and its attrs."""

from __future__ import annotations

from typing import Any

from dataflow.core.attrs import attr
from dataflow.core.block import Block
from dataflow.core.errors import cropped
from dataflow.core.registry import blocks
from dataflow.graphfile.graph_file import WRONG, known_keys, mapping, parts_of
from dataflow.graphfile.kind import Spot
from dataflow.graphfile.record import Record
from dataflow.graphfile.schema_parts import Schema, block_names, ref
from dataflow.graphfile.tree import BROKEN, Value
from dataflow.graphfile.value_kinds import Entries, Operands
from dataflow.graphfile.wires import NodeSpec


class BlockUse(Record):
    """A block with what stands on its inputs, and its attrs."""

    wanted = "be a mapping with 'block'"
    block: str = attr("name of the block")
    inputs: Operands = attr("input -> number or wire", default={})
    attrs: Entries = attr("attr -> value", default={})

    @classmethod
    def read(cls, spot: Spot, value: Value) -> Any:
        data = value.data
        if not isinstance(data, dict) or "block" not in data or not isinstance(data["block"].data, str):
            if not isinstance(data, dict) or "block" not in data or data["block"].data is not BROKEN:
                spot.refuse(
                    value, cls.wanted, f"write {{block: {data}}}" if isinstance(data, str) and data in blocks else ""
                )
            return value.plain()
        known_keys(spot.builder.document, value, cls.keys, spot.name, within=parts_of(data["block"].data))
        check_block(spot, cls.as_block(value))
        for name in cls.keys.keys() & data.keys() - BlockUse.keys.keys():
            if data[name].data is not BROKEN:
                cls.keys[name].kind.read(spot.inner(name, value.keys[name]), data[name])
        return value.plain()

    @classmethod
    def as_block(cls, value: Value) -> Value:
        """The value as the block is checked with: without what only the section understands."""
        return value

    @classmethod
    def may_be(cls, block: type[Block]) -> bool:
        """Whether a block is of the kind that the section means."""
        return True

    @classmethod
    def schema(cls) -> Schema:
        if cls is BlockUse:
            return ref("block_use")
        made = super().schema()
        names = [name for name in blocks.names() if cls.may_be(blocks[name])]
        return {**made, "properties": {**made["properties"], "block": block_names(names)}}


def check_block(spot: Spot, value: Value) -> None:
    """Report what is wrong with the block, with its attrs, and with numbers on its inputs."""
    builder, who, block = spot.builder, spot.name, value.data["block"]
    attrs = mapping(builder.document, value.data.get("attrs"), "'attrs' must map names to values", who)
    spec = NodeSpec(who, who, value.place, block, attrs=attrs, ok=attrs is not WRONG)
    if block.data in blocks:
        builder.block(spec, blocks[block.data])
    else:
        builder.no_block(spec, block)
    check_inputs(spot, value)


def check_inputs(spot: Spot, value: Value) -> None:
    """Report what is no wire and no number under the ``inputs`` of a mapping."""
    document, who = spot.builder.document, spot.name
    for name, given in mapping(
        document, value.data.get("inputs"), "'inputs' must map ports to wires or numbers", who
    ).data.items():
        if given.data is None or isinstance(given.data, dict | bool):
            document.report(given.place, f"{who}: input '{cropped(name)}' must be a wire or a number, got {given.kind}")
