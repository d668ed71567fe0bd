"""What becomes of each node in a run, and why: it runs, or its value is known, shown, or not needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from dataflow.core.dtypes import Array
from dataflow.core.ports import flat
from dataflow.core.shapes import TensorType
from dataflow.engine.program import HIDDEN
from dataflow.engine.steps import Step, Storage
from dataflow.graph.composites import write_out
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link, Node
from dataflow.graph.rewrite import common_subexpressions

Fate = Literal["run", "fed", "constant", "same", "view", "unneeded", "kept"]


@dataclass(frozen=True, slots=True)
class Event:
    """What becomes of a node in a run.

    Parameters
    ----------
    node : its name; ``node/part`` for a part of a composite block.
    fate : ``run``; ``fed``, its value is given; ``constant``, it is known when planning; ``same``, an equal node has
        it; ``view``, it shows the memory of another; ``unneeded``, nothing needs it; ``kept``, it has run before
        (`dataflow.engine.kept.Kept`).
    because : why, in words.
    seconds : that it took; None where it has no step of its own, and before a run.
    estimated : whether the seconds are a share of those of steps that ran together, by the bytes that they move.
    values : by port the values that it made and that are kept: read-only, and good until the function that gets the
        event returns. Of steps that run together those that outlive them; a plan with ``fuse=False`` keeps all.
    """

    node: str
    fate: Fate
    because: str = ""
    seconds: float | None = None
    estimated: bool = False
    values: Mapping[str, Array] = field(default_factory=lambda: MappingProxyType({}), compare=False)


class Fates(dict[str, Event]):
    """An event for each node of a graph, and for each part of a composite, without seconds.

    parts : the composite, or the node that is run in two steps, that each part belongs to.
    """

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, str] = {}


def fates(
    graph: Graph,
    passed: Iterable[tuple[str, Any]],
    types: Mapping[str, TensorType],
    watched: Mapping[str, Link],
    next_values: Mapping[str, str],
) -> Fates:
    """What becomes of the nodes of a graph in a run with inputs of these types.

    Parameters
    ----------
    passed : what `dataflow.engine.lower.passes` makes of it; it is asked for as much as is needed.
    next_values : the variable whose next value an output is, by the output.
    """
    made: dict[str, Any] = {}
    for name, result in passed:
        made[name] = result
        if name == "lowering":
            break
    return _Fates(graph, made, types, watched, next_values).found()


class _Fates:
    def __init__(
        self,
        graph: Graph,
        made: Mapping[str, Any],
        types: Mapping[str, TensorType],
        watched: Mapping[str, Link],
        next_values: Mapping[str, str],
    ):
        self.graph, self.types, self.watched, self.next_values = graph, types, watched, next_values
        self.live: Graph = made["dead code elimination"]
        self.moved = write_out(self.live)[1]
        self.folded: Graph = made["constant folding"]
        self.final: Graph = made["unused outputs"]
        self.same = common_subexpressions(self.folded)[1]
        self.steps: dict[str, Step] = {step.node: step for step in made["lowering"]}
        self.reasons = self._reasons()

    def found(self) -> Fates:
        result = Fates()
        inner: dict[str, list[Event]] = {}
        for node in self.folded.nodes.values():
            if node.name not in self.graph.nodes:
                owner = result.parts[node.name] = self._owner(node.name)
                event = self._of(node)
                result[node.name] = event
                inner.setdefault(owner, []).append(event)
        for name in self.graph.nodes:
            if name not in self.live.nodes:
                result[name] = Event(name, "unneeded", self._dead(name))
            elif name in self.folded.nodes and name not in inner:
                result[name] = self._of(self.folded.nodes[name])
            else:
                own = self.folded.nodes.get(name)
                last = [] if own is None else [self._of(own)]
                result[name] = self._whole(name, [*inner.get(name, ()), *last])
        return result

    def _owner(self, part: str) -> str:
        """The node that a part is of: the longest beginning of its name that is a node."""
        name = part
        while name not in self.live.nodes:
            name = name.rpartition("/")[0]
        return name

    def _whole(self, name: str, parts: list[Event]) -> Event:
        """What becomes of a node by what becomes of its parts."""
        by_fate = {part.fate: part for part in reversed(parts)}
        if "run" in by_fate:
            return Event(name, "run", by_fate["run"].because)
        if not parts:  # the reverse pass has written its body out, or it has none
            link = self.moved[Link(name, next(iter(self.live.nodes[name].types)))]
            return Event(name, "same", f"same as {link.node}")
        last = parts[-1]
        return Event(name, last.fate, last.because)

    def _of(self, node: Node) -> Event:
        name, first = node.name, next(iter(node.types.values()), None)
        if name in self.types:
            return Event(name, "fed", "its value is given")
        if first is not None and all(type_.value is not None for type_ in node.types.values()):
            return Event(name, "constant", "all that it reads is known" if node.sources else "its value is known")
        if name in self.same:
            return Event(name, "same", f"same as {self.same[name]}")
        step = self.steps.get(name)
        if step is None:
            return Event(name, "unneeded", self._unread(node))
        if step.storage is Storage.VIEW:
            source = next((each.node for each in node.operands() if isinstance(each, Link)), None)
            if source is None:
                return Event(name, "constant", "its first value" if node.block.stateful else "its default")
            return Event(name, "view", f"view of {source}")
        return Event(name, "run", self.reasons[name])

    def _dead(self, name: str) -> str:
        unfed = [n for n, t in self.graph.inputs.items() if n not in self.types and name in self.graph.descendants([n])]
        ports = [f"{name}.{port}" for port in self.graph.nodes[name].types]
        if unfed and any(port in self.watched for port in ports):
            return f"input '{unfed[0]}' is not fed"
        return "no output needs it"

    def _unread(self, node: Node) -> str:
        needless = ""
        for reader in self.folded.nodes.values():
            for port, value in reader.inputs.items():
                sources = [each.node for each in flat([value]) if isinstance(each, Link)]
                if node.name not in sources:
                    continue
                if reader.block.signature.inputs[port].like:
                    return "only its shape is read"
                if reader.name in self.same:
                    needless = f"{reader.name} is the same as {self.same[reader.name]}"
                elif self._of(reader).fate == "unneeded":
                    needless = f"{reader.name} is not needed"
        return needless or "what reads it is known"

    def _reasons(self) -> dict[str, str]:
        """What needs the value of each node: the first output that does, a variable that changes by it, or a watch."""
        found: dict[str, str] = {}
        for name, link in self.final.outputs.items():
            if name.startswith(HIDDEN):
                reason = "it is watched"
            elif name in self.next_values:
                reason = f"variable '{self.next_values[name]}' changes by it"
            else:
                reason = f"output '{name}' needs it"
            todo = [link.node]
            while todo:
                node = self.final.nodes[todo.pop()]
                if node.name in found or node.name not in self.steps:
                    continue
                found[node.name] = reason
                for port, value in node.inputs.items():
                    if not node.block.signature.inputs[port].like:
                        todo += [each.node for each in flat([value]) if isinstance(each, Link)]
        return found
