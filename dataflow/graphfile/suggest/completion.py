"""Words for a place in the text of a graph file: keys, blocks, values, wires and params, as they are declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass

from dataflow.core.errors import cropped
from dataflow.core.registry import blocks
from dataflow.graphfile import sections
from dataflow.graphfile.editing.changes import Path, Tree
from dataflow.graphfile.editing.mentions import Named, mentions, section
from dataflow.graphfile.emit import flow
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.parse import parse
from dataflow.graphfile.schema_parts import Schema, default, of_attr, or_param
from dataflow.graphfile.subgraphs import is_path
from dataflow.graphfile.suggest.cursor import Cursor, cursor
from dataflow.graphfile.suggest.declared import alternatives, declared
from dataflow.graphfile.suggest.fits import graph_files
from dataflow.graphfile.suggest.stored import Told, arrays_at, arrays_in, data_files
from dataflow.graphfile.tree import BROKEN
from dataflow.graphfile.wires import FileScope

MOST = 300
_HERE = "_here_"  # stands for the word that is typed


@dataclass(frozen=True)
class Completion:
    """A word that may stand at a place: what it is, and what to put there from an offset of the text on."""

    label: str
    detail: str
    insert: str
    start: int


def completions(text: str, offset: int, tree: Tree, scope: FileScope | None = None) -> list[Completion]:
    """The words for the place of an offset, those that begin as what is typed there first.

    ``tree`` is what the file said last, for where the text is no YAML at the moment; ``scope`` tells the types of wires
    and the ports of graph files.
    """
    at = cursor(text, offset)
    if at.comment:
        return []
    words = Words(_tree(text, at, tree), scope, at)
    found = words.told(words.keys() if at.typing_key else (*words.values(), *words.params()))
    typed = at.word.lower()
    begin = [each for each in found if each.label.lower().startswith(typed)]
    within = [each for each in found if typed in each.label.lower() and each not in begin]
    return (begin + within)[:MOST]


def _tree(text: str, at: Cursor, last: Tree) -> Tree:
    """What a text says without the word that is typed, or without its line, or what it said last."""
    end = at.start + len(at.word)
    line = text.rfind("\n", 0, at.start) + 1
    after = text.find("\n", end)
    after = len(text) if after < 0 else after
    here = "null" if not at.typing_key and not at.quote else ""
    for attempt in (
        text,
        text[: at.start] + here + text[end:],
        text[: at.start] + here + at.closing + text[after:],
        text[:line] + text[after:],
    ):
        document = parse(attempt, "text")
        if document.root is not None and not document.problems and isinstance(document.root.data, dict):
            return document.root.plain()
    return last


Word = tuple[str, str, str]  # its label, what it is, and how it is written


class Words:
    """The words for a place of a file that says what a tree does."""

    def __init__(self, tree: Tree, scope: FileScope | None, at: Cursor):
        self.tree, self.scope, self.at = tree, scope, at
        self.file = self._file()
        self.declared = self._of_param() or declared(tree, at.path)

    def holds(self, kind: str) -> bool:
        """Whether an ``object`` or an ``array`` may stand here."""
        return any(kind in each.get("type", "") for each in self.declared)

    @property
    def named(self) -> bool:
        """Whether a mapping here may have keys of any name."""
        further = any(
            each.get("additionalProperties", True) for each in self.declared if "object" in each.get("type", "")
        )
        return further and not self._named((*self.at.path, _HERE), is_key=True)

    def told(self, words: Iterable[Word]) -> list[Completion]:
        """Words as completions, each label once."""
        found: dict[str, Completion] = {}
        for label, detail, insert in words:
            found.setdefault(label, Completion(label, " ".join(detail.split()), insert, self.at.start))
        return [*found.values()]

    def keys(self) -> Iterator[Word]:
        """The keys of the mapping that are not there yet, those that must be first."""
        there = value_at(self.tree, self.at.path)
        there = there if isinstance(there, dict) else {}
        if self.file and self.at.path[-1] in ("inputs", "attrs"):
            inputs = {name: flow(value.plain()) for name, value in self.file.inputs.data.items()}
            params = {name: param.doc for name, param in self.file.params.items()}
            for name, told in (inputs if self.at.path[-1] == "inputs" else params).items():
                if name not in there:
                    yield name, told, self._key(name)
        of_block = [each for each in self.declared if "properties" in each]
        needed = {name for each in of_block for name in each.get("required", ())}
        named = {name: part for each in of_block for name, part in each["properties"].items()}
        either = [part["required"] for each in of_block for part in each.get("not", {}).get("anyOf", ())]
        barred = {name for pair in either for name in pair if any(other in there for other in pair if other != name)}
        for name in sorted(named, key=lambda name: name not in needed):
            if (name not in there and name not in barred) or name == self.at.word:
                yield name, str(named[name].get("description", "")), self._key(name)
        for each in self._named((*self.at.path, _HERE), is_key=True):
            for name in self._names(each):
                if name not in there:
                    yield name, each.what, self._key(name)

    def values(self) -> Iterator[Word]:
        """The values that may stand here; of a list that names something, those that it does not have yet."""
        for named in self._named(self.at.path, is_key=False):
            if named.what in ("wire", "result"):
                yield from self._wires(named)
            else:
                yield from self._further((name, named.what) for name in self._names(named))
        for each in self.declared:
            yield from self._declared(each)
            yield from self._further(self._stored(each.get("format", "")))
        if self.at.path[:1] == ("nodes",) and self.at.path[2:] == ("block",) and self.scope is not None:
            for path, used in graph_files(self.scope, ()):
                yield path, used.doc, self._written(path)

    def _further(self, names: Told) -> Iterator[Word]:
        """Names as words, without those of the other items where the place is one of a list."""
        path = self.at.path
        items = value_at(self.tree, path[:-1]) if path and isinstance(path[-1], int) else None
        others = [item for i, item in enumerate(items) if i != path[-1]] if isinstance(items, list) else []
        yield from ((name, what, self._written(name)) for name, what in names if name not in others)

    def params(self) -> Iterator[Word]:
        """The params that may stand here in place of a value."""
        if any(each.get("name") == "param" for each in self.declared):
            for name, entry in section(self.tree, "params").items():
                shown = flow(entry.get("default") if isinstance(entry, dict) else entry)
                yield f"${name}", f"param, {cropped(shown)}", f"${name}"

    def _declared(self, each: Schema) -> Iterator[Word]:
        """The values that a schema lists."""
        told = str(each.get("description", ""))
        if each.get("default") not in (None, {}, []):  # which holds nothing that could be chosen
            shown = flow(each["default"])
            yield shown, f"default; {told}", shown
        values = each.get("enum", [each["const"]] if "const" in each else [])
        if each.get("type") == "boolean":
            values = [True, False]
        details = each.get("enumDescriptions") or [told] * len(values)
        for value, detail in zip(values, details, strict=True):
            yield value if isinstance(value, str) else flow(value), detail, self._written(value)

    def _stored(self, what: str) -> Told:
        """The names of what a schema says is not of the graph: splits, data files, and what these have."""
        if what == "split":
            own = self.at.path[1] if self.at.path[0] == "data" else None
            yield from ((name, "split") for name in section(self.tree, "data") if name != own)
        elif what == "file" and self.scope is not None:
            yield from data_files(self.scope.file)
        elif what in ("array", "column") and self.scope is not None:
            of = sections.declared(str(self.at.path[0])).names if self.at.path[0] in sections.names() else None
            yield from arrays_at(self.tree, self.at.path, self.scope.file, of or arrays_in, what == "column")

    def _named(self, path: Path, is_key: bool) -> list[Named]:
        """What a name at a path would name, by the declarations of sections."""
        if not path:
            return []
        tree = deepcopy(self.tree)
        _put(tree, path, {} if is_key else _HERE)
        try:
            return [each for each in mentions(tree) if each.path == path and each.is_key == is_key]
        except (KeyError, TypeError, IndexError, AttributeError):  # of a section that is not as declared
            return []

    def _names(self, each: Named) -> list[str]:
        of = {"output": ("outputs",), "input": ("inputs",), "result": ("outputs", "nodes", "inputs")}
        return [name for part in of.get(each.what, ("nodes",)) for name in section(self.tree, part)]

    def _wires(self, each: Named) -> Iterator[Word]:
        own = self.at.path[1] if self.at.path[0] == "nodes" else ""
        head, dot, _ = self.at.word.partition(".")
        if dot:
            for port, type_ in self._ports(head).items():
                yield f"{head}.{port}", type_, f"{head}.{port}"
            return
        for name in (*section(self.tree, "nodes"), *section(self.tree, "inputs")):
            if name != own:
                ports = self._ports(name)
                yield name, next(iter(ports.values()), ""), name
        if each.what == "result":
            yield from ((name, "output", name) for name in section(self.tree, "outputs"))

    def _ports(self, name: str) -> Mapping[str, str]:
        """The outputs of a node, and their types where these are known."""
        wires = self.scope.wires.get(name, BROKEN) if self.scope is not None else BROKEN
        if isinstance(wires, Mapping):
            return {port: str(ref.type) for port, ref in wires.items()}
        block = value_at(self.tree, ("nodes", name, "block"))
        known = isinstance(block, str) and block in blocks
        return dict.fromkeys(blocks[block].signature.outputs, "") if known else {}

    def _file(self) -> GraphFile | None:
        """The graph file that the node here uses as its block."""
        path = self.at.path
        block = value_at(self.tree, (*path[:2], "block")) if path[:1] == ("nodes",) and len(path) > 2 else None
        if not isinstance(block, str) or not is_path(block) or self.scope is None:
            return None
        return next((used for name, used in graph_files(self.scope, [block]) if name == block), None)

    def _of_param(self) -> list[Schema]:
        """What may stand on an attr of a node whose block is a graph file."""
        if not self.file or self.at.path[2] != "attrs" or len(self.at.path) < 4:
            return []
        param = self.file.params.get(str(self.at.path[3]))
        if param is None or param.attr is None:
            return []
        own = {} if param.required else default(param.default)
        return [*alternatives({**or_param(of_attr(param.attr), param.doc), **own})]

    def _key(self, name: str) -> str:
        return name if self.at.quote else f"{flow(name)}: "

    def _written(self, value: object) -> str:
        return str(value) if self.at.quote else flow(value)


def value_at(tree: Tree, path: Path) -> Tree:
    """What stands at a path; None for nothing."""
    for step in path:
        inside = isinstance(tree, list) and isinstance(step, int) and step < len(tree)
        tree = tree[step] if inside else tree.get(step) if isinstance(tree, dict) else None
    return tree


def _put(tree: Tree, path: Path, value: Tree) -> None:
    """Put a value at a path of a tree, with what is missing above it."""
    for step, following in zip(path, (*path[1:], None), strict=True):
        inner: Tree = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(tree, list) and isinstance(step, int):
            tree.extend([None] * (step + 1 - len(tree)))
            tree[step] = tree[step] if isinstance(tree[step], type(inner)) and following is not None else inner
            tree = tree[step]
        elif isinstance(tree, dict):
            if following is None or not isinstance(tree.get(str(step)), type(inner)):
                tree[str(step)] = inner
            tree = tree[str(step)]
