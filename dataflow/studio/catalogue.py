"""What a page offers to begin with: the shipped graphs, and every block with what the palette must know of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import PurePosixPath

from dataflow.core.registry import blocks
from dataflow.core.shapes import show
from dataflow.graphfile import shipped
from dataflow.graphfile.graph_file import GraphFile
from dataflow.graphfile.load_context import LoadContext
from dataflow.graphfile.tree import Stop
from dataflow.inspection.data import block_data, hue
from dataflow.inspection.examples import example_values
from dataflow.inspection.search import plainness

Info = dict[str, object]


@cache
def gallery() -> list[Info]:
    """The graphs that the package ships."""
    found = []
    for name in shipped.names():
        context = LoadContext(shipped.SCHEME + name)
        with suppress(Stop):
            _, file = context.top()
            found.append(_entry(name, file))
    return found


def _entry(name: str, file: GraphFile) -> Info:
    path = PurePosixPath(name)
    used = [value.data.get("block") for value in file.nodes.data.values() if isinstance(value.data, dict)]
    kinds = [str(block.data) for block in used if block is not None]
    return {
        "path": shipped.SCHEME + name,
        "name": file.name or path.stem,
        "doc": " ".join(file.doc.split()),
        "nodes": len(file.nodes.data),
        "trains": "train" in file.sections,
        "quantized": "quantization" in file.sections or any("Quant" in kind for kind in kinds),
        "group": "" if path.parent == PurePosixPath() else path.parent.as_posix(),
    }


@cache
def palette() -> list[Info]:
    """Every block, the plain and usual ones first."""
    return [_block(name) for name in sorted(blocks, key=plainness)]


def _block(name: str) -> Info:
    told = block_data(blocks[name])
    examples = example_values(name)
    return {
        "name": told["name"],
        "aliases": told["aliases"],
        "words": told["found_by"],
        "category": told["category"],
        "continues": plainness(name)[0],
        "hue": hue(told["category"]),
        "summary": told["summary"],
        "inputs": [
            {
                **_port(port),
                **{key: port[key] for key in ("optional", "many", "static")},
                "example": examples.get(port["name"], "") if port["static"] else "",
            }
            for port in told["inputs"]
        ],
        "outputs": [_port(port) for port in told["outputs"]],
        "attrs": [attr_info(attr) for attr in told["attrs"]],
        "gradient": told["gradient"],
    }


def attr_info(attr: dict[str, object]) -> Info:
    """An attr as a page has it, of one that is described."""
    return {key: attr[key] for key in ("name", "type", "required", "default", "min", "max", "choices", "doc")}


def _port(port: dict[str, object]) -> Info:
    shape = port["shape"]
    dims = show(tuple(shape)) if isinstance(shape, Iterable) else ""
    return {"name": port["name"], "dtypes": port["dtypes"], "type": f"{port['type']}{dims}", "doc": port["doc"]}
