"""A block drawn with letters: a box with its attrs, inputs on its left and outputs on its right."""

from __future__ import annotations

from itertools import zip_longest

from dataflow.core.shapes import show
from dataflow.inspection.data import Described, brief


def drawing(data: Described) -> str:
    """The picture of a block from the data of `describe`; optional inputs have a dotted arrow.

    >>> from dataflow.inspection import describe
    >>> print(drawing(describe("Sum")))
                 ┌─ Sum ─────────────┐
    input  T  ──▶│ keep_dims = false │──▶ output  T
    axis   I  ──▶│                   │
                 └───────────────────┘
    """
    attrs = [f"{a['name']}" + ("" if a["required"] else f" = {brief(a['default'])}") for a in data["attrs"]]
    title = f"─ {data['name']} ─"
    lefts = _aligned(data["inputs"])
    rights = _aligned(data["outputs"])
    indent = max(map(len, lefts), default=0) + (5 if lefts else 0)
    width = max(len(title), *(len(attr) + 2 for attr in attrs), 0)
    rows = [f"{' ' * indent}┌{title.ljust(width, '─')}┐"]
    arrows = ["╌╌▶" if port["optional"] else "──▶" for port in data["inputs"]]
    starts = [f"{left.ljust(indent - 3)}{arrow}" for left, arrow in zip(lefts, arrows, strict=True)]
    for left, attr, right in zip_longest(starts or [""], attrs, [f"──▶ {right}" for right in rights], fillvalue=""):
        rows.append(f"{left.ljust(indent)}│{f' {attr}'.ljust(width)}│{right}".rstrip())
    return "\n".join([*rows, f"{' ' * indent}└{'─' * width}┘"])


def _aligned(ports: list[Described]) -> list[str]:
    """Names and types of ports, in two columns."""
    names = [port["name"] + " …" * bool(port.get("many")) for port in ports]
    width = max(map(len, names), default=0)
    shapes = ["" if port["shape"] is None else show(tuple(port["shape"])) for port in ports]
    return [
        f"{name.ljust(width)}  {port['type']}{shape}" for name, port, shape in zip(names, ports, shapes, strict=True)
    ]
