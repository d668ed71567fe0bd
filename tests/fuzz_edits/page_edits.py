"""Random edits as a page sends them: plain data of the protocol, for a file that says what a tree does."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from dataflow.core.registry import blocks

from .attempts import NUMBERS, WORDS, Path, Tree, at, places_in

Edit = dict[str, Any]
Draw = Callable[[random.Random, Tree, str], Edit | None]
_USUAL = ("Relu", "Neg", "AddV2", "Mul", "MatMul", "Reshape", "Pack", "Cast", "Identity", "FakeQuantWithMinMaxArgs")


def page_edit(rng: random.Random, tree: Tree, text: str, new: str) -> Edit | None:
    """A random edit; ``new`` is a name that nothing has. None where the file has nothing for the kind drawn."""
    kind = rng.choices([*KINDS], [weight for weight, _ in KINDS.values()])[0]
    if kind == "text":
        return {"op": "text", "text": _typed(rng, text)}
    return KINDS[kind][1](rng, tree, new)


def _names(tree: Tree, of: str) -> list[str]:
    found = tree.get(of)
    return [*found] if isinstance(found, dict) else []


def _sources(tree: Tree) -> list[str]:
    return [*_names(tree, "nodes"), *_names(tree, "inputs")]


def _pick(rng: random.Random, names: list[str]) -> str:
    return rng.choice(names) if names else "none"


def _place(rng: random.Random, tree: Tree, test: Callable[[Tree], bool]) -> Path | None:
    found = [path for path in places_in(tree) if "." not in "".join(map(str, path)) and test(at(tree, path))]
    return rng.choice(found) if found else None


def _told(path: Path) -> str:
    return ".".join(map(str, path))


def _set(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    path = _place(rng, tree, lambda value: not isinstance(value, dict | list))
    value = rng.choice([rng.choice(WORDS), rng.choice(NUMBERS), at(tree, path)]) if path else None
    return {"op": "set", "place": _told(path), "value": value} if path else None


def _attr(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    name = _pick(rng, _names(tree, "nodes"))
    node = tree.get("nodes", {}).get(name) if isinstance(tree.get("nodes"), dict) else None
    block = node.get("block") if isinstance(node, dict) else None
    if not isinstance(block, str) or block not in blocks or not blocks[block].signature.attrs:
        return None
    attr = rng.choice([*blocks[block].signature.attrs.values()])
    value = {"int": rng.randrange(9), "float": rng.random(), "bool": rng.random() < 0.5}.get(attr.kind, "x")
    return {"op": "set", "place": f"nodes.{name}.attrs.{attr.name}", "value": value}


def _port(rng: random.Random, tree: Tree) -> list[str]:
    name = _pick(rng, _names(tree, "nodes"))
    node = tree["nodes"][name] if name != "none" else None
    block = node.get("block") if isinstance(node, dict) else None
    ports = [*blocks[block].signature.inputs] if isinstance(block, str) and block in blocks else ["x"]
    port = _pick(rng, ports)
    return [name, f"{port}[{rng.randrange(3)}]" if rng.random() < 0.1 else port]


def _wire(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    return {"op": "wire", "target": _port(rng, tree), "source": _pick(rng, _sources(tree))}


def _splice(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    outputs = [[f"output:{name}", "value"] for name in _names(tree, "outputs")]
    target = rng.choice(outputs) if outputs and rng.random() < 0.3 else _port(rng, tree)
    return {"op": "splice", "name": _pick(rng, _names(tree, "nodes")), "target": target}


def _add(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    block = rng.choice(_USUAL)
    port = next(iter(blocks[block].signature.inputs))
    many = blocks[block].signature.inputs[port].many
    source = _pick(rng, _sources(tree))
    made: Edit = {"op": "add", "name": rng.choice((new, _pick(rng, _sources(tree)))), "block": block}
    if rng.random() < 0.7:
        made["inputs"] = {port: [source] if many else source}
    if rng.random() < 0.5 and _names(tree, "nodes"):
        made[rng.choice(("before", "after"))] = _pick(rng, _names(tree, "nodes"))
    if rng.random() < 0.3:
        made |= {"comment": "added", "doc": rng.choice(WORDS[:4])}
    return made


def _delete(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    nodes = _names(tree, "nodes")
    chosen = rng.sample(nodes, min(len(nodes), rng.choice((1, 1, 2))))
    return {"op": "delete", "names": chosen, "reconnect": rng.random() < 0.6} if len(nodes) > 4 else None


def _rename(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    of = rng.choice(("nodes", "nodes", "inputs", "params"))
    return {"op": "rename", "place": f"{of}.{_pick(rng, _names(tree, of))}", "name": new}


def _paste(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    nodes = [name for name in _names(tree, "nodes") if isinstance(tree["nodes"][name], dict)]
    return (
        {"op": "paste", "copy": rng.sample(nodes, min(len(nodes), rng.choice((1, 2, 3)))), "after": ""}
        if nodes
        else None
    )


def _append(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    path = _place(rng, tree, lambda value: isinstance(value, list))
    return {"op": "append", "place": _told(path), "value": rng.choice((1, 0.5, "x"))} if path else None


def _remove(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    path = _place(rng, tree, lambda value: True)
    return {"op": "remove", "place": _told(path)} if path and len(path) > 2 else None


def _param(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    path = _place(rng, tree, lambda value: isinstance(value, int | float | str))
    return {"op": "param", "name": new, "place": _told(path)} if path else None


def _input(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    of: Edit = {"type": "float32[N, 4]"} if rng.random() < 0.6 else {"to": _port(rng, tree)}
    return {"op": "input", "name": rng.choice((new, "x")), **of}


def _output(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    return {"op": "output", "name": rng.choice((new, "y")), "wire": _pick(rng, _sources(tree))}


def _extract(rng: random.Random, tree: Tree, new: str) -> Edit | None:
    nodes = _names(tree, "nodes")
    return {"op": "extract", "names": rng.sample(nodes, min(2, len(nodes))), "name": new, "path": f"{new}.yaml"}


def _typed(rng: random.Random, text: str) -> str:
    """A text as it is after some typing in a text pane, which has one kind of line break."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    at_line = rng.randrange(len(lines))
    match rng.choice(("comment", "blank", "number", "note", "doubled")):
        case "comment":
            lines.insert(at_line, "# typed")
        case "blank":
            lines.insert(at_line, "")
        case "number":
            lines = [line.replace("1", "2") if i == at_line else line for i, line in enumerate(lines)]
        case "note":
            lines[at_line] += "  # typed"
        case "doubled":
            lines.insert(at_line, lines[at_line])
    return "\n".join(lines)


KINDS: dict[str, tuple[int, Draw]] = {
    "set": (6, _set),
    "attr": (10, _attr),
    "wire": (14, _wire),
    "unwire": (4, lambda rng, tree, new: {"op": "wire", "target": _port(rng, tree), "source": ""}),
    "add": (10, _add),
    "delete": (7, _delete),
    "rename": (8, _rename),
    "splice": (6, _splice),
    "pull_out": (3, lambda rng, tree, new: {"op": "pull_out", "name": _pick(rng, _names(tree, "nodes"))}),
    "paste": (6, _paste),
    "append": (3, _append),
    "remove": (5, _remove),
    "input": (4, _input),
    "output": (
        4,
        lambda rng, tree, new: {"op": "output", "name": rng.choice((new, "y")), "wire": _pick(rng, _sources(tree))},
    ),
    "param": (4, _param),
    "extract": (1, _extract),
    "unpack": (1, lambda rng, tree, new: {"op": "unpack", "name": _pick(rng, _names(tree, "nodes"))}),
    "text": (6, lambda rng, tree, new: None),
}
