"""Where a file names its nodes, inputs, outputs and params: on ports, under outputs, and in sections as declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dataflow.graphfile.editing.changes import Path, Tree, at
from dataflow.graphfile.params import PART, WHOLE
from dataflow.graphfile.sections import declaration, names


@dataclass(frozen=True)
class Named:
    """A place in a file that names something of its graph; ``what`` is that of `kind.Mention`."""

    path: Path
    text: str
    what: str
    is_key: bool = False

    @property
    def head(self) -> str:
        """The node or input of a wire."""
        return self.text.partition(".")[0]

    @property
    def port(self) -> str:
        """The port of a wire with the dot before it."""
        return self.text[len(self.head) :]


def mentions(tree: Tree) -> list[Named]:
    """Every place that names a node, input, output or variable."""
    return [*_wires(tree), *_in_sections(tree)]


def _wires(tree: Tree) -> Iterator[Named]:
    for name, node in section(tree, "nodes").items():
        given = node.get("inputs") if isinstance(node, dict) else None
        ports = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else ()
        for port, value in ports:
            for steps, item in _items(value):
                yield Named(("nodes", name, "inputs", port, *steps), item, "wire")
    for name, value in section(tree, "outputs").items():
        if isinstance(value, str):
            yield Named(("outputs", name), value, "wire")


def _items(value: Tree) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield (), value
    for i, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, str):
            yield (i,), item


def _in_sections(tree: Tree) -> Iterator[Named]:
    for name in names():
        if tree.get(name) is None:
            continue
        for each in declaration(name).mentions(tree[name]):
            found = tree[name]
            for step in each.path[: -1 if each.is_key else None]:
                found = found[step]
            text = each.path[-1] if each.is_key else found
            if isinstance(text, str):
                yield Named((name, *each.path), text, each.what, each.is_key)


def section(tree: Tree, name: str) -> dict[str, Tree]:
    """A section as a mapping; one that is absent, empty or wrong as an empty one."""
    found = tree.get(name)
    return found if isinstance(found, dict) else {}


def param_uses(tree: Tree) -> Iterator[tuple[Path, str]]:
    """Every text in which params are put in."""
    for name, entry in section(tree, "inputs").items():
        yield from _texts(entry, ("inputs", name), but="doc")
    for name, node in section(tree, "nodes").items():
        yield from _texts(node, ("nodes", name), but="doc")
    for key in ("outputs", *names()):
        yield from _texts(tree.get(key), (key,))


def _texts(value: Tree, path: Path, but: str = "") -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        if "$" in value:
            yield path, value
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _texts(item, (*path, i))
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != but:
                yield from _texts(item, (*path, key))


def params_in(text: str) -> list[str]:
    """The params that a text has, in their order."""
    if whole := WHOLE.fullmatch(text):
        return [name for name in (whole[1] or whole[2],) if name]
    return [part[1] for part in PART.finditer(text) if part[0] != "$$" and not part[1].startswith("env:")]


def with_param(text: str, name: str, new: str) -> str:
    """A text in which a param has another name."""
    if whole := WHOLE.fullmatch(text):
        return text.replace(name, new) if name in (whole[1], whole[2]) else text
    return PART.sub(lambda part: "${" + new + part[2] if part[1] == name and part[2] else part[0], text)


def default_path(tree: Tree, param: str) -> Path | None:
    """Where the default of a param stands; None where it has none."""
    entry = section(tree, "params").get(param)
    if not isinstance(entry, dict):
        return ("params", param) if param in section(tree, "params") else None
    return ("params", param, "default") if "default" in entry else None


def with_defaults(tree: Tree, text: str) -> str:
    """A text with the defaults of its params put in, where these are text or numbers."""

    def default(name: str, written: str) -> str:
        path = default_path(tree, name)
        value = at(tree, path) if path is not None else None
        return str(value) if isinstance(value, str | int | float) else written

    if whole := WHOLE.fullmatch(text):
        return default(whole[1] or whole[2] or "", text)
    return PART.sub(lambda part: default(part[1] or "", part[0]), text)
