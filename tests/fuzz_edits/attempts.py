"""Random edits: what is done to a file, and what a reader who knows only YAML and graphs expects of it."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dataflow.core.registry import blocks
from dataflow.graphfile.edit import Editor

Tree = Any
Path = tuple[str | int, ...]
WORDS = ("plain", 'it\'s "quoted"', "a: b # c", "two\nlines\n", "$$", "é ☃", "x" * 120, "- dash", "? mark", "true", "")
NUMBERS = (0, -1, 7, 0.5, 1e-9, True, [1, 2], [[1.0, 2.0], [3.0, 4.0]], list(range(60)), None)


@dataclass
class Attempt:
    """An edit, and what must come of it."""

    kind: str
    make: Callable[[Editor], None]
    tree: Tree = None  # the plain values afterwards; None where the graph tells
    renamed: tuple[str, str, str] | None = None  # the section, the old name and the new one
    same: bool = False  # the graph stays what it is, but for names
    passed: str = ""  # the node that is passed over
    most: int = 0  # lines that may change; 0: not counted
    replaces: bool = False  # a list or mapping, with the comments in it
    of_template: bool = False  # an edit of an x- section


def attempt(rng: random.Random, editor: Editor, count: int) -> Attempt | None:
    """A random edit; None where the file has nothing for the kind that was drawn."""
    tree = editor.tree
    kinds = [*_KINDS]
    return rng.choices(kinds, [_KINDS[kind] for kind in kinds])[0](rng, tree, f"n{count}")


def _dict(tree: Tree, *path: str | int) -> dict[str, Tree]:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def _with(tree: Tree, path: Path, value: Tree) -> Tree:
    """A tree with a value at a path, where everything above it is there."""
    made = copy.deepcopy(tree)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return made


def places_in(tree: Tree, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places_in(value, (*path, key))


def _put(kind: str, tree: Tree, path: Path, value: Tree, most: int) -> Attempt:
    whole = isinstance(at(tree, path), list | dict)
    most = 0 if whole else most
    made, template = _with(tree, path, value), str(path[0]).startswith("x-")
    return Attempt(kind, lambda e: e.set(path, value), made, most=most, replaces=whole, of_template=template)


def _like(rng: random.Random, value: Tree) -> Tree:
    """A value of the same kind, in one line."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((-1, 1))
    if isinstance(value, float):
        return rng.choice((0.125, -2.5, 1e-7, 3.0))
    if isinstance(value, list) and value:
        return [_like(rng, item) for item in value]
    if isinstance(value, str):
        return rng.choice([word for word in WORDS if "\n" not in word and len(word) < 30])
    return rng.choice((1, 0.5, "word"))


def _nodes(tree: Tree, part: str = "") -> list[str]:
    return [name for name in _dict(tree, "nodes") if not part or _dict(tree, "nodes", name, part)]


