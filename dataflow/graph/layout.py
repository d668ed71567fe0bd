"""How a graph is to be written in a graph file: the file it came from, and what passes say of what they add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dataflow.graph.node import Link

Keys = tuple[str, ...]  # that lead to a value in a graph file, such as ("nodes", "y", "attrs", "num_bits")


@dataclass(frozen=True, slots=True)
class Source:
    """The file that a graph was read from, as it was then."""

    path: str  # as its caller gave it
    texts: Mapping[str, str] = field(repr=False)  # of it, first, and of the graph files it uses, by their real paths
    params: Mapping[str, object] = field(default_factory=dict)  # that its caller gave

    @property
    def real(self) -> str:
        """The real path of the file."""
        return next(iter(self.texts))


@dataclass(frozen=True, slots=True)
class Use:
    """A graph that a node of a file names as its block: the wires that are its inputs and outputs, by their names."""

    inputs: Mapping[str, Link]
    outputs: Mapping[str, Link]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a graph came from and how parts of it are spelled; it changes nothing that the graph computes.

    Passes give what they return a layout made from that of the graph they were given:

    >>> layout = Layout()
    >>> layout = layout.commented(["x_q", "w_q"], "quantizers of conv1")
    >>> layout = layout.spelled(("nodes", "x_q", "attrs", "num_bits"), "$num_bits")
    >>> layout = layout.spelled(("params", "num_bits"), {"type": "int", "default": 8, "doc": "of the quantizers"})
    """

    source: Source | None = None
    written: Mapping[Keys, object] = field(default_factory=dict)  # what a file has in the place of a plain value
    comments: Mapping[str, str] = field(default_factory=dict)  # by the node above which they stand
    uses: Mapping[str, Use] = field(default_factory=dict, repr=False)  # of graphs as blocks, by the node in the file

    def link(self, wire: str) -> Link | None:
        """What a wire of a graph used as a block, ``conv1`` or ``conv1.mean``, is in the graph that was read."""
        name, _, port = wire.partition(".")
        outputs = self.uses[name].outputs if name in self.uses else {}
        return outputs.get(port or next(iter(outputs), ""))

    def spelled(self, keys: Keys, text: object) -> Layout:
        """With what the file shall have in the place of a value, such as ``$num_bits``, or as a param that is added.

        It must come to the value that the graph has; where it does not, the file has the plain value.
        """
        return replace(self, written={**self.written, keys: text})

    def respelled(self, keys: Keys, value: object) -> Any:
        """A plain value under these keys with what stands in the place of its parts."""
        for written, text in self.written.items():
            if written[: len(keys)] == keys:
                value = _put(value, written[len(keys) :], text)
        return value

    def commented(self, nodes: Iterable[str], comment: str) -> Layout:
        """With a comment line above nodes that are added; those that stand one after another share it."""
        return replace(self, comments={**self.comments, **dict.fromkeys(nodes, comment)})


def _put(value: object, keys: Keys, text: object) -> object:
    """A value with a text in the place of the part of it under these keys; where there is no mapping, as it is."""
    if not keys:
        return text
    if not isinstance(value, dict | None):
        return value
    known = value or {}
    return {**known, keys[0]: _put(known.get(keys[0]), keys[1:], text)}
