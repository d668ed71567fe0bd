"""How often blocks are used, and one behind another, in graph files: what is likely comes first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache

from dataflow.core.registry import blocks
from dataflow.graphfile import shipped
from dataflow.graphfile.editing.changes import Tree
from dataflow.graphfile.editing.mentions import mentions, section
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.tree import Stop

INPUT, OUTPUT = "input", "output"  # stand for the blocks of an input and an output of a graph
OWN = 3  # how much more a use in the file itself counts than one in a shipped graph


class Habits:
    """Counts of pairs of blocks of which the second reads the first, with its port, and of nodes by their blocks.

    Graph files count under their paths.
    """

    def __init__(self, pairs: Counter[tuple[str, str, str]] | None = None):
        self.pairs = Counter(pairs)
        self.nodes: Counter[str] = Counter()

    def add(self, tree: Tree, weight: int = 1) -> None:
        """Count what is in a file."""
        names = {name: named(node) for name, node in section(tree, "nodes").items()}
        self.nodes.update(names.values())
        for each in mentions(tree):
            read = names.get(each.head, INPUT)
            if each.path[0] == "nodes":
                reader = names[str(each.path[1])]
                self.pairs[read, reader, _port(reader, each.path[3])] += weight
            elif each.path[0] == "outputs":
                self.pairs[read, OUTPUT, ""] += weight

    def behind(self, block: str) -> Counter[str]:
        """How often each block reads this one; any one where it is empty."""
        return self._counted((reader, count) for (read, reader, _), count in self.pairs.items() if block in ("", read))

    def before(self, block: str, port: str = "") -> Counter[str]:
        """How often each block is read by a port of this one; by any port, or any block, where that is empty."""
        return self._counted(
            (read, count)
            for (read, reader, at), count in self.pairs.items()
            if block in ("", reader) and port in ("", at)
        )

    def _counted(self, found: Iterable[tuple[str, int]]) -> Counter[str]:
        result: Counter[str] = Counter()
        for name, count in found:
            result[name] += count
        return result


def _port(block: str, key: str | int) -> str:
    """A port by its name, also where the inputs of a node of a block are a list."""
    ports = [*blocks[block].signature.inputs] if block in blocks else []
    return ports[key] if isinstance(key, int) and key < len(ports) else str(key)


def named(node: Tree) -> str:
    """The block of a node under its own name, not an alias; that of a graph file as it is written."""
    block = node.get("block") if isinstance(node, Mapping) else None
    text = block if isinstance(block, str) else ""
    return blocks[text].__name__ if text in blocks else text


@cache
def of_shipped() -> Habits:
    """The habits of the shipped graphs."""
    found = Habits()
    for name in shipped.names():
        with suppress(Stop):
            root = LoadContext(shipped.SCHEME + name).top()[1].document.root
            if root is not None:
                found.add(root.plain())
    return found


def habits(tree: Tree) -> Habits:
    """The habits of the shipped graphs and of a file."""
    found = Habits(of_shipped().pairs)
    found.add(tree, OWN)
    return found
