"""A value that is kept between runs, and what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dataflow.core.attrs import key as attr_key
from dataflow.core.composite import Composite
from dataflow.core.dtypes import Array
from dataflow.core.errors import listing
from dataflow.graph.node import Node
from dataflow.graph.renaming import renamed


@dataclass
class KeptValue:
    """What a node made, and from what.

    version : a number that no other value has had.
    node : as it was then; None of a value that was fed.
    sources : the versions of what it read, by node.
    key : the seed, of a node that draws random numbers; the caller's token of a value that was fed.
    ports : its values by port, all of them once it has run.
    used : the number of the last run that needed it.
    """

    version: int
    node: Node | None
    sources: Mapping[str, int] = field(default_factory=dict)
    key: Hashable = None
    ports: dict[str, Array] = field(default_factory=dict)
    used: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(array.nbytes for array in self.ports.values())

    @property
    def whole(self) -> bool:
        """Whether the values of all ports are there."""
        return self.node is None or self.ports.keys() == self.node.types.keys()

    def renamed(self, name: Callable[[str], str]) -> KeptValue:
        """The same of a graph whose nodes have other names."""
        if self.node is None:
            return self
        sources = {name(source): version for source, version in self.sources.items()}
        return replace(self, node=renamed(self.node, name), sources=sources)

    def is_fed(self, port: str, array: Array, token: Hashable) -> bool:
        """Whether it was fed with this array; where the tokens are the same, elements are not compared."""
        old = self.ports.get(port)
        if self.node is not None or old is None or (old.dtype, old.shape) != (array.dtype, array.shape):
            return False
        if token is not None and token == self.key:
            return True
        return np.array_equal(old.reshape(-1).view(np.uint8), np.ascontiguousarray(array).reshape(-1).view(np.uint8))

    def differs(self, node: Node, sources: Mapping[str, int], key: Hashable, fed: Mapping[str, object]) -> str:
        """What has changed since it was made, in words; nothing where it is what the node would make again.

        ``fed`` are the nodes whose values are given.
        """
        old = self.node
        if old is None:
            return "its value was given before"
        if not is_repeatable(node):
            return "it may give another value each time"
        if type(old.block) is not type(node.block):
            return "its block changed"
        if old.block != node.block:
            names = old.block.signature.attrs
            changed = [n for n in names if attr_key(getattr(old.block, n)) != attr_key(getattr(node.block, n))]
            return f"attr {listing(changed, 'and')} changed"
        ports = [port for port in node.inputs if old.inputs.get(port) != node.inputs[port]]
        if ports:
            return f"input {listing(ports, 'and')} changed"
        if key != self.key:
            return "the seed changed"
        other = [name for name, version in sources.items() if self.sources.get(name) != version]
        if other:
            return f"{other[0]} is fed other values" if other[0] in fed else f"{other[0]} changed"
        return "" if self.whole else "its run did not end"


def is_repeatable(node: Node) -> bool:
    """Whether a node gives the same for the same inputs, and the same seed if it draws random numbers."""
    block = node.block
    if isinstance(block, Composite):
        return block.pure
    return block.pure or block.feedable or block.takes_key or bool(block.assigns)
