"""Text of nodes put into a file: names that are taken get a number, wires follow, what cannot be wired is told."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dataflow.core.errors import GraphFileError, cropped, listing
from dataflow.core.registry import blocks
from dataflow.graphfile.editing.changes import Change, Put, Refusal, Rekey, Tree, apply
from dataflow.graphfile.editing.copying import copied
from dataflow.graphfile.editing.editor import TextEditor
from dataflow.graphfile.editing.free_names import free_name
from dataflow.graphfile.editing.mentions import Named, mentions, param_uses, params_in, section
from dataflow.graphfile.editing.nodes import check_beside
from dataflow.graphfile.editing.wiring import Port, unwired
from dataflow.graphfile.parse import parse

PASTED = "the pasted text"
_HEAD = "dataflow: 1\nnodes:\n"


@dataclass(frozen=True)
class Pasted:
    """The names that pasted nodes got, by those in the text, and what else must be known of them."""

    names: Mapping[str, str]
    notes: Sequence[str]


class Paste:
    """Nodes of a text, made ready for the tree of a file: ``changes`` put them there, ``result`` says what was done.

    The text has nodes by name, or is a graph file, of which the nodes are taken. Raises GraphFileError where it is
    neither.
    """

    def __init__(self, tree: Tree, text: str):
        self.tree = tree
        self.source = TextEditor(PASTED, _as_file(text))
        nodes = section(self.source.tree, "nodes")
        for name, node in nodes.items():
            if not isinstance(node, dict) or "block" not in node:
                message = f"node '{cropped(name)}' must be a mapping with 'block', got another thing"
                raise self.source.refused(Refusal(("nodes", name), message, "copy whole nodes"))
        if not nodes:
            raise self.source.refused(Refusal((), "must have nodes, got none", "copy some, as in r: {block: Relu}"))
        self._drop_others(nodes)
        self.notes: list[str] = []
        self.names = self._renamed()
        self._leave_out()
        self._tell_params()

    @property
    def result(self) -> Pasted:
        """What was done."""
        return Pasted(self.names, self.notes)

    def changes(self, after: str = "") -> list[Change]:
        """The changes that put the nodes behind a node, or behind the last."""
        check_beside(self.tree, after)
        found, names = self.source.tree["nodes"], [*self.names.values()]
        lines = dict(zip(names, self._lines(), strict=True))
        if "nodes" not in self.tree:
            inner = [f"  {line}" if line else "" for name in names for line in lines[name]]
            return [Put(("nodes",), {name: found[name] for name in names}, spelled=("nodes:", *inner[not inner[0] :]))]
        result: list[Change] = []
        for name in names:
            result.append(Put(("nodes", name), found[name], after=after, spelled=tuple(lines[name])))
            after = name
        return result

    def _lines(self) -> list[list[str]]:
        document, spans = self.source.document, self.source.spans
        lines = copied(document.text, spans, self.source.tree, self.names.values())
        if lines[0][0].startswith("#"):  # else it would be a comment on the node before
            lines[0].insert(0, "")
        return lines

    def _drop_others(self, nodes: Tree) -> None:
        """Leave nothing but the nodes, so that no other section stands in the way of new names."""
        if self.source.tree.keys() != {"dataflow", "nodes"}:
            parts = copied(self.source.document.text, self.source.spans, self.source.tree, nodes)
            lines = [f"  {line}" if line else "" for part in parts for line in part]
            self.source = TextEditor(PASTED, _HEAD + "\n".join(lines) + "\n")

    def _renamed(self) -> dict[str, str]:
        names: dict[str, str] = {}
        tree = self.source.tree
        for name in (old := tree["nodes"]):
            try:
                names[name] = free_name(self.tree, "nodes", name, {*old, *names.values()} - {name})
            except Refusal as refusal:
                raise self.source.refused(Refusal(("nodes", name), refusal.message, refusal.hint)) from None
        new = {name: given for name, given in names.items() if given != name}
        wires = [Put(each.path, new[each.head] + each.port) for each in mentions(tree) if each.head in new]
        self.source.change([*wires, *(Rekey(("nodes", name), given) for name, given in new.items())])
        return names

    def _leave_out(self) -> None:
        """Take off the wires to what is in neither the text nor the file."""
        tree = self.source.tree
        known = {*section(self.tree, "nodes"), *section(self.tree, "inputs"), *self.names.values()}
        lost = [each for each in mentions(tree) if each.head not in known and "$" not in each.text]
        changes: list[Change] = []
        for each in reversed(lost):  # of a list the last first
            changes += (made := unwired(tree, _port(tree, each)))
            apply(made, tree)
        self.source.change(changes)
        for each in lost:
            message = f"no node or input '{cropped(each.head)}' here, so the wire is left out"
            self.notes.append(f"{each.path[1]}.{_port(tree, each).name}: {message}")

    def _tell_params(self) -> None:
        users: dict[str, list[str]] = {}
        for path, text in param_uses(self.source.tree):
            for param in params_in(text):
                if param not in section(self.tree, "params"):
                    users.setdefault(param, []).append(str(path[1]))
        for param, names in users.items():
            self.notes.append(f"{listing(dict.fromkeys(names), 'and')}: no param '{param}' here, so it must be added")


def _port(tree: Tree, each: Named) -> Port:
    name, port = str(each.path[1]), each.path[3]
    block, given = (tree["nodes"][name].get(key) for key in ("block", "inputs"))
    ports = blocks[block].signature.inputs if isinstance(block, str) and block in blocks else {}
    last = max(port + 1, len(given or ())) if isinstance(port, int) else 0
    known = [*ports, *map(str, range(len(ports), last))]
    item = each.path[4] if len(each.path) > 4 else None
    named = known[port] if isinstance(port, int) else port
    many = named in ports and ports[named].many
    return Port(name, named, known, many, item if isinstance(item, int) else None)


def _as_file(text: str) -> str:
    """The text of a graph file with the nodes of a text that has them by name."""
    text = textwrap.dedent(text.removeprefix("\ufeff").replace("\r\n", "\n").expandtabs(2)).strip("\n") + "\n"
    document = parse(text, PASTED)
    root = document.root
    if root is None or document.problems:
        raise GraphFileError(document.problems.values())
    if not isinstance(root.data, dict):
        raise GraphFileError(
            [
                document.problem(
                    root.place, f"must have nodes by name, got {root.kind}", "copy some, as in r: {block: Relu}"
                )
            ]
        )
    if "nodes" in root.data:
        return text
    if root.keys and text.lstrip().startswith("{"):
        return f"dataflow: 1\nnodes: {text}"
    return _HEAD + textwrap.indent(text, "  ")
