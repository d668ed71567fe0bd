"""What a run or a training is of, and what of that is another by now: its values are old there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dataflow.files.stamps import Stamp
from dataflow.graph.graph import Graph
from dataflow.graph.node import Node
from dataflow.graph.renaming import draws_by_name, renamed_graph
from dataflow.graphfile.editing.renaming import sections_renamed
from dataflow.studio.jobs.source import split_name
from dataflow.studio.names import Rename, after
from dataflow.studio.session import Session

if TYPE_CHECKING:
    from dataflow.studio.desk import Desk


@dataclass(frozen=True)
class Basis:
    """A document and its session at one moment, as far as values follow from them.

    It is compared by what it means, so that an edit which is taken back, or which changes a comment, changes nothing.
    What files hold it has by their stamps: ``rows``, of those that feed inputs, ``variables``, of the checkpoint that
    variables begin with, and ``frozen``, by node, of those with values of frozen nodes. ``named`` is by node what
    it was called then, where some were renamed since.
    """

    path: str
    graph: Graph
    problems: tuple[str, ...]
    session: Session
    rows: Mapping[Path, Stamp | None] = field(default_factory=dict)
    variables: Stamp | None = None
    frozen: Mapping[str, Stamp | None] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, desk: Desk) -> Basis:
        """That of a document as it is now."""
        problems = tuple(problem.message for problem in desk.context.problems())
        variables = desk.trained if desk.session.trained else None
        return cls(desk.path, desk.context.graph, problems, desk.session, desk.rows, variables, desk.frozen)

    def of_training(self) -> Basis:
        """The same, whatever runs are fed and begin with."""
        return replace(self, session=replace(self.session, split="", rows=None, trained=False), variables=None)

    def renamed(self, renames: Iterable[Rename]) -> Basis:
        """The same moment in the names that nodes have after renames."""
        basis = self
        for old, new in renames:
            follow = partial(after, renames=[(old, new)])
            graph = renamed_graph(basis.graph, follow)
            graph.sections = sections_renamed(basis.graph, old, new)
            basis = replace(
                basis,
                graph=graph,
                session=basis.session.renamed(old, new),
                frozen={follow(name): seen for name, seen in basis.frozen.items()},
                named={follow(name): basis.named.get(name, name) for name in basis.graph.nodes},
            )
        return basis

    def compared(self, now: Basis, *sections: str) -> tuple[bool, list[str]]:
        """Whether all is as it was, these sections of the file too; and the nodes that have other values than they had.

        These are also nodes that are no more, and uses of files where a node in them has other values.
        """
        before, graph = self.graph, now.graph
        others = {*self._others(now)}
        names = graph.descendants(others) | (before.nodes.keys() - graph.nodes.keys())
        uses = {name[:i] for name in names for i, letter in enumerate(name) if letter == "/"}
        same = (
            not names
            and (self.path, self.problems, before.outputs) == (now.path, now.problems, graph.outputs)
            and all(before.sections.get(name) == graph.sections.get(name) for name in sections)
        )
        return same, sorted(names | uses)

    def _others(self, now: Basis) -> Iterator[str]:
        """The nodes of the graph as it is now that are others than they were, not those that follow from such."""
        before, graph = self.graph, now.graph
        if before is not graph:
            known = before.nodes
            yield from (name for name, node in graph.nodes.items() if _is_other(node, known.get(name)))
            others = {name for name, was in self.named.items() if name != was and name in graph.nodes}
            yield from (name for name in others if self._goes_by_name(graph.nodes[name]))
        if self._fed != now._fed:
            yield from graph.inputs
        if (self.session.trained, self.variables) != (now.session.trained, now.variables):
            yield from (name for name, node in graph.nodes.items() if node.block.stateful)
        held = {name for name, seen in now.frozen.items() if name in self.frozen and self.frozen[name] != seen}
        for name in held | now.session.differing(self.session):
            yield from (each for each in graph.nodes if each == name or each.startswith(f"{name}/"))

    def _goes_by_name(self, node: Node) -> bool:
        """Whether another name gives a node another value: it is drawn or made up, or looked up among trained ones."""
        if node.block.stateful and self.session.trained:
            return True
        if node.name in self.graph.inputs:
            return not split_name(self.graph, self.session.split)
        return draws_by_name(node)

    @property
    def _fed(self) -> tuple[object, ...]:
        """What inputs are fed."""
        data = self.graph.sections.get("data")
        return data, self.rows, split_name(self.graph, self.session.split), self.session.rows


def _is_other(node: Node, before: Node | None) -> bool:
    """Whether the value of a node follows from others than before, beside the values that it reads."""
    same = before is not None and (before.block, before.inputs, before.range) == (node.block, node.inputs, node.range)
    return not same
