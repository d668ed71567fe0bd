"""Writes the page of every block and the list of layers, from what these say of themselves, the pictures of graphs, and
the names of blocks for type checkers and editors.

python docs/generate.py            write docs/blocks/, docs/*.svg, docs/layers.md and dataflow/core/library.pyi
python docs/generate.py --check    write nothing; exit 1 and list the files that would change
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import fill
from typing import Any

import blocks as library
from dataflow.conformance.samples import Sample, documented
from dataflow.core import conversion, dtypes
from dataflow.core.attrs import plain
from dataflow.core.block import Block
from dataflow.core.ports import In, Literal
from dataflow.core.registry import blocks
from dataflow.core.shapes import TensorType
from dataflow.graph.graph import Graph
from dataflow.graph.node import Ref
from dataflow.graphfile.description import description
from dataflow.graphfile.load import load
from dataflow.graphfile.save import resolved_text
from dataflow.graphfile.shipped import SCHEME, names
from dataflow.inspection import block_markdown, describe, svg

DOCS = Path(__file__).resolve().parent
LAYERS = DOCS / "layers.md"
STUB = DOCS.parent / "dataflow" / "core" / "library.pyi"
GRAPHS = ("quant/digits_fake_quant", "digits/cnn_flat")  # drawn for README, and for docs/command_line.md
_SHOWN = 32  # numbers; larger arrays of an example become graph inputs


def main() -> int:
    """Write the files, or report those that differ; the exit status."""
    parser = argparse.ArgumentParser(description="Write what the registry says of itself.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and list the files that differ")
    if parser.parse_args().check:
        stale = drift()
        print("\n".join(stale) or "docs are up to date", file=sys.stderr if stale else sys.stdout)
        return int(bool(stale))
    wanted = files()
    for path in stale_files(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(wanted)} files")
    return 0


def drift() -> list[str]:
    """Which files are missing, differ or should not be there."""
    wanted = files()
    lines = [f"{_relative(path)}: no such block" for path in stale_files(wanted)]
    for path, text in wanted.items():
        if not path.exists():
            lines.append(f"{_relative(path)}: missing")
        elif path.read_text(encoding="utf-8") != text:
            lines.append(f"{_relative(path)}: differs")
    return [f"{line}; run python docs/generate.py" for line in lines]


def files() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    root = DOCS / "blocks"
    wanted = {root / "index.md": index(), STUB: stub(), LAYERS: layers(LAYERS.read_text("utf-8"))}
    for name, block in _library():
        wanted[root / describe(block)["category"] / f"{name}.md"] = block_markdown(block, example(block))
    for graph in GRAPHS:
        wanted[DOCS / f"{Path(graph).name}.svg"] = svg(load(DOCS.parent / "graphs" / f"{graph}.yaml"))
    return wanted


def stale_files(wanted: dict[Path, str]) -> list[Path]:
    """Files that were generated for blocks that no longer exist."""
    return sorted(p for p in (DOCS / "blocks").rglob("*") if p.is_file() and p not in wanted)


def index() -> str:
    """The list of all blocks, by category."""
    told = [describe(block) for _, block in _library()]
    lines = [
        "# Blocks",
        "",
        f"{len(told)} blocks. `dataflow blocks WORDS` searches them, `dataflow blocks NAME` shows one.",
    ]
    for category in sorted({d["category"] for d in told}):
        lines += ["", f"## {category}", "", "| block | what it computes | gradient |", "| --- | --- | --- |"]
        for d in told:
            if d["category"] == category:
                summary = _cell(d["summary"])
                lines.append(f"| [{d['name']}]({category}/{d['name']}.md) | {summary} | {d['gradient']} |")
    return "\n".join(lines) + "\n"


def layers(page: str) -> str:
    """The page of layers, its list written anew."""
    begin, end = "<!-- layers: docs/generate.py -->\n", "<!-- end -->"
    before, _, rest = page.partition(begin)
    parts = [before, begin]
    for name in names():
        if name.startswith("layers/"):
            told = description(SCHEME + name)
            rows = [f"| `{n}` | {kind} | {default} | {_cell(doc)} |" for n, kind, default, doc in told.params]
            inputs = [f"`{n}`, {_cell(doc)} (`{kind}`)" for n, kind, doc in told.inputs]
            text = fill(f"{told.doc} Inputs: {', '.join(inputs)}.", 120, break_on_hyphens=False)
            head = ["| param | type | default | what it is |", "| --- | --- | --- | --- |"]
            parts.append("\n".join(["", f"### {name}", "", text, "", *head, *rows, ""]))
    return "".join([*parts, "\n", end, rest.partition(end)[2]])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def stub() -> str:
    """The registry with an attribute for each name of a block of the library."""
    names = {name: block for _, block in _library() for name in (block.__name__, *block.aliases)}
    imports = sorted({f"from {b.__module__} import {b.__name__} as _{b.__name__}" for b in names.values()})
    lines = ["# Written by docs/generate.py.", *imports, "from dataflow.core.registry import Registry"]
    lines += ["", "class Library(Registry):", "    # The registry as type checkers and editors see it."]
    lines += [f"    {name}: type[_{names[name].__name__}]" for name in sorted(names)]
    return "\n".join([*lines, "", "blocks: Library"]) + "\n"


def _library() -> Iterator[tuple[str, type[Block]]]:
    """The blocks of this repository: those of plugins have their pages elsewhere."""
    return ((name, b) for name, b in blocks.items() if b.__module__.partition(".")[0] == library.__name__)


def _relative(path: Path) -> str:
    return path.relative_to(DOCS.parent).as_posix()


# -- the example in a graph file --------------------------------------------------------------------------------


def example(block: type[Block]) -> str:
    """A graph file that does what the docstring's example does; nothing where that calls the block on no values."""
    for sample in documented(block)[:1]:
        return resolved_text(example_graph(sample), DOCS / "example.yaml")
    return ""


def example_graph(sample: Sample) -> Graph:
    """The block as one node, on the values of the sample: numbers on its ports, or constants and inputs beside it."""
    graph = Graph("example")
    operands: list[Any] = []
    for port, value, given in zip(sample.block.signature.inputs.values(), sample.arrays, sample.types, strict=True):
        if isinstance(value, tuple):
            operands.append(tuple(_operand(graph, sample, port, *each) for each in zip(value, given, strict=True)))
        else:
            operands.append(None if value is None else _operand(graph, sample, port, value, given))
    made = graph.add(sample.block, operands)
    for ref in [made] if isinstance(made, Ref) else made or ():
        graph.output(ref.port, ref)
    return graph


def _operand(graph: Graph, sample: Sample, port: In, array: Any, given: TensorType) -> Any:
    """A number where that is read back as the same value, a constant where it needs its dtype told, else an input."""
    name = _free(graph, port.name)
    if port.name in sample.block.assigns:
        return graph.variable(name, array)
    if array.size > _SHOWN or array.dtype.kind == "c" or (array.size == 0 and array.ndim > 1):
        return graph.input(name, given.dtype, array.shape)
    listed = plain(array)
    if given.dtype == dtypes.name_of(conversion.literal(listed).dtype) or port.dtype in dtypes.every:
        return Literal(listed)
    return graph.add(blocks["Const"](value=listed, dtype=given.dtype), name=name)


def _free(graph: Graph, name: str) -> str:
    taken = [n for n in (name, *(f"{name}_{i}" for i in range(1, len(graph.nodes) + 1))) if n not in graph.nodes]
    return taken[0]


if __name__ == "__main__":
    sys.exit(main())
