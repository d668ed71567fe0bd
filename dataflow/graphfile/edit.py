"""`flow.edit`: graph files edited by what stands in them: values, nodes, wires, names, sub-graphs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path as FilePath
from types import MappingProxyType

from dataflow.core.errors import GraphFileError, cropped, listing
from dataflow.core.registry import blocks
from dataflow.graph.arguments import as_path
from dataflow.graphfile.editing import free_names, nodes, renaming, values, wiring
from dataflow.graphfile.editing.addresses import Ports, address, with_items
from dataflow.graphfile.editing.blame import blamed
from dataflow.graphfile.editing.changes import Change, Path, Refusal, Tree, told
from dataflow.graphfile.editing.copying import copied, joined
from dataflow.graphfile.editing.editor import TextEditor
from dataflow.graphfile.editing.extraction import Extraction
from dataflow.graphfile.editing.known_types import KnownNode
from dataflow.graphfile.editing.loaded import LoadedEditor
from dataflow.graphfile.editing.mentions import section
from dataflow.graphfile.editing.new_params import made_param
from dataflow.graphfile.editing.pasting import Paste, Pasted
from dataflow.graphfile.editing.unpacking import unpacked
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.paths import Location
from dataflow.graphfile.spans import lookup
from dataflow.graphfile.subgraphs import is_path
from dataflow.graphfile.tree import BROKEN, Stop


class Editor(LoadedEditor):
    """A graph file in hand: edits of its text that can be undone, and saved.

    Places are named as ``nodes.conv1.attrs.filters``, in short ``conv1.filters``: an attr, input or key of a node, or
    a section and its keys. Values are as the file has them: ``"a.min"`` on an input is a wire, ``"$bits"`` a param.
    Each method is one edit; it raises GraphFileError with the place and the reason where it cannot be made, and
    leaves the text as it was.

    >>> file = edit("dataflow:digits/mlp.yaml")
    >>> file.set("train.epochs", 5)
    >>> file.tree["train"].get("epochs")
    5
    >>> file.undo()
    True
    """

    # -- values -------------------------------------------------------------------------------------------------

    def set(self, place: str | Path, value: object) -> None:
        """Put a value at a place; what is not there is added, in the mapping above it."""
        path = self._path(place)
        self._edit(f"set {told(path)}", self._placing(path, value))

    def put(self, place: str | Path, value: object) -> None:
        """Put a value at a place as `set` does; a wire on an input is refused where `wire` would refuse it."""
        path = self._path(place)
        if path[0] == "nodes" and path[2:3] == ("inputs",) and len(path) > 3 and isinstance(value, str):
            self._rightly(f"set {told(path)}", [str(path[1])], self._placing(path, value))
        else:
            self.set(path, value)

    def append(self, place: str | Path, value: object) -> None:
        """Add an item to the list at a place."""
        path = self._path(place)
        self._edit(f"add to {told(path)}", lambda tree: values.appended(tree, path, value))

    def remove(self, place: str | Path) -> None:
        """Take away what stands at a place: with a node or an input the wires to it, with an output its metrics."""
        path = self._path(place)
        self._edit(f"remove {told(path)}", lambda tree: values.removed(tree, path))

    def input(self, name: str, type: object) -> None:
        """Add an input of the graph with a type, such as ``float32[N, 64]``."""
        self.set(("inputs", name), type)

    def output(self, name: str, wire: str) -> None:
        """Make a wire an output of the graph under a name."""
        self.set(("outputs", name), wire)

    def param(self, name: str, place: str | Path) -> None:
        """Make the value at a place a param: its default is that value, and it stands in its place."""
        path = self._path(place)
        self._edit(f"make {told(path)} a param", lambda tree: made_param(tree, path, name))

    def rename(self, place: str | Path, name: str) -> None:
        """Give a node, input, output or param, or another key, a new name, wherever the file names it."""
        path = self._path(place)
        self._edit(f"rename {told(path)} to {name}", lambda tree: renaming.rekeyed(tree, path, name))

    # -- nodes --------------------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        block: str,
        inputs: Mapping[str, object] | Sequence[object] = (),
        attrs: Mapping[str, object] | None = None,
        doc: str = "",
        *,
        before: str = "",
        after: str = "",
        comment: str = "",
    ) -> None:
        """Add a node at the end, or beside another, below a line with a comment.

        ``inputs`` are wires by the names of the ports, or in their order; for a file they are written by name.
        """
        given = dict(inputs) if isinstance(inputs, Mapping) else list(inputs)
        used = self._ports_of_file(block)
        if isinstance(given, list) and used is not None and len(given) <= len(used[0]):  # else a problem of the file
            given = dict(zip(used[0], given, strict=False))
        parts = {"block": block, "inputs": given, "attrs": dict(attrs or {}), "doc": doc}
        entry = {key: value for key, value in parts.items() if value}
        self._edit(f"add {name}", lambda tree: nodes.added(tree, name, entry, before, after, comment))

    def free_name(self, wanted: str, of: str = "nodes") -> str:
        """A name for a new node, or for what else is new in a section: the wanted one, or relu_2, relu_3 and so on."""
        try:
            return free_names.free_name(self._tree, of, wanted)
        except Refusal as refusal:
            raise self.refused(refusal) from None

    def delete(self, name: str | Sequence[str], reconnect: bool = False) -> None:
        """Delete nodes or inputs, and the wires to them; or give their readers what stood on their first inputs."""
        names = [name] if isinstance(name, str) else list(name)
        self._edit(f"delete {listing(names, 'and')}", lambda tree: nodes.deleted(tree, names, reconnect))

    def copy(self, names: Sequence[str]) -> str:
        """The text of nodes, with their comments, for `paste`."""
        try:
            return joined(copied(self.document.text, self.spans, self.tree, names))
        except Refusal as refusal:
            raise self.refused(refusal) from None

    def paste(self, text: str, after: str = "") -> Pasted:
        """Add the nodes of a text, behind a node or the last: what `copy` gave, or another graph file.

        Names that are taken get a number, also on the wires between the nodes; wires to what is not in this file are
        left out. What was done, and which params must be added, is in the result.
        """
        made = Paste(self.tree, text)
        names = listing(made.names.values(), "and")
        self._edit(f"paste {names}", lambda tree: made.changes(after))
        return made.result

    # -- wires --------------------------------------------------------------------------------------------------

    def wire(self, source: str, target: str | Path, replace: bool = False) -> None:
        """Wire a value, ``conv1`` or ``norm.mean``, to an input such as ``relu.features``.

        An input that takes a list gets one wire more; ``join.values.1`` is the place of its second one. Refused where
        another wire stands there, unless it is to be replaced, and where the graph is wrong then: with a cycle, or with
        dtypes or shapes that do not fit. What the node still lacks does not matter.
        """
        port = self.port(target)
        title = f"wire {source} to {port.node}.{port.name}"
        self._rightly(title, [port.node], lambda tree: wiring.wired(tree, port, source, replace))

    def unwire(self, target: str | Path) -> None:
        """Take off what stands on an input, or the wire at a place of its list."""
        port = self.port(target)
        self._edit(f"unwire {port.node}.{port.name}", lambda tree: wiring.unwired(tree, port))

    def splice(self, name: str, target: str | Path) -> None:
        """Put a node into the wire to an input, or to an output of the graph such as ``outputs.y``.

        The wire goes to the first input of the node at which it fits.
        """
        try:
            if isinstance(target, str) and target.startswith("outputs."):
                wire, readers = wiring.wire_to_output(self.tree, target.removeprefix("outputs.")), []
            else:
                port = self.port(target)
                wire, readers = wiring.wire_on(self.tree, port), [port.node]
        except Refusal as refusal:
            raise self.refused(refusal) from None
        where = target if isinstance(target, str) else told(target)
        title, refused = f"put {name} into the wire to {where}", None
        for free in self._free_ports(name):
            try:
                self._rightly(title, [name, *readers], partial(wiring.spliced, node=free, wire=wire))
                return
            except GraphFileError as error:
                refused = refused or error
        message = f"node '{cropped(name)}' must have an input that nothing is wired to, got none"
        raise refused or self.refused(Refusal(("nodes", name), message))

    def pull_out(self, name: str) -> None:
        """Take all wires off a node; its readers get what stood on its first input."""
        self._edit(f"pull {name} out", lambda tree: wiring.pulled_out(tree, name))

    # -- graphs of their own ------------------------------------------------------------------------------------

    def extract(self, names: Sequence[str], name: str, path: str | os.PathLike[str]) -> None:
        """Make some of the nodes a graph file of their own, and put a node that uses it in their place.

        `save` writes that file too; its path is relative to the folder of this one.
        """
        context = self._load(self._text)
        home, _ = context.top()
        real = FilePath(os.path.normpath(home.real.parent / path))

        def changes(tree: Tree) -> list[Change]:
            try:
                home.find(os.path.relpath(real, home.real.parent))
            except ValueError as error:
                raise Refusal((), str(error)) from None
            if context.exists(Location.of(real)):
                raise Refusal((), f"'{cropped(os.fspath(path))}' is there already", "give the new file another name")
            made = Extraction(tree, self.document.text, names, name, real, context)
            inner = TextEditor(os.fspath(real), made.text)
            inner.change(made.inner)
            files[real] = inner.text
            return made.outer

        files: dict[FilePath, str] = {}
        with self.together(f"extract {name}"):
            self._edit("", changes, files)
            self._stay_right(context)

    def unpack(self, name: str) -> None:
        """Write out the graph file that a node uses: its nodes take the place of the node, under its name."""
        span = lookup(self.spans, ("nodes",))
        comment = span is not None and not span.flow
        context = self._load(self._text)
        try:
            with self.together(f"unpack {name}"):
                self._edit("", lambda tree: unpacked(tree, name, context, comment))
                self._stay_right(context)
        except Stop:
            raise GraphFileError(self.problems()) from None

    # -- edits that are checked ---------------------------------------------------------------------------------

    def _stay_right(self, before: LoadContext) -> None:
        """Refuse an edit after which the graph is wrong, and tell what would be."""
        if found := self.problems(before.problems()):
            raise GraphFileError(found)

    def _rightly(self, title: str, targets: Sequence[str], made: Callable[[Tree], list[Change]]) -> None:
        """Make an edit of the wires to some nodes; refuse it where they are wrong then."""
        before = self.context()
        first = self._context_of(self._outset) if self._outset is not None else before
        with self.together(title):
            self._edit("", made)
            if found := blamed(first, before, self.context(), self.spans, targets):
                raise GraphFileError(found)
            for name in targets:
                self._check_types(before, name)

    def _check_types(self, before: LoadContext, name: str) -> None:
        """Refuse a dtype or shape that does not fit at a node that lacks something, which no load looks at."""
        after = self.context()
        if after.wires.get(name, BROKEN) is not BROKEN or "" not in after.scopes or "" not in before.scopes:
            return
        was, now = (KnownNode.of(context.scopes[""], name) for context in (before, after))
        wrong = now.misfit() if now is not None else ""
        if wrong and (was is None or was.misfit() != wrong):
            message, _, hint = wrong.partition("; ")
            raise GraphFileError([self.problem(("nodes", name), message, hint)])

    def _edit(
        self, title: str, made: Callable[[Tree], list[Change]], files: Mapping[FilePath, str] = MappingProxyType({})
    ) -> None:
        try:
            changes = made(self._tree)
        except Refusal as refusal:
            raise self.refused(refusal) from None
        self.change(changes, files, title)

    # -- places -------------------------------------------------------------------------------------------------

    def _path(self, place: str | Path) -> Path:
        if not isinstance(place, str):
            return tuple(place)
        tree = self._tree
        name = place.removeprefix("nodes.").partition(".")[0]
        try:
            return address(tree, place, self._ports(tree, name))
        except Refusal as refusal:
            raise self.refused(refusal) from None

    def _placing(self, path: Path, value: object) -> Callable[[Tree], list[Change]]:
        """What puts a value at a place; an input stands among the others in the order of the block."""
        if path[:1] != ("nodes",) or path[2:3] != ("inputs",) or len(path) != 4:
            return lambda tree: values.placed(tree, path, value)
        port = self.port((path[1], path[3]))
        return lambda tree: wiring.in_order(tree, values.placed(tree, path, value), port)

    def port(self, target: str | Path) -> wiring.Port:
        """The input that a text or a node with a port names."""
        text = target if isinstance(target, str) else told(target)
        name, port, item = (*with_items(text).removeprefix("nodes.").split("."), "", "")[:3]
        tree = self._tree
        block = section(tree, "nodes").get(name, {})
        named = block.get("block") if isinstance(block, dict) else None
        at = int(item) if item.isdecimal() else None
        if isinstance(named, str) and named in blocks:
            ports = blocks[named].signature.inputs
            return wiring.Port(name, port, [*ports], port in ports and ports[port].many, at)
        of_file = self._ports(tree, name).get(name)
        return wiring.Port(name, port, of_file[0] if of_file else (), item=at)

    def _free_ports(self, name: str) -> list[wiring.Port]:
        """The inputs of a node that nothing stands on."""
        tree = self._tree
        ports = [self.port((name, port)) for port in self.port((name, "")).inputs]
        try:
            return [port for port in ports if wiring.written(tree, port) is None]
        except Refusal as refusal:
            raise self.refused(refusal) from None

    def _ports(self, tree: Tree, name: str) -> dict[str, Ports]:
        """The ports of a node whose block is a file."""
        node = section(tree, "nodes").get(name)
        ports = self._ports_of_file(node.get("block") if isinstance(node, dict) else None)
        return {} if ports is None else {name: ports}

    def _ports_of_file(self, block: object) -> Ports | None:
        """The inputs and params of a file that is a block; None for other blocks."""
        if not isinstance(block, str) or not is_path(block):
            return None
        try:
            definition = self.context().definition(Location.of(self.path).graph(block))
        except ValueError:
            return None
        return list(definition.inputs.data), list(definition.params)


def edit(path: str | os.PathLike[str], text: str | None = None) -> Editor:
    """A graph file to edit, or a ``text`` that is to be its own.

    Raises GraphFileError where it is not YAML that a graph file may have; other mistakes in it do not matter.
    """
    return Editor(as_path(path, "flow.edit(path)"), text)
