"""What a run or a training is of, and what of that is another by now: its values are old there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.studio.jobs.source import split_name
from dataflow.studio.session import Session

if TYPE_CHECKING:
    from dataflow.studio.desk import Desk


@dataclass(frozen=True)
class Basis:
    """A document and its session at one moment, as far as values follow from them.

    It is compared by what it means, so that an edit which is taken back, or which changes a comment, changes nothing.
    """

    path: str
    graph: Graph
    problems: tuple[str, ...]
    session: Session

    @classmethod
    def of(cls, desk: Desk) -> Basis:
        """That of a document as it is now."""
        problems = tuple(problem.message for problem in desk.context.problems())
        return cls(desk.path, desk.context.graph, problems, desk.session)

    def of_training(self) -> Basis:
        """The same, whatever runs are fed and begin with."""
        return replace(self, session=replace(self.session, split="", rows=None, trained=False))

    def same(self, now: Basis, *sections: str) -> bool:
        """Whether all is as it was: nodes, outputs, these sections of the file, what is wrong, and the session."""
        return (
            self.path == now.path
            and self.problems == now.problems
            and self.graph.outputs == now.graph.outputs
            and all(self.graph.sections.get(name) == now.graph.sections.get(name) for name in sections)
            and self.graph.nodes.keys() == now.graph.nodes.keys()
            and not any(self._others(now))
        )

    def old(self, now: Basis) -> list[str]:
        """The nodes that have other values than they had, or are no more; of uses of files those with such nodes."""
        names = now.graph.descendants(self._others(now)) | (self.graph.nodes.keys() - now.graph.nodes.keys())
        uses = {name[:i] for name in names for i, letter in enumerate(name) if letter == "/"}
        return sorted(names | uses)

    def _others(self, now: Basis) -> Iterator[str]:
        """The nodes of the graph as it is now that are others than they were, not those that follow from such."""
        before, after, then, session = self.graph, now.graph, self.session, now.session
        if before is not after:
            yield from (
                name for name, node in after.nodes.items() if _meaning(before.nodes.get(name)) != _meaning(node)
            )
        if self._fed != now._fed:
            yield from after.inputs
        if then.trained != session.trained:
            yield from (name for name, node in after.nodes.items() if node.block.stateful)
        for name in session.differing(then):
            yield from (each for each in after.nodes if each == name or each.startswith(f"{name}/"))

    @property
    def _fed(self) -> tuple[object, ...]:
        """What inputs are fed."""
        data = self.graph.sections.get("data")
        return data, split_name(self.graph, self.session.split), self.session.rows


def _meaning(node: Node | None) -> object:
    """What the value of a node follows from, beside the values that it reads."""
    return None if node is None else (node.block, dict(node.inputs), node.range)
