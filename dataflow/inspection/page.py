"""A block as text for a terminal and as a page of documentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dataflow.core.block import Block
from dataflow.core.shapes import show
from dataflow.inspection.data import Described, block_class, brief, describe, dtype_text
from dataflow.inspection.drawing import drawing

_GRADIENTS = {
    "yes": "Yes: gradients pass this block.",
    "none flows": "None flows: the reverse pass stops here, and what lies before gets no gradient by this way.",
    "missing": "Missing: a reverse pass that meets this block is an error.",
}


def text(block: Block | type[Block] | str) -> str:
    """A block in plain text: what it computes, ports, attrs, gradient, example."""
    data = describe(block_class(block))
    also = f", also {', '.join(data['aliases'])}" if data["aliases"] else ""
    lines = [f"{data['name']}  ({data['category']}, {data['kind']}{also})", _plain(data["summary"])]
    if data["details"]:
        lines += ["", _plain(data["details"])]
    if data["found_by"]:
        lines += ["", f"found by: {', '.join(data['found_by'])}"]
    sections = {
        "inputs": [(p["name"], _type(p) + _asked(p), p["doc"]) for p in data["inputs"]],
        "attrs": [(a["name"], f"{a['type']} {_default(a)}", _with_limits(a)) for a in data["attrs"]],
        "outputs": [(p["name"], _type(p), p["doc"]) for p in data["outputs"]],
        "dtypes": [(name, dtype_text(names), "") for name, names in data["types"].items()],
    }
    for title, rows in sections.items():
        if rows:
            lines += ["", title, *("  " + line for line in _columns(rows))]
    lines += ["", f"gradient: {data['gradient']}"]
    if data["example"]:
        lines += ["", data["example"]]
    return "\n".join(lines) + "\n"


def block_markdown(block: Block | type[Block] | str, yaml: str = "") -> str:
    """The page of a block; ``yaml`` is a graph file that shows it in use."""
    data = describe(block_class(block))
    name = data["name"]
    lines = [f"# {name}", "", data["summary"], "", "```text", drawing(data), "```", ""]
    also = f" · also found as {', '.join(f'`{a}`' for a in data['aliases'])}" if data["aliases"] else ""
    better = {"": "", "max": " · more is better", "min": " · less is better"}[data["better"]]
    lines += [f"Category `{data['category']}` · kind {data['kind']}{also}{better}", ""]
    if data["found_by"]:
        lines += [f"Found by: {', '.join(data['found_by'])}.", ""]
    if data["formula"]:
        lines += ["## Formula", "", "```text", data["formula"], "```", ""]
    if data["details"]:
        lines += ["## Edge cases", "", data["details"], ""]
    if data["inputs"]:
        lines += ["## Inputs", "", *_table(("port", "type", "what it is"), [_port(p) for p in data["inputs"]]), ""]
    if data["attrs"]:
        rows = [(f"`{a['name']}`", f"`{a['type']}`", _default_cell(a), _with_limits(a)) for a in data["attrs"]]
        lines += ["## Attrs", "", *_table(("attr", "type", "default", "what it is"), rows), ""]
    if data["outputs"]:
        lines += [
            "## Outputs",
            "",
            *_table(("port", "type", "what it is"), [_port(p) for p in data["outputs"]]),
            "",
        ]
    for variable, names in data["types"].items():
        lines += [f"`{variable}` is one of {', '.join(f'`{n}`' for n in names)}.", ""]
    lines += ["## Gradient", "", _GRADIENTS[data["gradient"]], ""]
    if data["example"]:
        numpy = [">>> import numpy as np"] if "np." in data["example"] else []
        lines += ["## In Python", "", "```python", *numpy, ">>> from dataflow import blocks"]
        lines += [f'>>> {name} = blocks["{name}"]', data["example"], "```", ""]
    if yaml:
        lines += ["## In a graph file", "", "```yaml", yaml.rstrip("\n"), "```", ""]
    if data["source"]:
        lines += [f"Source: {data['source']}.", ""]
    return "\n".join(lines)


def _type(port: Described) -> str:
    shape = "" if port["shape"] is None else show(tuple(port["shape"]))
    return f"{port['type']}{shape}"


def _asked(port: Described) -> str:
    words = {"many": "a list", "optional": "optional", "static": "known before the run", "like": "dtype and shape only"}
    return "".join(f", {word}" for key, word in words.items() if port.get(key))


def _port(port: Described) -> tuple[str, str, str]:
    doc: str = port["doc"]
    if port.get("folded"):
        doc += f"; partial values are folded with `{port['folded']}`"
    for key, words in (("default", "in training {} by default"), ("initial", "begins with {}")):
        if port.get(key) is not None:
            doc += "; " + words.format(f"`{brief(port[key])}`")
    return f"`{port['name']}`", f"`{_type(port)}`{_asked(port)}", doc


def _default(attr: Described) -> str:
    return "(required)" if attr["required"] else f"= {brief(attr['default'])}"


def _default_cell(attr: Described) -> str:
    return "required" if attr["required"] else f"`{brief(attr['default'])}`"


def _with_limits(attr: Described) -> str:
    choices = f"one of {', '.join(f'`{c}`' for c in attr['choices'])}" if attr["choices"] else ""
    return "; ".join(part for part in (attr["doc"], attr["limits"], choices) if part)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [headers, ["---"] * len(headers), *rows]
    return [f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in line)} |" for line in lines]


def _columns(rows: Sequence[Sequence[Any]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)] + [0]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _plain(marked: str) -> str:
    return marked.replace("``", "")
