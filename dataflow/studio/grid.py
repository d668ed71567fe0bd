"""Cards of nodes in a plain grid, in the order of the file: a picture of what cannot be laid out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

COLUMNS, WIDTH, HEAD, ROW, GAP = 6, 220.0, 44.0, 20.0, 40.0


def grid(nodes: Mapping[str, Mapping[str, object]], wrong: Collection[str]) -> dict[str, object]:
    """A scene without wires."""
    cards: list[dict[str, object]] = []
    x = y = GAP
    tallest = 0.0
    for count, (name, node) in enumerate(nodes.items()):
        if count and count % COLUMNS == 0:
            x, y, tallest = GAP, y + tallest + GAP, 0.0
        card = _card(name, node, x, y, name in wrong)
        cards.append(card)
        tallest = max(tallest, HEAD + ROW * _rows(node))
        x += WIDTH + GAP
    return {
        "width": GAP + COLUMNS * (WIDTH + GAP),
        "height": y + tallest + GAP,
        "frames": [],
        "cards": cards,
        "wires": [],
    }


def _rows(node: Mapping[str, object]) -> int:
    inputs, outputs = node["inputs"], node["outputs"]
    assert isinstance(inputs, Mapping)
    assert isinstance(outputs, Mapping)
    return max(len(inputs), len(outputs))


def _card(name: str, node: Mapping[str, object], x: float, y: float, wrong: bool) -> dict[str, object]:
    inputs, outputs = node["inputs"], node["outputs"]
    assert isinstance(inputs, Mapping)
    assert isinstance(outputs, Mapping)
    lefts = [
        {
            "name": port,
            "y": HEAD + ROW * i + ROW / 2,
            "family": "any",
            "wire": given["written"],
            "value_of": given["value_of"],
            "chip": {"text": given["written"], "kind": "wire" if given["value_of"] else "literal"},
            "optional": False,
        }
        for i, (port, given) in enumerate(inputs.items())
    ]
    rights = [
        {
            "name": port,
            "y": HEAD + ROW * i + ROW / 2,
            "family": "any",
            "type": given["type"],
            "value_of": given["value_of"],
            "tags": len(given["readers"]),
        }
        for i, (port, given) in enumerate(outputs.items())
    ]
    return {
        "id": name, "kind": "graph" if node["file"] else "node", "frame": "",
        "x": x, "y": y, "width": WIDTH, "height": HEAD + ROW * _rows(node),
        "name": name, "block": node["block"], "hue": 210, "doc": node["doc"], "line": node["line"],
        "gradient": False, "lefts": lefts, "rights": rights, "attrs": [], "notes": [], "folded": [], "wrong": wrong,
    }  # fmt: skip
