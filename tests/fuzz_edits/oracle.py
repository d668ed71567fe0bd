"""What must hold after an edit, found out without the code that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from dataflow.core.ports import Literal
from dataflow.graph.graph import Graph
from dataflow.graph.node import Link
from dataflow.graphfile.comments import Source
from dataflow.graphfile.edit import Editor
from dataflow.graphfile.format import formatted
from dataflow.graphfile.load import read
from dataflow.graphfile.parse import parse

from .attempts import Attempt

_FREE = ("delete", "unset", "output removed", "item", "any", "section", "extract", "unpack")  # with values that go
Nodes = dict[str, tuple[Any, dict[str, Any]]]


def wrong(attempt: Attempt, editor: Editor, before: str, graph: Graph | None) -> str:
    """What is wrong with an edit that was accepted, in words; nothing where all is right.

    ``graph`` is that of the text before, if it had no problems.
    """
    document = parse(editor.text, editor.path)
    if document.problems or document.root is None:
        return f"does not parse: {next(iter(document.problems.values()))}"
    if attempt.tree is not None:
        found, wanted = (
            said(tree if attempt.of_template else _meant(tree)) for tree in (document.root.plain(), attempt.tree)
        )
        if found != wanted:
            return f"says another thing: {_difference(found, wanted)}"
    if editor.in_layout and formatted(document) != document.text:
        return "is not in the layout of fmt any more"
    lost = comments(before) - comments(editor.text)
    if lost and not attempt.replaces and not attempt.kind.startswith(_FREE):
        return f"lost a comment: {next(iter(lost))}"
    if graph is not None and (attempt.renamed or attempt.same or attempt.passed):
        return _graph_differs(attempt, editor, graph)
    return ""


def said(tree: Any) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {said(tree[key])}" for key in sorted(tree)) + "}"
    return "[" + ", ".join(map(said, tree)) + "]" if isinstance(tree, list) else repr(tree)


def _meant(tree: Any) -> Any:
    """A tree without the sections that mean nothing by themselves, in which what nodes share may stand."""
    return {key: value for key, value in tree.items() if not key.startswith("x-")}


def _difference(found: str, wanted: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), 0)
    return f"{found[max(at - 40, 0) : at + 60]!r} for {wanted[max(at - 40, 0) : at + 60]!r}"


def comments(text: str) -> Counter[str]:
    """The comments of a text, as `dataflow fmt` finds them."""
    return Counter(Source(text.removeprefix("\ufeff").replace("\r\n", "\n")).comments)


def graph_of(editor: Editor) -> Graph | None:
    """The graph of a text; None where something is wrong with it."""
    texts = {str(path): text for path, text in editor.files.items()}
    context = read(editor.path, text=editor.text, texts=texts)
    return None if context.problems() else context.graph


def _graph_differs(attempt: Attempt, editor: Editor, before: Graph) -> str:
    texts = {str(path): text for path, text in editor.files.items()}
    context = read(editor.path, text=editor.text, texts=texts)
    if problems := context.problems():
        return "" if attempt.passed else f"does not load any more: {problems[0]}"  # the types may not fit
    after, found = context.graph, shape(context.graph)
    rename: Callable[[str], str] = str
    out: Callable[[str], str] = str
    if attempt.renamed:
        of, old, new = attempt.renamed

        def changed(name: str) -> str:
            head, slash, rest = name.partition("/")
            return f"{new}{slash}{rest}" if head == old else name

        rename = changed if of in ("nodes", "inputs") else str
        out = (lambda name: new if name == old else name) if of == "outputs" else str
        if "/" in old and of == "nodes":
            rename = lambda name: new + name[len(old) :] if name == old or name.startswith(f"{old}/") else name  # noqa: E731
    if attempt.same:
        return _same_but_for_names(before, after)
    expected = shape(before, rename)
    outputs = {out(name): _link(link, rename) for name, link in before.outputs.items()}
    if attempt.passed:
        outputs = _pass_over(before, attempt.passed, expected, outputs)
        if not outputs and before.outputs:
            return ""
    if expected != found:
        names = [name for name in {*expected, *found} if expected.get(name) != found.get(name)]
        return f"graph differs at {sorted(names)[:3]}"
    if outputs != {name: _link(link, str) for name, link in after.outputs.items()}:
        return "outputs differ"
    return ""


def shape(graph: Graph, rename: Callable[[str], str] = str) -> Nodes:
    """The nodes of a graph: the block, and what stands on each input, names changed."""

    def operand(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(operand, value))
        return (
            _link(value, rename)
            if isinstance(value, Link)
            else repr(value.value)
            if isinstance(value, Literal)
            else None
        )

    return {
        rename(name): (node.block, {port: operand(value) for port, value in node.inputs.items()})
        for name, node in graph.nodes.items()
    }


def _link(link: Link, rename: Callable[[str], str]) -> tuple[str, str]:
    return rename(link.node), link.port


def _pass_over(before: Graph, name: str, expected: Nodes, outputs: dict[str, Any]) -> dict[str, Any]:
    """Take a node out of the expected ones, with its first input in its place; nothing where it is a sub-graph."""
    if name not in expected:
        return {}
    _, inputs = expected.pop(name)
    source = next(value for value in inputs.values() if value is not None)
    if isinstance(source, tuple) and len(source) == 1 and isinstance(source[0], tuple):
        (source,) = source  # a list of one wire

    def instead(value: Any) -> Any:
        if isinstance(value, tuple) and value and isinstance(value[0], tuple):
            return tuple(map(instead, value))
        return source if isinstance(value, tuple) and value and value[0] == name else value

    for block, given in [*expected.values()]:
        for port in given:
            given[port] = instead(given[port])
        del block
    return {key: instead(value) for key, value in outputs.items()}


def _same_but_for_names(before: Graph, after: Graph) -> str:
    """Whether the graphs compute the same: the same nodes in the same wiring under some names."""
    old, new = _by_structure(before), _by_structure(after)
    if sorted(old) != sorted(new):
        return f"has other nodes: {sorted(set(old) ^ set(new))[:2]}"
    outputs = [
        {name: _structure(graph, link.node, {}) + link.port for name, link in graph.outputs.items()}
        for graph in (before, after)
    ]
    return "" if outputs[0] == outputs[1] else "outputs differ"


def _by_structure(graph: Graph) -> list[str]:
    memo: dict[str, str] = {}
    return [_structure(graph, name, memo) for name in graph.nodes]


def _structure(graph: Graph, name: str, memo: dict[str, str]) -> str:
    """A text that says what a node computes, without names but those of inputs and, as they end, of variables."""
    if name not in memo:
        node = graph.nodes[name]
        own = (
            name
            if type(node.block).__name__ == "Placeholder"
            else name.rpartition("/")[2]
            if node.block.stateful
            else ""
        )
        operands = [
            f"{_structure(graph, o.node, memo)}.{o.port}" if isinstance(o, Link) else repr(getattr(o, "value", None))
            for o in node.operands()
        ]
        memo[name] = str(hash((repr(node.block), own, tuple(operands))))
    return memo[name]
