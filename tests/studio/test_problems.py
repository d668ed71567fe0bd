"""What is wrong is told at its node and port."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from studio_pages import Page


def opened(page: Page, folder: Path, nodes: str, **files: str) -> list[tuple[str, str, str]]:
    """Node, port and file of each problem of a graph."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    (folder / "wrong.yaml").write_text(
        f"dataflow: 1\ninputs:\n  x: float32[N, 4]\nnodes:\n{nodes}outputs:\n  y: last\n"
    )
    page.ask("open", path="wrong.yaml")
    return [(each["node"], each["port"], each["path"]) for each in page.document["problems"]]


@pytest.mark.parametrize(
    ("node", "place"),
    [
        ("{block: Relu}", ("last", "")),
        ("{block: Relu, inputs: {features: nothing}}", ("last", "features")),
        ("{block: Relu, inputs: {feature: x}}", ("last", "feature")),
        ("{block: Relyu, inputs: {features: x}}", ("last", "")),
        ("{block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {num_bits: 99}}", ("last", "num_bits")),
        ("{block: FakeQuantWithMinMaxArgs, inputs: {inputs: x}, attrs: {bits: 9}}", ("last", "bits")),
        ("{block: MatMul, inputs: {a: x, b: [[1.0, 2.0]]}}", ("last", "b")),
        ("{inputs: {features: x}}", ("last", "")),
        ("3", ("last", "")),
    ],
)
def test_placed(page: Page, folder: Path, node: str, place: tuple[str, str]) -> None:
    found = opened(page, folder, f"  last: {node}\n")
    assert found[0] == (*place, "wrong.yaml")
    card = next(card for card in page.document["scene"]["cards"] if card["id"] == "last")
    assert card["wrong"]
    assert set(page.document["nodes"]) == {"last"}


def test_what_is_wrong_within_a_node(page: Page, folder: Path) -> None:
    inner = "dataflow: 1\ninputs:\n  a: float32\nnodes:\n  b: {block: Relu, inputs: {features: c}}\noutputs:\n  d: b\n"
    assert opened(page, folder, "  last: {block: ./inner.yaml, inputs: {a: x}}\n", inner=inner) == [
        ("last", "", "inner.yaml")
    ]
    page.ask("view", scope="last")
    found: list[Any] = page.document["problems"]
    assert [(each["node"], each["port"], each["line"]) for each in found] == [("b", "features", 5)]


def test_what_is_wrong_with_an_output_is_at_no_node(page: Page, folder: Path) -> None:
    assert opened(page, folder, "  other: {block: Relu, inputs: {features: x}}\n") == [("", "", "wrong.yaml")]