def _attr(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    if not (nodes := _nodes(tree, "attrs")):
        return None
    node = rng.choice(nodes)
    key = rng.choice(list(tree["nodes"][node]["attrs"]))
    path: Path = ("nodes", node, "attrs", key)
    return _put("attr", tree, path, _like(rng, tree["nodes"][node]["attrs"][key]), 1)


def _new_attr(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    if not (nodes := [n for n in _nodes(tree) if isinstance(tree["nodes"][n], dict)]):
        return None
    node = rng.choice(nodes)
    value = rng.choice((1, 0.5, "SAME", [1, 2], True))
    made = copy.deepcopy(tree)
    attrs = made["nodes"][node].get("attrs")
    if attrs is not None and not isinstance(attrs, dict):
        return None
    made["nodes"][node]["attrs"] = {**(attrs or {}), name: value}
    return Attempt("new attr", lambda e: e.set(("nodes", node, "attrs", name), value), made, most=4)


def _literal(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    found = [
        ("nodes", node, "inputs", port)
        for node in _nodes(tree, "inputs")
        for port, value in tree["nodes"][node]["inputs"].items()
        if not isinstance(value, str | dict)
    ]
    return _put("literal", tree, rng.choice(found), rng.choice((0.25, 3, [1, 2, 3])), 1) if found else None


def _wire(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    found = [
        ("nodes", node, "inputs", port)
        for node in _nodes(tree, "inputs")
        for port, value in tree["nodes"][node]["inputs"].items()
        if isinstance(value, str)
    ]
    sources = [*_dict(tree, "nodes"), *_dict(tree, "inputs")]
    return _put("wire", tree, rng.choice(found), rng.choice(sources), 1) if found and sources else None


def _item(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    lists = [path for path in places_in(tree) if isinstance(at(tree, path), list) and path[0] != "x-attrs"]
    if not lists:
        return None
    path = rng.choice(lists)
    listed = copy.deepcopy(at(tree, path))
    value = rng.choice((9, "a", 0.5))
    what = rng.choice(("set", "append", "remove")) if listed else "append"
    template = str(path[0]).startswith("x-")
    if what == "append":
        made = _with(tree, path, [*listed, value])
        return Attempt("item", lambda e: e.append(path, value), made, of_template=template)
    i = rng.randrange(len(listed))
    if what == "set":
        listed[i] = value
        made = _with(tree, path, listed)
        return Attempt("item", lambda e: e.set((*path, i), value), made, of_template=template)
    del listed[i]
    return Attempt("item", lambda e: e.remove((*path, i)), _with(tree, path, listed), of_template=template)


def at(tree: Tree, path: Path) -> Tree:
    for step in path:
        tree = tree[step]
    return tree


def _unset(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    found = [
        ("nodes", node, part, key)
        for node in _nodes(tree)
        for part in ("attrs", "inputs")
        for key in _dict(tree, "nodes", node, part)
    ]
    if not found:
        return None
    path = rng.choice(found)
    made = copy.deepcopy(tree)
    del made["nodes"][path[1]][path[2]][path[3]]
    if not made["nodes"][path[1]][path[2]]:
        del made["nodes"][path[1]][path[2]]
    if not made["nodes"][path[1]]:
        return None
    return Attempt("unset", lambda e: e.remove(path), made)


def _add(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    nodes, sources = list(_dict(tree, "nodes")), [*_dict(tree, "nodes"), *_dict(tree, "inputs")]
    beside = rng.choice(nodes) if nodes and rng.random() < 0.7 else ""
    where = {rng.choice(("before", "after")): beside} if beside else {}
    comment = rng.choice(("", "of the quantizers"))
    entry: Tree = {"block": "Relu", "inputs": {"features": rng.choice(sources)}} if sources else {"block": "Const"}
    if rng.random() < 0.3:
        entry |= {"attrs": {"value": [0.5] * rng.choice((1, 30))}, "doc": rng.choice(WORDS[:4])}
    made = copy.deepcopy(tree)
    entries = list(_dict(made, "nodes").items())
    at = nodes.index(beside) + ("after" in where) if beside else len(nodes)
    entries.insert(at, (name, entry))
    made["nodes"] = dict(entries)

    def make(editor: Editor) -> None:
        before, after = (where.get(key, "") for key in ("before", "after"))
        editor.add(name, comment=comment, before=before, after=after, **copy.deepcopy(entry))

    return Attempt("add node", make, made)


def _delete(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    if not (nodes := _nodes(tree)):
        return None
    node = rng.choice(nodes)
    return Attempt("delete", lambda e: e.delete(node), None)


def _pass_over(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    if not (nodes := _nodes(tree, "inputs")):
        return None
    node = rng.choice(nodes)
    return Attempt("delete, reconnected", lambda e: e.delete(node, reconnect=True), None, passed=node)


def _rename(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    of = rng.choice(("nodes", "nodes", "inputs", "outputs", "params"))
    if not (names := list(_dict(tree, of))):
        return None
    old = rng.choice(names)
    return Attempt(f"rename in {of}", lambda e: e.rename((of, old), name), None, renamed=(of, old, name))


def _output(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    sources, outputs = [*_dict(tree, "nodes"), *_dict(tree, "inputs")], list(_dict(tree, "outputs"))
    if not sources:
        return None
    wire, key = rng.choice(sources), rng.choice(outputs) if outputs and rng.random() < 0.5 else f"{name}/out"
    made = {**tree, "outputs": {**_dict(tree, "outputs"), key: wire}}
    return Attempt("output", lambda e: e.set(("outputs", key), wire), made, most=1 if outputs else 4)


def _no_output(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    outputs = list(_dict(tree, "outputs"))
    mentioned = repr({key: value for key, value in tree.items() if key not in ("nodes", "inputs", "outputs")})
    if not (free := [each for each in outputs if f"'{each}'" not in mentioned]) or len(tree) < 3:
        return None
    key = rng.choice(free)
    left = {each: value for each, value in tree["outputs"].items() if each != key}
    made = {k: left if k == "outputs" else v for k, v in tree.items() if left or k != "outputs"}
    return Attempt("output removed", lambda e: e.remove(("outputs", key)), made)


def _input(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    type_ = rng.choice(("float32[N, 4]", "int32", {"dtype": "float32", "shape": ["N", 3], "doc": "rows"}))
    made = {**tree, "inputs": {**_dict(tree, "inputs"), name: type_}}
    most = 1 if tree.get("inputs") else 4
    return Attempt("input", lambda e: e.set(("inputs", name), copy.deepcopy(type_)), made, most=most)


def _param(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    params = _dict(tree, "params")
    if params and rng.random() < 0.6:
        key = rng.choice(list(params))
        declared = params[key]
        if isinstance(declared, dict):
            made = {**tree, "params": {**params, key: {**declared, "default": 3}}}
            return Attempt("param", lambda e: e.set(("params", key), 3), made, most=1 if "default" in declared else 4)
        value = _like(rng, declared)
        return _put("param", tree, ("params", key), value, 1)
    made = {**tree, "params": {**params, name: 0.5}}
    return Attempt("new param", lambda e: e.set(("params", name), 0.5), made, most=1 if params else 4)


def _doc(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    text = rng.choice(WORDS)
    nodes = [each for each in _nodes(tree) if isinstance(tree["nodes"][each], dict)]
    if not nodes or rng.random() < 0.3:
        return Attempt("doc", lambda e: e.set(("doc",), text), {**tree, "doc": text})
    node = rng.choice(nodes)
    return Attempt("doc", lambda e: e.set(("nodes", node, "doc"), text), _with(tree, ("nodes", node, "doc"), text))


def _key(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    found = [path for path in places_in({key: tree.get(key) for key in ("data", "train")}) if len(path) > 1]
    found = [path for path in found if at(tree, path[:1]) is not None]
    if not found:
        return None
    path = rng.choice(found)
    value = rng.choice((5, "word", [1, 2], {"a": 1}))
    return _put("section", tree, path, value, 0)


def _anything(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    short = re.compile(r"inputs|params")
    found = [path for path in places_in(tree) if not short.match(str(path[0]))]
    path = rng.choice(found)
    return _put("any value", tree, path, rng.choice((*WORDS, *NUMBERS, {"k": 1, "l": [1, {"m": 2}]})), 0)


def _extract(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    nodes = _nodes(tree)
    if len(nodes) < 3:
        return None
    start = rng.randrange(len(nodes))
    chosen = nodes[start : start + rng.randint(1, 4)]
    return Attempt("extract", lambda e: e.extract(chosen, name, f"{name}_part.yaml"), None, same=True)


def _unpack(rng: random.Random, tree: Tree, name: str) -> Attempt | None:
    nodes = [n for n in _nodes(tree) if "/" in str(_dict(tree, "nodes", n).get("block")) and n in tree["nodes"]]
    nodes = [n for n in nodes if str(tree["nodes"][n]["block"]) not in blocks]
    if not nodes:
        return None
    node = rng.choice(nodes)
    return Attempt("unpack", lambda e: e.unpack(node), None, same=True)


_KINDS: dict[Callable[[random.Random, Tree, str], Attempt | None], int] = {
    _attr: 16, _new_attr: 6, _literal: 8, _wire: 10, _item: 8, _unset: 6, _add: 10, _delete: 5, _pass_over: 5,
    _rename: 16, _output: 8, _no_output: 3, _input: 4, _param: 8, _doc: 8, _key: 4, _anything: 10, _extract: 3,
    _unpack: 3,
}  # fmt: skip
